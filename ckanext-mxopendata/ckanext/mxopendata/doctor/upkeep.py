"""Checks of what works behind the pages: background jobs, the change log's readers, figures, files of the catalogue."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import rq
import sqlalchemy as sa

import ckan.plugins as p
from ckan import model
from ckan.lib.jobs import add_queue_name_prefix, get_all_queues
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata import config
from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.model import Change, ChangeReader
from ckanext.mxopendata.moments import read_moment

DEFAULT_QUEUE = "default"
WAITING_FOR = timedelta(minutes=10)
UNREAD_FOR = timedelta(minutes=30)
# Nightly jobs: missed once may be bad luck, twice is not.
NIGHTLY = timedelta(days=2)
READERS = {"mxopendata_dashboard": "dashboard"}
COMMANDS = {"dashboard": "mxopendata indicators compute", "dcat": "mxopendata export --format ttl"}
# Who reads the log when a nightly job runs.
PATIENCE = {"dcat": NIGHTLY}


def worker() -> Check:
    """A background worker of this site is alive, and jobs do not pile up."""
    connection = connect_to_redis()
    ours = add_queue_name_prefix(DEFAULT_QUEUE)
    alive = [worker for worker in rq.Worker.all(connection=connection) if ours in worker.queue_names()]
    waiting = [job for queue in get_all_queues() for job in queue.get_jobs(0, 1)]
    count = sum(queue.count for queue in get_all_queues())
    oldest = min((_aware(job.enqueued_at) for job in waiting if job.enqueued_at), default=None)
    if not alive:
        return failed("worker", "waiting" if count else "", count=count)
    if oldest is not None and _now() - oldest > WAITING_FOR:
        return failed("worker", "slow", count=count, minutes=int((_now() - oldest).total_seconds() // 60))
    return passed("worker", count=len(alive))


def change_readers() -> Check:
    """Every reader of the change log has read what is older than half an hour; a nightly one, than two days."""
    log, readers = Change.__table__, ChangeReader.__table__
    known = {row.name: (row.xid, row.seq) for row in model.Session.execute(sa.select(readers))}
    wanted = {name for plugin, name in READERS.items() if p.plugin_loaded(plugin)}
    for name in sorted(wanted | known.keys()):
        unread = sa.select(sa.func.count().label("count"), sa.func.min(log.c.at).label("since"))
        if name in known:
            unread = unread.where(sa.tuple_(log.c.xid, log.c.seq) > sa.tuple_(*known[name]))
        row = model.Session.execute(unread).one()
        if row.count and _now() - row.since > PATIENCE.get(name, UNREAD_FOR):
            words = {"count": row.count, "since": _time(row.since), "command": _command(name)}
            return failed("change_readers", reader=name, **words)
    return passed("change_readers", count=len(wanted | known.keys()))


def _command(reader: str) -> str:
    return COMMANDS.get(reader, "jobs worker")


def figures() -> Check:
    """The dashboard's figures are of yesterday or today: verdicts age although no dataset changes."""
    if not p.plugin_loaded("mxopendata_dashboard"):
        return passed("figures", "off")
    from ckanext.mxopendata.dashboard.figures import last_computed

    as_of = last_computed(_now())
    if as_of is None:
        datasets = sa.text("SELECT count(*) FROM package WHERE type = 'dataset' AND state = 'active'")
        if not model.Session.scalar(datasets):
            return passed("figures", "none")
        return failed("figures", "never")
    if _now() - _aware(as_of) > NIGHTLY:
        return failed("figures", since=_time(_aware(as_of)))
    return passed("figures", since=_time(_aware(as_of)))


def catalogue_files() -> Check:
    """The files of the whole catalogue are there, and of yesterday or today."""
    if not p.plugin_loaded("mxopendata_dcat"):
        return passed("catalogue_files", "off")
    folder = config.export_folder()
    return passed("catalogue_files", "off") if folder is None else _listed_files(folder)


def _listed_files(folder: Path) -> Check:
    # A room that is switched off need not be importable.
    from ckanext.mxopendata.dcat.dumps import MANIFEST

    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return failed("catalogue_files", "never", folder=folder)
    except ValueError:
        return failed("catalogue_files", "broken", file=folder / MANIFEST)
    written = read_moment(manifest.get("generated"))
    lost = [file["name"] for file in manifest["files"] if not (folder / file["name"]).is_file()]
    if lost:
        return failed("catalogue_files", "lost", files=", ".join(lost), folder=folder)
    if written is None or _now() - written > NIGHTLY:
        return failed("catalogue_files", since=manifest.get("generated"))
    return passed("catalogue_files", since=manifest["generated"], datasets=manifest.get("datasets"))


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
