"""``ckan mxopendata import`` and ``export-table``: an institution's catalogue as a table, in and out."""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import click
from werkzeug.datastructures import FileStorage

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, NOTHING_DONE, in_request, print_json, stop
from ckanext.mxopendata.cli.table_files import (
    find_organization,
    findings_file,
    print_findings,
    read_input,
    write_table,
)


@click.command("import", short_help="Convierte un catálogo ds:/rs: (CSV o XLSX) en conjuntos de datos.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--institution", required=True, help="Nombre o id de la institución.")
@click.option("--dry-run", is_flag=True, help="Solo dice qué pasaría con cada renglón.")
@click.option("--complete", is_flag=True, help="Es el catálogo completo: lo que falte se archiva tras su plazo.")
@click.option("--date-order", type=click.Choice(["DMY", "MDY", "YMD"]), help="Sin ella, se deduce de la tabla.")
@click.option("--findings", type=click.Path(path_type=Path), help="Archivo (.csv o .xlsx) con la tabla y lo hallado.")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
@in_request
def import_table(file: Path, institution: str, **options: Any) -> None:
    """Lee la plantilla ds:/rs: de la Guía y ADELA: cada conjunto se guarda entero o no se guarda.

    Importar de nuevo actualiza por ds:identifier y nunca duplica. Una tabla agrega y cambia, nunca borra; con
    --complete se cosecha como el catálogo de una institución sin portal. Sale con 1 cuando algún renglón se rechazó,
    con 2 cuando no se pudo leer la tabla, la cosecha quedó detenida o no hay tal institución.
    """
    from ckanext.mxopendata.metadata.findings_table import findings_table
    from ckanext.mxopendata.table_import import import_catalogue

    findings = findings_file(options["findings"])
    organization = find_organization(institution)
    content = read_input(file)
    if options["complete"]:
        if options["dry_run"] or options["date_order"] or findings is not None:
            stop("--complete no se combina con --dry-run, --date-order ni --findings; pruebe primero sin --complete.")
        _import_complete(content, file.name, organization["name"], options["as_json"])
        return
    report = import_catalogue(content, organization, _site_user(), options["dry_run"], options["date_order"])
    document = {"institution": organization["name"], "dry_run": options["dry_run"], **report.to_dict("es")}
    if findings is not None and report.catalogue.table.is_readable:
        headings, rows = findings_table(report.catalogue.table, document["findings"])
        write_table(findings, headings, rows)
    if options["as_json"]:
        print_json(document)
    else:
        _print(document)
    if not report.catalogue.datasets:
        errors = [item["message"] for item in document["findings"] if item["severity"] == "error"]
        stop(errors[0] if errors else "La tabla no tiene renglones de datos.", NOTHING_DONE)
    if document["rejected"]:
        sys.exit(DONE_WITH_ERRORS)


def _import_complete(content: bytes, file_name: str, institution: str, as_json: bool) -> None:
    """Make a table the catalogue of an institution, and show what its harvest came to."""
    try:
        action = tk.get_action("mxopendata_harvest_upload")
    except KeyError:
        stop("--complete necesita mxopendata_harvest en ckan.plugins.")
    upload = FileStorage(io.BytesIO(content), file_name)
    try:
        done = action({"ignore_auth": True, "user": _site_user()}, {"institution": institution, "upload": upload})
    except tk.ValidationError as error:
        stop("; ".join(map(str, error.error_summary.values())))
    run = done["run"]
    if as_json:
        print_json(done)
    else:
        click.echo(f"Conjuntos: {run['read']} leídos; creados {run['created']}, actualizados {run['updated']},")
        click.echo(f"sin cambios {run['unchanged']}, rechazados {run['rejected']}, en gracia {run['in_grace']}.")
        for finding in run["findings"]:
            click.echo(f"{finding['message']} {finding['cure']}")
        click.echo(run["report_url"])
    if run["status"] in {"held", "failed"}:
        sys.exit(NOTHING_DONE)
    if run["status"] == "finished_with_errors":
        sys.exit(DONE_WITH_ERRORS)


@click.command("export-table", short_help="Escribe el catálogo de una institución en la plantilla ds:/rs:.")
@click.option("--institution", required=True, help="Nombre o id de la institución.")
@click.option("--output", type=click.Path(path_type=Path), help="Archivo .csv o .xlsx; sin él, CSV en la salida.")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida; requiere --output.")
@in_request
def export_table(institution: str, output: Path | None, as_json: bool) -> None:
    """Los conjuntos públicos de la institución, en la misma plantilla que toma import."""
    from ckanext.mxopendata.downloads import csv_lines
    from ckanext.mxopendata.metadata.catalogue_table import COLUMNS
    from ckanext.mxopendata.table_export import FORMATS, datasets_of, table_rows

    if output is not None and output.suffix.lower().lstrip(".") not in FORMATS:
        stop(f"El archivo debe terminar en .csv o .xlsx: {output}")
    if as_json and output is None:
        stop("--json necesita --output: la salida es para el documento JSON.")
    organization = find_organization(institution)
    datasets = list(datasets_of(organization["id"], {"ignore_auth": True, "user": ""}))
    rows = list(table_rows(datasets))
    if output is None:
        for line in csv_lines(list(COLUMNS), rows):
            click.echo(line, nl=False)
        return
    write_table(output, list(COLUMNS), rows)
    content = output.read_bytes()
    document = {
        "file": str(output),
        "format": output.suffix.lower().lstrip("."),
        "institution": organization["name"],
        "datasets": len(datasets),
        "rows": len(rows),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if as_json:
        print_json(document)
    else:
        click.echo(f"{output}: {len(datasets)} conjuntos, {len(rows)} renglones.")


def _site_user() -> str:
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


def _print(document: dict[str, Any]) -> None:
    counts = document["datasets"]
    verb = "se crearían" if document["dry_run"] else "creados"
    again = "se actualizarían" if document["dry_run"] else "actualizados"
    click.echo(f"Renglones: {document['rows']}. Conjuntos: {verb} {counts['created']}, {again} {counts['updated']},")
    click.echo(f"sin cambios {counts['unchanged']}, rechazados {counts['rejected']}.")
    print_findings(document["findings"], lambda item: f"renglón {item['row']}, {item['field'] or ''}: ")
