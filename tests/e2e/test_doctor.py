"""The doctor on the demonstration, which is in order: it has nothing to say, and says it quickly."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import ROOT, Stack

pytestmark = pytest.mark.e2e

# Of the processor, not of the wall's clock, which other work slows: half for the start of `ckan`, half for the doctor.
SECONDS = 5 + 5


@pytest.fixture(scope="module")
def doctor(stack: Stack) -> tuple[int, list[dict[str, Any]], float]:
    """Exit code, what it printed, seconds of the processor."""
    file = Path(os.environ.get("MXOPENDATA_BUILD") or ROOT / "build") / "stack.json"
    command = json.loads(file.read_text(encoding="utf-8"))["ckan"]
    # The operator's own shell: nothing that a test was told about other services may leak in.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CKAN")}
    before = _processor_seconds()
    done = subprocess.run(
        [*command, "mxopendata", "doctor", "--json"], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), _processor_seconds() - before


def _processor_seconds() -> float:
    """What the processes that this one started and that have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_site_in_order_has_nothing_to_mend(doctor: tuple[int, list[dict[str, Any]], float]) -> None:
    code, checks, _ = doctor
    assert [check for check in checks if not check["ok"]] == []
    assert code == 0


def test_it_looked_at_everything(doctor: tuple[int, list[dict[str, Any]], float]) -> None:
    """What ``interfaces`` names, seen on a site with harvests, figures and files."""
    said = {check["check"]: check["message"] for check in doctor[1]}
    assert len(said) >= 33
    assert int(said["harvester_run"].partition(" ")[0]) >= 1
    assert int(said["consumers"].rpartition(" ")[2]) >= 2
    assert said["figures"].startswith("Cifras del tablero del ")
    assert said["catalogue_files"].startswith("Archivos del catálogo del ")
    assert said["private_hosts"].rpartition(" ")[2] != "0"


def test_it_is_quick(doctor: tuple[int, list[dict[str, Any]], float]) -> None:
    assert doctor[2] < SECONDS
