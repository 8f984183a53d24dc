"""``ckan mxopendata sources``: the sources of the harvest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import yaml

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.cli.output import (
    DONE_WITH_ERRORS,
    NOTHING_DONE,
    in_request,
    print_json,
    print_table,
    stop,
)
from ckanext.mxopendata.harvest.cli.check import check

HEALTH = {
    "ok": "bien",
    "errors": "con errores",
    "held": "detenida",
    "failed": "fallida",
    "late": "atrasada",
    "running": "en curso",
    "never": "sin cosechar",
    "off": "apagada",
}
LISTED = ("name", "type", "url", "institution", "enabled", "last_run", "health")


@click.group()
def sources() -> None:
    """Fuentes de cosecha: alta, lista, revisión, archivos de configuración."""


sources.add_command(check)


@sources.command("list")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def list_(as_json: bool) -> None:
    """Lista las fuentes con su última corrida y su estado."""
    from ckanext.mxopendata.harvest.listing import list_sources

    rows = list_sources()
    if as_json:
        print_json([{key: row[key] for key in LISTED} for row in rows])
        return
    print_table(
        ("fuente", "tipo", "institución", "programa", "estado", "dirección"),
        [(r["name"], r["type"], r["institution"], r["schedule"], HEALTH[r["health"]], r["url"]) for r in rows],
    )


@sources.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--dry-run", is_flag=True, help="Solo decir qué se haría.")
@click.option("--disabled", is_flag=True, help="Crear también, apagadas, las que su archivo apaga.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def sync(paths: tuple[str, ...], dry_run: bool, disabled: bool, as_json: bool) -> None:
    """Crea y actualiza las fuentes que describen los archivos <estado>/<gobierno>.yaml; nunca elimina."""
    from ckanext.mxopendata.harvest import sources as room

    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        stop(f"No existe {', '.join(missing)}.")
    result = room.sync(paths, dry_run, disabled)
    if as_json:
        print_json(vars(result))
    else:
        _print_sync(result, dry_run)
    if result.invalid:
        done = result.created or result.updated or result.unchanged or result.disabled
        sys.exit(DONE_WITH_ERRORS if done else NOTHING_DONE)


@sources.command()
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def export(path: str | None, as_json: bool) -> None:
    """Escribe las fuentes como archivos de configuración: en la carpeta PATH, o en la pantalla."""
    from ckanext.mxopendata.harvest import sources as room
    from ckanext.mxopendata.harvest.listing import list_sources
    from ckanext.mxopendata.harvest.uploaded import is_uploaded

    # One whose table was uploaded is not made by a file: the table would be missing.
    contents = [room.export(row["name"]) for row in list_sources() if not is_uploaded(row["id"])]
    if path:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        for content in contents:
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            (folder / f"{content['name']}.yaml").write_text(text, encoding="utf-8")
    if as_json:
        print_json(contents)
    elif path:
        click.echo(f"{len(contents)} fuentes en {path}")
    else:
        click.echo(yaml.safe_dump_all(contents, allow_unicode=True, sort_keys=False), nl=False)


@sources.command()
@click.argument("source", metavar="URL|NAME")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Cuántos registros.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def preview(source: str, limit: int, as_json: bool) -> None:
    """Muestra qué serían los primeros registros de una dirección, o de una fuente dada de alta o de un archivo.

    No guarda nada.
    """
    from ckanext.mxopendata.errors import SourceError
    from ckanext.mxopendata.harvest import preview as room
    from ckanext.mxopendata.harvest.listing import list_sources
    from ckanext.mxopendata.harvest.settings import SourceSettings
    from ckanext.mxopendata.harvest.source import load_source, mapping_settings
    from ckanext.mxopendata.harvest.sources import file_of
    from ckanext.mxopendata.metadata.mapping import MappingSettings

    try:
        if "://" in source:
            found = room.detect(source, SourceSettings())
            shown = room.preview(found.type, found.url, SourceSettings(), MappingSettings(), limit)
        elif rows := list_sources([source]):
            known = load_source(rows[0]["id"])
            shown = room.preview(known.type, known.url, known.settings, mapping_settings(known), limit, known.id)
        elif file := file_of(source):
            if file.findings:
                stop("\n".join(file.complaints()))
            shown = room.preview_file(file.content, limit)
        else:
            stop(f"No existe la fuente {source}.")
    except SourceError as error:
        stop(error.finding.to_dict()["message"])
    if as_json:
        print_json(shown)
        return
    _print_preview(shown)


@sources.command()
@click.argument("url")
@click.option("--name", help="Nombre de la fuente; si falta, se toma del portal.")
@click.option("--type", "source_type", help="Tipo de fuente; si falta, se averigua.")
@click.option("--institution", help="Nombre de la institución de los conjuntos de datos.")
@click.option("--config", "config_file", type=click.File(encoding="utf-8"), help="Archivo JSON con la configuración.")
@click.option("--yes", is_flag=True, help="Guardar sin preguntar.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON; sin --yes no guarda nada.")
@in_request
def add(  # noqa: PLR0913, PLR0917 - one for each option
    url: str,
    name: str | None,
    source_type: str | None,
    institution: str | None,
    config_file: Any,
    yes: bool,
    as_json: bool,
) -> None:
    """Averigua qué portal hay en URL, muestra sus primeros registros y da de alta la fuente."""
    from ckanext.mxopendata.errors import SourceError
    from ckanext.mxopendata.harvest import secrets
    from ckanext.mxopendata.harvest import sources as known
    from ckanext.mxopendata.harvest.connectors import CONNECTORS
    from ckanext.mxopendata.harvest.proposal import propose
    from ckanext.mxopendata.harvest.settings import MAPPING_KEYS, parse_config, read_config
    from ckanext.mxopendata.metadata.mapping import MappingSettings

    if source_type and source_type not in CONNECTORS:
        stop(f"No se conoce el tipo {source_type}; hay: {', '.join(sorted(CONNECTORS))}.")
    for finding in secrets.held_by({"url": url}):
        stop(finding.to_dict()["message"])
    text = config_file.read() if config_file else None
    _, content = read_config(text)
    try:
        settings = parse_config(text)
    except ValueError as error:
        stop(str(error))
    for notice in settings.notices:
        sentences = notice.to_dict()
        click.echo(f"{sentences['message']} {sentences['cure']}", err=True)
    mapping = MappingSettings(**{key: content[key] for key in MAPPING_KEYS if key in content})
    try:
        found = propose(url, source_type, settings, mapping)
    except SourceError as error:
        stop(error.finding.to_dict()["message"])
    suggested = found["suggested"]
    name = str(name or suggested["name"])
    institution = institution or settings.institution or suggested["institution"]
    described = suggested["new_institution"] if institution == suggested["institution"] else None
    own = {key: suggested[key] for key in ("cvegeo", "license") if suggested[key] and key not in content}
    answer = {
        "name": name,
        "title": suggested["title"],
        "type": found["type"],
        "platform": found["platform"],
        "institution": institution,
        "suggested": suggested,
        "preview": found["preview"],
        "saved": False,
    }
    if not as_json:
        _print_preview(found["preview"])
        _print_suggested(name, institution, suggested, own)
    if yes or not as_json and click.confirm(f"¿Guardar la fuente «{name}»?"):
        if not institution:
            stop("Falta --institution: la institución a la que pertenecen los conjuntos de datos.")
        wanted = {**own, **content, "name": name, "title": suggested["title"]}
        wanted |= {"url": found["url"], "type": found["type"], "institution": described or institution}
        try:
            known.save(wanted, origin=None)
        except tk.ValidationError as error:
            stop("; ".join(f"{key}: {value}" for key, value in error.error_summary.items()))
        answer["saved"] = True
    if as_json:
        print_json(answer)


def _print_suggested(name: str, institution: str | None, suggested: dict[str, Any], own: dict[str, Any]) -> None:
    """What the source would be."""
    click.echo(f"Fuente: {name} ({suggested['title']})")
    new = " (se crea)" if suggested["new_institution"] and institution == suggested["institution"] else ""
    click.echo(f"Institución: {institution or 'no se sabe; dígala con --institution'}{new}")
    for key, heading in (("cvegeo", "Clave del INEGI"), ("license", "Licencia de lo que no dice la suya")):
        if key in own:
            click.echo(f"{heading}: {own[key]}")


def _print_sync(result: Any, dry_run: bool) -> None:
    from ckanext.mxopendata.harvest.config_files import complaint

    would = "se harían" if dry_run else "hechas"
    for heading, names in (
        (f"Altas ({would})", result.created),
        (f"Cambios ({would})", result.updated),
        ("Sin cambio", result.unchanged),
        ("Apagadas en su archivo", result.disabled),
    ):
        click.echo(f"{heading}: {len(names)}" + (f"  {', '.join(names)}" if names and len(names) <= 30 else ""))
    for change in result.changes:
        click.echo(f"  {change['source']}.{change['field']}: {change['old']!r} → {change['new']!r}")
    for item in result.invalid:
        for finding in item["findings"]:
            click.echo(f"  {complaint(item['file'], finding)}", err=True)


def _print_preview(shown: dict[str, Any]) -> None:
    click.echo(f"Plataforma {shown['platform']}, {shown['total']} registros")
    rows = [
        (
            r["identifier"][:40],
            (r["title"] or "")[:60],
            len(r["dataset"].get("resources", [])),
            len(r["findings"]),
            r["duplicate_of"] or "",
        )
        for r in shown["records"]
    ]
    print_table(("identificador", "título", "recursos", "hallazgos", "ya está aquí, por otra fuente"), rows)
