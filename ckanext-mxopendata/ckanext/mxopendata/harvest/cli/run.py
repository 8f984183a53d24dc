"""``ckan mxopendata run``: the report of a run."""

from __future__ import annotations

import click

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.cli.output import in_request, print_json, print_table, stop
from ckanext.mxopendata.harvest.model import ABSENT_ACTIONS, READ_ACTIONS
from ckanext.mxopendata.metadata.findings import SEVERITIES


@click.group()
def run() -> None:
    """Corridas de cosecha y sus registros."""


@run.command()
@click.argument("run_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def show(run_id: str, as_json: bool) -> None:
    """Muestra una corrida."""
    try:
        found = tk.get_action("mxopendata_harvest_run_show")({"ignore_auth": True}, {"run": run_id})
    except tk.ObjectNotFound:
        stop(f"No existe la corrida {run_id}.")
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if key != "findings":
            click.echo(f"{key}: {value}")
    for finding in found["findings"]:
        click.echo(f"- {finding['message']} {finding['cure']}")


@run.command()
@click.argument("run_id", metavar="ID")
@click.option("--action", type=click.Choice([*READ_ACTIONS, *ABSENT_ACTIONS]), help="Solo los de esta acción.")
@click.option("--severity", type=click.Choice(list(SEVERITIES)), help="Solo los de esta gravedad.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON con todos.")
@in_request
def records(run_id: str, action: str | None, severity: str | None, as_json: bool) -> None:
    """Muestra qué pasó con cada registro de una corrida."""
    from ckanext.mxopendata.harvest import report
    from ckanext.mxopendata.harvest.runs import get_run

    try:
        get_run(run_id)
    except tk.ObjectNotFound:
        stop(f"No existe la corrida {run_id}.")
    count, rows = report.records(run_id, action, severity)
    results = [report.record_dict(row) for row in rows]
    if as_json:
        print_json({"count": count, "results": results})
        return
    print_table(
        ("identificador", "acción", "conjunto", "hallazgos"),
        [
            (r["identifier"][:60], r["action"], r["dataset_name"], "; ".join(f["message"] for f in r["findings"]))
            for r in results
        ],
    )
