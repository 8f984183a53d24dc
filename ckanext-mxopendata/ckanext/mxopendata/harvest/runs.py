"""Runs of sources: opened, taken up again, confirmed, ended early, and never two of one source at a time."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.harvest import crashes, endings, events, lines, locks, spool, write
from ckanext.mxopendata.harvest.model import DECIDING, READING, WRITTEN, Record, Run
from ckanext.mxopendata.harvest.stock import (
    HARVEST_OBJECTS,
    HARVEST_SOURCES,
    HarvestGatherError,
    HarvestJob,
    HarvestObject,
    utc_now,
)
from ckanext.mxopendata.metadata.findings import Finding

log = logging.getLogger(__name__)

# The guid of a harvest object that stands for a stretch of a run (``carriers``), before the run's id.
CARRIER_PREFIX = "mxopendata-carrier:"
# States of a harvest object that the queue of ckanext-harvest still has to deal with.
UNFINISHED = ("WAITING", "FETCH", "IMPORT")
# By how much a clock may be set back and the runs keep their order; more is no correction, the clock was wrong before.
CLOCK_SET_BACK = timedelta(days=1)


class RunInProgressError(Exception):
    """Another run of this source is under way."""


class NotConfirmableError(Exception):
    """The run does not wait for a confirmation, or a later run has overtaken it."""


def open_run(source_id: str, job_id: str, now: datetime, force: bool = False) -> Run:
    """Open a run, or take up the one that a killed process left behind.

    The caller holds :func:`.locks.opening` until others can see that somebody works on the run.

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
        if left.job_id == job_id or take_up(left, job_id):
            return left
    _forget_older(source_id)
    run = Run(source_id=source_id, job_id=job_id, phase=READING, at=now, started=_start(source_id), force=force)
    run.position, run.findings, run.memory = {}, [], {}
    model.Session.add(run)
    try:
        model.repo.commit()
    except IntegrityError as error:
        model.Session.rollback()
        raise RunInProgressError(source_id) from error
    _tell("run_started", run)
    return run


def take_up(run: Run, job_id: str) -> bool:
    """Give a run that nobody works on any more to a job, which may be the one it has.

    Returns:
        ``False`` where it was taken up too often without getting on, and is ended by this.
    """
    blamed = crashes.blame(run)
    given_up = crashes.note(run)
    if run.job_id != job_id:
        before = end_job(run.job_id)
        if before is not None and before.status != "Finished":
            before.status, before.finished = "Finished", before.gather_finished
        run.job_id = job_id
    for identifier in blamed:
        write.add_stock_error(run, identifier, Finding("record_ends_process"))
    model.repo.commit()
    if given_up is not None:
        fail(run, given_up)
        return False
    log.warning("run %s of source %s is taken up again", run.id, run.source_id)
    return True


def fail(run: Run, finding: Finding) -> None:
    """End a run that cannot go on; no dataset is touched by it from now on. One that has ended stays as it is."""
    # Waits for those who are writing a batch of it.
    model.Session.refresh(run, with_for_update=True)
    if run.status is not None:
        model.Session.rollback()
        return
    log.warning("run %s of source %s failed: %s", run.id, run.source_id, finding.code)
    run.findings = [*run.findings, finding.facts()]
    document(run.id).unlink(missing_ok=True)
    spool.clear(run.id)
    _say_not_indexed(run)
    if HarvestJob.get(run.job_id) is not None:
        model.Session.add(HarvestGatherError(message=finding.to_dict()["message"], harvest_job_id=run.job_id))
    endings.close(run, "failed")


def abort(job_id: str) -> None:
    """End the open run of a job that somebody aborted; who works on it stops after the batch in hand."""
    run = model.Session.query(Run).filter(Run.job_id == job_id, Run.status.is_(None)).one_or_none()
    if run is not None:
        fail(run, Finding("run_aborted"))


def end_job(job_id: str | None) -> Any:
    """Let a job be finished, in the current transaction: its carriers have nothing more to do.

    ckanext-harvest finishes a job that was gathered and has no object in work; the last of them says when that was.

    Returns:
        The job, or ``None`` where there is none any more.
    """
    now = utc_now()
    objects = HARVEST_OBJECTS
    done = {"state": "COMPLETE", "report_status": "not modified", "import_finished": now}
    mine = (objects.c.harvest_job_id == job_id, objects.c.guid.like(f"{CARRIER_PREFIX}%"))
    model.Session.execute(sa.update(objects).where(*mine, objects.c.state.in_(UNFINISHED)).values(**done))
    job = HarvestJob.get(job_id)
    if job is not None and job.gather_finished is None:
        job.gather_finished = now
    return job


def document(run_id: str) -> Path:
    """Where the catalogue of a run lies while it is read, if it is one file."""
    return config.harvest_folder() / f"{run_id}.json"


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
    # What was told of it was that it waited.
    run.needs, run.told_at = None, None
    model.repo.commit()
    _tell("run_confirmed", run)
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


def _start(source_id: str) -> datetime:
    """The present, or the moment after the source's last run began: which one is the last must not hang on a clock."""
    now = datetime.now(timezone.utc)
    last = model.Session.query(sa.func.max(Run.started)).filter(Run.source_id == source_id).scalar()
    if last is None or not now <= last <= now + CLOCK_SET_BACK:
        return now
    return last + timedelta(milliseconds=1)


def _tell(event: str, run: Run) -> None:
    query = sa.select(PACKAGE.c.name, HARVEST_SOURCES.c.type).join(
        HARVEST_SOURCES, HARVEST_SOURCES.c.id == PACKAGE.c.id
    )
    found = model.Session.execute(query.where(PACKAGE.c.id == run.source_id)).first()
    if found:
        events.tell(event, run, found.name, type=found.type)


def _is_alive(run: Run) -> bool:
    """Whether a process works on a run, or a carrier of it waits in the queue."""
    with locks.nobody_works_on(run.id) as nobody:
        return not nobody or has_waiting_carrier(run)


def has_waiting_carrier(run: Run) -> bool:
    """Whether a consumer will go on with a run."""
    job = HarvestJob.get(run.job_id)
    if job is None or job.status == "Finished":
        return False
    waiting = model.Session.query(HarvestObject.id).filter(
        HarvestObject.harvest_job_id == run.job_id,
        HarvestObject.guid == f"{CARRIER_PREFIX}{run.id}",
        HarvestObject.state == "WAITING",
    )
    return bool(waiting.first())


def _say_not_indexed(run: Run) -> None:
    """Nobody will index any more what was written and not yet indexed: at least somebody is told."""
    table = Record.__table__
    query = sa.select(table.c.number).where(table.c.run_id == run.id, table.c.state == WRITTEN)
    for number in model.Session.execute(query).scalars().all():
        lines.add_finding(run.id, number, Finding("record_not_indexed", value="–"))


def _forget_older(source_id: str) -> None:
    """A held run that nobody confirmed is overtaken: its spool is of no more use."""
    held = model.Session.query(Run.id).filter(Run.source_id == source_id, Run.status == "held")
    for (run_id,) in held:
        spool.clear(run_id)
