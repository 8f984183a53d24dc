"""``harvester run`` takes up what was left behind; what cannot be ended by anybody is ended by it.

That processes are really killed is in ``tests/faults``: here a fault ends the process's work as a kill does, with all
that it had not committed, and its locks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.errors
import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ckan import model
from ckan.tests import helpers

from ckanext.harvest import queue
from ckanext.harvest.logic import HarvestJobExists
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import carriers, crashes, locks, runs, trouble
from ckanext.mxopendata.harvest.datasets import DatasetWriter
from ckanext.mxopendata.harvest.model import WRITING, Identity, Run

from .conftest import catalogue, record, records_of
from .test_queue import _consume

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


@pytest.fixture(autouse=True)
def _empty_queues() -> None:
    queue.purge_queues()


def _harvester_run() -> None:
    user = helpers.call_action("get_site_user")["name"]
    helpers.call_action("harvest_jobs_run", context={"user": user})
    model.Session.expire_all()


def _gather(source: dict[str, Any]) -> str:
    """Start a job and gather it; its first carrier waits in the queue."""
    job = helpers.call_action("harvest_job_create", source_id=source["id"], run=True)
    _consume(None, queue.get_gather_consumer(), queue.gather_callback)
    return job["id"]


def _carry() -> int:
    return _consume(None, queue.get_fetch_consumer(), queue.fetch_callback)


def _carry_and_die() -> None:
    """A consumer that dies; as a restarted Redis does, the queue forgets that it was at work."""
    with pytest.raises(KeyboardInterrupt):
        _carry()
    model.Session.rollback()
    model.Session.remove()
    queue.purge_queues()
    connection = queue.get_connection()
    for key in connection.scan_iter(f"{queue.get_fetch_routing_key()}:*"):
        connection.delete(key)


def _run_of(source: dict[str, Any]) -> Run:
    model.Session.rollback()
    model.Session.expire_all()
    return model.Session.query(Run).filter(Run.source_id == source["id"]).order_by(Run.started.desc()).first()


def _carriers(run_id: str, *states: str) -> int:
    model.Session.expire_all()
    found = model.Session.query(HarvestObject).filter(HarvestObject.guid == f"{runs.CARRIER_PREFIX}{run_id}")
    return found.filter(HarvestObject.state.in_(states or runs.UNFINISHED)).count()


@contextmanager
def _dying_at(identifier: str) -> Iterator[list[str]]:
    """The process dies at a record; gives the identifiers of what was tried."""
    write, tried = DatasetWriter.write, []

    def killed(self: DatasetWriter, row: Any, content: Any) -> Any:
        tried.append(row["identifier"])
        if row["identifier"] == identifier:
            raise KeyboardInterrupt
        return write(self, row, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatasetWriter, "write", killed)
        yield tried


def test_a_record_that_ends_the_process_costs_only_itself(portal, make_source, monkeypatch):
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 4)
    portal.serve("/data.json", catalogue(*(record(f"a{number}") for number in range(12))))
    source = make_source()
    job_id = _gather(source)
    with _dying_at("a5") as tried:
        for _ in range(3):
            _carry_and_die()
            _harvester_run()
            assert _run_of(source).status is None
        _carry()
    _harvester_run()
    run = _run_of(source)
    assert (run.status, run.created, run.rejected) == ("finished_with_errors", 11, 1)
    (bad,) = [line for line in records_of(run.id) if line.action == "rejected"]
    assert (bad.identifier, [facts["code"] for facts in bad.findings]) == ("a5", ["record_ends_process"])
    assert tried.count("a5") == 3
    # One by one only where it is dangerous: the third time a4 was already there when the process died at a5.
    assert tried.count("a4") == 3
    assert tried.count("a6") == 1
    assert HarvestJob.get(job_id).status == "Finished"
    stats = helpers.call_action("harvest_job_show", id=job_id)["stats"]
    assert (stats["added"], stats["errored"], stats["not modified"]) == (11, 1, 0)
    assert helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["count"] == 11


STEPS = {
    "before the list": "ckanext.mxopendata.harvest.connectors.datajson.make_utf8",
    "at the first page": "ckanext.mxopendata.harvest.spool.add",
    "between the list and the decision": "ckanext.mxopendata.harvest.adoption.adopt",
    "in the decision": "ckanext.mxopendata.harvest.decide._guards",
    "before what is written is noted": "ckanext.mxopendata.harvest.write._note",
    "before it is committed": "ckanext.mxopendata.harvest.index.commit",
    "before it is indexed": "ckanext.mxopendata.harvest.index.Sending",
    "before the next carrier": "ckanext.mxopendata.harvest.carriers._insert",
    "at the end": "ckanext.mxopendata.harvest.report.prune",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_run_goes_on_at_every_step(step, portal, make_source, monkeypatch):
    """The process dies at it, twice."""
    name = f"s{list(STEPS).index(step)}"
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 2)
    portal.serve("/data.json", catalogue(*(record(f"{name}-{number}") for number in range(4))))
    source = make_source()
    job_id = _gather(source)
    if step == "before the next carrier":
        monkeypatch.setattr(carriers, "SECONDS", -1.0)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(STEPS[step], killed)
            _carry_and_die()
        _harvester_run()
        assert HarvestJob.get(job_id).status == "Running"
    _carry()
    _harvester_run()
    run = _run_of(source)
    assert (run.status, run.read, run.created) == ("finished", 4, 4)
    assert HarvestJob.get(job_id).status == "Finished"
    known = model.Session.query(Identity).filter(Identity.source_id == source["id"]).count()
    assert known == helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["count"] == 4


def test_a_run_that_never_gets_on_is_given_up(portal, make_source, monkeypatch):
    portal.serve("/data.json", catalogue(record("b1")))
    source = make_source()
    job_id = _gather(source)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ckanext.mxopendata.harvest.spool.Reader.line", killed)
    for _ in range(crashes.MOST_TIMES + 1):
        assert _run_of(source).status is None
        _carry_and_die()
        _harvester_run()
    run = _run_of(source)
    assert (run.status, [facts["code"] for facts in run.findings]) == ("failed", ["run_given_up"])
    _harvester_run()
    assert HarvestJob.get(job_id).status == "Finished"


def test_a_run_that_somebody_works_on_or_will_is_left_alone(portal, make_source):
    portal.serve("/data.json", catalogue(record("c1")))
    source = make_source()
    _gather(source)
    run_id = _run_of(source).id
    _harvester_run()
    assert _carriers(run_id) == 1
    with _dying_at("c1"):
        _carry_and_die()
    with locks.working(run_id):
        _harvester_run()
        assert _carriers(run_id, "WAITING") == 0
    _harvester_run()
    assert (_carriers(run_id, "WAITING"), _carriers(run_id, "COMPLETE")) == (1, 1)


def test_a_run_whose_job_was_finished_meanwhile_gets_a_new_one(portal, make_source):
    portal.serve("/data.json", catalogue(record("d1"), record("d2")))
    source = make_source()
    job_id = _gather(source)
    with _dying_at("d2"):
        _carry_and_die()
    job = HarvestJob.get(job_id)
    job.status = "Finished"
    job.save()
    _harvester_run()
    _carry()
    _harvester_run()
    run = _run_of(source)
    assert (run.status, run.created) == ("finished", 2)
    assert run.job_id != job_id
    assert HarvestJob.get(run.job_id).status == "Finished"


def test_a_message_that_comes_twice_makes_no_more_carriers(portal, make_source, monkeypatch):
    monkeypatch.setattr(carriers, "SECONDS", -1.0)
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 2)
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_carriers", lambda: 2)
    portal.serve("/data.json", catalogue(*(record(f"e{number}") for number in range(20))))
    source = make_source()
    _gather(source)
    run_id = _run_of(source).id
    consumer = queue.get_fetch_consumer()
    most = 0
    while _run_of(source).status is None:
        method, _, body = consumer.basic_get(queue="")
        assert body is not None
        for _ in range(2):
            queue.fetch_callback(consumer, method, None, body)
        most = max(most, _carriers(run_id))
    assert most == 2
    assert _run_of(source).created == 20


def test_an_aborted_run_ends_and_is_not_taken_up(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("f1"), record("f2")))
    source = make_source()
    _gather(source)
    user = helpers.call_action("get_site_user")["name"]
    helpers.call_action("harvest_job_abort", context={"user": user}, source_id=source["id"])
    run = _run_of(source)
    run_id = run.id
    assert (run.status, [facts["code"] for facts in run.findings]) == ("failed", ["run_aborted"])
    _carry()
    _harvester_run()
    assert _run_of(source).id == run_id
    assert harvest(source)["created"] == 2


def test_a_run_that_is_aborted_while_writing_stops_after_the_batch(portal, make_source, harvest, monkeypatch):
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 2)
    portal.serve("/data.json", catalogue(*(record(f"g{number}") for number in range(6))))
    source = make_source()
    write, number = DatasetWriter.begin, 0

    def begin(self: DatasetWriter, *words: Any) -> None:
        nonlocal number
        number += 1
        if number == 2:
            # As the page of ckanext-harvest does it, in a transaction of its own.
            run = _run_of(source)
            runs.abort(run.job_id)
        write(self, *words)

    monkeypatch.setattr(DatasetWriter, "begin", begin)
    run = harvest(source)
    assert run["status"] == "failed"
    written = [line.identifier for line in records_of(run["run"]) if line.state == "done"]
    assert "g5" not in written
    monkeypatch.setattr(DatasetWriter, "begin", write)
    again = harvest(source)
    assert again["created"] + again["unchanged"] == 6
    assert helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["count"] == 6


def test_a_job_that_nobody_ends_is_ended(portal, make_source, harvest):
    """The process died between the end of its run and that of its job."""
    portal.serve("/data.json", catalogue(record("h1")))
    source = make_source()
    run = harvest(source)
    job = HarvestJob.get(_run_of(source).job_id)
    job.status, job.gather_finished = "Running", None
    job.save()
    left = HarvestObject(guid=f"{runs.CARRIER_PREFIX}{run['run']}", job=job, source=job.source, state="IMPORT")
    left.save()
    _harvester_run()
    assert HarvestJob.get(job.id).status == "Running"
    model.Session.execute(sa.text("UPDATE mxopendata_harvest_run SET finished = finished - interval '2 minutes'"))
    model.Session.commit()
    _harvester_run()
    assert HarvestJob.get(job.id).status == "Finished"
    assert helpers.call_action("harvest_job_show", id=job.id)["stats"]["added"] == 1


def test_a_run_whose_source_is_no_longer_ours_ends(portal, make_source):
    portal.serve("/data.json", catalogue(record("i1")))
    source = make_source()
    _gather(source)
    queue.purge_queues()
    run = _run_of(source)
    model.Session.query(HarvestObject).filter(HarvestObject.harvest_job_id == run.job_id).delete()
    HarvestSource.get(source["id"]).type = "ckan"
    model.Session.commit()
    _harvester_run()
    run = _run_of(source)
    assert (run.status, [facts["code"] for facts in run.findings]) == ("failed", ["run_without_source"])


def test_while_solr_is_away_nothing_is_taken_up(portal, make_source, monkeypatch):
    portal.serve("/data.json", catalogue(record("j1")))
    source = make_source()
    _gather(source)
    with _dying_at("j1"):
        _carry_and_die()
    run_id = _run_of(source).id
    assert _run_of(source).phase == WRITING
    with monkeypatch.context() as patch:
        patch.setattr("ckan.lib.search.is_available", lambda: False)
        for _ in range(crashes.MOST_TIMES + 1):
            _harvester_run()
    assert (_run_of(source).status, _carriers(run_id, "WAITING")) == (None, 0)
    _harvester_run()
    assert _carriers(run_id, "WAITING") == 1


def test_a_second_job_of_a_source_is_refused(portal, make_source):
    portal.serve("/data.json", catalogue(record("k1")))
    source = make_source()
    helpers.call_action("harvest_job_create", source_id=source["id"], run=True)
    with pytest.raises(HarvestJobExists):
        helpers.call_action("harvest_job_create", source_id=source["id"], run=True)
    _consume(None, queue.get_gather_consumer(), queue.gather_callback)
    _carry()
    _harvester_run()
    assert _run_of(source).created == 1


def test_a_late_message_of_a_finished_job_opens_no_run(portal, make_source):
    """ckanext-harvest sends a job again that a killed consumer had begun to gather, two hours later."""
    portal.serve("/data.json", catalogue(record("l1")))
    source = make_source()
    job_id = _gather(source)
    _carry()
    _harvester_run()
    run_id = _run_of(source).id
    publisher = queue.get_gather_publisher()
    publisher.send({"harvest_job_id": job_id})
    _consume(None, queue.get_gather_consumer(), queue.gather_callback)
    _carry()
    assert _run_of(source).id == run_id


def _no_redis() -> Exception:
    return redis.ConnectionError("Connection refused")


def _no_database() -> Exception:
    return OperationalError("SELECT 1", {}, psycopg2.OperationalError("server closed the connection unexpectedly"))


@pytest.mark.parametrize("away", [_no_redis, _no_database])
def test_a_service_that_is_away_is_no_fault_of_the_record(away, portal, make_source, harvest, monkeypatch):
    portal.serve("/data.json", catalogue(record(f"m-{away.__name__}"), record(f"n-{away.__name__}")))
    write, failures = DatasetWriter.write, [away(), away()]

    def failing(self: DatasetWriter, row: Any, content: Any) -> Any:
        if failures:
            raise failures.pop()
        return write(self, row, content)

    monkeypatch.setattr(DatasetWriter, "write", failing)
    monkeypatch.setattr(trouble, "_FIRST_PAUSE", 0.01)
    run = harvest(make_source())
    assert (run["status"], run["created"]) == ("finished", 2)


def test_a_value_that_the_database_cannot_hold_costs_its_record(portal, make_source, harvest, monkeypatch):
    """PostgreSQL tells it with an ``OperationalError``, too."""

    class TooLong(psycopg2.OperationalError):
        pgcode = "54000"

    portal.serve("/data.json", catalogue(record("o1"), record("o2")))
    write = DatasetWriter.write

    def failing(self: DatasetWriter, row: Any, content: Any) -> Any:
        if row["identifier"] == "o1":
            raise OperationalError("INSERT", {}, TooLong("index row size 3000 exceeds maximum 2704"))
        return write(self, row, content)

    monkeypatch.setattr(DatasetWriter, "write", failing)
    run = harvest(make_source())
    assert (run["status"], run["created"], run["rejected"]) == ("finished_with_errors", 1, 1)


def test_who_was_overtaken_while_it_waited_for_the_portal_keeps_nothing(portal, make_source, harvest):
    """PostgreSQL was restarted meanwhile, which ended its lock, and another has read on."""
    portal.serve("/data.json", catalogue(record("p1"), record("p2")))
    source = make_source()
    content = catalogue(record("p1"), record("p2"))
    served = []

    def answer(handler: Any, _query: Any) -> None:
        if not served:
            with model.meta.engine.begin() as connection:
                connection.execute(
                    sa.text("""UPDATE mxopendata_harvest_run SET position = '{"number": 0, "page": 7}'
                        WHERE source_id = :source AND status IS NULL"""),
                    {"source": source["id"]},
                )
        served.append(True)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(content.encode())

    portal.serve_with("/data.json", answer)
    run = harvest(source)
    assert (run["status"], run["created"]) == ("finished", 2)
    assert _run_of(source).position["page"] == 8


def test_files_that_killed_processes_left_are_removed(portal, make_source, harvest, tmp_path, monkeypatch):
    monkeypatch.setattr(config, "harvest_folder", lambda: tmp_path)
    portal.serve("/data.json", catalogue(record("q1")))
    run = harvest(make_source())
    old = time.time() - 2 * 24 * 60 * 60
    for name in ("mxopendata-x1.part", "mxopendata-x2.part.utf8", f"{run['run']}.json", "of-others.json", "b.part"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "mxopendata-now.part").touch()
    _harvester_run()
    assert sorted(os.listdir(tmp_path)) == ["b.part", "mxopendata-now.part", "of-others.json"]
