"""An empty site with all plugins of ``test.ini``, made once for each module: its tests use names of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ckan.plugins as p
from ckan.lib.app_globals import _CONFIG_CACHE
from ckan.tests.helpers import CKANCliRunner, CKANTestApp, _get_test_app

from integration.commands import runner

# CKAN drops every table when it resets; these plugins bring tables of their own.
PLUGINS_WITH_TABLES = (
    "harvest",
    "mxopendata",
    "mxopendata_harvest",
    "mxopendata_dcat",
    "mxopendata_dashboard",
    "mxopendata_planning",
)


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


@pytest.fixture(scope="module")
def application(clean_site: None) -> CKANTestApp:
    """The site's application; making it takes a second, which hundreds of tests would pay one by one."""
    return _get_test_app()


@pytest.fixture
def app(application: CKANTestApp, ckan_config: Any) -> CKANTestApp:
    """Instead of CKAN's own, which is made anew for each test; options are read when a page is asked for."""
    # Values kept from the test before would hide the options of this one.
    _CONFIG_CACHE.clear()
    return application
