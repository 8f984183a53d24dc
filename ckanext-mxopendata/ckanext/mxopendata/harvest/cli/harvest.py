"""``ckan mxopendata harvest``: harvest now, in this process, with the engine of the consumers."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click
import dateutil.parser
from sqlalchemy.exc import DBAPIError

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.cli.output import (
    DONE_WITH_ERRORS,
    NOTHING_DONE,
    in_request,
    moment_option,
    print_json,
    print_table,
    stop,
)
from ckanext.mxopendata.harvest.cli.progress import Progress

STATUS = {
    "finished": "terminada",
    "finished_with_warnings": "con avisos",
    "finished_with_errors": "con errores",
    "held": "detenida",
    "failed": "fallida",
    "running": "en curso",
}
SUMMARY = (
    "read",
    "created",
    "updated",
    "unchanged",
    "matched",
    "duplicate",
    "rejected",
    "in_grace",
    "archived",
    "warnings",
)
HEADINGS = ("leídos", "nuevos", "cambiados", "iguales", "recon.", "duplic.", "rechaz.", "gracia", "archiv.", "avisos")
REFUSED = "ya hay otra corrida en curso"


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Todas las fuentes activas.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Cuántos procesos.")
@click.option("--force", is_flag=True, help="Escribir también lo que no cambió.")
@click.option("--confirm-run", "confirmed", metavar="ID", help="Dejar pasar una corrida detenida.")
@click.option("--now", "at", metavar="T", help="Fecha y hora de la corrida, ISO 8601; por omisión, ahora.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def harvest(  # noqa: PLR0913, PLR0917 - one for each option
    names: tuple[str, ...],
    everything: bool,
    workers: int,
    force: bool,
    confirmed: str | None,
    at: str | None,
    as_json: bool,
) -> None:
    """Cosecha las fuentes NAME, o todas, y muestra el resumen."""
    from ckanext.mxopendata.harvest.listing import source_ids
    from ckanext.mxopendata.harvest.trouble import is_trouble

    now = moment_option(at)
    if confirmed:
        runs, refused = _confirm(confirmed, now)
    else:
        if not names and not everything:
            stop("Diga qué fuentes cosechar, o --all para todas.")
        ids = source_ids(names)
        missing = [name for name in names if name not in ids]
        if missing:
            stop(f"No existe o está apagada la fuente {', '.join(missing)}.")
        try:
            runs, refused = _harvest(ids, now, force, workers)
        except Exception as error:
            if not is_trouble(error):
                raise
            kind = "La base de datos" if isinstance(error, DBAPIError) else "El buscador (Solr)"
            stop(f"{kind} no responde. La corrida queda abierta y sigue sola donde iba con «ckan harvester run».")
    shown = [tk.get_action("mxopendata_harvest_run_show")({"ignore_auth": True}, {"run": run}) for run in runs]
    if as_json:
        print_json(shown)
    else:
        _print(shown)
    for name in refused:
        reason = (
            "hay otra corrida en curso, o un servicio no responde (la bitácora lo dice)" if workers > 1 else REFUSED
        )
        click.echo(f"{name}: {reason}.", err=True)
    sys.exit(_exit_code(shown, bool(refused)))


def _harvest(ids: dict[str, str], now: datetime, force: bool, workers: int) -> tuple[list[str], list[str]]:
    """Ids of the runs, and names of the sources that had another run under way."""
    from ckanext.mxopendata.harvest import runner
    from ckanext.mxopendata.harvest.runs import RunInProgressError

    names = {source_id: name for name, source_id in ids.items()}
    with Progress(names) as progress:
        if workers > 1 and ids:
            runs = runner.harvest_in_parallel(list(names), now, force, workers, progress)
            return list(runs.values()), [names[source_id] for source_id in names if source_id not in runs]
        ended, refused = [], []
        for source_id, name in names.items():
            try:
                ended.append(runner.harvest(source_id, now, force, progress.follow(source_id)))
            except RunInProgressError:
                refused.append(name)
            progress.end(source_id)
        return ended, refused


def _confirm(run_id: str, now: datetime) -> tuple[list[str], list[str]]:
    from ckanext.mxopendata.harvest import runner
    from ckanext.mxopendata.harvest.runs import NotConfirmableError

    try:
        with Progress({run_id: run_id}) as progress:
            return [runner.confirm(run_id, now, progress.follow(run_id))], []
    except tk.ObjectNotFound:
        stop(f"No existe la corrida {run_id}.")
    except NotConfirmableError:
        stop(f"La corrida {run_id} no espera confirmación, o ya hubo otra después.")


def _print(runs: list[dict[str, Any]]) -> None:
    rows = [(run["source"], STATUS[run["status"]], *(run[name] for name in SUMMARY), _seconds(run)) for run in runs]
    print_table(("fuente", "estado", *HEADINGS, "segundos"), rows)
    for run in runs:
        for finding in run["findings"]:
            click.echo(f"{run['source']}: {finding['message']} {finding['cure']}")
        if run["status"] == "held":
            click.echo(f"{run['source']}: para dejarla pasar, harvest --confirm-run {run['run']}")
        if run["status"] != "finished":
            click.echo(f"{run['source']}: {run['report_url']}")


def _seconds(run: dict[str, Any]) -> str:
    if not run["finished"]:
        return ""
    length = dateutil.parser.isoparse(run["finished"]) - dateutil.parser.isoparse(run["started"])
    return f"{length.total_seconds():.1f}"


def _exit_code(runs: list[dict[str, Any]], refused: bool) -> int:
    nothing = [run for run in runs if run["status"] in {"failed", "held"}]
    if len(nothing) == len(runs) and (runs or refused):
        return NOTHING_DONE
    bad = refused or nothing or any(run["status"] == "finished_with_errors" for run in runs)
    return DONE_WITH_ERRORS if bad else 0
