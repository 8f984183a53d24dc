"""``ckan mxopendata migrate-extras``: write down for good what the front door lifts whenever it is shown."""

from __future__ import annotations

import sys
from typing import Any

import click

from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, in_request, print_json, stop


@click.command("migrate-extras", short_help="Guarda como campos los extras antiguos con nombre de campo.")
@click.option("--dry-run", is_flag=True, help="Solo dice qué cambiaría.")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
@in_request
def migrate_extras(dry_run: bool, as_json: bool) -> None:
    """Lee los extras con nombre de un campo (contact, theme, frequency…) o del portal nacional de 2015-2024
    (dcat_issued, guid, publisher_type, temporal_start, dataDictionary…) y los guarda como ese campo.

    Lo que no se puede leer queda como original_<campo>, o sigue como extra. Los conjuntos que una fuente activa cosecha
    conservan los extras del portal nacional. Se puede interrumpir y repetir: sigue donde quedó. Sale con 1
    cuando algo quedó sin leer o sin guardar, con 2 cuando el esquema mexicano no está activo.
    """
    from ckanext.mxopendata import migrate

    if not migrate.is_possible():
        stop("El esquema mexicano no está activo: agréguelo a scheming.dataset_schemas antes de migrar los extras.")

    def say(done: int, total: int) -> None:
        click.echo(f"{done} de {total}", err=True)

    report: dict[str, Any] = migrate.migrate_extras(dry_run, say)
    if as_json:
        print_json(report)
    else:
        _print(report, dry_run)
    if not migrate.is_complete(report):
        sys.exit(DONE_WITH_ERRORS)


def _print(report: dict[str, Any], dry_run: bool) -> None:
    verb = "cambiarían" if dry_run else "guardados"
    click.echo(f"Conjuntos con extras antiguos: {report['datasets']}; {verb}: {report['changed']}.")
    click.echo(
        f"Instituciones con extras antiguos: {report['institutions']}; {verb}: {report['institutions_changed']}."
    )
    kept = "quedaría" if dry_run else "se conserva"
    reasons = {
        "unread": f"no se entiende; {kept} como original_{{key}}",
        "extra_unread": "no se entiende; sigue como extra",
        "extra_taken": "el campo ya dice otra cosa; sigue como extra",
        "unknown": "no corresponde a ningún campo; sigue como extra",
        "refused": "CKAN no lo acepta; sigue como estaba",
    }
    for item in report["left"]:
        where = item.get("dataset") or item.get("institution")
        click.echo(f"  {where}: {item['key']}: {reasons[item['reason']].format(key=item['key'])}")
