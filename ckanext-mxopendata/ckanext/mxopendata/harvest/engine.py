"""One run from its beginning to its report: read → decide → write → report.

``advance`` does as much as its time allows and can be called again by anybody, in this process or another: what has
been done is in the database, and a step that only one may do at a time is guarded by a lock that ends with the process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.search import SearchIndexError

from ckanext.mxopendata import config
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import adoption, decide, report, spool, write
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.datasets import DatasetWriter
from ckanext.mxopendata.harvest.model import DONE, WAITING, Record, Run
from ckanext.mxopendata.harvest.settings import SourceSettings, parse_config
from ckanext.mxopendata.harvest.stock import (
    HarvestGatherError,
    HarvestJob,
    HarvestObject,
    HarvestSource,
    database,
)
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import MappingSettings

log = logging.getLogger(__name__)

READING, DECIDING, WRITING, ENDING = "reading", "deciding", "writing", "ending"
CARRIER_PREFIX = "mxopendata-carrier:"
_UNFINISHED = ("WAITING", "FETCH", "IMPORT")

Progress = Callable[[Run, int, "int | None"], None]


class RunInProgressError(Exception):
    """Another run of this source is under way."""


class NotConfirmableError(Exception):
    """The run does not wait for a confirmation, or a later run has overtaken it."""


@dataclass(frozen=True)
class Source:
    """A harvest source with all that a run needs to know of it."""

    id: str
    name: str
    title: str
    url: str
    type: str
    connector: Connector
    settings: SourceSettings
    organization: Any


def open_run(source_id: str, job_id: str, now: datetime, force: bool = False) -> Run:
    """Open a run, or take up the one that a killed process left behind.

    Args:
        source_id: id of the harvest source.
        job_id: the job of ckanext-harvest it belongs to.
        now: the time of the run, with time zone.
        force: whether records that did not change are written too.

    Raises:
        RunInProgressError: where one is under way.
    """
    left = model.Session.query(Run).filter(Run.source_id == source_id, Run.status.is_(None)).one_or_none()
    if left is not None:
        if left.job_id != job_id and _is_alive(left):
            raise RunInProgressError(left.id)
        log.info("run %s of source %s is taken up again", left.id, source_id)
        left.job_id = job_id
        model.repo.commit()
        return left
    _forget_older(source_id)
    started = datetime.now(timezone.utc)
    run = Run(source_id=source_id, job_id=job_id, phase=READING, at=now, started=started, force=force)
    run.position, run.findings = {}, []
    model.Session.add(run)
    try:
        model.repo.commit()
    except IntegrityError as error:
        model.Session.rollback()
        raise RunInProgressError(source_id) from error
    return run


def confirm(run_id: str, job_id: str, now: datetime) -> Run:
    """Open a held run again, for a new job: somebody looked at it and lets it through.

    Raises:
        NotConfirmableError: where it is not held, or is not the source's last run.
    """
    run = get_run(run_id)
    last = model.Session.query(Run).filter(Run.source_id == run.source_id).order_by(Run.started.desc()).first()
    if run.status != "held" or last is None or last.id != run.id:
        raise NotConfirmableError(run_id)
    run.status, run.finished, run.phase, run.confirmed = None, None, DECIDING, True
    run.job_id, run.at, run.findings = job_id, now, []
    model.repo.commit()
    return run


def get_run(run_id: str) -> Run:
    """A run by its id.

    Raises:
        ckan.plugins.toolkit.ObjectNotFound: where there is none.
    """
    run = model.Session.get(Run, run_id)
    if run is None:
        raise tk.ObjectNotFound("Run not found")
    return run


def advance(run: Run, seconds: float | None = None, progress: Progress | None = None) -> bool:
    """Go on with a run.

    Args:
        run: an open run.
        seconds: how long this may take, about; ``None`` until the end.
        progress: told the run, how many records are dealt with and how many there are (or ``None``), now and then.

    Returns:
        Whether somebody must call again: ``False`` once the run has ended, or where others see to the rest of it.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    run_id = run.id
    try:
        return _Step(run, deadline, progress).go()
    except SourceError as error:
        finding = error.finding
    except (OperationalError, SearchIndexError):
        # The database or Solr went away, not the source: the run stays open and is taken up again.
        raise
    except Exception as error:  # a fault of ours must not end the process that serves all other sources
        log.exception("run %s ends for a fault", run_id)
        # The message of an exception may quote a record, and with it a person's name.
        finding = Finding("run_fault", value=type(error).__name__)
    model.Session.rollback()
    fail(get_run(run_id), finding)
    return False


