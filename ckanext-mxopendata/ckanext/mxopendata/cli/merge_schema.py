"""``ckan mxopendata merge-schema``: one schema of datasets out of ours and the operator's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ckanext.mxopendata.cli.output import print_json, stop


@click.command("merge-schema", short_help="Une el esquema mexicano con otro esquema de conjuntos de datos.")
@click.argument("address", metavar="ESQUEMA")
@click.option("--output", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="ARCHIVO")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
def merge_schema(address: str, target: Path, as_json: bool) -> None:
    """Escribe en ARCHIVO (.yaml) el esquema mexicano más los campos que solo tiene ESQUEMA.

    ESQUEMA se escribe como en scheming.dataset_schemas (paquete:archivo o file:///…) o como ruta. Repítalo después de
    actualizar la suite o de cambiar el otro esquema.
    """
    import yaml

    import ckan.plugins.toolkit as tk

    from ckanext.mxopendata.schema_files import DATASET_SCHEMA, PRESETS, merge_schemas, read_schema

    try:
        ours, theirs = read_schema(DATASET_SCHEMA), read_schema(address)
    except (ValueError, OSError) as error:
        stop(f"No se puede leer {address}: {error}")
    if ours is None or theirs is None:
        stop(f"No se encuentra {address}: escríbalo como en scheming.dataset_schemas o como ruta de un archivo.")
    if theirs.get("dataset_type") != "dataset" or not theirs.get("dataset_fields"):
        stop(f"{address} no es un esquema de conjuntos de datos (dataset_type: dataset).")
    merged = merge_schemas(ours, theirs)
    try:
        target.write_text(
            yaml.safe_dump(merged.schema, allow_unicode=True, sort_keys=False, width=120), encoding="utf-8"
        )
    except OSError as error:
        stop(f"No se pudo escribir {target}: {error.strerror}.")
    lines = _lines(tk.config, address, DATASET_SCHEMA, PRESETS, target)
    if as_json:
        print_json({"file": str(target), "added": merged.added, "ours": merged.ours, "configuration": lines})
        return
    click.echo(f"Esquema escrito en {target}. Campos agregados: {', '.join(merged.added) or 'ninguno'}.")
    if merged.ours:
        click.echo(f"Campos de ambos, en los que vale el nuestro: {', '.join(merged.ours)}.")
    click.echo("Escriba en el archivo de configuración y reinicie:")
    for name, value in lines.items():
        click.echo(f"  {name} = {value}")


def _lines(config: Any, address: str, ours: str, presets: str, target: Path) -> dict[str, str]:
    """The two options as they are to be: other types and the operator's presets stay."""
    schemas = [item for item in (config.get("scheming.dataset_schemas") or "").split() if item not in (address, ours)]
    files = (config.get("scheming.presets") or "ckanext.scheming:presets.json").split()
    return {
        "scheming.dataset_schemas": " ".join([*schemas, target.resolve().as_uri()]),
        "scheming.presets": " ".join(dict.fromkeys([*files, presets])),
    }
