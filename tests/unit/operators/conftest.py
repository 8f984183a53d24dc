"""The containers and units for operators, as the tools that read them see them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import containers


@pytest.fixture(scope="session")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``compose.yaml`` and the ``.env`` that ``new-env`` makes."""
    return containers.unpack(tmp_path_factory.mktemp("operators") / "docker")


@pytest.fixture(scope="session")
def composed(env_file: Path) -> dict[str, Any]:
    """What Compose itself makes of the file, all profiles included."""
    return containers.configuration(env_file.parent)


@pytest.fixture(scope="session")
def scheduler() -> ModuleType:
    """``ckan-scheduler``."""
    return containers.load_program("ckan-scheduler")


@pytest.fixture(scope="session")
def health() -> ModuleType:
    """``ckan-health``."""
    return containers.load_program("ckan-health")