def fail(run: Run, finding: Finding) -> None:
    """End a run that cannot go on; no dataset is touched by it."""
    log.warning("run %s of source %s failed: %s", run.id, run.source_id, finding.code)
    run.findings = [*run.findings, finding.facts()]
    _document(run).unlink(missing_ok=True)
    spool.clear(run.id)
    model.Session.add(HarvestGatherError(message=finding.to_dict()["message"], harvest_job_id=run.job_id))
    report.close(run, "failed")
    model.repo.commit()


class _Step:
    """One stretch of work on one run."""

    def __init__(self, run: Run, deadline: float | None, progress: Progress | None) -> None:
        self.run = run
        self.deadline = deadline
        self.progress = progress
        self.source = load_source(run.source_id)

    def go(self) -> bool:
        if self.run.phase in {READING, DECIDING}:
            with run_lock(self.run.id) as mine:
                if not mine:
                    return False
                model.Session.refresh(self.run)
                if self.run.phase == READING and not self._read():
                    return True
                if self.run.phase == DECIDING and not self._decide():
                    return False
        if self.run.phase == WRITING and not self._write():
            return True
        with run_lock(self.run.id) as mine:
            model.Session.refresh(self.run)
            if mine and self.run.status is None and self._all_written():
                self._end()
        return False

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _tell(self, done: int, total: int | None) -> None:
        if self.progress:
            self.progress(self.run, done, total)

    def _read(self) -> bool:
        """Read on; ``True`` when the list is complete."""
        run, source = self.run, self.source
        organization = source.organization.name
        reader = spool.Reader(source.connector, source.settings, organization)
        position = dict(run.position)
        number, page_number = int(position.get("number", 0)), int(position.get("page", 0))
        with HttpClient(http_settings(source.settings), config.harvest_folder()) as client:
            pages = source.connector.pages(client, source.url, position.get("connector", {}), _document(run))
            for page in pages:
                lines = [reader.line(record, number + offset) for offset, record in enumerate(page.records)]
                number += spool.add(run.id, page_number, number, lines)
                page_number += 1
                run.position = {"number": number, "page": page_number, "connector": dict(page.position)}
                run.total = page.total if page.total is not None else run.total
                run.findings = [*run.findings, *(finding.facts() for finding in page.findings)]
                model.repo.commit()
                self._tell(number, run.total)
                if self._late():
                    return False
        if source.connector.repeats_while_paging:
            spool.drop_repeats(run.id)
        run.phase = DECIDING
        model.repo.commit()
        _document(run).unlink(missing_ok=True)
        return True

    def _decide(self) -> bool:
        """Decide; ``False`` where a guard holds the run."""
        run = self.run
        said = [*self.source.settings.notices, *adoption.adopt(run, self.source.connector)]
        decision = decide.decide(run, self.source.settings.absence, self.source.organization.id)
        run.findings = [*run.findings, *(finding.facts() for finding in (*said, *decision.findings))]
        if decision.held:
            first = decision.findings[0].to_dict()["message"]
            model.Session.add(HarvestGatherError(message=first, harvest_job_id=run.job_id))
            report.close(run, "held")
            model.repo.commit()
            return False
        for row in _bad_records(run.id):
            write.add_stock_error(run, row.identifier, Finding.from_facts(row.findings[0]))
        run.phase = WRITING
        model.repo.commit()
        return True

    def _write(self) -> bool:
        """Write on; ``True`` when nothing is left to take."""
        total = _count(self.run.id, Record.state != "never")
        if not _count(self.run.id, Record.state != DONE):
            return True
        writer = dataset_writer(self.source, self.run)
        while write.write_batch(self.run, writer, config.harvest_batch()):
            self._tell(total - _count(self.run.id, Record.state == WAITING), total)
            if self._late():
                return False
        return True

    def _all_written(self) -> bool:
        return not _count(self.run.id, Record.state != DONE)

    def _end(self) -> None:
        decide.remember_absence(self.run)
        spool.clear(self.run.id)
        report.prune(self.run)
        report.close(self.run)
        model.repo.commit()


