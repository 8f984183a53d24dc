"""``ckan mxopendata refresh-search``: index again the datasets whose freshness changed although they did not."""

from __future__ import annotations

from datetime import datetime

import click

from ckanext.mxopendata.cli.output import in_request, moment_option, print_json


@click.command("refresh-search", short_help="Reindexa los conjuntos cuya vigencia cambió con el paso de los días.")
@click.option("--now", metavar="FECHA", help="Como si fuera este momento (ISO 8601).")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
@in_request
def refresh_search(now: str | None, as_json: bool) -> None:
    """Un conjunto que ayer estaba al día puede estar hoy atrasado: la faceta de vigencia se pone al corriente.

    Córralo cada noche. Solo toca lo que cambió; se puede interrumpir y repetir.
    """
    from ckanext.mxopendata.search_refresh import refresh

    moment: datetime = moment_option(now)

    def say(done: int) -> None:
        click.echo(f"{done}…", err=True)

    count = refresh(moment, say)
    if as_json:
        print_json({"reindexed": count, "now": moment.isoformat()})
    else:
        click.echo(f"Reindexados: {count}.")
