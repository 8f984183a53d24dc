"""``make test``: every lane of tests, two at a time, each in an installation of its own; nothing stays running.

A lane that needs services or a site starts its own ones below ``build/test/<lane>``, whatever servers the environment
names: tests empty databases. Only what is downloaded (virtual environment, Solr) is shared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local import commands, installation, postgres, processes, solr, stack, state, valkey, wheel
from local.problem import Problem, say
from local.settings import Settings, of_its_own

SIDE_BY_SIDE = 2
LOOK_SECONDS = 0.2
END_SECONDS = 60.0
NO_SERVICES = ("-p", "no:ckan", "-p", "no:ckan_fixtures")
WITH_CKAN = ("--ckan-ini=test.ini",)
FORMER = "2.11"
TEST_SITE = "ckan_test"
# Rooms' integration tests with a lane of their own, so that each lane keeps to its time: the operators' break services
# and start what runs in containers; the model's are the most.
OF_A_LANE = {
    "operators": ("tests/integration/doctor", "tests/integration/operators"),
    "metadata": ("tests/integration/metadata", "tests/integration/planning"),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Lane:
    """A lane at work.

    Attributes:
        name: of the lane.
        child: its process.
        log: what it prints.
        began: when, on the monotonic clock.
    """

    name: str
    child: subprocess.Popen[Any]
    log: Path
    began: float


def run_all(settings: Settings, names: Sequence[str] = ()) -> int:
    """Run lanes; their words appear when each has ended.

    Args:
        settings: the installation whose downloads the lanes use.
        names: the lanes; all of them when none is named.

    Returns:
        0 when every lane passed, else 1.

    Raises:
        Problem: there is no lane of that name, or something cannot be installed.
    """
    unknown = sorted(set(names) - set(LANES))
    if unknown:
        known = ", ".join(LANES)
        raise Problem(
            f"No hay línea de pruebas «{unknown[0]}»; hay: {known}",
            f'There is no lane "{unknown[0]}"; there are: {known}',
        )
    began = time.monotonic()
    with stack.at_work(settings):
        stack.install(settings)
    waiting = list(names or LANES)
    at_work: list[Lane] = []
    red: list[str] = []
    try:
        while waiting or at_work:
            while waiting and len(at_work) < SIDE_BY_SIDE:
                at_work.append(_start(settings, waiting.pop(0)))
            for lane in [lane for lane in at_work if lane.child.poll() is not None]:
                at_work.remove(lane)
                if not _report(lane):
                    red.append(lane.name)
            time.sleep(LOOK_SECONDS)
    finally:
        for lane in at_work:
            _end(lane)
    seconds = time.monotonic() - began
    if red:
        say(f"\n✘ {seconds:.0f} s; líneas en rojo / red lanes: {', '.join(red)}")
        return 1
    say(f"\n✔ {seconds:.0f} s; todo en verde / all green: {', '.join(names or LANES)}")
    return 0


def run_one(settings: Settings, name: str) -> int:
    """Run one lane in this process, in an installation of its own.

    Args:
        settings: the installation whose downloads it uses.
        name: the lane.

    Returns:
        The exit code of its tests.
    """
    own = of_its_own(settings, settings.build / "test" / name)
    code = LANES[name](own)
    if code == 0 and own.home.exists():
        # A red lane's logs and data stay for whoever looks into it; the next run begins anew all the same.
        stack.clean_home(own)
    return code


def _start(settings: Settings, name: str) -> Lane:
    log = settings.build / "test" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "local", "lane", name],
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=processes.die_with_parent(),  # noqa: PLW1509 - there are no threads
        )
    return Lane(name, child, log, time.monotonic())


def _report(lane: Lane) -> bool:
    green = lane.child.returncode == 0
    print(f"\n── {lane.name} ──")
    print(lane.log.read_text(encoding="utf-8", errors="replace").rstrip())
    mark = "✔" if green else "✘"
    print(f"{mark} {lane.name}: {time.monotonic() - lane.began:.0f} s", flush=True)
    return green


def _end(lane: Lane) -> None:
    started = processes.start_time(lane.child.pid)
    if started is not None:
        processes.end(processes.Process(lane.child.pid, started), seconds=END_SECONDS)
    lane.child.wait()


def _lint(own: Settings) -> int:
    ruff = own.venv / "bin" / "ruff"
    return commands.watch([ruff, "check", "."], folder=own.root) or commands.watch(
        [ruff, "format", "--check", "."], folder=own.root
    )


def _types(own: Settings) -> int:
    return commands.watch([own.venv / "bin" / "pyright", "--pythonpath", own.python], folder=own.root)


def _unit(own: Settings) -> int:
    return _pytest(own, *NO_SERVICES, "tests/unit")


def _wheel(own: Settings) -> int:
    return _with_services(own, *NO_SERVICES, "tests/wheel")


def _removal(own: Settings) -> int:
    return _with_services(own, *NO_SERVICES, "tests/removal")


def _integration(own: Settings) -> int:
    elsewhere = [f"--ignore={folder}" for folders in OF_A_LANE.values() for folder in folders]
    return _with_services(own, *WITH_CKAN, "tests/integration", *elsewhere)


def _operators(own: Settings) -> int:
    return _with_services(own, *WITH_CKAN, *OF_A_LANE["operators"])


def _metadata(own: Settings) -> int:
    return _with_services(own, *WITH_CKAN, *OF_A_LANE["metadata"])


def _faults(own: Settings) -> int:
    return _with_services(own, *WITH_CKAN, "tests/faults")


def _with_services(own: Settings, *words: str) -> int:
    stack.clean_home(own)
    with stack.at_work(own):
        addresses = stack.start_services(own, TEST_SITE)
        try:
            environment = {
                "CKAN_SQLALCHEMY_URL": addresses["sqlalchemy.url"],
                "CKAN_SOLR_URL": addresses["solr_url"],
                "CKAN_REDIS_URL": addresses["ckan.redis.url"],
                "CKAN_STORAGE_PATH": str(own.home / "storage"),
                # Tests of what happens when a service is away stop it, and start it again.
                "MXOPENDATA_LANE_HOME": str(own.home),
            }
            return _pytest(own, *words, environment=environment)
        finally:
            stack.end_everything(own)


def _guest(own: Settings) -> int:
    stack.clean_home(own)
    with stack.at_work(own):
        environments = {version: installation.guest(own, version) for version in installation.GUEST_LISTS}
        schemas = {f"guest-{version}": solr.untouched_schema(folder) for version, folder in environments.items()}
        built = wheel.build(own, own.build / "dist")
        stack.start_services(own, schemas=schemas)
        codes: list[int] = []
        try:
            # One after the other: each keeps a processor busy with its site, and another lane is at work beside them.
            for number, (version, folder) in enumerate(environments.items()):
                site = f"guest-{version}"
                environment = {
                    "MXOPENDATA_GUEST_CKAN": version,
                    "MXOPENDATA_GUEST_VENV": str(folder),
                    "MXOPENDATA_GUEST_WHEEL": str(built),
                    "MXOPENDATA_GUEST_HOME": str(own.home / site),
                    "CKAN_SQLALCHEMY_URL": postgres.url(own, site),
                    "CKAN_SOLR_URL": solr.url(own, site),
                    "CKAN_REDIS_URL": valkey.url(own, number),
                }
                say(f"── CKAN {version} ──")
                codes.append(_pytest(own, *NO_SERVICES, "tests/guest", environment=environment))
                if version == FORMER:
                    # The suite is installed by now: each room alone; it goes, comes back, moves to today's CKAN.
                    python = str(folder / "bin" / "python")
                    interpreters = {"MXOPENDATA_CKAN_PYTHON": python, "MXOPENDATA_FORMER_PYTHON": python}
                    folders = ("tests/wheel/test_rooms.py", "tests/removal", "tests/upgrades")
                    codes.append(_pytest(own, *NO_SERVICES, *folders, environment={**environment, **interpreters}))
        finally:
            stack.end_everything(own)
        # A signal makes a code below 0: any but 0 is red.
        return next((code for code in codes if code), 0)


def _e2e(own: Settings) -> int:
    from local import demo

    if not any(shutil.which(name) for name in BROWSERS):
        raise Problem(
            "Falta Chromium para las pruebas en el navegador: apt-get install chromium",
            "Chromium is missing for the tests in the browser: apt-get install chromium",
        )
    stack.clean_home(own)
    own = replace(own, port=state.free_port())
    try:
        demo.main(own)
        return _pytest(own, *NO_SERVICES, "tests/e2e", environment={"MXOPENDATA_BUILD": str(own.build)})
    finally:
        stack.stop(own)


def _pytest(own: Settings, *words: str, environment: dict[str, str] | None = None) -> int:
    own_path = f"{own.venv / 'bin'}{os.pathsep}{own.environment.get('PATH', '')}"
    # Tests of the stack itself start their own ones, with the downloads that are here.
    shared = {"MXOPENDATA_INSTALLATIONS": str(own.installations), "PATH": own_path}
    return commands.watch(
        [own.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5", *words],
        environment={**own.environment, **shared, **(environment or {})},
        folder=own.root,
    )


# In the order in which they start: what says most in the least time first, then the longest.
LANES: dict[str, Callable[[Settings], int]] = {
    "lint": _lint,
    "types": _types,
    "unit": _unit,
    "e2e": _e2e,
    "integration": _integration,
    "faults": _faults,
    "guest": _guest,
    "metadata": _metadata,
    "operators": _operators,
    "wheel": _wheel,
    "removal": _removal,
}
