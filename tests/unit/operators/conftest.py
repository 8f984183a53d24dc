"""The containers and units for operators, as the tools that read them see them."""

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

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
# Programs that come in wheels lie beside the interpreter.
PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="session")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``compose.yaml`` and the ``.env`` that ``new-env`` makes."""
    folder = tmp_path_factory.mktemp("operators") / "docker"
    folder.mkdir()
    for name in ("compose.yaml", ".env.example", "new-env"):
        (folder / name).write_bytes((DOCKER / name).read_bytes())
    (folder / "new-env").chmod(0o755)
    subprocess.run([folder / "new-env"], check=True, capture_output=True)
    return folder / ".env"


@pytest.fixture(scope="session")
def composed(env_file: Path) -> dict[str, Any]:
    """What Compose itself makes of the file, all profiles included."""
    words = [PROGRAMS / "docker-compose", "--profile", "*", "config", "--format", "json"]
    # Not the variables of the machine that runs the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CKAN", "POSTGRES"))}
    shown = subprocess.run(words, cwd=env_file.parent, env=environment, check=True, capture_output=True, text=True)
    return json.loads(shown.stdout)


def load_program(name: str) -> ModuleType:
    """A program of the image, which has no ending, as a module."""
    path = DOCKER / "image" / name
    loader = SourceFileLoader(name.replace("-", "_"), str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def scheduler() -> ModuleType:
    """``ckan-scheduler``."""
    return load_program("ckan-scheduler")


@pytest.fixture(scope="session")
def health() -> ModuleType:
    """``ckan-health``."""
    return load_program("ckan-health")
