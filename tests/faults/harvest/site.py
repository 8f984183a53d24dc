"""What a harvest needs in operation, as processes that can be killed: services, consumers, commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.conftest import ROOT, Loopback
from tests.integration.harvest.conftest import catalogue, record

from ckan import model
from ckan.tests import factories, helpers

from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.mxopendata.harvest.model import COUNTERS, DONE, WRITING, Identity, Record, Run, Spooled
from local import postgres, programs, solr, valkey
from local.settings import Settings, from_environment

INSTITUTION = "ayuntamiento-resistente"
# As docker/supervisor gives it to the consumers: else they end after five quiet seconds.
PATIENT = "?socket_timeout=86400&socket_connect_timeout=5&socket_keepalive=true"
RECORDS = 60
BATCH = 4
LONGEST_SECONDS = 120.0
SERVICES: dict[str, Callable[[Settings], None]] = {
    "postgres": lambda settings: postgres.wait(settings),
    "valkey": valkey.wait,
    "solr": lambda settings: solr.wait(settings, "ckan_test"),
}


@dataclass
class Site:
    """Services of the lane, a portal, and the processes that harvest it.

    Attributes:
        portal: what is harvested.
        ini: CKAN's configuration of all processes.
        settings: the lane's installation, whose services are stopped and started.
        log: where the processes write.
        consumers: ``gather`` or ``fetch`` with a number → its process.
    """

    portal: Loopback
    ini: Path
    settings: Settings
    log: Path
    consumers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    # Processes
    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A ``ckan`` command."""
        patient = {"CKAN_REDIS_URL": os.environ["CKAN_REDIS_URL"] + PATIENT}
        environment = {**os.environ, **(patient if words[-1].endswith("-consumer") else {})}
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [str(Path(sys.executable).with_name("ckan")), "-c", str(self.ini), *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def tend(self) -> None:
        """Start the consumers that have ended, as their supervisor does."""
        for name in ("gather-1", "fetch-1", "fetch-2"):
            process = self.consumers.get(name)
            if process is None or process.poll() is not None:
                self.consumers[name] = self.start("harvester", f"{name.partition('-')[0]}-consumer")

    def kill_consumers(self, kind: str = "") -> None:
        """``kill -9``."""
        for name, process in self.consumers.items():
            if name.startswith(kind):
                kill(process)

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """A service is stopped; it is started again in the end, and answers then."""
        program = programs.wanted(self.settings.home)[service]
        programs.unwant(self.settings, service)
        programs.wait_gone(self.settings, service)
        assert programs.running(self.settings, service) is None
        try:
            yield
        finally:
            programs.want(self.settings, program)
            SERVICES[service](self.settings)

    # Sources
    def make_source(self, name: str, records: int = RECORDS) -> dict[str, Any]:
        """A source whose records no other has."""
        if model.Group.get(INSTITUTION) is None:
            factories.Organization(name=INSTITUTION, title="Ayuntamiento", gov_type="municipal", cvegeo="14039")
        listed = [record(f"{name}-{number}", f"{name} número {number}") for number in range(records)]
        return helpers.call_action(
            "harvest_source_create",
            name=name,
            title=name,
            url=self.portal.serve(f"/{name}.json", catalogue(*listed)),
            source_type="mx_datajson",
            owner_org=INSTITUTION,
        )

    def serve_late(self, source: dict[str, Any]) -> threading.Event:
        """Let the portal answer only when this event is set."""
        path = source["url"].removeprefix(self.portal.url(""))
        _, _, content = self.portal.answers[path]
        go = threading.Event()

        def answer(handler: Any, _query: Any) -> None:
            go.wait(LONGEST_SECONDS)
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        self.portal.serve_with(path, answer)
        return go

    # What is going on
    def until(self, true: Callable[[], object], look_after: bool = False) -> None:
        """Wait; meanwhile consumers that end are started, and ``harvester run`` is called if asked for."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while not true():
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")[-5000:]
            if look_after:
                self.tend()
                harvester_run()
                time.sleep(1)
            time.sleep(0.1)

    def until_over(self, source: dict[str, Any]) -> None:
        """Wait until the source is harvested and all jobs are finished, whatever ended meanwhile."""
        self.until(lambda: not open_runs(source) and not running_jobs(source), look_after=True)

    def is_writing(self, source: dict[str, Any]) -> bool:
        """Whether some records are written and many are not."""
        run = next(iter(open_runs(source)), None)
        return run is not None and run.phase == WRITING and count_records(run, Record.state == DONE) >= 2 * BATCH


def kill(process: subprocess.Popen[bytes]) -> None:
    """``kill -9``."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def harvester_run() -> None:
    """What ``ckan harvester run`` does, without the seconds that a process needs to start."""
    user = helpers.call_action("get_site_user")["name"]
    helpers.call_action("harvest_jobs_run", context={"user": user, "session": model.Session})
    model.Session.commit()


def open_runs(source: dict[str, Any]) -> list[Run]:
    model.Session.rollback()
    return model.Session.query(Run).filter(Run.source_id == source["id"], Run.status.is_(None)).all()


def running_jobs(source: dict[str, Any]) -> list[str]:
    model.Session.rollback()
    jobs = model.Session.query(HarvestJob.id).filter(HarvestJob.source_id == source["id"])
    return [row.id for row in jobs.filter(HarvestJob.status != "Finished")]


def count_records(run: Run, condition: Any) -> int:
    return model.Session.query(Record).filter(Record.run_id == run.id, condition).count()


def figures(source: dict[str, Any]) -> dict[str, Any]:
    """Status and counters of the one run of a source."""
    model.Session.rollback()
    (run,) = model.Session.query(Run).filter(Run.source_id == source["id"])
    return {"status": run.status, **{name: getattr(run, name) for name in COUNTERS}}


def check_whole(source: dict[str, Any], undisturbed: dict[str, Any], records: int = RECORDS) -> None:
    """Every dataset is there once, in the database and in the search index, and nothing else is left."""
    assert figures(source) == undisturbed
    (run,) = model.Session.query(Run).filter(Run.source_id == source["id"])
    assert count_records(run, Record.state != DONE) == 0
    assert model.Session.query(Spooled).filter(Spooled.run_id == run.id).count() == 0
    known = model.Session.query(Identity).filter(Identity.source_id == source["id"]).all()
    assert len(known) == len({row.dataset_id for row in known}) == records
    titles = sa.text("SELECT count(*), count(DISTINCT title) FROM package WHERE title LIKE :like AND state = 'active'")
    assert tuple(model.Session.execute(titles, {"like": f"{source['name']} número %"}).one()) == (records, records)
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"', rows=1000)
    assert found["count"] == records
    assert {dataset["id"] for dataset in found["results"]} == {row.dataset_id for row in known}
    objects = model.Session.query(HarvestObject).filter(HarvestObject.harvest_source_id == source["id"])
    assert objects.filter(HarvestObject.current.is_(True)).count() == objects.count() == records


def lane_settings() -> Settings:
    """The installation of the lane that runs the tests."""
    return replace(from_environment(os.environ), home=Path(os.environ["MXOPENDATA_LANE_HOME"]))


def write_ini(path: Path, portal: Loopback, **more: str) -> Path:
    """``test.ini`` for processes of their own."""
    options = {
        "ckanext.mxopendata.http.allowed_private": portal.host,
        "ckanext.mxopendata.harvest.batch": str(BATCH),
        **more,
    }
    lines = [f"{key} = {value}" for key, value in options.items()]
    text = (ROOT / "test.ini").read_text(encoding="utf-8")
    path.write_text(text.replace("[app:main]", "\n".join(["[app:main]", *lines]), 1), encoding="utf-8")
    return path
