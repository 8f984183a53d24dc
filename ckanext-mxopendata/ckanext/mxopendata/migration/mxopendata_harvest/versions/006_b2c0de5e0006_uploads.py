"""The table that an institution without a portal uploads as its catalogue.

Revision ID: b2c0de5e0006
Revises: b2c0de5e0005
"""

import sqlalchemy as sa
from alembic import op

revision = "b2c0de5e0006"
down_revision = "b2c0de5e0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_harvest_upload",
        sa.Column("source_id", sa.UnicodeText, primary_key=True),
        sa.Column("organization_id", sa.UnicodeText, nullable=False, unique=True),
        sa.Column("file_name", sa.UnicodeText, nullable=False),
        sa.Column("digest", sa.UnicodeText, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("uploaded", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade():
    op.drop_table("mxopendata_harvest_upload")
