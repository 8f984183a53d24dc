"""``ckan mxopendata export``: the catalogue as a file that others can build on."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from ckan import model
from ckan.lib.search import SearchError

from ckanext.mxopendata import config
from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, moment_option, print_json, stop
from ckanext.mxopendata.dcat import dumps
from ckanext.mxopendata.dcat.export import ExportRequest, ExportResult, count, run
from ckanext.mxopendata.dcat.fragments import FORMATS
from ckanext.mxopendata.dcat.frames import FORMATS as RDF_FORMATS
from ckanext.mxopendata.metadata.findings import Finding


@click.command(short_help="Escribe el catálogo a un archivo, en DCAT-AP o data.json.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    required=True,
    help="Formato; se puede repetir y el catálogo se recorre una sola vez.",
)
@click.option("--institution", metavar="NOMBRE", help="Solo los conjuntos de una institución (nombre o id).")
@click.option("--since", metavar="FECHA", help="Solo lo modificado desde esta fecha (AAAA-MM-DD, o con hora, UTC).")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="ARCHIVO",
    help="Archivo de salida. Sin él, el que sirve el sitio en /catalogo/volcado.<formato> (datajson: /data.json).",
)
@click.option("--check", is_flag=True, help="Valida con SHACL mientras escribe (necesita pyshacl).")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
def export(as_json: bool, **wanted: Any) -> None:
    """Escribe todos los conjuntos públicos, con memoria constante.

    ttl, rdf, jsonld y nt son DCAT-AP 3.0.1; datajson es data.json de Project Open Data 1.1; adela es el catalogo.json
    que leía el portal nacional anterior.

    Lo que no cambió desde la exportación anterior no se vuelve a hacer: se copia.

    Sale con 0; con 1 si algún conjunto quedó fuera o la validación halló faltas; con 2 si no se escribió nada.
    """
    request = _make_request(**wanted)
    try:
        with tqdm(total=count(request), unit=" conjuntos", file=sys.stderr, disable=None, leave=False) as progress:
            result = run(request, datetime.now(timezone.utc), progress.update)
    except dumps.ExportUnderwayError:
        stop("Otra exportación está en curso en la misma carpeta: espere a que termine e inténtelo otra vez.")
    except SearchError as error:
        stop(f"El buscador (Solr) no responde y no se escribió nada: {error}")
    except OSError as error:
        stop(f"No se pudo escribir el archivo: {error}")
    documents = [_document(result, name) for name in request.formats]
    if as_json:
        document = documents[0] if len(documents) == 1 else documents
        print_json(document)
    else:
        _print(result, documents)
    if any(document["left_out"] for document in documents) or (result.violations and result.violations.count):
        sys.exit(DONE_WITH_ERRORS)


def _make_request(
    formats: tuple[str, ...], *, institution: str | None, since: str | None, output: Path | None, check: bool
) -> ExportRequest:
    formats = tuple(dict.fromkeys(formats))
    if output is not None and len(formats) > 1:
        stop("Con --output use un solo --format.")
    if check and find_spec("pyshacl") is None:
        stop("--check necesita pyshacl: pip install 'ckanext-mxopendata[check]'")
    folder = output.parent if output is not None else config.export_folder()
    if folder is None:
        stop("Defina ckan.storage_path en el archivo de configuración, o diga dónde escribir con --output.")
    organization = None
    if institution:
        found = model.Group.get(institution)
        if found is None or not found.is_organization or found.state != model.State.ACTIVE:
            stop(f"No hay ninguna institución «{institution}».")
        organization = (found.id, found.name)
    return ExportRequest(formats, folder, organization, moment_option(since) if since else None, output, check)


def _document(result: ExportResult, name: str) -> dict[str, Any]:
    file = result.files[name]
    document = {
        "file": str(file.path),
        "format": name,
        **result.counts[name],
        "bytes": file.bytes,
        "sha256": file.sha256,
    }
    if result.violations is not None and name in RDF_FORMATS:
        document["violations"] = {"count": result.violations.count, "results": result.violations.results}
    return document


def _print(result: ExportResult, documents: list[dict[str, Any]]) -> None:
    for document in documents:
        click.echo(f"{document['file']}: {document['datasets']} conjuntos, {document['distributions']} distribuciones")
    # Formats made from the same triples dropped and filled the same.
    reports = {document["profile"]: document for document in documents}
    for profile, report in reports.items():
        _print_report(profile, report)
    if result.violations is not None:
        _print_violations(result.violations.count, result.violations.results)


def _print_report(profile: str, report: dict[str, Any]) -> None:
    if report["left_out"] or report["dropped"] or report["filled"]:
        click.echo(f"{profile}:")
    for entry in report["left_out"]:
        click.secho(f"  Quedó fuera {entry['id']}: {entry['reason']}", fg="red")
    for entry in [*report["dropped"], *({"reason": "dcat_filled", **filled} for filled in report["filled"])]:
        sentence = Finding(entry["reason"], field=entry["field"]).to_dict()
        click.echo(f"  {entry['count']} × {sentence['message']} {sentence['cure']}")


def _print_violations(total: int, results: list[dict[str, str]]) -> None:
    if not total:
        click.secho("Validación DCAT-AP 3.0.1: sin faltas.", fg="green")
        return
    click.secho(f"Validación DCAT-AP 3.0.1: {total} faltas.", fg="red")
    for violation in results:
        click.echo(f"  {violation['node']} {violation['path']} {violation['value']}: {violation['message']}")
