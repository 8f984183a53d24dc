"""What the ranking is read from beside each snapshot, and the quarters that were frozen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "d45b0a4d0002"
down_revision = "d45b0a4d0001"
branch_labels = None
depends_on = None

_SNAPSHOT = "mxopendata_dashboard_snapshot"


def upgrade():
    op.add_column(_SNAPSHOT, sa.Column("ranked", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column(_SNAPSHOT, sa.Column("gov_type", sa.UnicodeText))
    op.add_column(_SNAPSHOT, sa.Column("state", sa.UnicodeText))
    op.add_column(_SNAPSHOT, sa.Column("sectors", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.add_column(_SNAPSHOT, sa.Column("dimensions", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")))
    op.create_index("ix_mxopendata_dashboard_snapshot_day", _SNAPSHOT, ["day", "scope"])
    op.create_table(
        "mxopendata_dashboard_quarter",
        sa.Column("quarter", sa.UnicodeText, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("formula_version", sa.UnicodeText, nullable=False),
        sa.Column("datasets", sa.Integer, nullable=False),
        sa.Column("institutions", sa.Integer, nullable=False),
        sa.Column("archive", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.UnicodeText, nullable=False),
    )


def downgrade():
    op.drop_table("mxopendata_dashboard_quarter")
    op.drop_index("ix_mxopendata_dashboard_snapshot_day", table_name=_SNAPSHOT)
    for name in ("dimensions", "sectors", "state", "gov_type", "ranked"):
        op.drop_column(_SNAPSHOT, name)
