"""Records whose dataset is stored through another source, and what a record says of where it comes from.

Revision ID: b2c0de5e0004
Revises: b2c0de5e0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "b2c0de5e0004"
down_revision = "b2c0de5e0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_harvest_elsewhere",
        sa.Column("source_id", sa.UnicodeText, primary_key=True),
        sa.Column("identifier", sa.UnicodeText, primary_key=True),
        sa.Column("dataset_id", sa.UnicodeText, nullable=False, index=True),
        sa.Column("through", sa.UnicodeText, nullable=False),
        sa.Column("reason", sa.UnicodeText, nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.add_column("mxopendata_harvest_spool", sa.Column("origin", sa.UnicodeText))
    op.add_column("mxopendata_harvest_identity", sa.Column("origin", sa.UnicodeText))
    op.add_column(
        "mxopendata_harvest_identity", sa.Column("hints", ARRAY(sa.UnicodeText), nullable=False, server_default="{}")
    )
    # Whether another source stores the dataset of a new record is asked by its title, its identifier and its origin.
    op.create_index("ix_mxopendata_harvest_identity_any_title", "mxopendata_harvest_identity", ["title_key"])
    op.create_index("ix_mxopendata_harvest_identity_any_identifier", "mxopendata_harvest_identity", ["identifier"])
    op.create_index(
        "ix_mxopendata_harvest_identity_any_origin", "mxopendata_harvest_identity", ["origin"],
        postgresql_where=sa.text("origin IS NOT NULL"),
    )


def downgrade():
    for name in ("origin", "identifier", "title"):
        op.drop_index(f"ix_mxopendata_harvest_identity_any_{name}", "mxopendata_harvest_identity")
    op.drop_column("mxopendata_harvest_identity", "hints")
    op.drop_column("mxopendata_harvest_identity", "origin")
    op.drop_column("mxopendata_harvest_spool", "origin")
    op.drop_table("mxopendata_harvest_elsewhere")