def load_source(source_id: str) -> Source:
    """A harvest source with its connector, settings and institution.

    Raises:
        SourceError: where its configuration is wrong or its institution does not exist.
        ckan.plugins.toolkit.ObjectNotFound: where there is no such source of ours.
    """
    found = HarvestSource.get(source_id)
    package = model.Package.get(source_id)
    if found is None or package is None or found.type not in CONNECTORS:
        raise tk.ObjectNotFound("Harvest source not found")
    try:
        settings = parse_config(found.config)
    except ValueError as error:
        raise SourceError(Finding("source_config_wrong", value=str(error))) from error
    wanted = settings.institution or package.owner_org
    organization = model.Group.get(wanted) if wanted else None
    if organization is None or not organization.is_organization or organization.state != "active":
        raise SourceError(Finding("source_without_institution", field="institution", value=wanted))
    return Source(
        id=found.id,
        name=package.name,
        title=found.title or package.name,
        url=found.url,
        type=found.type,
        connector=CONNECTORS[found.type],
        settings=settings,
        organization=organization,
    )


def dataset_writer(source: Source, run: Run) -> DatasetWriter:
    """What writes the datasets of a source in a run."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return DatasetWriter(
        connector=source.connector,
        mapping=mapping_settings(source),
        organization_id=source.organization.id,
        source_url=source.url,
        source_title=source.title,
        user=user["name"],
        now=run.at.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat(),
    )


def mapping_settings(source: Source) -> MappingSettings:
    """What the mapping needs to know: the source's configuration, completed by its institution."""
    extras: Mapping[str, Any] = source.organization.extras or {}
    known = {name: extras[name] for name in ("gov_type", "cvegeo") if extras.get(name)}
    return MappingSettings(**{"institution_title": source.organization.title, **known, **source.settings.mapping})


def http_settings(settings: SourceSettings) -> HttpSettings:
    """The limits of the portal's configuration and of the source's."""
    return HttpSettings(
        user_agent=settings.user_agent or config.http_user_agent(),
        allowed_private=config.http_allowed_private(),
        proxy=config.http_proxy(),
        ca_bundle=settings.ca_bundle,
        total_timeout=config.http_total_timeout(),
        maximum_bytes=config.http_maximum_bytes(),
        interval=1 / settings.rate if settings.rate else 0.0,
    )


@contextmanager
def run_lock(key: str) -> Iterator[bool]:
    """Hold a lock that ends with the process, on a connection of its own; gives whether it could be had."""
    with database().connect() as bare:
        connection = bare.execution_options(isolation_level="AUTOCOMMIT")
        name = sa.func.hashtextextended(f"mxopendata:{key}", 0)
        mine = bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(name))).scalar())
        try:
            yield mine
        finally:
            if mine:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(name)))


def _is_alive(run: Run) -> bool:
    """Whether a process works on a run, or a carrier of it waits in the queue."""
    with run_lock(f"owner:{run.id}") as free:
        if not free:
            return True
    job = HarvestJob.get(run.job_id)
    if job is None or job.status == "Finished":
        return False
    waiting = model.Session.query(HarvestObject.id).filter(
        HarvestObject.harvest_job_id == run.job_id, HarvestObject.state.in_(_UNFINISHED)
    )
    return bool(waiting.first())


def _forget_older(source_id: str) -> None:
    """A held run that nobody confirmed is overtaken: its spool is of no more use."""
    held = model.Session.query(Run.id).filter(Run.source_id == source_id, Run.status == "held")
    for (run_id,) in held:
        spool.clear(run_id)


def _document(run: Run) -> Path:
    return config.harvest_folder() / f"{run.id}.json"


def _count(run_id: str, condition: Any) -> int:
    query = sa.select(sa.func.count()).select_from(Record.__table__).where(Record.run_id == run_id, condition)
    return model.Session.execute(query).scalar_one()


def _bad_records(run_id: str) -> list[Any]:
    """Records that were refused before any was written."""
    query = sa.select(Record.identifier, Record.findings).where(
        Record.run_id == run_id, Record.action == "rejected", Record.severity.isnot(None)
    )
    return list(model.Session.execute(query).all())
