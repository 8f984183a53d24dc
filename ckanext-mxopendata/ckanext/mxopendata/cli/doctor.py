"""``ckan mxopendata doctor``: is this site in order?"""

from __future__ import annotations

import sys

import click

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.cli.output import DONE_WITH_ERRORS, print_json


@click.command(short_help="Dice qué está mal en este sitio y cómo se arregla.")
@click.option("--json", "as_json", is_flag=True, help="Un solo documento JSON en la salida.")
def doctor(as_json: bool) -> None:
    """Revisa versiones, complementos, esquema, tablas, idioma, búsqueda y colas; dice qué escribir para arreglarlo.

    Sale con 1 cuando hay un error.
    """
    from ckanext.mxopendata.doctor import diagnose

    language = tk.config["ckan.locale_default"].partition("_")[0]
    checks = diagnose()
    if as_json:
        print_json([check.to_dict(language) for check in checks])
    else:
        for check in checks:
            _print(check.to_dict(language))
    if any(not check.ok and check.finding.severity == "error" for check in checks):
        sys.exit(DONE_WITH_ERRORS)


def _print(check: dict[str, str | bool]) -> None:
    mark, colour = ("✔", "green") if check["ok"] else ("✘", "red" if check["severity"] == "error" else "yellow")
    click.secho(f"{mark} {check['check']}: ", fg=colour, nl=False)
    click.echo(check["message"])
    if not check["ok"]:
        click.echo(f"    → {check['cure']}")
