"""Every table that the pages hand out is described, whatever indicators there are."""

from __future__ import annotations

import pytest
from frictionless import Schema

from ckanext.mxopendata.dashboard import tables
from ckanext.mxopendata.dashboard.table_schema import table_schema
from ckanext.mxopendata.quality.register import HEADLINES

TABLES = {
    "datasets": tables.DATASETS,
    "fields": tables.FIELDS,
    "methodology": tables.METHODOLOGY,
    "ranking": tables.ranking(),
    "series": tables.SERIES,
    **{f"portal-{name}": table for name, table in tables.PORTAL.items()},
    **{f"institution-{name}": table for name, table in tables.INSTITUTION.items()},
}


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_type_a_title_and_a_meaning(name: str):
    described = table_schema(TABLES[name])
    assert [field["name"] for field in described["fields"]] == list(TABLES[name].columns)
    assert all(field["title"] and field["description"] for field in described["fields"])
    assert Schema.metadata_validate(described) is not None
    assert list(Schema.metadata_validate(described)) == []


def test_what_is_not_known_is_a_missing_value():
    assert tables.NO_DATA in table_schema(tables.SERIES)["missingValues"]


def test_an_indicator_describes_its_own_column():
    fields = {field["name"]: field for field in table_schema(tables.SERIES)["fields"]}
    for indicator in HEADLINES.values():
        assert fields[indicator.id]["title"] == indicator.name["es"]
        is_number = indicator.unit in ("percent", "points", "share")
        assert fields[indicator.id]["type"] == ("number" if is_number else "integer")
