"""What institutions promised: lines with every date they ever had, decisions on datasets, and bare counts."""

import sqlalchemy as sa
from alembic import op

revision = "91a3e0c5e002"
down_revision = "91a3e0c5e001"
branch_labels = None
depends_on = None


def _of_commitment():
    return sa.Column(
        "commitment_id",
        sa.UnicodeText,
        sa.ForeignKey("mxopendata_commitment.id", ondelete="CASCADE"),
        primary_key=True,
    )


def upgrade():
    op.create_table(
        "mxopendata_commitment",
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column("organization_id", sa.UnicodeText, nullable=False),
        sa.Column("line_key", sa.UnicodeText, nullable=False),
        sa.Column("title", sa.UnicodeText, nullable=False),
        sa.Column("resource", sa.UnicodeText, nullable=False),
        sa.Column("description", sa.UnicodeText, nullable=False),
        sa.Column("area", sa.UnicodeText, nullable=False),
        sa.Column("frequency", sa.UnicodeText),
        sa.Column("legal_basis", sa.UnicodeText, nullable=False),
        sa.Column("access_level", sa.UnicodeText),
        sa.Column("access_reason", sa.UnicodeText, nullable=False),
        sa.Column("open_to_all", sa.Boolean, nullable=False),
        sa.Column("in_inventory", sa.Boolean, nullable=False),
        sa.Column("in_plan", sa.Boolean, nullable=False),
        sa.Column("promised", sa.UnicodeText),
        sa.Column("due_from", sa.Date),
        sa.Column("due_on", sa.Date),
        sa.Column("withdrawn_on", sa.Date),
        sa.Column("withdrawn_reason", sa.UnicodeText, nullable=False),
        sa.Column("dataset_id", sa.UnicodeText),
        sa.Column("source_file", sa.UnicodeText),
        sa.Column("source_row", sa.Integer),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("organization_id", "line_key"),
    )
    op.create_index("ix_mxopendata_commitment_dataset_id", "mxopendata_commitment", ["dataset_id"])
    op.create_table(
        "mxopendata_commitment_date",
        _of_commitment(),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("promised", sa.UnicodeText),
        sa.Column("source_file", sa.UnicodeText),
        sa.Column("source_row", sa.Integer),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "mxopendata_commitment_match",
        _of_commitment(),
        sa.Column("dataset_id", sa.UnicodeText, primary_key=True),
        sa.Column("decision", sa.UnicodeText, nullable=False),
        sa.Column("score", sa.Numeric(4, 3)),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "mxopendata_commitment_total",
        sa.Column("organization_id", sa.UnicodeText, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True),
        sa.Column("committed", sa.Integer, nullable=False),
        sa.Column("source_file", sa.UnicodeText),
        sa.Column("source_row", sa.Integer),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade():
    for name in ("total", "match", "date"):
        op.drop_table(f"mxopendata_commitment_{name}")
    op.drop_table("mxopendata_commitment")
