"""Datasets as parts of export files, made once and copied until they change."""

import sqlalchemy as sa
from alembic import op

revision = "f7a6e5d40001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_fragment",
        sa.Column("dataset_id", sa.UnicodeText, primary_key=True),
        sa.Column("format", sa.UnicodeText, primary_key=True),
        sa.Column("institution", sa.UnicodeText, nullable=False),
        sa.Column("modified", sa.UnicodeText, nullable=False),
        sa.Column("piece", sa.LargeBinary, nullable=False),
        sa.Column("counts", sa.UnicodeText, nullable=False),
        sa.Column("shared", sa.UnicodeText, nullable=False),
        sa.Column("names_institution", sa.Boolean, nullable=False),
    )
    op.create_index("ix_mxopendata_fragment_institution", "mxopendata_fragment", ["institution"])
    # The pieces are compressed already.
    op.execute("ALTER TABLE mxopendata_fragment ALTER COLUMN piece SET STORAGE EXTERNAL")
    op.create_table(
        "mxopendata_fragment_shared",
        sa.Column("key", sa.UnicodeText, primary_key=True),
        sa.Column("format", sa.UnicodeText, primary_key=True),
        sa.Column("piece", sa.LargeBinary, nullable=False),
        sa.Column("needs", sa.UnicodeText, nullable=False),
    )
    op.create_table(
        "mxopendata_fragment_state",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("made_with", sa.UnicodeText, nullable=False),
    )


def downgrade():
    op.drop_table("mxopendata_fragment_state")
    op.drop_table("mxopendata_fragment_shared")
    op.drop_table("mxopendata_fragment")
