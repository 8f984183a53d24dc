"""Who is responsible for an institution's open data, since when, by which document."""

import sqlalchemy as sa
from alembic import op

revision = "91a3e0c5e001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mxopendata_role",
        sa.Column("id", sa.UnicodeText, primary_key=True),
        sa.Column("organization_id", sa.UnicodeText, nullable=False),
        sa.Column("kind", sa.UnicodeText, nullable=False),
        sa.Column("person", sa.UnicodeText, nullable=False),
        sa.Column("position", sa.UnicodeText),
        sa.Column("email", sa.UnicodeText),
        sa.Column("appointed_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("document", sa.UnicodeText),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_mxopendata_role_organization_id", "mxopendata_role", ["organization_id"])


def downgrade():
    op.drop_table("mxopendata_role")
