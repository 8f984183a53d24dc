"""``make demo``: the local stack, filled from the loopback portals, and a table of what came in."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from local import commands, demo_publishers, files, processes, programs, stack, state
from local.marks import ANSWER, FAILURE, STEP
from local.problem import Problem, say, step
from local.programs import Program
from local.settings import ALLOWED_PRIVATE, Settings

PORTALS = "portals"
PORTALS_SECONDS = 30.0
# How the site presents itself; an operator writes the same on the administration page.
PRESENTATION = {
    "ckan.site_title": "Datos abiertos de México (demostración)",
    "ckan.site_description": "Portal de demostración con datos generados por un programa",
    "ckan.site_intro_text": (
        "# Datos abiertos de estados y municipios\n"
        "Un portal de demostración: tres estados y cinco municipios, cosechados de sus propios portales. "
        "Los datos los generó un programa y no son cifras oficiales."
    ),
    "ckan.site_about": (
        "Este portal es una demostración de ckanext-mxopendata: los nombres de los gobiernos son reales; los datos, "
        "inventados. [Tablero de publicación](/tablero) · [Cosechas](/cosechas)"
    ),
    # Nobody's mailbox is told to another site.
    "ckan.gravatar_default": "disabled",
}
EXPORT_FORMATS = ("ttl", "rdf", "jsonld", "nt", "datajson")
COLUMNS = (
    ("read", "leídos"),
    ("created", "nuevos"),
    ("updated", "cambiados"),
    ("unchanged", "iguales"),
    ("rejected", "rechazados"),
    ("warnings", "avisos"),
)
BAD = ("failed", "held")


def main(settings: Settings) -> None:
    """Bring everything up, fill it, say what came in; again and again without harm.

    Raises:
        Problem: something is missing, or a portal could not be harvested; the message says how to cure it.
    """
    began = time.monotonic()
    with stack.at_work(settings):
        portals = start_portals(settings)
        result = stack.up(settings)
        content = fill(settings, result["url"], demo_publishers.people(settings))
        users = demo_publishers.remember(settings, content["tokens"])
        result |= {
            "users": [user for user in result["users"] if user["role"] == "sysadmin"] + users,
            "portals": portals,
            "seconds": round(time.monotonic() - began, 1),
        }
        files.write_json(settings.stack_file, result)
    report(result, content)


def start_portals(settings: Settings) -> list[dict[str, Any]]:
    """Start the loopback portals and let the harvest reach them; their facts as ``stack.json`` lists them.

    Raises:
        Problem: they do not answer.
    """
    stack.install(settings)
    stack.ensure_supervisor(settings)
    home = settings.home / PORTALS
    folder = settings.root / "tests" / "portals"
    mark = _fingerprint(folder)
    program = Program(
        PORTALS,
        [sys.executable, "-m", "portals", str(home), "--mark", mark],
        environment={"PYTHONPATH": str(folder.parent), "PYTHONUNBUFFERED": "1"},
        folder=str(settings.home),
        order=programs.SERVICE,
    )
    with step("Portales de demostración"):
        programs.want(settings, program)
        programs.wait_ready(settings, PORTALS, lambda: _portals_answer(home, mark), PORTALS_SECONDS)
    kept = json.loads((home / "portals.json").read_text(encoding="utf-8"))
    hosts = sorted(f"127.0.0.1:{port}" for port in kept["ports"].values())
    state.add_words(settings, ALLOWED_PRIVATE, hosts)
    state.add_options(settings, PRESENTATION)
    return kept["portals"]


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".csv", ".yaml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _portals_answer(home: Path, mark: str) -> bool:
    try:
        kept = json.loads((home / "portals.json").read_text(encoding="utf-8"))
        return kept["mark"] == mark and all(_answers(portal["url"]) for portal in kept["portals"])
    except (OSError, ValueError, KeyError):
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        # A portal that was told to fail is there all the same; what it says is the harvest's to report.
        error.close()
    return True


def fill(settings: Settings, url: str, users: list[dict[str, Any]]) -> dict[str, Any]:
    """Sync the sources, make the people, harvest, compute and export, all in one process of CKAN.

    Returns:
        The answer of ``local.demo_content``.

    Raises:
        Problem: it failed; its last words are in the message.
    """
    order = {
        "ini": str(settings.ini),
        "url": url,
        "configurations": str(settings.home / PORTALS / "harvest_configs"),
        "users": users,
        "formats": EXPORT_FORMATS,
    }
    log = settings.logs / "demo.log"
    try:
        return _converse(settings, order, log)
    except commands.CommandFailed as error:
        raise Problem(
            f"La demostración no se completó: {error.last_words} (detalle en {log}). Corríjalo y repita make demo.",
            f"The demonstration was not completed: {error.last_words} (details in {log}). "
            "Mend it and run make demo again.",
        ) from error


def _converse(settings: Settings, order: dict[str, Any], log: Path) -> dict[str, Any]:
    child = subprocess.Popen(
        [str(settings.python), "-m", "local.demo_content"],
        env={
            **os.environ,
            "PATH": f"{settings.venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "PYTHONUNBUFFERED": "1",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=processes.die_with_parent(),  # noqa: PLW1509 - there are no threads
    )
    try:
        return _listen(child, order, log)
    finally:
        started = processes.start_time(child.pid)
        if started is not None:
            processes.end(processes.Process(child.pid, started), signal.SIGTERM, 10.0)
        child.wait()


def _listen(child: subprocess.Popen[str], order: dict[str, Any], log: Path) -> dict[str, Any]:
    assert child.stdin is not None, "it is a pipe"
    assert child.stdout is not None, "it is a pipe"
    child.stdin.write(json.dumps(order))
    child.stdin.close()
    answer: dict[str, Any] | None = None
    steps = Steps()
    last = ""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        for line in child.stdout:
            if line.startswith(STEP):
                steps.begin(line.removeprefix(STEP).strip())
            elif line.startswith(ANSWER):
                answer = json.loads(line.removeprefix(ANSWER))
            else:
                last = line.removeprefix(FAILURE).strip() or last
                file.write(line.removeprefix(FAILURE))
    code = child.wait()
    if code or answer is None:
        steps.fail()
        raise commands.CommandFailed(["demo_content"], code, last)
    steps.end()
    return answer


class Steps:
    """Progress of somebody else's steps, in the form of ``problem.step``."""

    def __init__(self) -> None:
        self._began: float | None = None

    def begin(self, title: str) -> None:
        """The step before has ended, this one begins."""
        self.end()
        self._began = time.monotonic()
        print(f"→ {title} … ", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Say how long the running step took, if there is one."""
        if self._began is not None:
            say(f"{time.monotonic() - self._began:.1f} s")
        self._began = None

    def fail(self) -> None:
        """The running step was the last one."""
        if self._began is not None:
            say("✘")
        self._began = None


def report(result: dict[str, Any], content: dict[str, Any]) -> None:
    """Print the table of what came in, the address and how to log in.

    Raises:
        Problem: a portal could not be harvested.
    """
    print(table(result["portals"], content["runs"]))
    exported = content["export"][0] if isinstance(content["export"], list) else content["export"]
    print(
        f"\nExportado: {exported['datasets']} conjuntos y {exported['distributions']} distribuciones en "
        f"{result['url']}/catalogo/volcado.ttl (también {', '.join(EXPORT_FORMATS[1:])})"
    )
    print(
        f"\nEl portal está en {result['url']}, su tablero en {result['url']}/tablero (listo en {result['seconds']} s)."
    )
    print("Entre con cualquiera de estas cuentas:")
    for user in result["users"]:
        print(f"  {user['name']:<22} {user['password']:<24} {user['role']:<9} {user['organization'] or ''}")
    print("Deténgalo con make stop.")
    failed = [run for run in content["runs"] if run["status"] in BAD]
    if failed:
        reports = ", ".join(f"{run['source']}: {run['report_url']}" for run in failed)
        raise Problem(
            f"No se pudo cosechar todo; el porqué está en {reports}. Corríjalo y repita make demo.",
            f"Not everything could be harvested; why is in {reports}. Mend it and run make demo again.",
        )


def table(portals: list[dict[str, Any]], runs: list[dict[str, Any]]) -> str:
    """The summary: a row for each portal, a sum, all in columns.

    Args:
        portals: as in ``stack.json``.
        runs: Run dictionaries of this harvest, whose ``source`` ends in the portal's name.
    """
    by_source = {run["source"]: run for run in runs}
    rows = [["portal", "tipo", *(title for _, title in COLUMNS), "estado"]]
    sums = [0] * len(COLUMNS)
    for portal in portals:
        run = by_source.get(f"demo-{portal['name']}")
        if run is None:
            rows.append([portal["name"], portal["type"], *("–" for _ in COLUMNS), "sin cosechar"])
            continue
        figures = [int(run[key]) for key, _ in COLUMNS]
        sums = [total + figure for total, figure in zip(sums, figures, strict=True)]
        rows.append([portal["name"], portal["type"], *map(str, figures), run["status"]])
    rows.append(["total", "", *map(str, sums), ""])
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    numbers = range(2, 2 + len(COLUMNS))
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("─" * width for width in widths))
    lines.insert(-1, lines[1])
    return "\n".join(lines)
