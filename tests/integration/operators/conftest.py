"""What the operators' scripts are tried on: the test site, PostgreSQL's own tools, a second database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk

from local import postgres
from local.settings import from_environment

DOCKER = Path(__file__).resolve().parents[3] / "docker"
SECOND = "mxopendata_operators"


@pytest.fixture(scope="module")
def tools() -> Path:
    """Where ``pg_dump``, ``pg_restore`` and ``psql`` are, in the version of the server of these tests."""
    return postgres.binaries(from_environment({"MXOPENDATA_INSTALLATIONS": str(Path(sys.prefix).parent)}))


@pytest.fixture
def second_database() -> Iterator[str]:
    """The address of an empty database on the same server."""
    address = sa.engine.make_url(tk.config["sqlalchemy.url"])
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{SECOND}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{SECOND}"'))
    yield address.set(database=SECOND).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{SECOND}" WITH (FORCE)'))
    engine.dispose()


class Scripts:
    """``mxopendata-backup`` and ``mxopendata-restore`` with the variables of one site."""

    def __init__(self, tools: Path, database: str, storage: Path, **variables: str) -> None:
        self.environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "CKAN_INI": "/nonexistent/ckan.ini",
            "CKAN_SQLALCHEMY_URL": database,
            "CKAN_STORAGE_PATH": str(storage),
            **variables,
        }

    def run(self, name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """One of the two scripts."""
        script = DOCKER / "backup" / name
        return subprocess.run([script, *words], env=self.environment, capture_output=True, text=True, check=False)

    def backup(self, *words: str | Path) -> Path:
        """A backup that must succeed; its folder."""
        done = self.run("mxopendata-backup", *words)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.strip())

    def restore(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """``mxopendata-restore``."""
        return self.run("mxopendata-restore", *words)
