"""``ckan mxopendata uninstall``: prepares the site for going on without the suite."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, in_request, print_json, print_table, stop

if TYPE_CHECKING:
    from ckanext.mxopendata.removal.plan import Plan

# As ``removal.harvests.STOCK_TYPES`` says it.
STOCK_MEANS = {
    "mx_ckan": "sigue con los conjuntos que tienen el id del origen y crea otra vez los demás",
    "mx_datajson": "reescribe cada conjunto en cada cosecha y elimina de inmediato lo que ya no se lista",
    "mx_arcgis_hub": "necesita la dirección del catálogo DCAT-US; reescribe y elimina como con mx_datajson",
    "mx_dkan": "necesita la dirección del data.json del portal; reescribe y elimina como con mx_datajson",
    "mx_adela": "lee un catalogo.json por su dirección; los de una fuente de varios no los reconoce, y los elimina",
    "mx_socrata": "necesita el data.json del portal, de otros identificadores: crea todo otra vez y elimina lo nuestro",
    "mx_dcat": "no reconoce nuestros conjuntos: crea todo otra vez y elimina los nuestros como no listados",
    "mx_opendatasoft": "necesita la dirección de la exportación DCAT; crea todo otra vez y elimina lo nuestro",
    "mx_csw": "reescribe cada conjunto que cambió y elimina de inmediato lo que ya no se lista",
    "mx_geonode": "necesita la dirección del CSW del portal; reescribe y elimina como con mx_csw",
}


@click.command(short_help="Prepara el sitio para seguir sin la suite.")
@click.option("--dry-run", is_flag=True, help="Solo contar lo que hay y decir qué se haría.")
@click.option("--yes", is_flag=True, help="Hacerlo.")
@click.option("--undo", is_flag=True, help="Al volver: devolver a cada fuente de cosecha su programa.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def uninstall(dry_run: bool, yes: bool, undo: bool, as_json: bool) -> None:
    """Deja el sitio como lo espera un CKAN sin la suite, y dice qué escribir después.

    Detiene las cosechas de tipo mx_*, vuelve legibles los valores que quedan como campos adicionales, y quita archivos,
    claves de Redis y trabajos en espera. No borra ningún conjunto de datos. Se puede interrumpir y repetir.
    """
    import redis

    from ckanext.mxopendata.removal import harvests, plan, without

    if [dry_run, yes, undo].count(True) != 1:
        stop("Diga una de tres: --dry-run (solo contar), --yes (hacerlo) o --undo (al volver); no se hizo nada.")
    if undo:
        woken = harvests.wake(harvests.look())
        if as_json:
            print_json({"woken": woken})
        else:
            click.echo(f"Fuentes con su programa de nuevo: {', '.join(woken) or 'ninguna'}.")
        return
    try:
        found = plan.look() if dry_run else plan.carry_out(lambda step: click.echo(f"… {step}", err=True))
    except without.SiteError as error:
        stop(f"El sitio no arranca sin la suite; no se cambió nada: {error}")
    except redis.RedisError as error:
        stop(f"Redis no responde ({type(error).__name__}); enciéndalo y repita.")
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found, done=yes)
    if found.content.refused:
        sys.exit(DONE_WITH_ERRORS)


def _print(found: Plan, *, done: bool) -> None:
    content, left = found.content, found.left
    click.secho("Hecho" if done else "Lo que hay (no se cambió nada)", bold=True)
    print_table(
        ("cuántos", "qué"),
        [
            (content.datasets, "conjuntos de datos; ninguno se borra, ninguno cambia de id, nombre ni recursos"),
            (content.datasets_to_write, "de ellos con valores que se vuelven legibles como campos adicionales"),
            (content.organizations_to_write, "instituciones con valores que se vuelven legibles"),
            (content.archived, "conjuntos archivados: sin la suite vuelven a salir en las búsquedas"),
            (sum(content.licences.values()), f"conjuntos con una licencia que solo conoce la suite {_licences(found)}"),
            (len(found.sources), "fuentes de cosecha de tipo mx_*: quedan, sin programa"),
            (sum(len(source.open_jobs) for source in found.sources), "cosechas sin terminar: se dan por terminadas"),
            (len(left.keys) + len(left.jobs), "claves de Redis y trabajos en espera: se quitan"),
            (len(left.files), "carpetas o archivos escritos por la suite: se quitan"),
            (
                sum(found.tables.values()),
                f"renglones en {len(found.tables)} tablas propias: se van con las migraciones",
            ),
        ],
    )
    for line in content.refused:
        click.echo(f"✘ {line['name']}: CKAN no lo guardó ({line['reason']}); queda como estaba.", err=True)
    for source in found.sources:
        if source.stock_type:
            click.echo(
                f"  {source.name}: CKAN puede seguir con el tipo «{source.stock_type}», que {STOCK_MEANS[source.type]}."
            )
        else:
            click.echo(f"  {source.name}: sin la suite nadie la cosecha (tipo {source.type}).")
    if not done:
        return
    if found.unloaded:
        click.echo(f"Antes, encienda {', '.join(found.unloaded)}: CKAN solo migra complementos encendidos.")
    click.secho("\nDetenga el sitio, las cosechas y los trabajos, y escriba:", bold=True)
    for command in found.commands()[:-1]:
        click.echo(f"  {command}")
    if found.lines():
        click.secho("\nEn el archivo de configuración (# = quite el renglón):", bold=True)
        for line in [*found.lines(), "# ckanext.mxopendata.…"]:
            click.echo(f"  {line}")
    click.secho("\nEncienda el sitio y escriba:", bold=True)
    click.echo(f"  {found.commands()[-1]}")


def _licences(found: Plan) -> str:
    if not found.content.licences:
        return ""
    from ckanext.mxopendata.licences import OPTION, register_path

    known = ", ".join(f"{name}: {number}" for name, number in sorted(found.content.licences.items()))
    return f"({known}); para conservar su nombre copie {register_path()} y escriba {OPTION} = file:///…"
