"""Every table of ours comes and goes with its migration, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from ckan import model

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

TABLES = {
    "mxopendata": {"mxopendata_change", "mxopendata_change_reader"},
    "mxopendata_harvest": {
        "mxopendata_harvest_run",
        "mxopendata_harvest_spool",
        "mxopendata_harvest_record",
        "mxopendata_harvest_identity",
        "mxopendata_harvest_redirect",
        "mxopendata_harvest_elsewhere",
        "mxopendata_harvest_source",
        "mxopendata_harvest_upload",
    },
    "mxopendata_planning": {
        "mxopendata_role",
        "mxopendata_commitment",
        "mxopendata_commitment_date",
        "mxopendata_commitment_match",
        "mxopendata_commitment_total",
    },
    "mxopendata_dcat": {
        "mxopendata_fragment",
        "mxopendata_fragment_block",
        "mxopendata_fragment_shared",
        "mxopendata_fragment_state",
    },
    "mxopendata_dashboard": {
        "mxopendata_dashboard_measurement",
        "mxopendata_dashboard_snapshot",
        "mxopendata_dashboard_quarter",
    },
}


def _tables() -> set[str]:
    model.Session.rollback()
    names = set(sa.inspect(model.Session.connection()).get_table_names())
    model.Session.rollback()
    return {name for name in names if not name.endswith("_alembic_version")}


@pytest.mark.parametrize("plugin", TABLES)
def test_migrations_go_down_and_up_again(plugin: str, migrate_db_for: Callable[..., None]):
    before = _tables()
    assert before >= TABLES[plugin]
    migrate_db_for(plugin, "base", forward=False)
    try:
        assert before - _tables() == TABLES[plugin]
    finally:
        migrate_db_for(plugin)
    assert _tables() == before
