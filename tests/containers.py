"""What Docker Compose makes of ``docker/compose.yaml`` with the ``.env`` of ``new-env``: no engine is needed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCKER = Path(__file__).resolve().parents[1] / "docker"
# Programs that come in wheels lie beside the interpreter.
PROGRAMS = Path(sys.executable).parent
OF_THE_MACHINE = ("CKAN", "POSTGRES", "SOLR", "REDIS", "COMPOSE", "DOCKER")


def unpack(folder: Path) -> Path:
    """Put the compose file and a new ``.env`` into a folder, as an operator has them; the ``.env``."""
    folder.mkdir(parents=True)
    for name in ("compose.yaml", ".env.example", "new-env"):
        (folder / name).write_bytes((DOCKER / name).read_bytes())
    (folder / "new-env").chmod(0o755)
    subprocess.run([folder / "new-env"], check=True, capture_output=True)
    return folder / ".env"


def compose(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call Compose in a folder, without the variables of the machine that runs the tests."""
    if sys.version_info < (3, 11):
        pytest.skip("the package that brings Compose is for Python 3.11 and newer")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_MACHINE)}
    command = [PROGRAMS / "docker-compose", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def configuration(folder: Path) -> dict[str, Any]:
    """The whole configuration, all profiles included.

    Raises:
        AssertionError: Compose refuses it; the message is its own.
    """
    shown = compose(folder, "--profile", "*", "config", "--format", "json")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


def load_program(name: str) -> ModuleType:
    """A Python program of the image, which has no ending, as a module."""
    loader = SourceFileLoader(name.replace("-", "_"), str(DOCKER / "image" / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for the module that they are in.
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module
