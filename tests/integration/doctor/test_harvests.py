"""Harvests that are not started, not finished, fail, wait for somebody or lack their secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.doctor import harvests
from ckanext.mxopendata.harvest.model import Run

from .conftest import ago, assert_broken, set_columns

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

MakeSource = Callable[..., dict[str, Any]]
MakeJob = Callable[..., str]


def _add_run(source_id: str, status: str, **past: float) -> str:
    started = datetime.now(timezone.utc) - timedelta(**past)
    run = Run(source_id=source_id, phase="report", status=status, at=started, started=started)
    model.Session.add(run)
    model.Session.commit()
    return run.id


def test_a_source_that_is_due_and_not_started_is_an_error(make_source: MakeSource):
    assert harvests.harvester_run().finding.code == "doctor_harvester_run_ok_none"
    source = make_source("DAILY")
    assert harvests.harvester_run().ok
    set_columns("harvest_source", source["id"], next_run=ago(hours=3))
    words = assert_broken(harvests.harvester_run(), "doctor_harvester_run")
    assert source["name"] in words["message"]
    assert "ckan-harvester-run.timer" in words["cure"]
    set_columns("harvest_source", source["id"], next_run=ago(hours=-20))
    assert harvests.harvester_run().ok


def test_a_source_that_was_never_started_is_an_error(make_source: MakeSource):
    source = make_source("WEEKLY")
    set_columns("harvest_source", source["id"], created=ago(days=1), next_run=None)
    assert_broken(harvests.harvester_run(), "doctor_harvester_run")


def test_a_source_without_an_interval_or_switched_off_is_not_due(make_source: MakeSource):
    manual, inactive = make_source("MANUAL"), make_source("DAILY")
    set_columns("harvest_source", manual["id"], created=ago(days=90), next_run=ago(days=80))
    set_columns("harvest_source", inactive["id"], next_run=ago(days=80), active=False)
    assert harvests.harvester_run().ok
    assert harvests.schedule().ok


def test_a_harvest_that_is_done_and_still_open_is_an_error(make_source: MakeSource, make_job: MakeJob):
    source = make_source()
    make_job(source["id"], "Running", ago(hours=5), "COMPLETE", gather_finished=ago(hours=4))
    words = assert_broken(harvests.harvester_run(), "doctor_harvester_run_open")
    assert source["name"] in words["message"]


def test_a_harvest_at_work_is_no_fault(make_source: MakeSource, make_job: MakeJob):
    source = make_source()
    make_job(source["id"], "Running", ago(hours=5), "WAITING", gather_finished=ago(hours=4))
    assert harvests.harvester_run().ok


@pytest.mark.parametrize(
    ("source_type", "command"), [("mx_datajson", "mxopendata harvest"), ("ckan_stock", "harvester job")]
)
def test_a_source_that_is_late_is_a_warning(source_type: str, command: str, make_source: MakeSource, make_job: MakeJob):
    source = make_source("WEEKLY")
    set_columns("harvest_source", source["id"], created=ago(days=40), next_run=ago(hours=-1), type=source_type)
    make_job(source["id"], "Finished", ago(days=13), finished=ago(days=13))
    assert harvests.schedule().ok
    set_columns("harvest_source", source["id"], frequency="DAILY")
    words = assert_broken(harvests.schedule(), "doctor_schedule")
    assert f"{command} {source['name']} ;" in words["cure"]


def test_a_source_that_fails_again_and_again_is_a_warning(make_source: MakeSource):
    source = make_source()
    for days in (1, 2):
        _add_run(source["id"], "failed", days=days)
    assert harvests.failing_sources().ok
    _add_run(source["id"], "failed", days=3)
    words = assert_broken(harvests.failing_sources(), "doctor_failing_sources")
    assert words["message"].endswith(f"3 veces seguidas: {source['name']}.")
    _add_run(source["id"], "finished_with_errors", hours=1)
    assert harvests.failing_sources().ok


def test_a_stock_source_that_fails_again_and_again_is_a_warning(make_source: MakeSource, make_job: MakeJob):
    source = make_source()
    for days in (3, 2, 1):
        job = make_job(source["id"], "Finished", ago(days=days), finished=ago(days=days))
        assert harvests.failing_sources().ok
        values = {"id": f"error-{job}", "job": job}
        insert = "INSERT INTO harvest_gather_error (id, harvest_job_id, message) VALUES (:id, :job, 'no route to host')"
        model.Session.execute(sa.text(insert), values)
        model.Session.commit()
    assert_broken(harvests.failing_sources(), "doctor_failing_sources")


def test_a_run_that_waits_for_somebody_is_a_warning(make_source: MakeSource):
    source = make_source()
    run = _add_run(source["id"], "held", hours=5)
    assert harvests.held_runs().ok
    model.Session.execute(sa.delete(Run.__table__))
    run = _add_run(source["id"], "held", days=2)
    words = assert_broken(harvests.held_runs(), "doctor_held_runs")
    assert words["cure"].endswith(f"mxopendata harvest {source['name']} --confirm-run {run}")
    _add_run(source["id"], "finished", hours=1)
    assert harvests.held_runs().ok


def test_a_secret_that_is_not_set_is_a_warning(make_source: MakeSource, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MXOPENDATA_SECRET_JALISCO", raising=False)
    source = make_source(config=json.dumps({"secret": "MXOPENDATA_SECRET_JALISCO"}))
    words = assert_broken(harvests.source_secrets(), "doctor_source_secrets")
    assert f"{source['name']} → MXOPENDATA_SECRET_JALISCO" in words["message"]
    monkeypatch.setenv("MXOPENDATA_SECRET_JALISCO", "Muy-Secreto-77")
    assert_broken(harvests.source_secrets(), "doctor_source_secrets")
    monkeypatch.setenv("MXOPENDATA_SECRET_JALISCO", "datos.jalisco.ejemplo.mx Muy-Secreto-77")
    check = harvests.source_secrets()
    assert check.ok
    assert "Muy-Secreto" not in json.dumps(check.to_dict())
