"""Takes up again what a killed process, a restarted service or a lost message left behind.

``ckan harvester run``, which is called every few minutes anyway, begins with this. It looks at what is in the database
and at who holds a lock, not at how long something takes: a killed process is seen at once, a slow one is left alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from ckan import model
from ckan.lib import search

from ckanext.harvest import queue

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import carriers, locks, pruning, runs, trouble
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.model import READING, Run
from ckanext.mxopendata.harvest.stock import HarvestJob, HarvestSource, utc_now
from ckanext.mxopendata.metadata.findings import Finding

log = logging.getLogger(__name__)

# Whoever has ended a run may still be ending its job.
_ENDING = timedelta(seconds=60)
# A consumer that has taken a job from the queue shows in much less that it works on it.
_BEGINNING = timedelta(seconds=60)


def look_after(source_id: str | None = None) -> None:
    """Take up open runs that nobody works on, and let jobs end that nobody ends.

    Args:
        source_id: only this source; all of them where ``None``.
    """
    jobs = model.Session.query(HarvestJob.id).join(HarvestSource, HarvestSource.id == HarvestJob.source_id)
    jobs = jobs.filter(HarvestJob.status == "Running", HarvestSource.type.in_(list(CONNECTORS)))
    open_runs = model.Session.query(Run.id).filter(Run.status.is_(None))
    if source_id:
        jobs = jobs.filter(HarvestJob.source_id == source_id)
        open_runs = open_runs.filter(Run.source_id == source_id)
    _each(_look_after_run, [row.id for row in open_runs])
    _each(_look_after_job, [row.id for row in jobs])
    pruning.prune_folder(config.harvest_folder())


def _each(look: Callable[[str], None], ids: Iterable[str]) -> None:
    for one in ids:
        try:
            look(one)
        except Exception as error:  # noqa: PERF203 - each for itself: what is wrong with one must not stop the others
            trouble.forget_transaction()
            if trouble.is_trouble(error):
                raise
            log.exception("%s of %s failed", look.__name__, one)


def _look_after_run(run_id: str) -> None:
    source_id = runs.get_run(run_id).source_id
    with locks.held(locks.opening_key(source_id)) as mine, locks.nobody_works_on(run_id) as nobody:
        if not (mine and nobody):
            return
        model.Session.expire_all()
        carrier_id = _take_up(runs.get_run(run_id))
    if carrier_id:
        carriers.send([carrier_id])


def _take_up(run: Run) -> str | None:
    """Give a run that nobody works on a new carrier, where it needs one; returns its id."""
    if run.status is not None or runs.has_waiting_carrier(run):
        return None
    source = HarvestSource.get(run.source_id)
    if source is None or source.type not in CONNECTORS:
        runs.fail(run, Finding("run_without_source"))
        return None
    if run.phase != READING and not search.is_available():
        # To begin now would only be to fail once more.
        log.warning("run %s waits for Solr", run.id)
        return None
    if not runs.take_up(run, _running_job(run)):
        return None
    return carriers.add_carrier(run)


def _running_job(run: Run) -> str:
    """The job of a run, ready for new carriers; a new one where its own was finished or removed."""
    job = HarvestJob.get(run.job_id)
    now = utc_now()
    if job is None or job.status == "Finished":
        job = HarvestJob(source_id=run.source_id, status="Running", gather_started=now, gather_finished=now)
        job.save()
        return job.id
    # What died is done with; ckanext-harvest also tells from this that something happened (``ckan.harvest.timeout``).
    runs.end_job(job.id)
    return job.id


def _look_after_job(job_id: str) -> None:
    """Let a running job without an open run end: ckanext-harvest does so when nothing of it is in work."""
    job = HarvestJob.get(job_id)
    with locks.held(locks.opening_key(job.source_id)) as mine:
        model.Session.expire_all()
        if not mine or job.status != "Running":
            return
        own = model.Session.query(Run).filter(Run.job_id == job_id).order_by(Run.started.desc()).first()
        if own is None and job.gather_started is None:
            again = _is_lost(job)
        elif own is None or (own.status is not None and _is_before(own.finished, _ENDING)):
            again = False
            runs.end_job(job_id)
            model.repo.commit()
        else:
            return
    if again:
        log.warning("job %s is sent to the queue again", job_id)
        publisher: Any = queue.get_gather_publisher()
        publisher.send({"harvest_job_id": job_id})
        publisher.close()


def _is_lost(job: Any) -> bool:
    """Whether a job that should be gathered is neither in the queue nor in the hands of a consumer."""
    consumer: Any = queue.get_gather_consumer()
    if not isinstance(consumer, queue.RedisConsumer):
        return False  # RabbitMQ looks after its messages itself
    body = {"harvest_job_id": job.id}
    message = json.dumps(body)
    if any(json.loads(waiting) == body for waiting in consumer.redis.lrange(consumer.routing_key, 0, -1)):
        return False
    taken = consumer.redis.get(consumer.persistance_key(message))
    if taken is None:
        # Just now it was made, or taken: between the two acts of a consumer it is nowhere.
        return job.created < utc_now() - _BEGINNING
    if datetime.fromisoformat(taken) > datetime.now() - _BEGINNING:  # noqa: DTZ005 - ckanext-harvest writes it so
        return False
    consumer.basic_ack(message)
    return True


def _is_before(moment: datetime | None, ago: timedelta) -> bool:
    return moment is None or moment < datetime.now(timezone.utc) - ago
