"""Stores commitments that are entered by hand: whole or not at all, and with every date that was ever promised."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ckan import model

from ckanext.mxopendata.metadata.commitment_table import line_key
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.planning.commitment_import import ImportSettings, promise
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.planning.entries import FIELDS, CommitmentEntry, read_entry


def as_given(commitment: Any) -> dict[str, Any]:
    """The fields of a stored commitment, as :func:`.entries.read_entry` takes them."""
    return {name: getattr(commitment, name) for name in FIELDS}


def store(given: Mapping[str, Any], organization_id: str, now: datetime, before: Any = None) -> CommitmentEntry | str:
    """Create a commitment, or change one.

    Args:
        given: see :func:`.entries.read_entry`.
        organization_id: of the institution.
        now: the moment.
        before: the stored commitment that is changed.

    Returns:
        Its id, or the entry with its errors where nothing was stored.
    """
    entry = read_entry(given)
    key = line_key(entry.values["title"], entry.values["resource"])
    if not entry.errors and _is_taken(organization_id, entry, key, before):
        entry.errors["title"] = Finding("commitment_exists", "title", None, entry.values["title"])
    if entry.errors:
        return entry
    # What came from a file keeps its key: the file names it as before, and importing again doubles nothing.
    one: Any = before or Commitment(
        id=str(uuid.uuid4()), organization_id=organization_id, line_key=key, created_at=now, seen_at=now
    )
    moved = entry.values["promised"] != one.promised
    for name in FIELDS:
        if name != "promised":
            setattr(one, name, entry.values[name])
    one.modified_at = now
    identifier = one.id
    try:
        model.Session.add(one)
        model.Session.flush()
        if moved:
            promise(one, entry.values["promised"], ImportSettings("", now), is_new=before is None)
        model.Session.commit()
    except IntegrityError:
        # Somebody else entered the same one since it was looked for.
        model.Session.rollback()
        entry.errors["title"] = Finding("commitment_exists", "title", None, entry.values["title"])
        return entry
    return identifier


def _is_taken(organization_id: str, entry: CommitmentEntry, key: str, before: Any) -> bool:
    table = Commitment.__table__
    same = sa.or_(
        table.c.line_key == key,
        sa.and_(table.c.title == entry.values["title"], table.c.resource == entry.values["resource"]),
    )
    query = sa.select(table.c.id).where(table.c.organization_id == organization_id, same)
    if before is not None:
        query = query.where(table.c.id != before.id)
    return model.Session.execute(query).first() is not None
