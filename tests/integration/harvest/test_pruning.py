"""What old harvests leave behind does not grow for ever; what means something today stays."""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import g

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import pruning
from ckanext.mxopendata.harvest.model import Identity, Record, Run, Spooled
from ckanext.mxopendata.harvest.stock import (
    HARVEST_GATHER_ERRORS,
    HARVEST_OBJECT_ERRORS,
    HarvestGatherError,
    HarvestJob,
    HarvestObject,
)

from .conftest import catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]
KEPT = 3


@pytest.fixture
def keep_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, config.HARVEST_KEEP_RUNS, KEPT)


def counts(source: dict[str, Any]) -> dict[str, int]:
    """How much there is of a source in the tables that grow."""
    jobs = model.Session.query(HarvestJob).filter(HarvestJob.source_id == source["id"])
    objects = model.Session.query(HarvestObject).filter(HarvestObject.harvest_source_id == source["id"])
    runs = model.Session.query(Run).filter(Run.source_id == source["id"])
    errors = HARVEST_OBJECT_ERRORS.c.harvest_object_id.in_([item.id for item in objects])
    gathering = HARVEST_GATHER_ERRORS.c.harvest_job_id.in_([item.id for item in jobs])
    found = {
        "jobs": jobs.count(),
        "objects": objects.count(),
        "runs": runs.count(),
        "records": model.Session.query(Record).filter(Record.run_id.in_([run.id for run in runs])).count(),
        "object_errors": model.Session.query(HARVEST_OBJECT_ERRORS).filter(errors).count(),
        "gather_errors": model.Session.query(HARVEST_GATHER_ERRORS).filter(gathering).count(),
    }
    model.Session.rollback()
    return found


def listing(turn: int) -> str:
    """A list of which one record changes each time, and one is always bad."""
    changing = record("cambia", description=f"Versión {turn}")
    return catalogue(changing, record("queda"), {"identifier": "sin-titulo", "description": "x"})


@pytest.mark.usefixtures("keep_few")
def test_growth_stops_and_what_is_current_stays(portal, make_source, harvest, app):
    portal.serve("/data.json", listing(0))
    source = make_source()
    first = harvest(source)
    ids = {line.identifier: line.dataset_id for line in records_of(first["run"]) if line.dataset_id}
    seen: list[dict[str, int]] = []
    for turn in range(1, 9):
        portal.serve("/data.json", listing(turn))
        last = harvest(source)
        assert (last["updated"], last["unchanged"], last["rejected"]) == (1, 1, 1)
        seen.append(counts(source))
    assert seen[-1] == seen[3]
    # The first job keeps the current object of the dataset that never changed.
    assert seen[-1]["jobs"] == KEPT + 1
    assert seen[-1]["runs"] == KEPT
    assert seen[-1]["object_errors"] == KEPT
    identities = model.Session.query(Identity).filter(Identity.source_id == source["id"])
    assert {row.identifier: row.dataset_id for row in identities} == ids
    for dataset_id in ids.values():
        current = model.Session.query(HarvestObject).filter_by(package_id=dataset_id, current=True).all()
        assert [item.harvest_source_id for item in current] == [source["id"]]
        shown = helpers.call_action("harvest_object_show", dataset_id=dataset_id)
        assert shown["source"] == source["id"]
    status = helpers.call_action("harvest_source_show_status", id=source["id"])
    assert (status["job_count"], status["total_datasets"]) == (KEPT + 1, 2)
    user = {"user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    headers = {"Authorization": factories.APIToken(user=factories.Sysadmin()["name"])["token"]}
    jobs = helpers.call_action("harvest_job_list", user, source_id=source["id"])
    for address in ("job", "job/last", *(f"job/{job['id']}" for job in jobs)):
        g.pop("_login_user", None)
        assert app.get(f"/harvest/{source['name']}/{address}", headers=headers).status_code == 200
    g.pop("_login_user", None)
    for address in (f"/harvest/{source['name']}", f"/harvest/{source['name']}/corrida/{last['run']}", "/cosechas"):
        assert app.get(address).status_code == 200
    assert app.get(f"/harvest/{source['name']}/corrida/{first['run']}", status=404)


@pytest.mark.usefixtures("keep_few")
def test_the_last_complete_runs_stay_behind_failed_ones(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("a")))
    source = make_source()
    complete = [harvest(source)["run"] for _ in range(3)]
    portal.serve("/data.json", "<html>")
    failed = [harvest(source)["run"] for _ in range(KEPT + 1)]
    kept = {run.id for run in model.Session.query(Run).filter(Run.source_id == source["id"])}
    assert kept == {*complete[1:], *failed[-KEPT:]}
    gathering = model.Session.query(HarvestGatherError).join(HarvestJob).filter(HarvestJob.source_id == source["id"])
    assert gathering.count() == KEPT
    portal.serve("/data.json", catalogue(record("a")))
    assert harvest(source)["unchanged"] == 1


