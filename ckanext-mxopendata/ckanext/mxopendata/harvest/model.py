"""Tables of the harvest room. They are created by ``migration/mxopendata_harvest``, never at start-up."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

import ckan.plugins.toolkit as tk

# What becomes of each record of the source's list; ``read`` is their sum.
READ_ACTIONS = ("created", "updated", "unchanged", "matched", "restored", "duplicate", "excluded", "rejected")
# What becomes of each dataset that the list no longer holds.
ABSENT_ACTIONS = ("in_grace", "archived", "deleted")
COUNTERS = ("read", *READ_ACTIONS, *ABSENT_ACTIONS, "doubtful", "warnings")

# Phases of a run.
READING, DECIDING, WRITING = "reading", "deciding", "writing"

# States of a record.
WAITING = "waiting"  # to be written
TRIED = "tried"  # being written alone, since processes died near it
WRITTEN = "written"  # in the database, not yet in the search index
DONE = "done"

# The columns are annotated as Any: what a type checker makes of SQLAlchemy 1.4's and 2.0's own types differs.


class Run(tk.BaseModel):
    """One harvest of one source, from reading its list to the report."""

    __tablename__ = "mxopendata_harvest_run"
    __allow_unmapped__ = True

    id: Any = sa.Column(sa.UnicodeText, primary_key=True, default=lambda: str(uuid.uuid4()))
    source_id: Any = sa.Column(sa.UnicodeText, nullable=False)
    job_id: Any = sa.Column(sa.UnicodeText)
    phase: Any = sa.Column(sa.UnicodeText, nullable=False)
    status: Any = sa.Column(sa.UnicodeText)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False)
    started: Any = sa.Column(sa.DateTime(timezone=True), nullable=False)
    finished: Any = sa.Column(sa.DateTime(timezone=True))
    force: Any = sa.Column(sa.Boolean, nullable=False, default=False)
    confirmed: Any = sa.Column(sa.Boolean, nullable=False, default=False)
    total: Any = sa.Column(sa.Integer)
    position: Any = sa.Column(JSONB, nullable=False, default=dict)
    findings: Any = sa.Column(JSONB, nullable=False, default=list)
    # How the list was read (``connectors.base.Reading``), on what that depended, when all of it was read last, and what
    # the next reading is to be reminded of.
    reading: Any = sa.Column(sa.UnicodeText)
    basis: Any = sa.Column(sa.UnicodeText)
    full_at: Any = sa.Column(sa.DateTime(timezone=True))
    memory: Any = sa.Column(JSONB, nullable=False, default=dict)
    read: Any = sa.Column(sa.Integer, nullable=False, default=0)
    created: Any = sa.Column(sa.Integer, nullable=False, default=0)
    updated: Any = sa.Column(sa.Integer, nullable=False, default=0)
    unchanged: Any = sa.Column(sa.Integer, nullable=False, default=0)
    matched: Any = sa.Column(sa.Integer, nullable=False, default=0)
    restored: Any = sa.Column(sa.Integer, nullable=False, default=0)
    duplicate: Any = sa.Column(sa.Integer, nullable=False, default=0)
    excluded: Any = sa.Column(sa.Integer, nullable=False, default=0)
    rejected: Any = sa.Column(sa.Integer, nullable=False, default=0)
    in_grace: Any = sa.Column(sa.Integer, nullable=False, default=0)
    archived: Any = sa.Column(sa.Integer, nullable=False, default=0)
    deleted: Any = sa.Column(sa.Integer, nullable=False, default=0)
    doubtful: Any = sa.Column(sa.Integer, nullable=False, default=0)
    warnings: Any = sa.Column(sa.Integer, nullable=False, default=0)
    # Code of a finding → how many of its records have it; kept, because lines of unchanged records are not. ``None``
    # in a run of before there was this column.
    causes: Any = sa.Column(JSONB(none_as_null=True))
    # See ``needs.needs``: what of it somebody must see to; and when the institution was told.
    needs: Any = sa.Column(JSONB(none_as_null=True))
    told_at: Any = sa.Column(sa.DateTime(timezone=True))


class Spooled(tk.BaseModel):
    """A record as it was read, waiting for the decision; gone when its run ends."""

    __tablename__ = "mxopendata_harvest_spool"
    __allow_unmapped__ = True

    run_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    number: Any = sa.Column(sa.Integer, primary_key=True)
    page: Any = sa.Column(sa.Integer, nullable=False)
    identifier: Any = sa.Column(sa.UnicodeText, nullable=False)
    hash: Any = sa.Column(sa.UnicodeText, nullable=False)
    title: Any = sa.Column(sa.UnicodeText)
    title_key: Any = sa.Column(sa.UnicodeText, nullable=False)
    action: Any = sa.Column(sa.UnicodeText)
    findings: Any = sa.Column(JSONB, nullable=False)
    severity: Any = sa.Column(sa.UnicodeText)
    version: Any = sa.Column(sa.UnicodeText)
    origin: Any = sa.Column(sa.UnicodeText)
    # Empty where it was not read, since it is what it was.
    record: Any = sa.Column(sa.LargeBinary, nullable=False)


class Record(tk.BaseModel):
    """What was decided on a record, and what came of it: the lines of the report."""

    __tablename__ = "mxopendata_harvest_record"
    __allow_unmapped__ = True

    run_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    number: Any = sa.Column(sa.Integer, primary_key=True)
    identifier: Any = sa.Column(sa.UnicodeText, nullable=False)
    previous_identifier: Any = sa.Column(sa.UnicodeText)
    title: Any = sa.Column(sa.UnicodeText)
    title_key: Any = sa.Column(sa.UnicodeText, nullable=False)
    hash: Any = sa.Column(sa.UnicodeText, nullable=False)
    action: Any = sa.Column(sa.UnicodeText, nullable=False)
    state: Any = sa.Column(sa.UnicodeText, nullable=False)
    dataset_id: Any = sa.Column(sa.UnicodeText)
    matched_by: Any = sa.Column(sa.UnicodeText)
    possible_duplicate_of: Any = sa.Column(sa.UnicodeText)
    findings: Any = sa.Column(JSONB, nullable=False)
    severity: Any = sa.Column(sa.UnicodeText)
    version: Any = sa.Column(sa.UnicodeText)


class Identity(tk.BaseModel):
    """Which dataset a source's identifier means; outlives every run."""

    __tablename__ = "mxopendata_harvest_identity"
    __allow_unmapped__ = True

    source_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    identifier: Any = sa.Column(sa.UnicodeText, primary_key=True)
    dataset_id: Any = sa.Column(sa.UnicodeText, nullable=False)
    hash: Any = sa.Column(sa.UnicodeText, nullable=False)
    title_key: Any = sa.Column(sa.UnicodeText, nullable=False)
    source_tags: Any = sa.Column(ARRAY(sa.UnicodeText), nullable=False, default=list)
    findings: Any = sa.Column(JSONB, nullable=False, default=list)
    severity: Any = sa.Column(sa.UnicodeText)
    first_seen: Any = sa.Column(sa.DateTime(timezone=True), nullable=False)
    absent_since: Any = sa.Column(sa.DateTime(timezone=True))
    absent_runs: Any = sa.Column(sa.Integer, nullable=False, default=0)
    archived_at: Any = sa.Column(sa.DateTime(timezone=True))
    origin: Any = sa.Column(sa.UnicodeText)
    hints: Any = sa.Column(ARRAY(sa.UnicodeText), nullable=False, default=list)
    # Facts of ``metadata.mended.Change``; ``None`` where its record was last written before there was this column.
    changes: Any = sa.Column(JSONB(none_as_null=True))


