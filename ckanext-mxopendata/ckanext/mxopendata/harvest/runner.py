"""Runs in this process: what ``ckan mxopendata harvest`` does, with the same engine as the consumers."""

from __future__ import annotations

import logging
import multiprocessing
import queue as queues
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any, Protocol

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.harvest import crashes, engine, locks, runs, trouble
from ckanext.mxopendata.harvest.model import WRITING, Run
from ckanext.mxopendata.harvest.stock import HarvestJob, database, utc_now

log = logging.getLogger(__name__)

# Each time a helper looks up from its work it waits for Solr; a source whose process died waits for a helper so long.
HELPING_SECONDS = 20.0
IDLE_SECONDS = 0.1
# In how many a process that has taken a source has opened its run.
OPENING_SECONDS = 30.0
TELLING_SECONDS = 0.2
_FAR, _ENDED = "far", "ended"
Start = Callable[[Any], Run]


class Watcher(Protocol):
    """Who wants to know how far several sources are."""

    def tell(self, source_id: str, phase: str, done: int, total: int | None) -> None:
        """Hear how many records of a run are dealt with in its phase, and how many there are, now and then."""

    def end(self, source_id: str) -> None:
        """Hear that a source is done."""


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
    watcher: Watcher | None = None,
) -> dict[str, str]:
    """Harvest several sources with several processes; a process without a source helps another with its writing.

    Args:
        source_ids: ids of the sources.
        now: the time of the runs.
        force: whether records that did not change are written too.
        workers: how many processes.
        watcher: told how far the sources are, or ``None``.

    Returns:
        Source id → id of its run; a source whose run could not begin is missing.
    """
    # Forked children inherit the configured application; each makes database connections of its own.
    context = multiprocessing.get_context("fork")
    model.Session.remove()
    database().dispose()
    # No queue: what is put into one comes out a while later, and who looks before that takes the work for done.
    taken: Any = context.Value("i", 0)
    said: Any = context.Queue()
    # No Event: who sets one waits for all who wait for it, also for one that was killed.
    over = context.Value("b", 0, lock=False)
    order = (taken, said, over, list(source_ids), now, force)
    processes = [context.Process(target=_work, args=order) for _ in range(workers)]
    for process in processes:
        process.start()
    begun: dict[str, str] = {}
    left = set(source_ids)
    try:
        while left and any(process.is_alive() for process in processes):
            try:
                what, source_id, *facts = said.get(timeout=1)
            except queues.Empty:
                continue
            if what == _FAR:
                if watcher and source_id in left:
                    watcher.tell(source_id, *facts)
                continue
            left.discard(source_id)
            if watcher:
                watcher.end(source_id)
            if facts[0]:
                begun[source_id] = facts[0]
    finally:
        over.value = 1
        for process in processes:
            process.join(timeout=10)
            if process.is_alive():
                process.terminate()
    return begun


def _teller(said: Any) -> engine.Progress:
    """Sends how far a run is to the process that shows it, a few times a second."""
    last = {"moment": 0.0, "phase": ""}

    def tell(run: Run, done: int, total: int | None) -> None:
        now = time.monotonic()
        if run.phase != last["phase"] or now - last["moment"] > TELLING_SECONDS:
            last.update(moment=now, phase=run.phase)
            said.put((_FAR, run.source_id, run.phase, done, total))

    return tell


def _work(  # noqa: PLR0913, PLR0917 - what the processes share, and their order
    taken: Any, said: Any, over: Any, source_ids: Sequence[str], now: datetime, force: bool
) -> None:
    """One process of :func:`harvest_in_parallel`."""
    database().dispose(close=False)
    model.Session.remove()
    while (source_id := _take(taken, source_ids)) is not None:
        try:
            ended = _harvest_or_none(source_id, now, force, _teller(said))
        except runs.RunInProgressError:
            log.warning("source %s has another run under way", source_id)
            ended = None
        said.put((_ENDED, source_id, ended))
    useful = time.monotonic()
    # The others may not have opened their runs yet; one that died before it had is not waited for.
    while not over.value and time.monotonic() - useful < OPENING_SECONDS:
        left = _help(source_ids, _teller(said))
        if left:
            # Its process may have been about to begin, or another one was quicker: that one tells of the end.
            with suppress(runs.RunInProgressError):
                said.put((_ENDED, left, _harvest_or_none(left, now, force, _teller(said))))
        if left is not None:
            useful = time.monotonic()
        time.sleep(IDLE_SECONDS)


def _take(taken: Any, source_ids: Sequence[str]) -> str | None:
    """The next source that no process has taken; ``None`` where there is none."""
    with taken.get_lock():
        place: int = taken.value
        taken.value = place + 1
    return source_ids[place] if place < len(source_ids) else None


def _harvest_or_none(source_id: str, now: datetime, force: bool, progress: engine.Progress) -> str | None:
    """As :func:`harvest`; ``None`` where a service is away."""
    try:
        return harvest(source_id, now, force, progress)
    except Exception as error:
        # Each source for itself: what cannot go on now stays open, and is taken up again later.
        if not trouble.is_trouble(error):
            raise
        log.exception("the run of source %s stays open: a service is away", source_id)
        trouble.forget_transaction()
    return None


def _help(source_ids: Sequence[str], progress: engine.Progress) -> str | None:
    """Write for a run of another process, for a while.

    Returns:
        ``""``; the id of a source whose process died; ``None`` where no run is open any more that somebody works on.
    """
    model.Session.remove()
    at_work = False
    for run in model.Session.query(Run).filter(Run.source_id.in_(source_ids), Run.status.is_(None)):
        with locks.nobody_works_on(run.id) as nobody:
            if nobody and not runs.has_waiting_carrier(run):
                return run.source_id
        at_work = at_work or not nobody
        if not nobody and run.phase == WRITING and not crashes.is_careful(run):
            engine.advance(run, HELPING_SECONDS, progress)
            break
    return "" if at_work else None


def _with_job(source_id: str, start: Start, progress: engine.Progress | None) -> str:
    """Give a run a job of ckanext-harvest, so that its pages show it, and carry the run to its end."""
    job = HarvestJob(source_id=source_id, status="Running", gather_started=utc_now())
    job.save()
    with ExitStack() as at_work:
        try:
            with locks.opening(source_id):
                run = start(job)
                run_id, job_id = run.id, job.id
                at_work.enter_context(locks.working(run_id))
        except (runs.RunInProgressError, runs.NotConfirmableError):
            model.Session.delete(job)
            model.Session.commit()
            raise
        while trouble.patiently(lambda: _go_on(run_id, progress)):
            pass
    trouble.patiently(lambda: _finish_job(job_id, source_id))
    return run_id


def _go_on(run_id: str, progress: engine.Progress | None) -> bool:
    """Work on a run; ``False`` when it is over."""
    model.Session.expire_all()
    run = runs.get_run(run_id)
    # Others may be writing the last batch: wait for them, so that the run is over when this returns.
    if run.status is not None:
        return False
    if not engine.advance(run, None, progress):
        model.Session.expire_all()
        if runs.get_run(run_id).status is None:
            time.sleep(IDLE_SECONDS)
    return True


def _finish_job(job_id: str, source_id: str) -> None:
    job = HarvestJob.get(job_id)
    job.status = "Finished"
    job.gather_finished = job.gather_finished or utc_now()
    job.finished = utc_now()
    job.save()
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    tk.get_action("harvest_source_reindex")({"ignore_auth": True, "user": user}, {"id": source_id})
