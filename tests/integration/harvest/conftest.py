"""A portal to harvest, a source of it, and the harvest itself."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pysolr
import pytest
import sqlalchemy as sa
from sqlalchemy import event

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest import runner
from ckanext.mxopendata.harvest.model import Record
from ckanext.mxopendata.http_robots import RobotsMemory

_NUMBERS = itertools.count(1)
# Records of two tests of a module are two datasets, also where they have the same title.
_PLACES = itertools.count(1)
_place = {"number": 0}
INSTITUTION = "ayuntamiento-de-prueba"

Harvest = Callable[..., dict[str, Any]]


def catalogue(*records: dict[str, Any]) -> str:
    """A data.json with these records."""
    return json.dumps({"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": list(records)})


def file_address(identifier: str) -> str:
    """Where the file of :func:`record` lies, in the test of today."""
    return f"https://datos{_place['number']}.ejemplo.gob.mx/{identifier}.csv"


def record(identifier: str, title: str | None = None, **fields: Any) -> dict[str, Any]:
    """A record of a data.json."""
    return {
        "identifier": identifier,
        "title": title or f"Conjunto {identifier}",
        "description": "Datos de prueba",
        "keyword": ["agua", "drenaje"],
        "modified": "2026-01-31",
        "accrualPeriodicity": "R/P1M",
        "distribution": [
            {
                "title": "Tabla",
                "downloadURL": file_address(identifier),
                "mediaType": "text/csv",
                "format": "CSV",
            }
        ],
        **fields,
    }


def records_of(run: str) -> list[Any]:
    """The lines of a run, in the order of the list."""
    return model.Session.query(Record).filter(Record.run_id == run).order_by(Record.number).all()


def row_versions() -> dict[str, list[tuple[Any, ...]]]:
    """What changes whenever a row of ``package`` or ``resource`` is written, even with equal values."""
    queries = {
        "package": "SELECT id, xmin::text, ctid::text, metadata_modified FROM package"
        " WHERE type = 'dataset' ORDER BY id",
        "resource": "SELECT id, xmin::text, ctid::text FROM resource ORDER BY id",
    }
    versions = {}
    for table, query in queries.items():
        versions[table] = [tuple(row) for row in model.Session.execute(sa.text(query))]
    model.Session.rollback()
    return versions


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What PostgreSQL was asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(model.meta.engine, "before_cursor_execute", note)
    yield asked
    event.remove(model.meta.engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def read_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each harvest reads all of its list, also one that did not change; ``test_incremental`` is about the others."""
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.full_days", 0)


@pytest.fixture
def portal(loopback: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A portal of ours that may be harvested although it is on this machine."""
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [loopback.host])
    _place["number"] = next(_PLACES)
    # The port may be that of a portal of a test before, whose robots.txt would be remembered for an hour.
    monkeypatch.setattr("ckanext.mxopendata.harvest.source.ROBOTS", RobotsMemory())
    return loopback


@pytest.fixture
def make_source(portal: Any) -> Callable[..., dict[str, Any]]:
    """Makes a source of the portal."""

    def make(path: str = "/data.json", source_type: str = "mx_datajson", **config: Any) -> dict[str, Any]:
        if model.Group.get(INSTITUTION) is None:
            factories.Organization(name=INSTITUTION, title="Ayuntamiento", gov_type="municipal", cvegeo="14039")
        number = next(_NUMBERS)
        return helpers.call_action(
            "harvest_source_create",
            name=f"fuente-{number}",
            title=f"Fuente {number}",
            url=path if "://" in path else portal.url(path),
            source_type=source_type,
            owner_org=INSTITUTION,
            config=json.dumps(config) if config else "",
        )

    return make


@pytest.fixture
def stock_harvesters(clean_site: None, app: Any) -> None:
    """The harvesters of ckanext-harvest and ckanext-dcat beside ours; making the application would unload them."""
    for name in ("ckan_harvester", "dcat_json_harvester"):
        if not p.plugin_loaded(name):
            p.load(name)


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of datasets that are sent to Solr, as often as they are, whoever sends them."""
    sent: list[str] = []
    add = pysolr.Solr.add

    def noted(solr: pysolr.Solr, docs: list[dict[str, Any]], *arguments: Any, **options: Any) -> Any:
        sent.extend(document["id"] for document in docs if document.get("dataset_type") == "dataset")
        return add(solr, docs, *arguments, **options)

    monkeypatch.setattr(pysolr.Solr, "add", noted)
    return sent


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What CKAN and its plugins write into the log; their loggers pass nothing on to pytest's."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keeper, levels = Keeper(), {}
    for name in ("ckan", "ckanext"):
        logger = logging.getLogger(name)
        levels[logger] = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(keeper)
    for name in ("ckan.lib.mailer", "ckanext.mxopendata.harvest.events"):
        # CKAN's set-up of logging switches off what was there before it; in a site nothing of these is.
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
    yield lines
    for logger, level in levels.items():
        logger.setLevel(level)
        logger.removeHandler(keeper)


@pytest.fixture
def harvest(with_request_context: Any) -> Harvest:
    """Harvests a source to the end and gives the run."""

    def run(source: dict[str, Any], at: str | None = None, force: bool = False) -> dict[str, Any]:
        now = datetime.fromisoformat(at) if at else datetime.now(timezone.utc)
        run_id = runner.harvest(source["id"], now, force)
        model.Session.expire_all()
        return helpers.call_action("mxopendata_harvest_run_show", run=run_id)

    return run


@pytest.fixture
def make_stock(portal: Any, make_source: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Makes a source of a stock type; its portal has an address of its own each time."""

    def make(source_type: str, **config: Any) -> dict[str, Any]:
        path = portal.url("") if source_type == "ckan" else "/data.json"
        return make_source(path, source_type, **config)

    return make
