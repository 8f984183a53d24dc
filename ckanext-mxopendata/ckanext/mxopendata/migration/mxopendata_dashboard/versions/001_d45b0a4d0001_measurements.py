"""One measurement a dataset, one snapshot an institution and day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "d45b0a4d0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_dashboard_measurement",
        sa.Column("dataset_id", sa.UnicodeText, primary_key=True),
        sa.Column("owner_org", sa.UnicodeText),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("state", sa.UnicodeText, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("frequency", sa.UnicodeText),
        sa.Column("freshness_basis", sa.UnicodeText, nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True)),
        sa.Column("due", sa.DateTime(timezone=True)),
        sa.Column("late_after", sa.DateTime(timezone=True)),
        sa.Column("points", sa.Numeric(7, 1), nullable=False),
        sa.Column("points_max", sa.Integer, nullable=False),
        sa.Column("missing", JSONB, nullable=False),
        sa.Column("resources", sa.Integer, nullable=False),
        sa.Column("open_resources", sa.Integer, nullable=False),
        sa.Column("machine_readable_resources", sa.Integer, nullable=False),
        sa.Column("formats", JSONB, nullable=False),
        sa.Column("licensed", sa.Boolean, nullable=False),
        sa.Column("with_contact", sa.Boolean, nullable=False),
        sa.Column("package_modified", sa.DateTime),
        sa.Column("formula_version", sa.UnicodeText, nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_mxopendata_dashboard_measurement_owner", "mxopendata_dashboard_measurement", ["owner_org"])
    op.create_table(
        "mxopendata_dashboard_snapshot",
        sa.Column("scope", sa.UnicodeText, primary_key=True),
        sa.Column("scope_id", sa.UnicodeText, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("name", sa.UnicodeText, nullable=False),
        sa.Column("title", sa.UnicodeText, nullable=False),
        sa.Column("formula_version", sa.UnicodeText, nullable=False),
        sa.Column("sums", JSONB, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade():
    op.drop_table("mxopendata_dashboard_snapshot")
    op.drop_table("mxopendata_dashboard_measurement")
