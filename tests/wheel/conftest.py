"""The wheel, built from a copy of the checkout and installed where the checkout cannot be seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import from_environment
from local.wheel import build

GIVEN = os.environ.get("MXOPENDATA_CKAN_PYTHON")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a checkout may hold what an earlier build has left."""
    return build(from_environment(), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel, CKAN and nothing of the checkout.

    ``MXOPENDATA_CKAN_PYTHON`` names one that is there already, for example with another CKAN.
    """
    if GIVEN:
        return Path(GIVEN)
    wheel: Path = request.getfixturevalue("wheel")
    folder = tmp_path_factory.mktemp("clean")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    uv = Path(sys.executable).with_name("uv")
    installer = (
        [str(uv), "pip"] if uv.exists() else [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python")]
    )
    target = ["--python", str(venv / "bin" / "python")] if uv.exists() else []
    pins = ROOT / "docker" / "local" / "requirements.txt"
    # The tested set as it is installed here: what lies in the cache costs a second.
    for words in (["-r", str(pins)], [str(wheel)]):
        done = subprocess.run([*installer, "install", *target, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return venv / "bin" / "python"
