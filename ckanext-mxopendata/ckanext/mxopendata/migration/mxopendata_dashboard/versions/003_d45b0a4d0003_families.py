"""What the families of indicators of others need of each dataset; unknown until it is measured again."""

import sqlalchemy as sa
from alembic import op

revision = "d45b0a4d0003"
down_revision = "d45b0a4d0002"
branch_labels = None
depends_on = None

_MEASUREMENT = "mxopendata_dashboard_measurement"


def upgrade():
    op.add_column(_MEASUREMENT, sa.Column("mqa", sa.UnicodeText))
    op.add_column(_MEASUREMENT, sa.Column("adela_medals", sa.ARRAY(sa.Integer)))
    op.add_column(_MEASUREMENT, sa.Column("adela_stars", sa.ARRAY(sa.Integer)))
    op.add_column(_MEASUREMENT, sa.Column("entry_distributions", sa.Integer))
    op.add_column(_MEASUREMENT, sa.Column("entry_valid", sa.Boolean))
    op.add_column(_MEASUREMENT, sa.Column("entry_with_data", sa.Boolean))
    op.add_column(_MEASUREMENT, sa.Column("entry_basis", sa.UnicodeText))
    op.add_column(_MEASUREMENT, sa.Column("entry_stale_on", sa.Date))
    op.add_column(_MEASUREMENT, sa.Column("entry_modified", sa.Date))
    op.add_column(_MEASUREMENT, sa.Column("entry_fields", sa.ARRAY(sa.Integer)))


def downgrade():
    for name in (
        "entry_fields",
        "entry_modified",
        "entry_stale_on",
        "entry_basis",
        "entry_with_data",
        "entry_valid",
        "entry_distributions",
        "adela_stars",
        "adela_medals",
        "mqa",
    ):
        op.drop_column(_MEASUREMENT, name)
