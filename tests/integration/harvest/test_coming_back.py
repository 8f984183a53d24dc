"""Our tables were taken away with the suite and are there again, empty: a source knows its datasets all the same."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.harvest.model import Identity, Record, Run, Spooled

from .conftest import catalogue, record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

_DATASETS = "SELECT id, name, state FROM package WHERE type = 'dataset' ORDER BY name"
_RESOURCES = "SELECT id, package_id, url FROM resource WHERE state = 'active' ORDER BY package_id, url"


def _stored() -> list[list[tuple[str, ...]]]:
    found = [[tuple(row) for row in model.Session.execute(sa.text(query))] for query in (_DATASETS, _RESOURCES)]
    model.Session.rollback()
    return found


def test_a_harvest_without_identities_creates_nothing(portal, make_source, harvest):
    records = [record(f"b{number}") for number in range(5)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    assert harvest(source)["created"] == 5
    before = _stored()
    for table in (Identity, Record, Run, Spooled):
        model.Session.execute(sa.delete(table.__table__))
    model.Session.commit()
    run = harvest(source)
    assert (run["read"], run["created"], run["rejected"]) == (5, 0, 0)
    assert _stored() == before
    # From now on it is a source like any other.
    run = harvest(source)
    assert (run["unchanged"], run["created"], run["updated"]) == (5, 0, 0)
    # What is no longer listed is noticed, too.
    portal.serve("/data.json", catalogue(*records[1:]))
    assert harvest(source)["in_grace"] == 1
