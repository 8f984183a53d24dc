"""What a source's past leaves behind: kept as long as somebody may look at it or it means something, then removed.

ckanext-harvest never removes a job or an object, so that its tables grow with every harvest. Its pages, and
``harvest_source_id``, need the one current object of each dataset, and the job it belongs to; those stay, as do
identities. These are ckanext-harvest's tables and ours; CKAN's own are not touched.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.model import Record, Run, Spooled
from ckanext.mxopendata.harvest.stock import (
    HARVEST_GATHER_ERRORS,
    HARVEST_JOBS,
    HARVEST_OBJECT_ERRORS,
    HARVEST_OBJECT_EXTRAS,
    HARVEST_OBJECTS,
    HarvestSource,
)

log = logging.getLogger(__name__)

# What a process that was killed left in the folder; a younger file may be of one that is at work.
_LEFT_AFTER_SECONDS = 24 * 60 * 60
_DOCUMENT = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json(?:-journal)?")
# What downloads and previews call what they keep there for a while.
OURS = "mxopendata-"
_RUNS, _RECORDS, _SPOOL = Run.__table__, Record.__table__, Spooled.__table__
# Questions that nobody has answered yet are asked by the lines of the run that raised them.
_ASKED = """
SELECT DISTINCT r.run_id FROM mxopendata_harvest_record r
JOIN mxopendata_harvest_run run ON run.id = r.run_id AND run.source_id = :source
JOIN package p ON p.id = r.dataset_id AND p.state = 'active'
WHERE r.possible_duplicate_of IS NOT NULL
"""


def prune(source_id: str) -> None:
    """Remove what is left of a source's old harvests, and commit.

    Args:
        source_id: id of the harvest source; its other jobs and runs, and those of other sources, are left alone.
    """
    source = HarvestSource.get(source_id)
    if source is None or source.type not in CONNECTORS:
        # Another harvester's, whose history is not ours to shorten.
        return
    keep = config.harvest_keep_runs()
    kept = _kept_runs(source_id, keep)
    _prune_stock(source_id, kept, keep)
    gone = sa.select(_RUNS.c.id).where(_RUNS.c.source_id == source_id, _RUNS.c.id.notin_(kept))
    model.Session.execute(sa.delete(_RECORDS).where(_RECORDS.c.run_id.in_(gone)))
    model.Session.execute(sa.delete(_SPOOL).where(_SPOOL.c.run_id.in_(gone)))
    model.Session.execute(sa.delete(_RUNS).where(_RUNS.c.id.in_(gone)))
    _prune_spool()
    model.repo.commit()
    prune_folder(config.harvest_folder())


def _kept_runs(source_id: str, keep: int) -> list[str]:
    """The newest runs; the last one that read a whole list and the one before, to compare with; what is under way."""
    mine = sa.select(_RUNS.c.id).where(_RUNS.c.source_id == source_id).order_by(_RUNS.c.started.desc())
    complete = mine.where(_RUNS.c.status.like("finished%")).limit(2)
    kept: set[str] = set()
    for query in (mine.limit(keep), complete, mine.where(_RUNS.c.status.is_(None))):
        kept.update(model.Session.execute(query).scalars())
    kept.update(model.Session.execute(sa.text(_ASKED), {"source": source_id}).scalars())
    return list(kept)


def _prune_stock(source_id: str, kept: Sequence[str], keep: int) -> None:
    """Remove finished jobs with what hangs on them, but for the newest, those of kept runs, and current objects."""
    jobs, objects = HARVEST_JOBS, HARVEST_OBJECTS
    mine = sa.select(jobs.c.id).where(jobs.c.source_id == source_id)
    newest = mine.order_by(jobs.c.created.desc()).limit(keep)
    of_kept = sa.select(_RUNS.c.job_id).where(_RUNS.c.id.in_(kept), _RUNS.c.job_id.isnot(None))
    finished = mine.where(jobs.c.status == "Finished", jobs.c.id.notin_(newest), jobs.c.id.notin_(of_kept))
    old = list(model.Session.execute(finished).scalars())
    if not old:
        return
    left = sa.and_(objects.c.harvest_job_id.in_(old), objects.c.current.isnot(True))
    ids = sa.select(objects.c.id).where(left)
    for table in (HARVEST_OBJECT_ERRORS, HARVEST_OBJECT_EXTRAS):
        model.Session.execute(sa.delete(table).where(table.c.harvest_object_id.in_(ids)))
    model.Session.execute(sa.delete(objects).where(left))
    needed = sa.exists().where(objects.c.harvest_job_id == jobs.c.id)
    empty = list(model.Session.execute(sa.select(jobs.c.id).where(jobs.c.id.in_(old), ~needed)).scalars())
    errors = HARVEST_GATHER_ERRORS
    model.Session.execute(sa.delete(errors).where(errors.c.harvest_job_id.in_(empty)))
    model.Session.execute(sa.delete(jobs).where(jobs.c.id.in_(empty)))
    log.info("source %s: %d of its old harvest jobs removed", source_id, len(empty))


def _prune_spool() -> None:
    """Remove what was read for runs that are over or no longer known; a held run's is needed to confirm it."""
    spooled = list(model.Session.execute(sa.select(_SPOOL.c.run_id).distinct()).scalars())
    if not spooled:
        return
    open_or_held = sa.or_(_RUNS.c.status.is_(None), _RUNS.c.status == "held")
    needed = sa.select(_RUNS.c.id).where(_RUNS.c.id.in_(spooled), open_or_held)
    left = set(spooled) - set(model.Session.execute(needed).scalars())
    if left:
        model.Session.execute(sa.delete(_SPOOL).where(_SPOOL.c.run_id.in_(left)))


def prune_folder(folder: Path) -> None:
    """Remove what killed processes left here a day ago; the folder may hold other people's files, too."""
    before = time.time() - _LEFT_AFTER_SECONDS
    try:
        found = list(folder.iterdir())
    except OSError:
        # A harvest that needs the folder says what is wrong with it.
        log.warning("the folder of catalogue files cannot be looked at: %s", folder)
        return
    for path in found:
        document = _DOCUMENT.fullmatch(path.name)
        if not document and not path.name.startswith(OURS):
            continue
        try:
            if path.stat().st_mtime > before or (document and _is_open(document[1])):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:
            # Another process tidies up, too.
            continue
        except OSError:
            log.exception("what an interrupted harvest left cannot be removed: %s", path)


def _is_open(run_id: str) -> bool:
    query = sa.select(_RUNS.c.id).where(_RUNS.c.id == run_id, _RUNS.c.status.is_(None))
    return model.Session.execute(query).first() is not None
