"""Workers, readers of the change log, figures and files of the catalogue, each broken."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import redis
import rq
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.jobs import add_queue_name_prefix, get_queue
from ckan.tests import factories

from ckanext.mxopendata.dashboard import computation
from ckanext.mxopendata.doctor import upkeep

from .conftest import assert_broken

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

PLANTED = datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc)


@pytest.fixture
def alive_worker(own_redis: redis.Redis) -> Iterator[rq.Worker]:
    """A background worker of this site that has said it is there."""
    connection = redis.Redis.from_url(tk.config["ckan.redis.url"])
    worker = rq.Worker([add_queue_name_prefix("default")], connection=connection)
    worker.register_birth()
    yield worker
    worker.register_death()


def test_no_worker_is_a_warning_and_an_error_where_jobs_wait(own_redis: redis.Redis):
    assert assert_broken(upkeep.worker(), "doctor_worker")["severity"] == "warning"
    tk.enqueue_job(print, ["x"])
    words = assert_broken(upkeep.worker(), "doctor_worker_waiting")
    assert words["severity"] == "error"
    assert "supervisorctl start ckan-worker" in words["cure"]


def test_a_worker_of_another_site_is_none(own_redis: redis.Redis):
    connection = redis.Redis.from_url(tk.config["ckan.redis.url"])
    worker = rq.Worker(["ckan:another:default"], connection=connection)
    worker.register_birth()
    assert_broken(upkeep.worker(), "doctor_worker")
    worker.register_death()


def test_jobs_that_wait_long_are_a_warning(alive_worker: rq.Worker):
    tk.enqueue_job(print, ["x"])
    assert upkeep.worker().ok
    job = get_queue().get_jobs()[0]
    job.enqueued_at = (datetime.now(timezone.utc) - timedelta(hours=1)).replace(tzinfo=None)
    job.save()
    assert assert_broken(upkeep.worker(), "doctor_worker_slow")["message"].endswith("hace 60 minutos.")


@pytest.fixture
def dataset_with_figures() -> None:
    """A dataset whose change was read and whose figures were computed now."""
    factories.Dataset(type="dataset", owner_org=factories.Organization()["id"])
    _compute_until_read()


def _compute_until_read() -> None:
    """The log is read up to the oldest transaction that runs anywhere on the server, which may be another test's."""
    deadline = time.monotonic() + 20
    while True:
        computation.compute(datetime.now(timezone.utc))
        model.Session.commit()
        if not computation.has_unread_changes():
            break
        assert time.monotonic() < deadline, "another transaction does not end"
        time.sleep(0.2)


def test_changes_that_nobody_reads_are_a_warning(dataset_with_figures: None):
    assert upkeep.change_readers().ok
    factories.Dataset(type="dataset", owner_org=factories.Organization()["id"])
    assert upkeep.change_readers().ok
    model.Session.execute(sa.text("UPDATE mxopendata_change SET at = now() - interval '2 hours'"))
    model.Session.commit()
    words = assert_broken(upkeep.change_readers(), "doctor_change_readers")
    assert "«dashboard»" in words["message"]
    assert "mxopendata indicators compute" in words["cure"]
    _compute_until_read()
    assert upkeep.change_readers().ok


def test_who_reads_at_night_may_wait_for_two_days(dataset_with_figures: None):
    model.Session.execute(sa.text("INSERT INTO mxopendata_change_reader VALUES ('dcat', 0, 0)"))
    for since, is_ok in (("30 hours", True), ("3 days", False)):
        model.Session.execute(sa.text(f"UPDATE mxopendata_change SET at = now() - interval '{since}'"))
        model.Session.commit()
        _compute_until_read()
        assert upkeep.change_readers().ok == is_ok
    assert "mxopendata export" in assert_broken(upkeep.change_readers(), "doctor_change_readers")["cure"]


def test_a_reader_that_never_read_is_a_warning(dataset_with_figures: None):
    model.Session.execute(sa.text("UPDATE mxopendata_change SET at = now() - interval '2 hours'"))
    model.Session.execute(sa.text("DELETE FROM mxopendata_change_reader"))
    model.Session.commit()
    assert_broken(upkeep.change_readers(), "doctor_change_readers")


def test_figures_that_are_old_are_a_warning(dataset_with_figures: None):
    assert upkeep.figures().ok
    snapshots = "UPDATE mxopendata_dashboard_snapshot SET as_of = as_of - interval '9 days'"
    model.Session.execute(sa.text(snapshots))
    model.Session.commit()
    assert "indicators compute" in assert_broken(upkeep.figures(), "doctor_figures")["cure"]


def test_figures_that_were_never_computed_are_a_warning(dataset_with_figures: None):
    model.Session.execute(sa.text("DELETE FROM mxopendata_dashboard_snapshot"))
    model.Session.commit()
    assert_broken(upkeep.figures(), "doctor_figures_never")


@pytest.fixture
def export_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the site keeps the files of its catalogue: one of them, listed now."""
    monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path))
    folder = tmp_path / "mxopendata" / "volcado"
    folder.mkdir(parents=True)
    (folder / "volcado.ttl").write_text("")
    _list_files(folder, datetime.now(timezone.utc))
    return folder


def _list_files(folder: Path, at: datetime) -> None:
    manifest = {"generated": at.isoformat(), "datasets": 0, "files": [{"name": "volcado.ttl"}]}
    (folder / "volcado.json").write_text(json.dumps(manifest))


def test_files_that_are_old_are_a_warning(export_folder: Path):
    assert upkeep.catalogue_files().ok
    _list_files(export_folder, PLANTED)
    assert "mxopendata export" in assert_broken(upkeep.catalogue_files(), "doctor_catalogue_files")["cure"]


def test_files_that_were_never_written_are_an_advice(export_folder: Path):
    (export_folder / "volcado.json").unlink()
    assert assert_broken(upkeep.catalogue_files(), "doctor_catalogue_files_never")["severity"] == "advice"


def test_a_file_that_is_gone_is_an_error(export_folder: Path):
    (export_folder / "volcado.ttl").unlink()
    assert "volcado.ttl" in assert_broken(upkeep.catalogue_files(), "doctor_catalogue_files_lost")["message"]


def test_a_list_of_files_that_cannot_be_read_is_an_error(export_folder: Path):
    (export_folder / "volcado.json").write_text("{")
    assert_broken(upkeep.catalogue_files(), "doctor_catalogue_files_broken")
