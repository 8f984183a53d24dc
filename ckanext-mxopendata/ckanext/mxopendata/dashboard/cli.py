"""``ckan mxopendata indicators``: compute, show and explain the figures."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path

import click

from ckanext.mxopendata import config
from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, in_request, moment_option, print_json, stop
from ckanext.mxopendata.dashboard import computation, figures, publishing, quarters
from ckanext.mxopendata.dashboard.cli_file import file
from ckanext.mxopendata.dashboard.language import format_figure, format_number
from ckanext.mxopendata.dashboard.stored import Institution, find_institution
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.quality.archive import ArchiveError, verify
from ckanext.mxopendata.quality.register import FAMILIES, REGISTER, family_of
from ckanext.mxopendata.quality.values import Value
from ckanext.mxopendata.quality.verify import told

_json_option = click.option("--json", "as_json", is_flag=True, help="Un documento JSON en la salida.")
_now_option = click.option("--now", "moment", metavar="T", help="Momento de las cifras, ISO 8601; si falta, ahora.")


@click.group()
def indicators() -> None:
    """Indicadores de publicación: calcular, mostrar y explicar."""


indicators.add_command(file)


@indicators.command()
@click.option("--institution", "name", metavar="O", help="Mostrar las cifras de esta institución.")
@click.option("--full", is_flag=True, help="Medir todo otra vez, también lo que no parece haber cambiado.")
@_now_option
@_json_option
@in_request
def compute(name: str | None, full: bool, moment: str | None, as_json: bool) -> None:
    """Medir lo que cambió y tomar la instantánea del día.

    Con --full mide todos los conjuntos (o los de --institution): es la conciliación de cada noche. Después publica las
    cifras como conjuntos de datos, si ckanext.mxopendata.dashboard.publish_as nombra a una institución.
    """
    now = moment_option(moment)
    institution = _institution(name) if name else None
    began = time.monotonic()
    outcome = computation.compute(
        now,
        full=full,
        organization_id=institution.id if institution else None,
        on_wait=lambda: click.echo("Otro cálculo está en curso; se espera a que termine…", err=True),
    )
    words = "Conjuntos medidos: {}; con cambios: {}; retirados: {}; segundos: {:.1f}"
    click.echo(words.format(outcome.measured, outcome.changed, outcome.removed, time.monotonic() - began), err=True)
    published = _publish_where_wanted(now)
    _show(_values(institution, now), as_json)
    if not published:
        raise SystemExit(DONE_WITH_ERRORS)


@indicators.command()
@click.option("--institution", "name", metavar="O", help="Nombre o id de la institución; si falta, todo el portal.")
@_now_option
@_json_option
def show(name: str | None, moment: str | None, as_json: bool) -> None:
    """Mostrar las cifras de una institución, o de todo el portal."""
    _show(_values(_institution(name) if name else None, moment_option(moment)), as_json)


@indicators.command(name="publish")
@click.option("--institution", "name", metavar="O", help="Quién los publica; si falta, lo que diga la configuración.")
@_json_option
@in_request
def publish_figures(name: str | None, as_json: bool) -> None:
    """Publicar las cifras del tablero como conjuntos de datos del portal.

    Crea los conjuntos la primera vez; después solo los actualiza cuando hay otro día u otro trimestre, y nunca los
    duplica. Cada cálculo hace lo mismo si ckanext.mxopendata.dashboard.publish_as nombra a la institución.
    """
    institution = name or config.dashboard_publish_as()
    if not institution:
        stop(f"Falta quién los publica: --institution O, o {config.DASHBOARD_PUBLISH_AS} en la configuración.")
    try:
        done = publishing.publish(institution, config.dashboard_contact(), moment_option(None))
    except publishing.PublishingError as error:
        stop(str(error))
    if as_json:
        print_json(done)
    else:
        _tell_published(done, err=False)


@indicators.command()
@click.argument("indicator_id", metavar="ID")
@_json_option
def explain(indicator_id: str, as_json: bool) -> None:
    """Explicar un indicador: nombre, fórmula, unidad y fuente."""
    if indicator_id not in REGISTER:
        stop(f"No hay un indicador «{indicator_id}». Hay: {', '.join(REGISTER)}")
    definition = REGISTER[indicator_id].to_dict(current_language())
    if as_json:
        print_json(definition)
        return
    click.echo(f"{definition['name']} ({definition['id']}, {definition['unit']})")
    click.echo(definition["formula"])
    click.echo(f"Fuente: {definition['source']}")


@indicators.command()
@click.argument("quarter", metavar="TRIMESTRE")
@_now_option
@_json_option
def freeze(quarter: str, moment: str | None, as_json: bool) -> None:
    """Congelar las cifras de un trimestre (2026Q4) con todo lo que las sustenta.

    Se puede desde su último día. El primer cálculo posterior al trimestre lo hace por sí solo.
    """
    now = moment_option(moment)
    try:
        done = computation.freeze(quarter, now)
    except quarters.QuarterError as error:
        stop(str(error))
    if as_json:
        print_json(done)
        return
    words = "Trimestre {} congelado: {} conjuntos, {} instituciones; sha256 {}"
    click.echo(words.format(quarter, done["datasets"], done["institutions"], done["sha256"]))


@indicators.command(name="verify")
@click.argument("file", metavar="ARCHIVO", type=click.Path(exists=True, dir_okay=False))
@_json_option
def verify_archive(file: str, as_json: bool) -> None:
    """Recalcular todas las cifras de un trimestre congelado a partir de su archivo.

    Sin CKAN lo hace también: python -m ckanext.mxopendata.quality.verify ARCHIVO
    """
    try:
        found = verify(Path(file).read_bytes())
    except ArchiveError as error:
        stop(f"No se puede verificar: {error}")
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        click.echo("\n".join(told(found)))
    if found.differences:
        raise SystemExit(1)


def _publish_where_wanted(now: datetime) -> bool:
    """Bring the datasets of figures up to date where the operator wants them; whether nothing went wrong."""
    institution = config.dashboard_publish_as()
    if institution:
        try:
            _tell_published(publishing.publish(institution, config.dashboard_contact(), now), err=True)
        except publishing.PublishingError as error:
            click.echo(f"Las cifras no se publicaron como conjuntos de datos: {error}", err=True)
            return False
    return True


def _tell_published(done: Mapping[str, list[str]], *, err: bool) -> None:
    words = {"created": "Creados", "updated": "Actualizados", "unchanged": "Sin cambio", "deleted": "Retirados a mano"}
    for key, word in words.items():
        if done[key]:
            click.echo(f"{word}: {', '.join(done[key])}", err=err)


def _values(institution: Institution | None, now: datetime) -> Mapping[str, Value]:
    measured = figures.last_computed(now) is not None
    if institution is None:
        return figures.panorama(now, measured=measured).total.every_indicator
    return figures.of_institution(institution, now, measured=measured).figures.every_indicator


def _show(values: Mapping[str, Value], as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    language = current_language()
    width = max(len(indicator.name[language]) for indicator in REGISTER.values())
    for family, lines in groupby(values.items(), key=lambda line: family_of(line[0])):
        click.echo(f"{FAMILIES[family][language]}:")
        for indicator_id, value in lines:
            click.echo(f"  {REGISTER[indicator_id].name[language]:<{width}}  {_in_words(value)}")


def _in_words(value: Value) -> str:
    if value["value"] is None:
        return "sin datos"
    number = format_figure(value["value"], value["unit"])
    if value["denominator"] is None:
        return number
    return f"{number}  ({format_number(value['numerator'] or 0, 1)} de {format_number(value['denominator'])})"


def _institution(name: str) -> Institution:
    found = find_institution(name)
    if found is None:
        stop(f"No hay una institución activa «{name}».")
    return found
