"""What one portal of this suite exports as RDF another harvests as the same dataset."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest

from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.harvest.connectors.dcat import DcatConnector
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.mapping import MappedRecord, MappingSettings, map_record

from .conftest import INSTITUTION
from .test_parser import LOST, STORED_AS, same

ROWS = [row for row in crosswalk() if not row.subfield and row.level != "organization" and row.owner == "source"]


@pytest.fixture
def harvested(whole: dict[str, Any], context: ExportContext, loopback: Any, tmp_path: Path) -> MappedRecord:
    """The dataset with everything, out of a Turtle file of ours."""
    triples = [*render_dataset(copy.deepcopy(whole), context).all_triples()]
    loopback.serve("/catalog.nt", pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES) or b"")
    with HttpClient(HttpSettings("x", frozenset({loopback.host}), retries=0), tmp_path) as client:
        (page,) = DcatConnector().pages(client, loopback.url("/catalog.nt"), {}, tmp_path / "document")
    (record,) = page.records
    return map_record(record, "ckan", MappingSettings(institution_title=INSTITUTION["title"]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.level}.{row.field}")
def test_every_field_of_the_source_comes_back(row, whole, harvested):
    name = STORED_AS.get(row.field, row.field)
    if row.level == "dataset":
        given, came = [whole], [harvested.dataset]
    else:
        given, came = whole["resources"], harvested.dataset["resources"]
    wanted = [same(name, each[name]) for each in given if each.get(name) not in (None, "", [])]
    if (row.level, row.field) in LOST:
        return
    assert wanted, "the example does not fill the field in"
    assert [same(name, each[name]) for each in came if each.get(name) not in (None, "", [])] == wanted


def test_nothing_is_left_out(harvested):
    assert [finding.code for finding in harvested.findings if finding.code == "fields_left_out"] == []
