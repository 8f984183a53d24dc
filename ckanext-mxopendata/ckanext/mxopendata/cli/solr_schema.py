"""``ckan mxopendata solr-schema``: the installed CKAN's Solr schema with our Spanish analysis."""

from __future__ import annotations

from pathlib import Path

import click

from ckanext.mxopendata.cli.output import print_json, stop


@click.command("solr-schema", short_help="Escribe el esquema de Solr de este CKAN con análisis en español.")
@click.option("--output", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="ARCHIVO")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
def solr_schema(target: Path, as_json: bool) -> None:
    """Escribe en ARCHIVO el schema.xml del CKAN instalado, con las palabras en español en su raíz y sin acentos.

    Ponga ese archivo en la carpeta conf del núcleo de Solr, recargue el núcleo y ejecute «ckan search-index rebuild».
    """
    from ckanext.mxopendata.solr_schema import UnknownSchemaError, installed_schema, spanish_schema

    try:
        target.write_text(spanish_schema(installed_schema()), encoding="utf-8")
    except UnknownSchemaError as error:
        stop(f"El esquema de este CKAN no es el que se sabe cambiar ({error}); no se escribió nada.")
    except OSError as error:
        stop(f"No se pudo leer el esquema o escribir {target}: {error.strerror}.")
    if as_json:
        print_json({"file": str(target), "bytes": target.stat().st_size})
    else:
        click.echo(f"Esquema escrito en {target}: cópielo a conf/schema.xml, recargue el núcleo y reindexe.")
