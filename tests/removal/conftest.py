"""A site of its own on the services that the environment names, and real ``ckan`` processes in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).with_name("programs.py")
CKAN = Path(sys.executable).with_name("ckan")


class Site:
    """A configuration file, and the processes that are started with it."""

    def __init__(self, folder: Path, allowed: str) -> None:
        self.ini = folder / "ckan.ini"
        self.storage = folder / "storage"
        text = (ROOT / "test.ini").read_text(encoding="utf-8")
        # Pages are asked for as in the field: with CSRF protection and without the test client's liberties.
        text = re.sub(r"(?m)^testing = true\n", "", text)
        # Nothing of ours is to be found by its name.
        text = re.sub(r"(?m)^ckan.site_id = .*$", "ckan.site_id = portal", text)
        ours = f"ckan.storage_path = {self.storage}\nckanext.mxopendata.http.allowed_private = {allowed}\n"
        self.ini.write_text(text.replace("[loggers]", f"{ours}\n[loggers]"), encoding="utf-8")
        self.with_us = self.ini.read_text(encoding="utf-8")
        self.environment = {**os.environ, "CKAN_STORAGE_PATH": str(self.storage), "PYTHONWARNINGS": "ignore"}
        self.engine = sa.create_engine(os.environ["CKAN_SQLALCHEMY_URL"])

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A ``ckan`` command, in a process group of its own."""
        return subprocess.Popen(
            [str(CKAN), "-c", str(self.ini), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ckan(self, *words: str, code: int = 0) -> str:
        """What a ``ckan`` command prints."""
        child = self.start(*words)
        out, err = child.communicate(timeout=300)
        assert child.returncode == code, f"{words}: {child.returncode}\n{out[-3000:]}\n{err[-3000:]}"
        return out if code == 0 else f"{out}{err}"

    def uninstall(self, *words: str) -> dict[str, Any]:
        """``ckan mxopendata uninstall … --json``."""
        return json.loads(self.ckan("mxopendata", "uninstall", *words, "--json"))

    def run(self, program: str, **asked: Any) -> dict[str, Any]:
        """One of ``programs.py``."""
        done = subprocess.run(
            [sys.executable, str(PROGRAMS), str(self.ini), program],
            input=json.dumps(asked),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    def type_in(self, command: str) -> None:
        """Do what the command told to type, as it stands there."""
        assert command.startswith("ckan "), command
        done = subprocess.run(
            command.replace("ckan", str(CKAN), 1),
            shell=True,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"

    def change(self, settings: Mapping[str, str | None]) -> None:
        """Edit the configuration file: option → new value, or ``None`` to take its line out."""
        text = self.ini.read_text(encoding="utf-8")
        for option, value in settings.items():
            line = "" if value is None else f"{option} = {value}\n"
            text = re.sub(rf"(?m)^{re.escape(option)} *=.*\n", lambda _, line=line: line, text)
        self.ini.write_text(text, encoding="utf-8")

    def come_back(self) -> None:
        """The configuration file as it was with us."""
        self.ini.write_text(self.with_us, encoding="utf-8")

    def tables(self) -> set[str]:
        """All tables, ours and the others."""
        return set(sa.inspect(self.engine).get_table_names())

    def scalar(self, query: str) -> Any:
        """One value out of the database."""
        with self.engine.connect() as connection:
            return connection.execute(sa.text(query)).scalar()

    def digest(self) -> dict[str, str]:
        """What stands in every table."""
        found: dict[str, str] = {}
        with self.engine.connect() as connection:
            for name in sorted(self.tables()):
                rows = connection.execute(sa.text(f'SELECT t::text FROM "{name}" t ORDER BY 1')).scalars()
                found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return found


@pytest.fixture
def site(tmp_path: Path, loopback: Any) -> Any:
    """An empty database with all tables of ours, and nothing in Redis or Solr."""
    import redis

    made = Site(tmp_path, loopback.host)
    redis.Redis.from_url(os.environ["CKAN_REDIS_URL"]).flushdb()
    with made.engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    made.ckan("db", "init")
    made.ckan("db", "pending-migrations", "--apply")
    made.ckan("search-index", "clear")
    yield made
    made.engine.dispose()
    shutil.rmtree(made.storage, ignore_errors=True)