class Elsewhere(tk.BaseModel):
    """A record whose dataset is stored through another source; never together with an identity of the same record."""

    __tablename__ = "mxopendata_harvest_elsewhere"
    __allow_unmapped__ = True

    source_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    identifier: Any = sa.Column(sa.UnicodeText, primary_key=True)
    dataset_id: Any = sa.Column(sa.UnicodeText, nullable=False)
    through: Any = sa.Column(sa.UnicodeText, nullable=False)
    reason: Any = sa.Column(sa.UnicodeText, nullable=False)
    first_seen: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


class Redirect(tk.BaseModel):
    """Where the address of a dataset leads that was found to be another one."""

    __tablename__ = "mxopendata_harvest_redirect"
    __allow_unmapped__ = True

    former_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    former_name: Any = sa.Column(sa.UnicodeText, nullable=False)
    dataset_id: Any = sa.Column(sa.UnicodeText, nullable=False)
    created: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


class ManagedSource(tk.BaseModel):
    """A harvest source that a configuration file created; only these does ``sources sync`` touch."""

    __tablename__ = "mxopendata_harvest_source"
    __allow_unmapped__ = True

    source_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    file: Any = sa.Column(sa.UnicodeText, nullable=False)
    digest: Any = sa.Column(sa.UnicodeText, nullable=False)
    created: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


class Upload(tk.BaseModel):
    """The table that an institution without a portal uploads as its whole catalogue; its source reads this, no address.

    It is kept here, compressed, so that every machine of the portal finds it and it is in the backup of the database.
    """

    __tablename__ = "mxopendata_harvest_upload"
    __allow_unmapped__ = True

    source_id: Any = sa.Column(sa.UnicodeText, primary_key=True)
    organization_id: Any = sa.Column(sa.UnicodeText, nullable=False, unique=True)
    file_name: Any = sa.Column(sa.UnicodeText, nullable=False)
    digest: Any = sa.Column(sa.UnicodeText, nullable=False)
    content: Any = sa.Column(sa.LargeBinary, nullable=False)
    uploaded: Any = sa.Column(sa.DateTime(timezone=True), nullable=False)
