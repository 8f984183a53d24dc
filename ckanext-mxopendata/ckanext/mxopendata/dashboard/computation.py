"""Brings measurements and snapshots up to date: from the change log, or from everything with ``full``.

Only one computation runs at a time: a lock of the database makes the second wait, whichever machine it is on. The lock
belongs to a connection of its own without a transaction, so that it holds nobody's view of the change log back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata import changes
from ckanext.mxopendata.dashboard import measurements, quarters, snapshots
from ckanext.mxopendata.dashboard.measurements import Outcome
from ckanext.mxopendata.dashboard.stored import dataset_ids_of

log = logging.getLogger(__name__)

READER = "dashboard"
_LOG_ROWS = 1000
# Any number will do, as long as nobody else locks the same one: the first eight bytes of "mxopendata-dashboard".
_LOCK = int.from_bytes(b"mxopenda", "big") - 2**62


def compute(
    now: datetime,
    *,
    full: bool = False,
    organization_id: str | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Outcome:
    """Measure what changed (or everything), then take today's snapshots.

    Args:
        now: the moment the figures are for, with time zone.
        full: measure every dataset, even those that look untouched (the nightly reconcile).
        organization_id: with ``full``, only the datasets of one institution.
        on_wait: called once when another computation has to be waited for.
    """
    outcome = Outcome()
    with alone(on_wait):
        _follow_the_change_log(now, outcome)
        measurements.measure_datasets(_beyond_the_log(full, organization_id), now, outcome)
        snapshots.take(now)
        quarters.freeze_what_ended(now)
        snapshots.forget(now)
        model.Session.commit()
    log.info("%s measured, %s changed, %s removed", outcome.measured, outcome.changed, outcome.removed)
    return outcome


def freeze(quarter: str, now: datetime) -> dict[str, Any]:
    """Freeze a quarter; see :func:`.quarters.freeze`.

    Raises:
        QuarterError: where it cannot be frozen.
    """
    with alone(None):
        done = quarters.freeze(quarter, now)
        model.Session.commit()
    return done


def _beyond_the_log(full: bool, organization_id: str | None) -> set[str]:
    if not full:
        return measurements.out_of_step()
    if organization_id is not None:
        return dataset_ids_of([organization_id])
    return measurements.all_dataset_ids()


def _follow_the_change_log(now: datetime, outcome: Outcome) -> None:
    while rows := changes.unread(READER, limit=_LOG_ROWS):
        of_organizations = [row.dataset_id for row in rows if row.kind == changes.ORGANIZATION_KIND]
        dataset_ids = {row.dataset_id for row in rows if row.kind in changes.DATASET_KINDS}
        dataset_ids |= dataset_ids_of(of_organizations)
        if any(row.kind == changes.VOCABULARY_KIND for row in rows):
            dataset_ids |= measurements.all_dataset_ids()
        measurements.measure_datasets(dataset_ids, now, outcome)
        # A crash before this line measures the same rows again, which changes nothing.
        changes.remember(READER, rows[-1])
        model.Session.commit()


def has_unread_changes() -> bool:
    """Whether the log has rows that :func:`compute` could not read yet: an older transaction is still running."""
    log_table, readers = changes.Change.__table__, changes.ChangeReader.__table__
    read = sa.select(readers.c.xid, readers.c.seq).where(readers.c.name == READER)
    position = model.Session.execute(read).one_or_none()
    query = sa.select(log_table.c.seq)
    if position is not None:
        query = query.where(sa.tuple_(log_table.c.xid, log_table.c.seq) > sa.tuple_(position.xid, position.seq))
    found = model.Session.execute(query.limit(1)).first() is not None
    model.Session.rollback()
    return found


@contextmanager
def alone(on_wait: Callable[[], None] | None) -> Iterator[None]:
    """Hold the lock of the computation; call ``on_wait`` once where somebody else holds it."""
    engine = model.meta.engine
    if engine is None:
        raise RuntimeError("CKAN's database is not configured")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar():
            if on_wait is not None:
                on_wait()
            connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
        # What this session saw before the wait may be old.
        model.Session.rollback()
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
