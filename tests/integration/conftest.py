"""An empty site with all plugins of ``test.ini``, made once for each module: its tests use names of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ckan.plugins as p
from ckan.tests.helpers import CKANCliRunner

from integration.commands import runner

# CKAN drops every table when it resets; these plugins bring tables of their own.
PLUGINS_WITH_TABLES = ("harvest", "mxopendata", "mxopendata_harvest", "mxopendata_dashboard", "mxopendata_planning")


@pytest.fixture(scope="module")
def clean_site(
    reset_db: Callable[[], None],
    migrate_db_for: Callable[[str], None],
    reset_index: Callable[[], None],
    reset_redis: Callable[..., Any],
) -> None:
    """Empty tables (CKAN's and ours), an empty search index and an empty Redis database."""
    # CKAN unloads all plugins before the first test; loading them again for each test would cost more than the tests.
    if not p.plugin_loaded("mxopendata"):
        p.load_all()
    reset_db()
    for plugin in PLUGINS_WITH_TABLES:
        migrate_db_for(plugin)
    reset_index()
    reset_redis()


@pytest.fixture
def cli(ckan_config: Any) -> CKANCliRunner:
    """Instead of CKAN's own, which mixes the outputs on CKAN 2.11."""
    return runner(env={"CKAN_INI": ckan_config["__file__"]})
