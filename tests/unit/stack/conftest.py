"""An installation of the local stack in a folder of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import Settings, from_environment


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return from_environment({"MXOPENDATA_HOME": str(tmp_path / "home"), "MXOPENDATA_BUILD": str(tmp_path / "build")})
