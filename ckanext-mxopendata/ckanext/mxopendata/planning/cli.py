"""``ckan mxopendata plan``: what institutions promised, out of their plans and inventories."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, NOTHING_DONE, in_request, print_json, stop
from ckanext.mxopendata.cli.table_files import (
    find_organization,
    findings_file,
    print_findings,
    read_input,
    write_table,
)

_KINDS = {"plan": "plan de apertura", "inventory": "inventario", "totals": "conteo de comprometidos"}


@click.group(short_help="Compromisos: planes de apertura, inventarios y conteos.")
def plan() -> None:
    """Compromisos de las instituciones: qué prometieron publicar y para cuándo."""


@plan.command("import", short_help="Lee un plan de apertura, un inventario o un conteo (CSV o XLSX).")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--institution", help="Nombre o id; solo se toman sus renglones. Sin ella, los de todas.")
@click.option("--dry-run", is_flag=True, help="Solo dice qué pasaría con cada renglón.")
@click.option("--date-order", type=click.Choice(["DMY", "MDY", "YMD"]), help="Sin ella, se deduce de la tabla.")
@click.option("--findings", type=click.Path(path_type=Path), help="Archivo (.csv o .xlsx) con la tabla y lo hallado.")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
@in_request
def import_plan(file: Path, institution: str | None, **options: Any) -> None:
    """Lee el plan de la plataforma nacional, el de ADELA, el inventario de ocho columnas o un conteo por institución.

    Importar de nuevo actualiza cada compromiso y nunca duplica; una fecha que cambia se agrega a su historia. Un
    archivo agrega y cambia, nunca borra. Sale con 1 cuando algún renglón se rechazó, con 2 cuando no se pudo leer la
    tabla o no hay tal institución.
    """
    from ckanext.mxopendata.planning.commitment_import import ImportSettings, import_commitments

    findings = findings_file(options["findings"])
    content = read_input(file)
    settings = ImportSettings(
        file_name=file.name,
        now=datetime.now(timezone.utc),
        institution=find_organization(institution)["id"] if institution else None,
        date_order=options["date_order"],
        dry_run=options["dry_run"],
    )
    report = import_commitments(content, settings)
    document = {"institution": institution, "dry_run": settings.dry_run, **report.to_dict("es")}
    if findings is not None and report.read.table.is_readable:
        from ckanext.mxopendata.metadata.findings_table import findings_table

        write_table(findings, *findings_table(report.read.table, document["findings"]))
    if options["as_json"]:
        print_json(document)
    else:
        _print(document)
    if not document["rows"]:
        errors = [item["message"] for item in document["findings"] if item["severity"] == "error"]
        stop(errors[0] if errors else "La tabla no tiene renglones de datos.", NOTHING_DONE)
    if document["rejected"]:
        sys.exit(DONE_WITH_ERRORS)


def _print(document: dict[str, Any]) -> None:
    verb = "se crearían" if document["dry_run"] else "creados"
    again = "se actualizarían" if document["dry_run"] else "actualizados"
    click.echo(f"{_KINDS.get(document['kind'], 'tabla').capitalize()}: {document['rows']} renglones; {verb}")
    click.echo(f"{document['created']}, {again} {document['updated']}, sin cambios {document['unchanged']},")
    click.echo(f"rechazados {document['rejected']}.")
    print_findings(document["findings"], lambda item: f"renglón {item['row']}: ")
