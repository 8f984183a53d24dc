"""``ckan mxopendata sources check``: which portals answer, moved, or are of another platform by now."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import click
from tqdm import tqdm

from ckanext.mxopendata.cli.output import (
    DONE_WITH_ERRORS,
    NOTHING_DONE,
    in_request,
    print_json,
    print_table,
    stop,
)

STATES = {
    "answers": "responde",
    "moved": "se mudó",
    "other_platform": "cambió de plataforma",
    "unrecognised": "no se reconoce",
    "forbidden": "no permite leerla",
    "certificate": "certificado inválido",
    "dead": "no responde",
    "misconfigured": "mal configurada",
}
# Where so many portals have all no name or no connection, it is not they that are gone.
MANY = 3
NO_WAY_OUT = {"http_unknown_host", "http_unreachable"}
MOST_NAMES = 3
BAR = "{n_fmt} de {total_fmt} portales |{bar}|"


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--files", "with_files", is_flag=True, help="También las que solo están en un archivo.")
@click.option("--json", "as_json", is_flag=True, help="Un documento JSON.")
@in_request
def check(names: tuple[str, ...], with_files: bool, as_json: bool) -> None:
    """Pregunta a los portales de las fuentes si siguen ahí, si se mudaron o si cambiaron de plataforma; no guarda nada.

    NAME es una fuente dada de alta, o de un archivo; si falta, son todas las dadas de alta.
    """
    from ckanext.mxopendata.harvest import checks

    asked, unknown = checks.known_sources(names, with_files)
    if unknown:
        stop(f"No existe la fuente {', '.join(unknown)}.")
    with tqdm(total=len(asked), file=sys.stderr, leave=False, disable=None, bar_format=BAR) as bar:
        checked = checks.check(asked, bar.update)
    if as_json:
        print_json(checked)
    else:
        _print(checked)
    bad = sum(row["health"] != "ok" for row in checked)
    if bad:
        sys.exit(NOTHING_DONE if bad == len(checked) else DONE_WITH_ERRORS)


def _print(checked: list[dict[str, Any]]) -> None:
    order = list(STATES)
    rows = sorted(checked, key=lambda row: (order.index(row["state"]), row["name"]))
    lines = [(row["name"], row["type"], STATES[row["state"]], _why(row)) for row in rows]
    print_table(("fuente", "tipo", "estado", "motivo"), lines)
    amounts = Counter(row["state"] for row in checked)
    counted = ", ".join(f"{STATES[state]} {amounts[state]}" for state in order if amounts[state])
    click.echo(f"{len(checked)} fuentes" + (f": {counted}" if counted else ""))
    cures: dict[str, list[str]] = {}
    for row in rows:
        for finding in row["findings"][:1]:
            cures.setdefault(finding["cure"], []).append(row["name"])
    for cure, names in cures.items():
        shown = ", ".join(names[:MOST_NAMES]) + (f" y {len(names) - MOST_NAMES} más" if len(names) > MOST_NAMES else "")
        click.echo(f"  {shown}: {cure}")
    codes = {finding["code"] for row in checked for finding in row["findings"]}
    if len(checked) >= MANY and amounts["dead"] == len(checked) and codes <= NO_WAY_OUT:
        click.echo("No respondió ninguno: revise que este servidor tenga salida a internet.")


def _why(row: dict[str, Any]) -> str:
    return " ".join(finding["message"] for finding in row["findings"])
