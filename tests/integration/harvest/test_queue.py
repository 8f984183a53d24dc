"""The stock queue: a job is gathered, carried and finished by ckanext-harvest's own consumers, with equal results."""

from __future__ import annotations

import json
from typing import Any

import pysolr
import pytest

from ckan import model
from ckan.lib.search import SearchIndexError
from ckan.tests import helpers

from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.mxopendata.harvest import carriers, runs, trouble
from ckanext.mxopendata.harvest.model import Run

from .conftest import catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _consume(publisher: Any, consumer: Any, callback: Any) -> int:
    """Deal with everything in a queue, as the consumer's loop does; returns how many messages there were."""
    number = 0
    while True:
        method, _, body = consumer.basic_get(queue="")
        if body is None:
            return number
        consumer.redis.set(consumer.persistance_key(body), "2026-11-22 10:00:00.000000")
        callback(consumer, method, None, body)
        number += 1


def _carry_out(source: dict[str, Any]) -> tuple[HarvestJob, int]:
    """Start a job as the button does and let the consumers work until nothing is left; then ``harvester run``."""
    job = helpers.call_action("harvest_job_create", source_id=source["id"], run=True)
    gathered = _consume(None, queue.get_gather_consumer(), queue.gather_callback)
    carried = _consume(None, queue.get_fetch_consumer(), queue.fetch_callback)
    assert gathered == 1
    site_user = helpers.call_action("get_site_user")["name"]
    helpers.call_action("harvest_jobs_run", context={"user": site_user}, source_id=source["id"])
    model.Session.expire_all()
    return HarvestJob.get(job["id"]), carried


def _run_of(job: HarvestJob) -> Run:
    return model.Session.query(Run).filter(Run.job_id == job.id).one()


def test_the_consumers_do_what_the_command_does(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(*(record(f"q{number}") for number in range(7)), {"identifier": "q9"}))
    source = make_source()
    job, carried = _carry_out(source)
    run = _run_of(job)
    assert carried == 1
    assert (job.status, run.status) == ("Finished", "finished_with_errors")
    assert (run.read, run.created, run.rejected) == (8, 7, 1)
    stats = helpers.call_action("harvest_job_show", id=job.id)["stats"]
    assert (stats["added"], stats["errored"], stats["not modified"]) == (7, 1, 0)
    again, _ = _carry_out(source)
    run = _run_of(again)
    assert (again.status, run.unchanged, run.rejected) == ("Finished", 7, 1)
    assert harvest(source)["unchanged"] == 7


def test_a_long_run_goes_on_in_successors(portal, make_source, monkeypatch):
    """With no time at all each carrier does one page or one batch, and the next one goes on where it ended."""
    monkeypatch.setattr(carriers, "SECONDS", -1.0)
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.datajson.PAGE_SIZE", 4)
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 3)
    portal.serve("/data.json", catalogue(*(record(f"r{number}") for number in range(10))))
    source = make_source()
    job, carried = _carry_out(source)
    run = _run_of(job)
    assert (job.status, run.status, run.created) == ("Finished", "finished", 10)
    assert carried > 5
    assert portal.requests.count("/data.json") == 1
    left = model.Session.query(HarvestObject).filter(HarvestObject.guid.like(f"{runs.CARRIER_PREFIX}%"))
    assert left.filter(HarvestObject.harvest_job_id == job.id).count() == 0
    assert {line.state for line in records_of(run.id)} == {"done"}


def test_a_source_that_is_down_leaves_the_consumer_alive(portal, make_source):
    portal.serve("/data.json", "out of order", status=500)
    source = make_source()
    job, _ = _carry_out(source)
    run = _run_of(job)
    assert (job.status, run.status, run.read) == ("Finished", "failed", 0)
    assert [facts["code"] for facts in run.findings] == ["http_server_error"]
    assert helpers.call_action("harvest_job_show", id=job.id)["stats"]["errored"] == 1


def test_two_runs_of_one_source_do_not_overlap(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("s1")))
    source = make_source()
    helpers.call_action("harvest_job_create", source_id=source["id"], run=True)
    _consume(None, queue.get_gather_consumer(), queue.gather_callback)
    with pytest.raises(runs.RunInProgressError):
        harvest(source)
    _consume(None, queue.get_fetch_consumer(), queue.fetch_callback)
    assert harvest(source)["unchanged"] == 1


def test_a_run_left_behind_is_taken_up_again(portal, make_source, harvest, monkeypatch):
    """A process that was killed leaves its run open; the next harvest of the source ends it and loses nothing."""
    portal.serve("/data.json", catalogue(*(record(f"t{number}") for number in range(6))))
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 2)
    source = make_source()

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ckanext.mxopendata.harvest.indexing.Indexing.begin", killed)
        with pytest.raises(KeyboardInterrupt):
            harvest(source)
    model.Session.rollback()
    half = model.Session.query(Run).filter(Run.source_id == source["id"]).one()
    assert half.status is None
    job = HarvestJob.get(half.job_id)
    job.status = "Finished"
    job.save()
    run = harvest(source)
    assert run["run"] == half.id
    assert (run["status"], run["created"]) == ("finished", 6)
    assert portal.requests.count("/data.json") == 1
    assert helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["count"] == 6


def test_without_solr_the_run_waits_and_nothing_is_lost(portal, make_source, harvest, monkeypatch):
    portal.serve("/data.json", catalogue(*(record(f"v{number}") for number in range(4))))
    source = make_source()

    def refused(*_: Any, **__: Any) -> None:
        raise pysolr.SolrError("Failed to connect to server")

    with monkeypatch.context() as patch:
        patch.setattr(pysolr.Solr, "add", refused)
        patch.setattr("ckan.lib.search.is_available", lambda: False)
        patch.setattr(trouble, "PATIENCE", 0.0)
        with pytest.raises(SearchIndexError):
            harvest(source)
    model.Session.rollback()
    found = {"fq": f'harvest_source_id:"{source["id"]}"'}
    assert helpers.call_action("package_search", **found)["count"] == 0
    job = model.Session.query(HarvestJob).filter_by(source_id=source["id"]).one()
    job.status = "Finished"
    job.save()
    run = harvest(source)
    assert (run["status"], run["created"]) == ("finished", 4)
    assert helpers.call_action("package_search", **found)["count"] == 4


def test_reindexing_a_source_keeps_its_type(portal, make_source):
    """Stack trap 2: create → reindex → show → patch."""
    portal.serve("/data.json", catalogue(record("u1")))
    source = make_source(license="cc-by-4.0")
    user = helpers.call_action("get_site_user")["name"]
    helpers.call_action("harvest_source_reindex", context={"user": user, "ignore_auth": True}, id=source["id"])
    shown = helpers.call_action("harvest_source_show", id=source["id"])
    assert shown["source_type"] == "mx_datajson"
    assert json.loads(shown["config"]) == {"license": "cc-by-4.0"}
    patched = helpers.call_action(
        "harvest_source_patch", context={"user": user, "ignore_auth": True}, id=source["id"], title="Otro nombre"
    )
    assert (patched["title"], patched["source_type"]) == ("Otro nombre", "mx_datajson")
