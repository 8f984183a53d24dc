"""Where datasets that were found to be another one are now.

Revision ID: b2c0de5e0002
Revises: b2c0de5e0001
"""

import sqlalchemy as sa
from alembic import op

revision = "b2c0de5e0002"
down_revision = "b2c0de5e0001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_harvest_redirect",
        sa.Column("former_id", sa.UnicodeText, primary_key=True),
        sa.Column("former_name", sa.UnicodeText, nullable=False, index=True),
        sa.Column("dataset_id", sa.UnicodeText, nullable=False, index=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.create_index(
        "ix_mxopendata_harvest_record_doubtful", "mxopendata_harvest_record", ["dataset_id"],
        postgresql_where=sa.text("possible_duplicate_of IS NOT NULL"),
    )


def downgrade():
    op.drop_index("ix_mxopendata_harvest_record_doubtful", "mxopendata_harvest_record")
    op.drop_table("mxopendata_harvest_redirect")
