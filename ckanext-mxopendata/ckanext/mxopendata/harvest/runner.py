"""Runs in this process: what ``ckan mxopendata harvest`` does, with the same engine as the consumers."""

from __future__ import annotations

import logging
import multiprocessing
import queue as queues
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.harvest import engine, runs
from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.harvest.stock import HarvestJob, database

log = logging.getLogger(__name__)

HELPING_SECONDS = 5.0
IDLE_SECONDS = 0.3
Start = Callable[[Any], Run]


def harvest(source_id: str, now: datetime, force: bool = False, progress: engine.Progress | None = None) -> str:
    """Harvest one source from beginning to end.

    Args:
        source_id: id of the harvest source.
        now: the time of the run, with time zone.
        force: whether records that did not change are written too.
        progress: see :func:`engine.advance`.

    Returns:
        The id of the run.

    Raises:
        runs.RunInProgressError: where another run of it is under way.
    """
    return _with_job(source_id, lambda job: runs.open_run(source_id, job.id, now, force), progress)


def confirm(run_id: str, now: datetime, progress: engine.Progress | None = None) -> str:
    """Let a held run through and carry it to its end; returns its id.

    Raises:
        runs.NotConfirmableError: where it is not held, or is not the source's last run.
    """
    source_id = runs.get_run(run_id).source_id
    return _with_job(source_id, lambda job: runs.confirm(run_id, job.id, now), progress)


def harvest_in_parallel(
    source_ids: Sequence[str],
    now: datetime,
    force: bool,
    workers: int,
    finished: Callable[[int], None],
) -> dict[str, str]:
    """Harvest several sources with several processes; a process without a source helps another with its writing.

    Args:
        source_ids: ids of the sources.
        now: the time of the runs.
        force: whether records that did not change are written too.
        workers: how many processes.
        finished: told how many sources are done, now and then.

    Returns:
        Source id → id of its run; a source whose run could not begin is missing.
    """
    # Forked children inherit the configured application; each makes database connections of its own.
    context = multiprocessing.get_context("fork")
    model.Session.remove()
    database().dispose()
    todo: Any = context.Queue()
    done: Any = context.Queue()
    for source_id in source_ids:
        todo.put(source_id)
    processes = [context.Process(target=_work, args=(todo, done, list(source_ids), now, force)) for _ in range(workers)]
    for process in processes:
        process.start()
    begun: dict[str, str] = {}
    ended = 0
    try:
        while ended < len(source_ids) and any(process.is_alive() for process in processes):
            try:
                source_id, run_id = done.get(timeout=1)
            except queues.Empty:
                continue
            ended += 1
            finished(ended)
            if run_id:
                begun[source_id] = run_id
    finally:
        for process in processes:
            process.join(timeout=10)
            if process.is_alive():
                process.terminate()
    return begun


def _work(todo: Any, done: Any, source_ids: Sequence[str], now: datetime, force: bool) -> None:
    """One process of :func:`harvest_in_parallel`."""
    database().dispose(close=False)
    model.Session.remove()
    while True:
        try:
            source_id = todo.get_nowait()
        except queues.Empty:
            break
        run_id = None
        try:
            run_id = harvest(source_id, now, force)
        except runs.RunInProgressError:
            log.warning("source %s has another run under way", source_id)
        finally:
            done.put((source_id, run_id))
    while _help(source_ids):
        time.sleep(IDLE_SECONDS)


def _help(source_ids: Sequence[str]) -> bool:
    """Write for a run of another process, for a while; ``False`` where no run is open any more."""
    model.Session.remove()
    still_open = model.Session.query(Run).filter(Run.source_id.in_(source_ids), Run.status.is_(None)).all()
    for run in still_open:
        if run.phase == runs.WRITING:
            engine.advance(run, HELPING_SECONDS)
            break
    return bool(still_open)


def _with_job(source_id: str, start: Start, progress: engine.Progress | None) -> str:
    """Give a run a job of ckanext-harvest, so that its pages show it, and carry the run to its end."""
    job = HarvestJob(source_id=source_id, status="Running", gather_started=_utc_now())
    job.save()
    try:
        run = start(job)
    except (runs.RunInProgressError, runs.NotConfirmableError):
        model.Session.delete(job)
        model.Session.commit()
        raise
    run_id, job_id = run.id, job.id
    with runs.run_lock(f"owner:{run_id}"):
        while True:
            run = runs.get_run(run_id)
            # Others may be writing the last batch: wait for them, so that the run is over when this returns.
            if run.status is not None:
                break
            if not engine.advance(run, None, progress):
                model.Session.expire_all()
                if runs.get_run(run_id).status is None:
                    time.sleep(IDLE_SECONDS)
    _finish_job(job_id, source_id)
    return run_id


def _finish_job(job_id: str, source_id: str) -> None:
    job = HarvestJob.get(job_id)
    job.status = "Finished"
    job.gather_finished = job.gather_finished or _utc_now()
    job.finished = _utc_now()
    job.save()
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    tk.get_action("harvest_source_reindex")({"ignore_auth": True, "user": user}, {"id": source_id})


def _utc_now() -> datetime:
    """The time as ckanext-harvest's columns hold it: in UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
