"""A site of its own on the services that the environment names, and real ``ckan`` processes in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
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
# The environment of the CKAN to be tested, where it is not that of the tests.
PYTHON = os.environ.get("MXOPENDATA_CKAN_PYTHON", sys.executable)


class Site:
    """A configuration file, and the processes that are started with it, in the environment of ``python``."""

    def __init__(self, folder: Path, allowed: str, python: str) -> None:
        self.python = python
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

    def version(self) -> str:
        """Of CKAN."""
        words = [self.python, "-c", "import ckan; print(ckan.__version__)"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def _ckan(self) -> str:
        return str(Path(self.python).with_name("ckan"))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A ``ckan`` command, in a process group of its own."""
        return subprocess.Popen(
            [self._ckan, "-c", str(self.ini), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def uninstall(self, *words: str) -> dict[str, Any]:
        """``ckan mxopendata uninstall … --json``."""
        child = self.start("mxopendata", "uninstall", *words, "--json")
        out, err = child.communicate(timeout=300)
        assert child.returncode == 0, err[-4000:]
        return json.loads(out)

    def run(self, program: str, **asked: Any) -> dict[str, Any]:
        """One of ``programs.py``."""
        done = subprocess.run(
            [self.python, str(PROGRAMS), str(self.ini), program],
            input=json.dumps(asked),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    def words(self, command: str) -> list[str]:
        """A command as it was told to be typed, without ``ckan -c INI``."""
        words = shlex.split(command)
        assert words[:3] == ["ckan", "-c", str(self.ini)], command
        return words[3:]

    def configure(self, command: str) -> None:
        """Type a ``ckan config-tool`` as it was told."""
        words = shlex.split(command)
        assert words[:3] == ["ckan", "config-tool", str(self.ini)], command
        subprocess.run([self._ckan, *words[1:]], env=self.environment, capture_output=True, check=True)

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
    """An empty database, and nothing in Redis."""
    import redis

    made = Site(tmp_path, loopback.host, PYTHON)
    redis.Redis.from_url(os.environ["CKAN_REDIS_URL"]).flushdb()
    with made.engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    yield made
    made.engine.dispose()
    shutil.rmtree(made.storage, ignore_errors=True)
