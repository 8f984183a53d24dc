"""Tables of the harvest room. They are created by ``migration/mxopendata_harvest``, never at start-up."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

import ckan.plugins.toolkit as tk

# What becomes of each record of the source's list; ``read`` is their sum.
READ_ACTIONS = ("created", "updated", "unchanged", "matched", "restored", "duplicate", "excluded", "rejected")
# What becomes of each dataset that the list no longer holds.
ABSENT_ACTIONS = ("in_grace", "archived", "deleted")
COUNTERS = ("read", *READ_ACTIONS, *ABSENT_ACTIONS, "doubtful", "warnings")

WAITING = "waiting"  # to be written
WRITTEN = "written"  # in the database, not yet in the search index
DONE = "done"


class Run(tk.BaseModel):
    """One harvest of one source, from reading its list to the report."""

    __tablename__ = "mxopendata_harvest_run"

    id = sa.Column(sa.UnicodeText, primary_key=True, default=lambda: str(uuid.uuid4()))
    source_id = sa.Column(sa.UnicodeText, nullable=False)
    job_id = sa.Column(sa.UnicodeText)
    phase = sa.Column(sa.UnicodeText, nullable=False)
    status = sa.Column(sa.UnicodeText)
    at = sa.Column(sa.DateTime(timezone=True), nullable=False)
    started = sa.Column(sa.DateTime(timezone=True), nullable=False)
    finished = sa.Column(sa.DateTime(timezone=True))
    force = sa.Column(sa.Boolean, nullable=False, default=False)
    confirmed = sa.Column(sa.Boolean, nullable=False, default=False)
    total = sa.Column(sa.Integer)
    position = sa.Column(JSONB, nullable=False, default=dict)
    findings = sa.Column(JSONB, nullable=False, default=list)
    read = sa.Column(sa.Integer, nullable=False, default=0)
    created = sa.Column(sa.Integer, nullable=False, default=0)
    updated = sa.Column(sa.Integer, nullable=False, default=0)
    unchanged = sa.Column(sa.Integer, nullable=False, default=0)
    matched = sa.Column(sa.Integer, nullable=False, default=0)
    restored = sa.Column(sa.Integer, nullable=False, default=0)
    duplicate = sa.Column(sa.Integer, nullable=False, default=0)
    excluded = sa.Column(sa.Integer, nullable=False, default=0)
    rejected = sa.Column(sa.Integer, nullable=False, default=0)
    in_grace = sa.Column(sa.Integer, nullable=False, default=0)
    archived = sa.Column(sa.Integer, nullable=False, default=0)
    deleted = sa.Column(sa.Integer, nullable=False, default=0)
    doubtful = sa.Column(sa.Integer, nullable=False, default=0)
    warnings = sa.Column(sa.Integer, nullable=False, default=0)


class Spooled(tk.BaseModel):
    """A record as it was read, waiting for the decision; gone when its run ends."""

    __tablename__ = "mxopendata_harvest_spool"

    run_id = sa.Column(sa.UnicodeText, primary_key=True)
    number = sa.Column(sa.Integer, primary_key=True)
    page = sa.Column(sa.Integer, nullable=False)
    identifier = sa.Column(sa.UnicodeText, nullable=False)
    hash = sa.Column(sa.UnicodeText, nullable=False)
    title = sa.Column(sa.UnicodeText)
    title_key = sa.Column(sa.UnicodeText, nullable=False)
    action = sa.Column(sa.UnicodeText)
    findings = sa.Column(JSONB, nullable=False)
    severity = sa.Column(sa.UnicodeText)
    record = sa.Column(sa.LargeBinary, nullable=False)


class Record(tk.BaseModel):
    """What was decided on a record, and what came of it: the lines of the report."""

    __tablename__ = "mxopendata_harvest_record"

    run_id = sa.Column(sa.UnicodeText, primary_key=True)
    number = sa.Column(sa.Integer, primary_key=True)
    identifier = sa.Column(sa.UnicodeText, nullable=False)
    previous_identifier = sa.Column(sa.UnicodeText)
    title = sa.Column(sa.UnicodeText)
    title_key = sa.Column(sa.UnicodeText, nullable=False)
    hash = sa.Column(sa.UnicodeText, nullable=False)
    action = sa.Column(sa.UnicodeText, nullable=False)
    state = sa.Column(sa.UnicodeText, nullable=False)
    dataset_id = sa.Column(sa.UnicodeText)
    matched_by = sa.Column(sa.UnicodeText)
    possible_duplicate_of = sa.Column(sa.UnicodeText)
    findings = sa.Column(JSONB, nullable=False)
    severity = sa.Column(sa.UnicodeText)


class Identity(tk.BaseModel):
    """Which dataset a source's identifier means; outlives every run."""

    __tablename__ = "mxopendata_harvest_identity"

    source_id = sa.Column(sa.UnicodeText, primary_key=True)
    identifier = sa.Column(sa.UnicodeText, primary_key=True)
    dataset_id = sa.Column(sa.UnicodeText, nullable=False)
    hash = sa.Column(sa.UnicodeText, nullable=False)
    title_key = sa.Column(sa.UnicodeText, nullable=False)
    source_tags = sa.Column(ARRAY(sa.UnicodeText), nullable=False, default=list)
    findings = sa.Column(JSONB, nullable=False, default=list)
    severity = sa.Column(sa.UnicodeText)
    first_seen = sa.Column(sa.DateTime(timezone=True), nullable=False)
    absent_since = sa.Column(sa.DateTime(timezone=True))
    absent_runs = sa.Column(sa.Integer, nullable=False, default=0)
    archived_at = sa.Column(sa.DateTime(timezone=True))


class ManagedSource(tk.BaseModel):
    """A harvest source that a configuration file created; only these does ``sources sync`` touch."""

    __tablename__ = "mxopendata_harvest_source"

    source_id = sa.Column(sa.UnicodeText, primary_key=True)
    file = sa.Column(sa.UnicodeText, nullable=False)
    digest = sa.Column(sa.UnicodeText, nullable=False)
    created = sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))
