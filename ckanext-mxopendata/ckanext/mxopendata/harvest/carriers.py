"""Runs on the stock queue of ckanext-harvest: carriers.

A carrier is a harvest object that stands for a stretch of a run, not for a dataset. ``gather_stage`` opens the run and
returns the first one; each works for less than the queue's patience (it re-sends what is older than 180 s), makes its
successor and enqueues it before it returns, since a job without waiting objects is finished by ``harvester run``.
So the sources share the consumers fairly, and one source can use as many as ``ckanext.mxopendata.harvest.carriers``.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.harvest.queue import get_fetch_publisher

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import engine, runs
from ckanext.mxopendata.harvest.model import WAITING, Record, Run
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS, HarvestGatherError, HarvestJob, HarvestObject, make_uuid
from ckanext.mxopendata.metadata.findings import Finding

SECONDS = 80.0
_UNFINISHED = ("WAITING", "FETCH", "IMPORT")


def begin(job: Any) -> list[str]:
    """Open a run for a job and give its first carrier; an empty list where the run cannot begin."""
    try:
        run = runs.open_run(job.source_id, job.id, datetime.now(timezone.utc))
    except runs.RunInProgressError:
        message = Finding("run_in_progress").to_dict()["message"]
        model.Session.add(HarvestGatherError(message=message, harvest_job_id=job.id))
        model.Session.commit()
        return []
    return [_new_carrier(run)]


def carry(carrier: Any) -> str | bool:
    """Work on the run of a carrier for a while.

    Returns:
        ``"unchanged"``, which ckanext-harvest counts for no dataset.
    """
    run_id = carrier.guid.removeprefix(runs.CARRIER_PREFIX)
    run = model.Session.get(Run, run_id)
    if run is None or run.status is not None:
        return "unchanged"
    if engine.advance(run, SECONDS):
        _succeed(runs.get_run(run_id), carrier)
    return "unchanged"


def remove_from(source_id: str) -> None:
    """Take away the carriers of a source's finished jobs: they are no datasets, but would count in a job's figures."""
    finished = sa.select(HarvestJob.id).where(HarvestJob.source_id == source_id, HarvestJob.status == "Finished")
    table = HARVEST_OBJECTS
    model.Session.execute(
        sa.delete(table).where(
            table.c.harvest_job_id.in_(finished),
            table.c.guid.like(f"{runs.CARRIER_PREFIX}%"),
            table.c.state.notin_(_UNFINISHED),
        )
    )
    model.Session.commit()


def _succeed(run: Run, carrier: Any) -> None:
    """Enqueue the next carriers: one, or as many as there is writing for, within the limit."""
    wanted = 1
    if run.phase == runs.WRITING:
        query = sa.select(sa.func.count()).select_from(Record.__table__)
        waiting = model.Session.execute(query.where(Record.run_id == run.id, Record.state == WAITING)).scalar_one()
        wanted = max(1, min(config.harvest_carriers(), waiting // config.harvest_batch()))
    others = model.Session.query(HarvestObject.id).filter(
        HarvestObject.harvest_job_id == run.job_id,
        HarvestObject.guid == carrier.guid,
        HarvestObject.id != carrier.id,
        HarvestObject.state.in_(_UNFINISHED),
    )
    publisher: Any = get_fetch_publisher()
    for _ in range(max(1, wanted - others.count())):
        publisher.send({"harvest_object_id": _new_carrier(run)})
    publisher.close()


def _new_carrier(run: Run) -> str:
    carrier_id = make_uuid()
    owner = {"harvest_job_id": run.job_id, "harvest_source_id": run.source_id}
    guid = f"{runs.CARRIER_PREFIX}{run.id}"
    model.Session.execute(sa.insert(HARVEST_OBJECTS).values(id=carrier_id, guid=guid, **owner))
    model.Session.commit()
    return carrier_id
