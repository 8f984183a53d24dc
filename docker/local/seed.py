"""``make seed``: generated datasets for the running site, quickly; for benchmarks only."""

from __future__ import annotations

import sys
from pathlib import Path

from local import files, programs, site, stack, state
from local.problem import Problem, say, step
from local.programs import Program
from local.settings import ADDRESS, ALLOWED_PRIVATE, Settings

NAME = "generated-catalogue"
FILE = "data.json"
START_SECONDS = 20.0


def main(settings: Settings, size: str = "") -> None:
    """Bring the site up and fill it; the catalogue that it seems to be harvested from is served until ``make stop``.

    Args:
        settings: the installation.
        size: how many datasets.

    Raises:
        Problem: ``size`` is no number, the site was seeded before, or something is missing.
    """
    number = read_size(size)
    with stack.at_work(settings):
        stack.install(settings)
        stack.ensure_supervisor(settings)
        url = serve(settings)
        result = stack.up(settings)
        order = {"ini": str(settings.ini), "task": "seed", "kind": "mx_datajson", "size": number, "url": url}
        with step(f"{number} conjuntos generados (solo para medir velocidades)"):
            order["file"] = str(_folder(settings) / FILE)
            answer = site.run_module(settings, "benchmarks.worker", order)
    if answer.get("seeded"):
        raise Problem(
            "Este portal ya tiene conjuntos generados; para otra cantidad, empiece con make clean.",
            "This portal has generated datasets already; for another number of them begin with make clean.",
        )
    say(
        f"{answer['datasets']} conjuntos, {answer['distributions']} distribuciones, {answer['institutions']} "
        f"instituciones en {result['url']}; su catálogo está en {url}."
    )


def read_size(text: str) -> int:
    """How many datasets ``SIZE=`` says.

    Raises:
        Problem: it is no number from 1 to 9,999,999.
    """
    if text.isdecimal() and 0 < int(text) < 10_000_000:
        return int(text)
    raise Problem(
        f"SIZE={text} no es una cantidad de conjuntos: por ejemplo make seed SIZE=1000.",
        f"SIZE={text} is not a number of datasets: for example make seed SIZE=1000.",
    )


def serve(settings: Settings) -> str:
    """Serve the generated catalogue and let the harvest reach it; its address.

    Raises:
        Problem: the server does not start.
    """
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / FILE).exists():
        files.write_text(folder / FILE, '{"dataset": []}', 0o644)
    number = state.port(settings, NAME, running=programs.running(settings, NAME) is not None)
    argv = [sys.executable, "-m", "http.server", str(number), "--bind", ADDRESS, "--directory", str(folder)]
    programs.want(settings, Program(NAME, argv, folder=str(folder), order=programs.SERVICE))
    programs.wait_ready(settings, NAME, lambda: not state.is_free(number), START_SECONDS)
    host = f"{ADDRESS}:{number}"
    state.add_words(settings, ALLOWED_PRIVATE, [host])
    return f"http://{host}/{FILE}"


def _folder(settings: Settings) -> Path:
    return settings.home / NAME
