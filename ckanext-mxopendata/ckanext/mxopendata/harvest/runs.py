"""Runs of sources: opened, taken up again, confirmed, and never two of one source at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.harvest import events, spool
from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.harvest.stock import HARVEST_SOURCES, HarvestJob, HarvestObject, database

READING, DECIDING, WRITING = "reading", "deciding", "writing"
# The guid of a harvest object that stands for a stretch of a run (``carriers``), before the run's id.
CARRIER_PREFIX = "mxopendata-carrier:"
# States of a harvest object that the queue of ckanext-harvest still has to deal with.
UNFINISHED = ("WAITING", "FETCH", "IMPORT")


class RunInProgressError(Exception):
    """Another run of this source is under way."""


class NotConfirmableError(Exception):
    """The run does not wait for a confirmation, or a later run has overtaken it."""


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
        left.job_id = job_id
        model.repo.commit()
        _tell("run_resumed", left)
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
    _tell("run_started", run)
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


def _tell(event: str, run: Run) -> None:
    query = sa.select(PACKAGE.c.name, HARVEST_SOURCES.c.type).join(
        HARVEST_SOURCES, HARVEST_SOURCES.c.id == PACKAGE.c.id
    )
    found = model.Session.execute(query.where(PACKAGE.c.id == run.source_id)).first()
    if found:
        events.tell(event, run, found.name, type=found.type)


def _is_alive(run: Run) -> bool:
    """Whether a process works on a run, or a carrier of it waits in the queue."""
    with run_lock(f"owner:{run.id}") as free:
        if not free:
            return True
    job = HarvestJob.get(run.job_id)
    if job is None or job.status == "Finished":
        return False
    waiting = model.Session.query(HarvestObject.id).filter(
        HarvestObject.harvest_job_id == run.job_id, HarvestObject.state.in_(UNFINISHED)
    )
    return bool(waiting.first())


def _forget_older(source_id: str) -> None:
    """A held run that nobody confirmed is overtaken: its spool is of no more use."""
    held = model.Session.query(Run.id).filter(Run.source_id == source_id, Run.status == "held")
    for (run_id,) in held:
        spool.clear(run_id)
