"""The change log: who needs to know what changed reads it here, in the order in which transactions became visible.

A row is written in the transaction of the change itself. Sequences are not handed out in the order of the commits, so a
reader that remembered only ``seq`` would skip a row of a slow transaction; readers therefore stop at the oldest
transaction still running (``txid_snapshot_xmin``) and remember ``(xid, seq)`` (rule 6 of the architecture).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model

from ckanext.mxopendata.model import Change, ChangeReader

DATASET_KINDS = ("created", "updated", "deleted")
ORGANIZATION_KIND = "organization"
VOCABULARY_KIND = "vocabulary"

_OPERATIONS = {"new": "created", "changed": "updated", "deleted": "deleted"}
_CHANGES = Change.__table__
_READERS = ChangeReader.__table__
_ADD = sa.text(
    "INSERT INTO mxopendata_change (dataset_id, kind) SELECT :dataset_id, :kind WHERE NOT EXISTS"
    " (SELECT 1 FROM mxopendata_change WHERE xid = CAST(txid_current() AS bigint) AND dataset_id = :dataset_id)"
)
# Transaction or savepoint -> what was recorded in it: CKAN reports a new dataset again for each of its files and tags.
_RECORDED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class LoggedChange:
    """One row of the log.

    Attributes:
        xid: the transaction that wrote it.
        seq: its number within the log.
        dataset_id: id of the dataset; of the organization or the vocabulary where ``kind`` says so (that row fans out).
        kind: ``created``, ``updated``, ``deleted``, ``organization`` or ``vocabulary``.
        at: when its transaction began, with time zone.
    """

    xid: int
    seq: int
    dataset_id: str
    kind: str
    at: datetime


def record(dataset_id: str, kind: str) -> None:
    """Add one row in the current transaction of CKAN's session; a second one for the same thing there adds nothing.

    Args:
        dataset_id: id of the dataset, or of the organization or vocabulary that changed.
        kind: one of :data:`DATASET_KINDS`, :data:`ORGANIZATION_KIND`, :data:`VOCABULARY_KIND`.
    """
    recorded = _recorded()
    if dataset_id not in recorded:
        model.Session.execute(_ADD, {"dataset_id": dataset_id, "kind": kind})
        recorded.add(dataset_id)


def record_created(dataset_ids: Iterable[str]) -> None:
    """Add the rows of datasets that were made in the current transaction, in one statement; then none is added again.

    Args:
        dataset_ids: their ids.
    """
    recorded = _recorded()
    rows = [{"dataset_id": dataset_id, "kind": "created"} for dataset_id in dataset_ids if dataset_id not in recorded]
    if rows:
        model.Session.execute(insert(_CHANGES).values(rows))
        recorded.update(row["dataset_id"] for row in rows)


def _recorded() -> set[str]:
    """What the current transaction has recorded, which goes only if that itself is rolled back, savepoints included."""
    session: Any = model.Session()
    transaction = session.get_nested_transaction() or session.get_transaction() or session.begin()
    return _RECORDED.setdefault(transaction, set())


def record_entity(entity: Any, operation: str) -> None:
    """Log a change that CKAN's session reports just before its commit.

    Args:
        entity: a CKAN model object; packages of type ``dataset`` and their resources count, all else is ignored.
        operation: ``new``, ``changed`` or ``deleted`` (``ckan.model.DomainObjectOperation``).
    """
    if isinstance(entity, model.Package) and entity.type == "dataset":
        kind = "deleted" if entity.state == model.State.DELETED else _OPERATIONS[operation]
        record(entity.id, kind)


def unread(reader: str, limit: int = 1000) -> list[LoggedChange]:
    """The next rows that a reader has not seen and that no running transaction can precede.

    Args:
        reader: name of the consumer, for example ``dashboard``.
        limit: how many rows at most.

    Returns:
        Rows in the order ``(xid, seq)``; call :func:`remember` with the last one when they are dealt with.
    """
    last = model.Session.execute(
        sa.select(_READERS.c.xid, _READERS.c.seq).where(_READERS.c.name == reader)
    ).one_or_none()
    query = (
        sa.select(_CHANGES.c.xid, _CHANGES.c.seq, _CHANGES.c.dataset_id, _CHANGES.c.kind, _CHANGES.c.at)
        .where(_CHANGES.c.xid < sa.text("txid_snapshot_xmin(txid_current_snapshot())"))
        .order_by(_CHANGES.c.xid, _CHANGES.c.seq)
        .limit(limit)
    )
    if last is not None:
        query = query.where(sa.tuple_(_CHANGES.c.xid, _CHANGES.c.seq) > sa.tuple_(last.xid, last.seq))
    return [LoggedChange(**row._mapping) for row in model.Session.execute(query)]


def remember(reader: str, change: LoggedChange) -> None:
    """Note, in the current transaction, that a reader has dealt with everything up to and including a change."""
    position = {"xid": change.xid, "seq": change.seq}
    statement = insert(_READERS).values(name=reader, **position)
    model.Session.execute(statement.on_conflict_do_update(index_elements=[_READERS.c.name], set_=position))


def last_moment() -> datetime | None:
    """When the last change was made that everybody can see, with time zone; ``None`` before the first."""
    query = sa.select(_CHANGES.c.at).order_by(_CHANGES.c.xid.desc(), _CHANGES.c.seq.desc()).limit(1)
    return model.Session.execute(query).scalar()
