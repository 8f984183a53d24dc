"""Runs whose process died: how often without getting on, and the record that is to blame.

A record can end the process that writes it, and no exception is left to tell: memory runs out, a library crashes. A run
taken up twice at the same place therefore goes on record by record, each marked before it is tried. One on which the
process dies once more is rejected: one bad record costs one record. A run that does not get on at all is given up.
"""

from __future__ import annotations

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import lines
from ckanext.mxopendata.harvest.model import DONE, READING, TRIED, WAITING, WRITING, Record, Run
from ckanext.mxopendata.metadata.findings import Finding

# How many times in a row a run is taken up at one and the same place.
MOST_TIMES = 5
_CAREFUL_FROM = 2
_RECORD = Record.__table__


def blame(run: Run) -> list[str]:
    """Reject, in the current transaction, the record on which a process died; gives its identifier, if there is one.

    Nobody works on the run now.
    """
    query = sa.select(_RECORD.c.number, _RECORD.c.identifier).where(
        _RECORD.c.run_id == run.id, _RECORD.c.state == TRIED
    )
    tried = model.Session.execute(query).all()
    for row in tried:
        lines.add_finding(run.id, row.number, Finding("record_ends_process"), action="rejected", state=DONE)
    return [row.identifier for row in tried]


def note(run: Run) -> Finding | None:
    """Note, in the current transaction, that a process died which worked on a run.

    Nobody works on it now.

    Returns:
        Why it is given up; ``None`` where it goes on.
    """
    before = run.position.get("crash", {})
    place = [run.phase, _left(run)]
    times = before["times"] + 1 if before.get("place") == place else 1
    if times > MOST_TIMES:
        return Finding("run_given_up", value=str(MOST_TIMES))
    until = before.get("careful_until", -1)
    if run.phase == WRITING and times >= _CAREFUL_FROM:
        until = max(until, _last_in_danger(run))
    run.position = {**run.position, "crash": {"place": place, "times": times, "careful_until": until}}
    return None


def is_careful(run: Run) -> bool:
    """Whether the next records of a run are to be written one by one, by one process."""
    until = run.position.get("crash", {}).get("careful_until", -1)
    if until < 0:
        return False
    query = sa.select(_RECORD.c.number).where(
        _RECORD.c.run_id == run.id, _RECORD.c.state.in_((WAITING, TRIED)), _RECORD.c.number <= until
    )
    return model.Session.execute(query.limit(1)).first() is not None


def mark_tried(run: Run, number: int) -> None:
    """Note, in the current transaction, which record is about to be written."""
    this = (_RECORD.c.run_id == run.id, _RECORD.c.number == number)
    model.Session.execute(sa.update(_RECORD).where(*this).values(state=TRIED))


def _left(run: Run) -> int:
    """A number that changes when a run gets on."""
    if run.phase == READING:
        return int(run.position.get("number", 0))
    return lines.count(run.id, _RECORD.c.state != DONE)


def _last_in_danger(run: Run) -> int:
    """The last record that could have been in the batches of those who died."""
    numbers = (
        sa.select(_RECORD.c.number)
        .where(_RECORD.c.run_id == run.id, _RECORD.c.state == WAITING)
        .order_by(_RECORD.c.number)
        .limit(config.harvest_batch() * max(1, config.harvest_carriers()))
        .subquery()
    )
    last = model.Session.execute(sa.select(sa.func.max(numbers.c.number))).scalar()
    return -1 if last is None else int(last)
