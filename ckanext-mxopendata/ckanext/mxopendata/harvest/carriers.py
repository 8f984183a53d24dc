"""Runs on the stock queue of ckanext-harvest: carriers.

A carrier is a harvest object that stands for a stretch of a run, not for a dataset. ``gather_stage`` opens the run and
returns the first one; each works for less than the queue's patience (it re-sends what is older than 180 s), makes its
successor and enqueues it before it returns, since a job without waiting objects is finished by ``harvester run``.
So the sources share the consumers fairly, and one source can use as many as ``ckanext.mxopendata.harvest.carriers``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.harvest.queue import get_fetch_publisher

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import crashes, engine, lines, locks, runs, trouble
from ckanext.mxopendata.harvest.model import WAITING, WRITING, Record, Run
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS, HarvestGatherError, HarvestJob, HarvestObject, make_uuid
from ckanext.mxopendata.metadata.findings import Finding

SECONDS = 80.0


def begin(job: Any) -> list[str]:
    """Open a run for a job and give its first carrier; an empty list where the run cannot begin."""
    if job.status == "Finished":
        # A message that ckanext-harvest sent once more, hours later; somebody else has done the work meanwhile.
        return []
    with locks.opening(job.source_id):
        try:
            run = runs.open_run(job.source_id, job.id, datetime.now(timezone.utc))
        except runs.RunInProgressError:
            message = Finding("run_in_progress").to_dict()["message"]
            model.Session.add(HarvestGatherError(message=message, harvest_job_id=job.id))
            model.Session.commit()
            return []
        return [add_carrier(run)]


def carry(carrier: Any) -> str | bool:
    """Work on the run of a carrier for a while; wait for a service that is away.

    Returns:
        ``"unchanged"``, which ckanext-harvest counts for no dataset.
    """
    carrier_id, guid = carrier.id, carrier.guid
    run_id = guid.removeprefix(runs.CARRIER_PREFIX)
    deadline = time.monotonic() + SECONDS

    def work() -> None:
        run = model.Session.get(Run, run_id)
        if run is None or run.status is not None:
            return
        if engine.advance(run, deadline - time.monotonic()):
            send(_successors(runs.get_run(run_id), carrier_id))

    trouble.patiently(work)
    return "unchanged"


def send(carrier_ids: Iterable[str]) -> None:
    """Tell the consumers of carriers; what is lost on the way ``harvester run`` sends again, for they wait."""
    publisher: Any = get_fetch_publisher()
    for carrier_id in carrier_ids:
        publisher.send({"harvest_object_id": carrier_id})
    publisher.close()


def add_carrier(run: Run) -> str:
    """Make a carrier of a run and commit; nobody is told of it yet. Returns its id."""
    carrier_id = _insert(run)
    model.Session.commit()
    return carrier_id


def remove_from(source_id: str) -> None:
    """Take away the carriers of a source's finished jobs: they are no datasets, but would count in a job's figures."""
    finished = sa.select(HarvestJob.id).where(HarvestJob.source_id == source_id, HarvestJob.status == "Finished")
    table = HARVEST_OBJECTS
    model.Session.execute(
        sa.delete(table).where(
            table.c.harvest_job_id.in_(finished),
            table.c.guid.like(f"{runs.CARRIER_PREFIX}%"),
            table.c.state.notin_(runs.UNFINISHED),
        )
    )
    model.Session.commit()


def _successors(run: Run, carrier_id: str) -> list[str]:
    """Make the next carriers: one, or as many as there is writing for, within the limit; returns their ids.

    The carrier itself ends in the same transaction, in which no other can: so they never become more than the limit,
    even where a message came twice, and never none.
    """
    model.Session.refresh(run, with_for_update=True)
    objects = HARVEST_OBJECTS
    model.Session.execute(sa.update(objects).where(objects.c.id == carrier_id).values(state="COMPLETE"))
    others = model.Session.query(HarvestObject.id).filter(
        HarvestObject.harvest_job_id == run.job_id,
        HarvestObject.guid == f"{runs.CARRIER_PREFIX}{run.id}",
        HarvestObject.state.in_(runs.UNFINISHED),
    )
    made = [_insert(run) for _ in range(_wanted(run) - others.count())] if run.status is None else []
    model.Session.commit()
    return made


def _wanted(run: Run) -> int:
    """How many carriers a run has use for."""
    if run.phase != WRITING or crashes.is_careful(run):
        return 1
    waiting = lines.count(run.id, Record.state == WAITING)
    return max(1, min(config.harvest_carriers(), waiting // config.harvest_batch()))


def _insert(run: Run) -> str:
    carrier_id = make_uuid()
    owner = {"harvest_job_id": run.job_id, "harvest_source_id": run.source_id}
    guid = f"{runs.CARRIER_PREFIX}{run.id}"
    model.Session.execute(sa.insert(HARVEST_OBJECTS).values(id=carrier_id, guid=guid, **owner))
    return carrier_id
