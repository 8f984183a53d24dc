"""One existing CKAN, to which the suite comes as a guest: the files here tell its story, in the order of their names.

The lane ``guest`` runs them once for each CKAN version. Where a step fails on which all later ones stand, it ends.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from portals.governments import government
from portals.portal import Portal
from portals.server import PortalServer

from . import content
from .site import Place, Site, free_port, write_ini

STOCK_PLUGINS = "dcat harvest ckan_harvester dcat_json_harvester dcat_rdf_harvester activity text_view image_view"
STOCK_OPTIONS = {
    "ckan.plugins": STOCK_PLUGINS,
    "ckan.locale_default": "es",
    "ckan.locales_offered": "es en",
    "ckan.auth.create_unowned_dataset": "true",
}
SOURCES = {"otro-ckan": "ckan", "un-municipio": "dcat_json"}

# All that comes later stands on these.
GROUND = ("test_1_before.py::", "::test_the_wheel_is_installed", "::test_lines_tables_restart")

_EMPTY = """
import sys
import psycopg2, pysolr, redis
database, solr, queue = sys.argv[1:]
with psycopg2.connect(database) as connection, connection.cursor() as cursor:
    cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
pysolr.Solr(solr, always_commit=True).delete(q="*:*")
redis.Redis.from_url(queue).flushdb()
"""


@dataclass
class Story:
    """What one step hands to the next.

    Attributes:
        admin: token of the sysadmin.
        tokens: of the institutions' people.
        before: ``package_show`` of every dataset as it was before the suite came, by name.
        pages: addresses that anybody could open then.
        private: addresses that only an institution's own people could open.
    """

    admin: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)


@dataclass
class Remote:
    """A portal that is harvested."""

    url: str
    portal: Portal


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the story where its ground is missing: what fails after that says nothing."""
    report = yield
    if report.failed and any(place in report.nodeid for place in GROUND):
        item.session.shouldfail = f"{report.nodeid} failed, and everything after it stands on it"
    return report


@pytest.fixture(scope="session")
def story() -> Story:
    """Shared by all steps."""
    return Story()


@pytest.fixture(scope="session")
def place() -> Place:
    """The existing installation, its services emptied."""
    place = Place.from_environment()
    place.home.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [str(place.python), "-c", _EMPTY, place.database, place.solr, place.redis],
        env=place.environment(),
        check=True,
        timeout=60,
    )
    return place


@pytest.fixture(scope="session")
def remotes() -> Iterator[dict[str, Remote]]:
    """The two portals that are harvested, by the type of their source, on this machine."""
    servers = {
        "ckan": PortalServer(government("monterrey"), 0, content.TODAY),
        "dcat_json": PortalServer(government("guadalajara"), 0, content.TODAY),
    }
    servers["ckan"].portal.entries[:] = content.remote_packages(servers["ckan"].url)
    servers["dcat_json"].portal.entries[:] = content.remote_entries(servers["dcat_json"].url)
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers.values()]
    for thread in threads:
        thread.start()
    yield {
        "ckan": Remote(servers["ckan"].url, servers["ckan"].portal),
        "dcat_json": Remote(f"{servers['dcat_json'].url}/data.json", servers["dcat_json"].portal),
    }
    for server in servers.values():
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="session")
def site(place: Place) -> Iterator[Site]:
    """The site; it runs without the suite when it is first asked for."""
    site = Site(place, free_port(), place.home / "site.log")
    write_ini(place, site.port, STOCK_OPTIONS)
    try:
        site.start(tables=True)
        yield site
    finally:
        site.stop()
