"""The years in which a dataset got resources, and in which older ones changed; unknown until it is measured again."""

import sqlalchemy as sa
from alembic import op

revision = "d45b0a4d0004"
down_revision = "d45b0a4d0003"
branch_labels = None
depends_on = None

_MEASUREMENT = "mxopendata_dashboard_measurement"


def upgrade():
    op.add_column(_MEASUREMENT, sa.Column("created_years", sa.ARRAY(sa.Integer)))
    op.add_column(_MEASUREMENT, sa.Column("updated_years", sa.ARRAY(sa.Integer)))


def downgrade():
    op.drop_column(_MEASUREMENT, "updated_years")
    op.drop_column(_MEASUREMENT, "created_years")
