"""``ckan mxopendata theme-groups``: groups for the datasets that were there before the option was switched on."""

from __future__ import annotations

import sys

import click

from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, in_request, print_json, stop


@click.command("theme-groups", short_help="Pone cada conjunto en el grupo de su tema principal.")
@click.option("--dry-run", is_flag=True, help="Solo dice qué cambiaría.")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
@in_request
def theme_groups(dry_run: bool, as_json: bool) -> None:
    """Con ckanext.mxopendata.theme_groups activa, cada conjunto que se guarda entra en el grupo de su tema principal.
    Este comando hace lo mismo con los que ya estaban. Crea los grupos que falten y no toca los que no son temas.

    Se puede interrumpir y repetir: lo que ya está bien no cambia. Sale con 1 cuando el grupo de algún tema no se puede
    usar, con 2 cuando la opción no está activa.
    """
    from ckanext.mxopendata import theme_groups, theme_groups_refresh

    if not theme_groups.is_on():
        stop(
            "La opción ckanext.mxopendata.theme_groups no está activa, o el esquema de los conjuntos no tiene el campo"
            " «theme»: agregue «ckanext.mxopendata.theme_groups = true» a la configuración y repita el comando."
        )

    def say(done: int, total: int) -> None:
        click.echo(f"{done} de {total}", err=True)

    report = theme_groups_refresh.refresh(dry_run, say)
    if as_json:
        print_json(report)
    else:
        changed, made = ("cambiarían", "se crearían") if dry_run else ("cambiaron", "se crearon")
        click.echo(f"Conjuntos: {report['datasets']}; {changed}: {report['changed']}.")
        click.echo(f"Grupos que {made}: {', '.join(report['groups']) or 'ninguno'}.")
        for item in report["without"]:
            click.echo(f"  {item['theme']}: {item['datasets']} conjuntos sin grupo: {_REASONS[item['reason']]}")
    if report["without"]:
        sys.exit(DONE_WITH_ERRORS)


_REASONS = {
    "institution": "ese nombre es de una institución; cambie la dirección (URL) de la institución",
    "deleted": "alguien eliminó el grupo; restáurelo o púrguelo",
    "name": "CKAN no acepta la clave del tema como nombre de un grupo",
}
