"""Neighbouring datasets of an export joined, to be copied together until one of them changes."""

import sqlalchemy as sa
from alembic import op

revision = "f7a6e5d40002"
down_revision = "f7a6e5d40001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_fragment_block",
        sa.Column("first", sa.UnicodeText, primary_key=True),
        sa.Column("format", sa.UnicodeText, primary_key=True),
        sa.Column("last", sa.UnicodeText, nullable=False),
        sa.Column("digest", sa.UnicodeText, nullable=False),
        sa.Column("piece", sa.LargeBinary, nullable=False),
        sa.Column("datasets", sa.Integer, nullable=False),
        sa.Column("counts", sa.UnicodeText, nullable=False),
        sa.Column("shared", sa.UnicodeText, nullable=False),
        sa.Column("institutions", sa.UnicodeText, nullable=False),
    )
    # The pieces are compressed already.
    op.execute("ALTER TABLE mxopendata_fragment_block ALTER COLUMN piece SET STORAGE EXTERNAL")


def downgrade():
    op.drop_table("mxopendata_fragment_block")
