"""The wheel, built from a copy of the checkout and installed where the checkout cannot be seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GIVEN = os.environ.get("MXOPENDATA_CKAN_PYTHON")
ROOT = Path(__file__).resolve().parents[2]
PACKAGED = ("ckanext-mxopendata", "schemas", "harvest_configs", "pyproject.toml", "setup.py", "README.md", "LICENSE")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a checkout may hold what an earlier build has left."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGED:
        path = ROOT / name
        if path.is_dir():
            leftovers = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(path, source / name, ignore=leftovers)
        else:
            shutil.copy(path, source / name)
    # By way of the source distribution, so that this is complete too.
    words = ["-m", "build", "--no-isolation", "--outdir", str(source / "dist"), str(source)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((source / "dist").glob("*.whl"))


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
