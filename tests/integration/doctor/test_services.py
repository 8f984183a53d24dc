"""Clocks, Redis, disks, mail and visits, each broken."""

from __future__ import annotations

import os
import shutil
import socketserver
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.doctor import services

from .conftest import assert_broken, free_port, running_valkey

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

Usage = namedtuple("Usage", "total used free")


class _ClockAhead(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(minutes=3)


def test_a_clock_that_is_wrong_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    assert services.clock().ok
    monkeypatch.setattr(services, "datetime", _ClockAhead)
    words = assert_broken(services.clock(), "doctor_clock")
    assert words["message"].startswith("Los relojes difieren 180 s")


def test_redis_away_is_an_error(use_redis: Callable[[str], None]):
    port = free_port()
    use_redis(f"redis://127.0.0.1:{port}/0")
    words = assert_broken(services.redis(), "doctor_redis")
    assert words["severity"] == "error"
    assert f"127.0.0.1:{port}/0" in words["message"]


def test_redis_that_takes_no_writes_is_an_error(own_redis: redis.Redis):
    """A replica, as after a fail-over that nobody told CKAN of."""
    assert services.redis().ok
    own_redis.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))
    try:
        assert "ReadOnly" in assert_broken(services.redis(), "doctor_redis")["message"]
    finally:
        own_redis.execute_command("REPLICAOF", "NO", "ONE")


def test_redis_that_throws_queues_away_is_a_warning(use_redis: Callable[[str], None]):
    with running_valkey("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as url:
        use_redis(url)
        words = assert_broken(services.redis(), "doctor_redis_evicts")
        port = url.rpartition(":")[2].partition("/")[0]
        assert words["cure"].startswith(f"redis-cli -h 127.0.0.1 -p {port} config set maxmemory-policy noeviction")


def test_redis_without_memory_is_an_error(use_redis: Callable[[str], None]):
    with running_valkey("--maxmemory-policy", "noeviction") as url:
        use_redis(url)
        with redis.Redis.from_url(url) as client:
            for number in range(80):
                client.set(f"fill-{number}", "x" * 50_000)
            client.config_set("maxmemory", client.info("memory")["used_memory"] + 100_000)
        assert_broken(services.redis(), "doctor_redis_full")


def test_a_site_without_a_folder_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.storage_path", "")
    assert_broken(services.disk(), "doctor_disk_unset")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that nobody can write to")
def test_a_folder_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch):
    """A folder of the kernel, where root cannot write either."""
    monkeypatch.setitem(tk.config, "ckan.storage_path", "/proc/self")
    assert "/proc/self" in assert_broken(services.disk(), "doctor_disk_closed")["message"]


@pytest.mark.parametrize(
    ("megabytes", "code"), [(20, "doctor_disk_full"), (500, "doctor_disk_low"), (99_000, "doctor_disk_ok")]
)
def test_a_full_disk_is_seen(megabytes: int, code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(1, 1, megabytes * services.MEGABYTE))
    check = services.disk()
    assert check.finding.code == code
    assert os.listdir(tmp_path) == []


