"""The change log and how far its readers have read."""

import sqlalchemy as sa
from alembic import op

revision = "a1c0de5e0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_change",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("xid", sa.BigInteger, nullable=False, server_default=sa.text("txid_current()")),
        sa.Column("dataset_id", sa.UnicodeText, nullable=False),
        sa.Column("kind", sa.UnicodeText, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.create_index("ix_mxopendata_change_order", "mxopendata_change", ["xid", "seq"])
    op.create_table(
        "mxopendata_change_reader",
        sa.Column("name", sa.UnicodeText, primary_key=True),
        sa.Column("xid", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade():
    op.drop_table("mxopendata_change_reader")
    op.drop_table("mxopendata_change")
