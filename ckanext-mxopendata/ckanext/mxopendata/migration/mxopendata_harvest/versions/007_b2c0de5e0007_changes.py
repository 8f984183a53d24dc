"""What of a record is written differently here; nothing is known of records that were written before.

Revision ID: b2c0de5e0007
Revises: b2c0de5e0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "b2c0de5e0007"
down_revision = "b2c0de5e0006"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("mxopendata_harvest_identity", sa.Column("changes", JSONB))


def downgrade():
    op.drop_column("mxopendata_harvest_identity", "changes")
