"""``ckan mxopendata indicators file``: the figures of a catalogue in a file, whoever's it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ckanext.mxopendata.cli.output import moment_option, print_json, print_table, stop
from ckanext.mxopendata.dashboard.catalogue_file import (
    FAMILIES,
    UnreadableError,
    measure_file,
    read_catalogue,
    read_json,
    unreadable,
)
from ckanext.mxopendata.quality.links import read_links

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("path", metavar="PATH", type=_PATH)
@click.option("--family", type=click.Choice(list(FAMILIES)), required=True, help="Familia de indicadores.")
@click.option("--central", type=_PATH, metavar="PATH", help="data.json del catálogo central (solo pydatajson).")
@click.option("--links", type=_PATH, metavar="JSON", help="Estado de los enlaces: {dirección: código HTTP o null}.")
@click.option("--now", "moment", metavar="DATE", help="Momento de las cifras, ISO 8601; si falta, ahora.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON en la salida.")
def file(path: Path, family: str, moment: str | None, as_json: bool, **evidence: Path | None) -> None:
    """Calcular los indicadores de un catálogo en un archivo; no guarda nada.

    Lee data.json y RDF (.ttl, .rdf, .xml, .jsonld, .nt). Lo que el archivo no dice y nadie ha comprobado (enlaces,
    compromisos, uso) queda sin datos.
    """
    now = moment_option(moment)
    try:
        found = measure_file(
            read_catalogue(path),
            family,
            now,
            links=_evidence(links) if (links := evidence["links"]) else None,
            central=read_json(central) if (central := evidence["central"]) else None,
        )
    except UnreadableError as error:
        stop(" ".join(str(error).split()))
    if as_json:
        print_json(found)
        return
    click.echo(f"{path.name} · {family} · {len(found['datasets'])} conjuntos de datos")
    print_table(("indicador", "valor"), [(name, _in_words(value)) for name, value in found["values"].items()])


def _evidence(path: Path) -> dict[str, int | None]:
    try:
        return read_links(json.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        stop(unreadable(path, error))
    except ValueError as error:
        stop(f"«{path}» no dice el estado de enlaces ({error}). Se espera {{dirección: código HTTP o null}}.")


def _in_words(value: Any) -> str:
    if value is None:
        return "sin datos"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {number}" for name, number in value.items())
    return str(len(value)) if isinstance(value, list) else str(value)
