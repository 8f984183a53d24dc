"""A site with one harvested dataset, and a portal that can be broken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from tests.conftest import serving
from tests.integration.conftest import app, application, clean_site  # noqa: F401
from tests.integration.harvest.conftest import harvest, make_source, portal  # noqa: F401

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.harvest import runner

from .site import Site, figures, kill, lane_settings, write_ini


@pytest.fixture(scope="module")
def site(clean_site: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:  # noqa: F811
    """A harvesting site with processes of its own."""
    folder = tmp_path_factory.mktemp("site")
    with serving() as served:
        made = Site(served, write_ini(folder / "ckan.ini", served), lane_settings(), folder / "log")
        made.tend()
        yield made
        for process in made.consumers.values():
            if process.poll() is None:
                kill(process)


@pytest.fixture(scope="module")
def undisturbed(site: Site) -> dict[str, Any]:
    """Status and counters of a run that nothing happens to."""
    twin = site.make_source("gemela")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [site.portal.host])
        runner.harvest(twin["id"], datetime.now(timezone.utc))
    return figures(twin)
