"""What a run's records came to by cause, what of it needs somebody, and when that was told.

Revision ID: b2c0de5e0005
Revises: b2c0de5e0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "b2c0de5e0005"
down_revision = "b2c0de5e0004"
branch_labels = None
depends_on = None


def upgrade():
    for column in (
        sa.Column("causes", JSONB),
        sa.Column("needs", JSONB),
        sa.Column("told_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("mxopendata_harvest_run", column)


def downgrade():
    for name in ("told_at", "needs", "causes"):
        op.drop_column("mxopendata_harvest_run", name)
