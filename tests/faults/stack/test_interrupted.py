"""``make up`` ended by Ctrl-C or killed half-way: nothing stays running or half-written, and the next one works."""

from __future__ import annotations

import os
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import installation, postgres, programs

pytestmark = pytest.mark.faults


def _supervised(home, name: str) -> Callable[[], bool]:
    return lambda: programs.running_file(home.path, name).exists()


def test_ctrl_c_while_services_start_leaves_nothing_running(
    new_home: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    home = new_home()
    child = home.start("up")
    eventually(_supervised(home, "valkey"))
    os.killpg(child.pid, signal.SIGINT)
    printed, _ = child.communicate(timeout=90)
    assert child.returncode != 0
    assert "Interrumpido" in printed
    assert home.processes() == []
    assert not home.settings.stack_file.exists()


def test_killed_half_way_then_up_works(new_home: Callable[..., Any], eventually: Callable[..., None]) -> None:
    # Hidden from the user who runs PostgreSQL when root tests, as a home below /root is.
    home = new_home(hidden=True)
    outside = postgres._outside(home.settings)
    # Twice: while the services start, and while the site does.
    for moment in ("solr", "site"):
        child = home.start("up")
        eventually(_supervised(home, moment), 90)
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate(timeout=90)
    done = home.make("up")
    assert done.returncode == 0, done.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{home.port}/api/3/action/status_show", timeout=60) as answer:
        assert answer.status == 200
    assert outside.exists() == (os.geteuid() == 0)
    assert home.make("clean").returncode == 0
    assert not home.path.exists()
    assert not outside.exists()
    assert home.processes() == []


def test_an_installation_killed_half_way_is_made_anew(
    new_home: Callable[..., Any], tmp_path: Path, eventually: Callable[..., None]
) -> None:
    home = new_home()
    home.environment["MXOPENDATA_INSTALLATIONS"] = str(tmp_path / "installations")
    settings = home.settings
    child = home.start("install")
    eventually(lambda: len(list(settings.venv.glob("lib/python*/site-packages/*.dist-info"))) > 20, 120)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    eventually(lambda: not home.processes())
    assert not installation.is_current(settings)
    done = home.make("install")
    assert done.returncode == 0, done.stdout
    assert installation.is_current(settings)
    assert (settings.venv / "bin" / "ckan").exists()


def test_an_interrupted_lane_of_tests_leaves_nothing_running(
    new_home: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    home = new_home()
    lane = home.settings.build / "test" / "integration"
    child = home.start("integration")
    # Services are up and the tests have begun.
    eventually(lambda: home.runs("pytest"), 90)
    assert list((lane / "home" / "run" / "running").iterdir())
    os.killpg(child.pid, signal.SIGINT)
    child.communicate(timeout=90)
    assert child.returncode != 0
    eventually(lambda: not home.processes())