@pytest.mark.usefixtures("keep_few")
def test_a_question_that_nobody_answered_is_kept(portal, make_source, harvest):
    records = [record(f"d{number}") for number in range(6)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    harvest(source)
    renamed = {**records[0], "identifier": "nuevo", "title": "Otro nombre"}
    portal.serve("/data.json", catalogue(renamed, *records[1:]))
    asking = harvest(source)
    assert asking["doubtful"] == 1
    for _ in range(KEPT + 2):
        harvest(source)
    user = {"user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    (found,) = helpers.call_action("mxopendata_harvest_doubtful_list", user, source=source["name"])
    assert found["dataset"]["source_identifier"] == "nuevo"
    assert model.Session.get(Run, asking["run"]) is not None
    helpers.call_action("mxopendata_harvest_doubtful_decide", user, id=found["dataset"]["id"], same=False)
    harvest(source)
    assert model.Session.get(Run, asking["run"]) is None


def test_the_history_of_another_harvester_is_its_own(stock_harvesters, make_stock, keep_few):
    source = make_stock("dcat_json")
    for _ in range(KEPT + 2):
        HarvestJob(source_id=source["id"], status="Finished").save()
    helpers.call_action("harvest_source_reindex", id=source["id"])
    assert model.Session.query(HarvestJob).filter(HarvestJob.source_id == source["id"]).count() == KEPT + 2


def test_other_sources_and_jobs_under_way_are_left_alone(portal, make_source, harvest, keep_few):
    portal.serve("/data.json", catalogue(record("a")))
    portal.serve("/otra.json", catalogue(record("b")))
    source, other = make_source(), make_source("/otra.json")
    for _ in range(2):
        harvest(other)
    running = HarvestJob(source_id=source["id"], status="Running", created=datetime(2020, 1, 1, tzinfo=timezone.utc))
    running.save()
    before = counts(other)
    for _ in range(KEPT + 2):
        harvest(source)
    assert counts(other) == before
    assert HarvestJob.get(running.id) is not None


def test_what_interrupted_harvests_left_is_removed(portal, make_source, harvest, tmp_path, monkeypatch):
    monkeypatch.setitem(tk.config, config.HARVEST_FOLDER, str(tmp_path))
    records = [record(f"v{number}") for number in range(4)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    ended = harvest(source)["run"]
    other = make_source("/vacia.json")
    portal.serve("/vacia.json", catalogue(record("w1"), record("w2")))
    harvest(other)
    portal.serve("/vacia.json", catalogue(record("w3")))
    held = harvest(other)
    assert held["status"] == "held"

    def old(name: str, folder: bool = False) -> Path:
        path = tmp_path / name
        path.mkdir() if folder else path.write_text("{}")
        if folder:
            (path / "document.json").write_text("{}")
        os.utime(path, (time.time() - 2 * 24 * 60 * 60,) * 2)
        return path

    left = [old(f"{uuid.uuid4()}.json"), old("mxopendata-abc.part"), old("mxopendata-vista", folder=True)]
    kept = [old("de-otro.json"), old("notas.part")]
    young = tmp_path / f"{uuid.uuid4()}.json"
    young.write_text("{}")
    for run_id in (ended, str(uuid.uuid4())):
        values = {"page": 0, "identifier": "x", "hash": "", "title_key": "", "findings": [], "record": b""}
        model.Session.add(Spooled(run_id=run_id, number=900, **values))
    model.Session.commit()
    harvest(source)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in (*kept, young))
    assert {row.run_id for row in model.Session.query(Spooled)} == {held["run"]}


def test_a_document_of_a_run_under_way_is_kept(make_source, tmp_path, monkeypatch):
    monkeypatch.setitem(tk.config, config.HARVEST_FOLDER, str(tmp_path))
    source = make_source()
    now = datetime.now(timezone.utc)
    run = Run(source_id=source["id"], phase="reading", at=now, started=now, position={}, findings=[])
    model.Session.add(run)
    model.Session.commit()
    path = tmp_path / f"{run.id}.json"
    path.write_text("{}")
    os.utime(path, (0, 0))
    pruning.prune(source["id"])
    assert path.exists()
    model.Session.delete(model.Session.get(Run, run.id))
    model.Session.commit()
    pruning.prune(source["id"])
    assert not path.exists()
