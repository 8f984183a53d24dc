"""Tables of promises. They are created by ``migration/mxopendata_planning``, never at start-up.

A promise is not a dataset: these tables have no foreign keys to CKAN's, and what they say of a dataset is its id.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone

import sqlalchemy as sa

import ckan.plugins.toolkit as tk


def _new_id() -> str:
    return str(uuid.uuid4())


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Commitment(tk.BaseModel):
    """A line of an inventory or an opening plan, or one entered by hand: who promised what for when.

    ``line_key`` tells it from others of its institution (``metadata.commitment_table.line_key``). ``promised`` is the
    promised date of today in the precision written (``2026``, ``2026-01``, ``2026-01-15``), ``due_on`` its last day
    and ``due_from`` its first; every one there ever was is in :class:`CommitmentDate`. ``open_to_all`` says whether
    everybody may see the line. ``dataset_id`` is the dataset that an administrator of the institution confirmed.
    """

    __tablename__ = "mxopendata_commitment"
    __table_args__ = (sa.UniqueConstraint("organization_id", "line_key"),)

    id = sa.Column(sa.UnicodeText, primary_key=True, default=_new_id)
    organization_id = sa.Column(sa.UnicodeText, nullable=False)
    line_key = sa.Column(sa.UnicodeText, nullable=False)
    title = sa.Column(sa.UnicodeText, nullable=False)
    resource = sa.Column(sa.UnicodeText, nullable=False, default="")
    description = sa.Column(sa.UnicodeText, nullable=False, default="")
    area = sa.Column(sa.UnicodeText, nullable=False, default="")
    frequency = sa.Column(sa.UnicodeText)
    legal_basis = sa.Column(sa.UnicodeText, nullable=False, default="")
    access_level = sa.Column(sa.UnicodeText)
    access_reason = sa.Column(sa.UnicodeText, nullable=False, default="")
    open_to_all = sa.Column(sa.Boolean, nullable=False)
    in_inventory = sa.Column(sa.Boolean, nullable=False, default=False)
    in_plan = sa.Column(sa.Boolean, nullable=False, default=False)
    promised = sa.Column(sa.UnicodeText)
    due_from = sa.Column(sa.Date)
    due_on = sa.Column(sa.Date)
    withdrawn_on = sa.Column(sa.Date)
    withdrawn_reason = sa.Column(sa.UnicodeText, nullable=False, default="")
    dataset_id = sa.Column(sa.UnicodeText, index=True)
    source_file = sa.Column(sa.UnicodeText)
    source_row = sa.Column(sa.Integer)
    seen_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)
    modified_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)


class CommitmentDate(tk.BaseModel):
    """One date that was promised, since when it was known here, and where it stood; they are never changed.

    ``promised`` is ``None`` where a date that had been promised was taken back.
    """

    __tablename__ = "mxopendata_commitment_date"

    commitment_id = sa.Column(
        sa.UnicodeText, sa.ForeignKey("mxopendata_commitment.id", ondelete="CASCADE"), primary_key=True
    )
    position = sa.Column(sa.Integer, primary_key=True)
    promised = sa.Column(sa.UnicodeText)
    source_file = sa.Column(sa.UnicodeText)
    source_row = sa.Column(sa.Integer)
    recorded_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)


class CommitmentMatch(tk.BaseModel):
    """What an administrator decided on a commitment and a dataset: ``confirmed`` or ``refused``, never proposed again.

    ``score`` (0 to 1) is what the proposal had, ``None`` for a dataset that somebody chose without one.
    """

    __tablename__ = "mxopendata_commitment_match"

    commitment_id = sa.Column(
        sa.UnicodeText, sa.ForeignKey("mxopendata_commitment.id", ondelete="CASCADE"), primary_key=True
    )
    dataset_id = sa.Column(sa.UnicodeText, primary_key=True)
    decision = sa.Column(sa.UnicodeText, nullable=False)
    score = sa.Column(sa.Numeric(4, 3, asdecimal=False))
    decided_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)


class CommitmentTotal(tk.BaseModel):
    """How many datasets an institution committed for a year, where only the number is published; zero is a number."""

    __tablename__ = "mxopendata_commitment_total"

    organization_id = sa.Column(sa.UnicodeText, primary_key=True)
    year = sa.Column(sa.Integer, primary_key=True)
    committed = sa.Column(sa.Integer, nullable=False)
    source_file = sa.Column(sa.UnicodeText)
    source_row = sa.Column(sa.Integer)
    modified_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)
