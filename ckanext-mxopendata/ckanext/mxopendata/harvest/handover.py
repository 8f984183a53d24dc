"""A dataset goes from one source to another, and no two of them write it: what a batch does about it.

Both sources lock the identities of a batch's datasets before they write, in one order, so that one waits for the other
instead of writing over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model

from ckanext.mxopendata.harvest import lines, origins
from ckanext.mxopendata.harvest.model import ABSENT_ACTIONS, DONE, Elsewhere, Identity, Record, Run
from ckanext.mxopendata.harvest.standing import FIRST, ORDER, ORIGIN
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS
from ckanext.mxopendata.metadata.findings import Finding

# How a record that takes a dataset over from another source was recognised, for the report.
TAKEN_OVER = "source"
_ELSEWHERE = Elsewhere.__table__
_IDENTITY = Identity.__table__
_RECORD = Record.__table__


def lost(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The records of a batch whose dataset another source took over since it was decided on them.

    Args:
        run: the run.
        rows: the batch; no other source takes one of its datasets until the transaction ends.
    """
    ids = {row["dataset_id"] for row in rows if row["dataset_id"]}
    if not ids:
        return []
    query = (
        sa.select(_IDENTITY.c.dataset_id, _IDENTITY.c.source_id)
        .where(_IDENTITY.c.dataset_id.in_(ids))
        .order_by(_IDENTITY.c.dataset_id, _IDENTITY.c.source_id, _IDENTITY.c.identifier)
        .with_for_update()
    )
    owners: dict[str, set[str]] = {}
    for row in model.Session.execute(query):
        owners.setdefault(row.dataset_id, set()).add(row.source_id)
    others = {dataset_id for dataset_id, found in owners.items() if run.source_id not in found}
    return [row for row in rows if row["dataset_id"] in others and row["matched_by"] != TAKEN_OVER]


def give_up(run: Run, rows: Sequence[Mapping[str, Any]]) -> None:
    """Report records that :func:`lost` found, in the current transaction; an absent dataset is no line of this run."""
    for row in rows:
        if row["action"] in ABSENT_ACTIONS:
            this = (_RECORD.c.run_id == run.id, _RECORD.c.number == row["number"])
            model.Session.execute(sa.delete(_RECORD).where(*this))
        else:
            lines.add_finding(run.id, row["number"], Finding("record_elsewhere"), action="duplicate", state=DONE)


def take_over(run: Run, rows: Sequence[Mapping[str, Any]]) -> None:
    """Leave the datasets of these records to this source alone, in the transaction that writes them.

    The other source's record is a duplicate from now on. Its harvest objects let go of the dataset: clearing the
    source in ckanext-harvest removes every dataset that one of them names.
    """
    taken = {row["dataset_id"]: row["identifier"] for row in rows}
    if not taken:
        return
    leave = sa.delete(_IDENTITY).where(_IDENTITY.c.dataset_id.in_(taken), _IDENTITY.c.source_id != run.source_id)
    columns = (_IDENTITY.c.source_id, _IDENTITY.c.identifier, _IDENTITY.c.dataset_id, _IDENTITY.c.origin)
    left = [
        {
            "source_id": row.source_id,
            "identifier": row.identifier,
            "dataset_id": row.dataset_id,
            "through": run.source_id,
            "reason": ORIGIN if row.origin == origins.normalised(taken[row.dataset_id]) else ORDER,
        }
        for row in model.Session.execute(leave.returning(*columns))
    ]
    if left:
        remember(left)
    objects = HARVEST_OBJECTS
    let_go = sa.update(objects).where(objects.c.package_id.in_(taken), objects.c.harvest_source_id != run.source_id)
    model.Session.execute(let_go.values(package_id=None, current=False))


def remember(rows: Sequence[Mapping[str, Any]]) -> None:
    """Note, in the current transaction, that datasets of records are stored through another source.

    Args:
        rows: ``source_id identifier dataset_id through reason``.
    """
    if not rows:
        return
    statement = insert(_ELSEWHERE).values(list(rows))
    changed = {name: statement.excluded[name] for name in ("dataset_id", "through", "reason")}
    keys = [_ELSEWHERE.c.source_id, _ELSEWHERE.c.identifier]
    model.Session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def forget(run: Run, identifiers: Sequence[str]) -> None:
    """Note, in the current transaction, that this source stores the datasets of these records itself."""
    where = (_ELSEWHERE.c.source_id == run.source_id, _ELSEWHERE.c.identifier.in_(identifiers))
    model.Session.execute(sa.delete(_ELSEWHERE).where(*where))


def settle_accepted(identity: Any, writer: Any) -> None:
    """Somebody said that two stored datasets are one, in the current transaction: the one that stays has one source.

    Args:
        identity: of the record whose dataset goes.
        writer: the identity of the dataset that stays, in another source.
    """
    gone = {"source_id": identity.source_id, "identifier": identity.identifier, "dataset_id": writer.dataset_id}
    remember([{**gone, "through": writer.source_id, "reason": FIRST}])
    model.Session.delete(identity)
