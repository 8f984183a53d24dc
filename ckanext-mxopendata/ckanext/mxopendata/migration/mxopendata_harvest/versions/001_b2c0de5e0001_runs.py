"""Runs, their spool and records, the identities of remote records, and the sources that files manage."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "b2c0de5e0001"
down_revision = None
branch_labels = None
depends_on = None

COUNTERS = (
    "read", "created", "updated", "unchanged", "matched", "restored", "duplicate", "excluded", "rejected",
    "in_grace", "archived", "deleted", "doubtful", "warnings",
)


def upgrade():
    op.create_table(
        "mxopendata_harvest_run",
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column("source_id", sa.UnicodeText, nullable=False),
        sa.Column("job_id", sa.UnicodeText),
        sa.Column("phase", sa.UnicodeText, nullable=False),
        sa.Column("status", sa.UnicodeText),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True)),
        sa.Column("force", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("total", sa.Integer),
        sa.Column("position", JSONB, nullable=False, server_default="{}"),
        sa.Column("findings", JSONB, nullable=False, server_default="[]"),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in COUNTERS),
    )
    op.create_index("ix_mxopendata_harvest_run_source", "mxopendata_harvest_run", ["source_id", "started"])
    op.create_index("ix_mxopendata_harvest_run_job", "mxopendata_harvest_run", ["job_id"])
    # Two runs of one source cannot overlap, whoever starts them.
    op.create_index(
        "uq_mxopendata_harvest_run_open", "mxopendata_harvest_run", ["source_id"], unique=True,
        postgresql_where=sa.text("status IS NULL"),
    )
    op.create_table(
        "mxopendata_harvest_spool",
        sa.Column("run_id", sa.UnicodeText, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("identifier", sa.UnicodeText, nullable=False),
        sa.Column("hash", sa.UnicodeText, nullable=False),
        sa.Column("title", sa.UnicodeText),
        sa.Column("title_key", sa.UnicodeText, nullable=False),
        sa.Column("action", sa.UnicodeText),
        sa.Column("findings", JSONB, nullable=False),
        sa.Column("severity", sa.UnicodeText),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_mxopendata_harvest_spool_identifier", "mxopendata_harvest_spool", ["run_id", "identifier"])
    op.create_table(
        "mxopendata_harvest_record",
        sa.Column("run_id", sa.UnicodeText, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("identifier", sa.UnicodeText, nullable=False),
        sa.Column("previous_identifier", sa.UnicodeText),
        sa.Column("title", sa.UnicodeText),
        sa.Column("title_key", sa.UnicodeText, nullable=False),
        sa.Column("hash", sa.UnicodeText, nullable=False),
        sa.Column("action", sa.UnicodeText, nullable=False),
        sa.Column("state", sa.UnicodeText, nullable=False),
        sa.Column("dataset_id", sa.UnicodeText),
        sa.Column("matched_by", sa.UnicodeText),
        sa.Column("possible_duplicate_of", sa.UnicodeText),
        sa.Column("findings", JSONB, nullable=False),
        sa.Column("severity", sa.UnicodeText),
    )
    op.create_index("ix_mxopendata_harvest_record_identifier", "mxopendata_harvest_record", ["run_id", "identifier"])
    op.create_index(
        "ix_mxopendata_harvest_record_waiting", "mxopendata_harvest_record", ["run_id", "number"],
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_table(
        "mxopendata_harvest_identity",
        sa.Column("source_id", sa.UnicodeText, primary_key=True),
        sa.Column("identifier", sa.UnicodeText, primary_key=True),
        sa.Column("dataset_id", sa.UnicodeText, nullable=False),
        sa.Column("hash", sa.UnicodeText, nullable=False),
        sa.Column("title_key", sa.UnicodeText, nullable=False),
        sa.Column("source_tags", ARRAY(sa.UnicodeText), nullable=False, server_default="{}"),
        sa.Column("findings", JSONB, nullable=False, server_default="[]"),
        sa.Column("severity", sa.UnicodeText),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("absent_since", sa.DateTime(timezone=True)),
        sa.Column("absent_runs", sa.Integer, nullable=False, server_default="0"),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_mxopendata_harvest_identity_dataset", "mxopendata_harvest_identity", ["dataset_id"])
    op.create_index(
        "ix_mxopendata_harvest_identity_title", "mxopendata_harvest_identity", ["source_id", "title_key"]
    )
    op.create_table(
        "mxopendata_harvest_source",
        sa.Column("source_id", sa.UnicodeText, primary_key=True),
        sa.Column("file", sa.UnicodeText, nullable=False),
        sa.Column("digest", sa.UnicodeText, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )


def downgrade():
    for table in ("source", "identity", "record", "spool", "run"):
        op.drop_table(f"mxopendata_harvest_{table}")