@contextmanager
def _smtp_server(*answers: bytes) -> Iterator[str]:
    """A mail server that says these lines, one for each line it hears; its address."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(answers[0])
            for answer in answers[1:]:
                self.rfile.readline()
                self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def test_a_mail_server_that_is_away_is_an_error(monkeypatch: pytest.MonkeyPatch, local_site: None):
    server = f"127.0.0.1:{free_port()}"
    monkeypatch.setitem(tk.config, "smtp.server", server)
    words = assert_broken(services.mail(), "doctor_mail")
    assert words["severity"] == "error"
    assert server in words["message"]


def test_something_else_than_a_mail_server_is_an_error(monkeypatch: pytest.MonkeyPatch):
    with _smtp_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        monkeypatch.setitem(tk.config, "smtp.server", server)
        assert_broken(services.mail(), "doctor_mail")


def test_a_mail_server_without_the_encryption_asked_for_is_an_error(monkeypatch: pytest.MonkeyPatch):
    with _smtp_server(b"220 correo\r\n", b"250 correo.ejemplo\r\n", b"221 adios\r\n") as server:
        monkeypatch.setitem(tk.config, "smtp.server", server)
        monkeypatch.setitem(tk.config, "smtp.starttls", True)
        assert "STARTTLS" in assert_broken(services.mail(), "doctor_mail")["message"]


def test_a_mail_server_that_greets_passes_and_mail_needs_a_sender(monkeypatch: pytest.MonkeyPatch, public_site: None):
    with _smtp_server(b"220 correo\r\n", b"250 correo.ejemplo\r\n", b"221 adios\r\n") as server:
        monkeypatch.setitem(tk.config, "smtp.server", server)
        words = assert_broken(services.mail(), "doctor_mail_sender")
        assert words["cure"].endswith("smtp.mail_from = no-responder@datos.ejemplo.gob.mx")
        monkeypatch.setitem(tk.config, "smtp.mail_from", "datos@ejemplo.gob.mx")
        check = services.mail()
        assert check.ok
        assert "correo.ejemplo" in check.to_dict()["message"]


def test_no_mail_server_is_a_warning_for_a_public_site_only(monkeypatch: pytest.MonkeyPatch, public_site: None):
    monkeypatch.setattr(services, "MAIL_PORT", free_port())
    monkeypatch.setitem(tk.config, "smtp.server", "localhost")
    assert_broken(services.mail(), "doctor_mail_unset")
    monkeypatch.setitem(tk.config, "ckan.site_url", "http://127.0.0.1:5000")
    assert services.mail().finding.code == "doctor_mail_ok_local"


def test_visits_that_nobody_counts_are_an_advice_for_a_public_site_only(
    monkeypatch: pytest.MonkeyPatch, public_site: None
):
    words = assert_broken(services.tracking(), "doctor_tracking")
    assert words["severity"] == "advice"
    assert "scheming_organizations tracking ;" in words["cure"]
    monkeypatch.setitem(tk.config, "ckan.site_url", "http://127.0.0.1:5000")
    assert services.tracking().finding.code == "doctor_tracking_ok_local"


def test_the_option_of_old_versions_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.tracking_enabled", "true")
    assert_broken(services.tracking(), "doctor_tracking_option")


@pytest.fixture
def tracking_tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """The plugin ``tracking``, with a visit and a sum of some day."""
    monkeypatch.setattr(services.p, "plugin_loaded", lambda _name: True)

    def fill(visited: datetime | None, summed: date | None) -> None:
        for table, column, moment in (
            ("tracking_raw", "access_timestamp", visited),
            ("tracking_summary", "tracking_date", summed),
        ):
            model.Session.execute(sa.text(f"DELETE FROM {table}"))
            if moment is not None:
                values = {column: moment, "url": "/", "tracking_type": "page"}
                values |= {"user_key": "x"} if table == "tracking_raw" else {"count": 1}
                model.Session.execute(sa.insert(sa.table(table, *map(sa.column, values))).values(**values))
        model.Session.commit()

    yield fill
    model.Session.rollback()
    fill(None, None)


def test_visits_that_nobody_sums_are_a_warning(tracking_tables: Callable[..., None]):
    today = datetime.now(timezone.utc).replace(tzinfo=None)
    tracking_tables(None, None)
    assert services.tracking().finding.code == "doctor_tracking_ok_none"
    tracking_tables(today, None)
    assert services.tracking().ok
    tracking_tables(today - timedelta(days=9), None)
    assert_broken(services.tracking(), "doctor_tracking_never")
    tracking_tables(today, today.date() - timedelta(days=9))
    assert_broken(services.tracking(), "doctor_tracking_old")
    tracking_tables(today, today.date() - timedelta(days=1))
    assert services.tracking().ok
