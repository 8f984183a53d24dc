"""How a list was read, and what a reading of only the changes needs to know.

Revision ID: b2c0de5e0003
Revises: b2c0de5e0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "b2c0de5e0003"
down_revision = "b2c0de5e0002"
branch_labels = None
depends_on = None


def upgrade():
    for column in (
        sa.Column("reading", sa.UnicodeText),
        sa.Column("basis", sa.UnicodeText),
        sa.Column("full_at", sa.DateTime(timezone=True)),
        sa.Column("memory", JSONB, nullable=False, server_default="{}"),
    ):
        op.add_column("mxopendata_harvest_run", column)
    for table in ("spool", "record"):
        op.add_column(f"mxopendata_harvest_{table}", sa.Column("version", sa.UnicodeText))
    op.create_index(
        "ix_mxopendata_harvest_record_version", "mxopendata_harvest_record", ["run_id", "version"],
        postgresql_where=sa.text("version IS NOT NULL"),
    )


def downgrade():
    op.drop_index("ix_mxopendata_harvest_record_version", "mxopendata_harvest_record")
    for table in ("record", "spool"):
        op.drop_column(f"mxopendata_harvest_{table}", "version")
    for name in ("memory", "full_at", "basis", "reading"):
        op.drop_column("mxopendata_harvest_run", name)
