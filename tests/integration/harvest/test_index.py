"""Each CKAN version indexes in its own place: a harvested dataset is sent to Solr once, and never too late or never."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pysolr
import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest import index
from ckanext.mxopendata.harvest.datasets import DatasetWriter
from ckanext.mxopendata.harvest.indexing import Indexing
from ckanext.mxopendata.harvest.model import WRITTEN, Record

from .conftest import catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]
ON_2_12 = tk.check_ckan_version(min_version="2.12.0b0")


def _found(source: dict[str, Any]) -> list[str]:
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"', rows=100)
    return sorted(dataset["title"] for dataset in found["results"])


def test_the_place_of_this_version_is_known():
    assert index.INDEXED_BY_COMMIT is not ON_2_12
    assert (index._document_maker() is not None) is ON_2_12


def test_a_dataset_is_indexed_once(portal, make_source, harvest, indexed):
    """CKAN 2.11 itself sends a new dataset with resources twice: never more often than that."""
    file = {"url": "https://datos.ejemplo.gob.mx/a.csv", "name": "Tabla"}
    by_hand = factories.Dataset(owner_org=factories.Organization()["id"], resources=[file], frequency="R/P1M")
    usual = 1 if ON_2_12 else Counter(indexed)[by_hand["id"]]
    indexed.clear()
    portal.serve("/data.json", catalogue(*(record(f"x{number}") for number in range(6))))
    source = make_source()
    ids = {line.dataset_id for line in records_of(harvest(source)["run"])}
    assert Counter(indexed) == dict.fromkeys(ids, usual)
    indexed.clear()
    portal.serve("/data.json", catalogue(*(record(f"x{number}", description="Otra") for number in range(6))))
    assert harvest(source)["updated"] == 6
    assert Counter(indexed) == dict.fromkeys(ids, 1)
    assert len(_found(source)) == 6


def test_a_record_that_solr_refuses_costs_only_itself(portal, make_source, harvest, monkeypatch):
    add = pysolr.Solr.add

    def refusing(solr: pysolr.Solr, docs: list[dict[str, Any]], *arguments: Any, **options: Any) -> Any:
        if any(document.get("title") == "Registro y3" for document in docs):
            raise pysolr.SolrError("Solr responded with an error (HTTP 400): immense term")
        return add(solr, docs, *arguments, **options)

    monkeypatch.setattr(pysolr.Solr, "add", refusing)
    portal.serve("/data.json", catalogue(*(record(f"y{number}", f"Registro y{number}") for number in range(6))))
    source = make_source()
    run = harvest(source)
    lines = {line.identifier: line for line in records_of(run["run"])}
    assert [facts["code"] for facts in lines["y3"].findings][-1] == "record_not_indexed"
    assert _found(source) == [f"Registro y{number}" for number in (0, 1, 2, 4, 5)]
    stored = {
        name for (name,) in model.Session.query(model.Package.name).filter(model.Package.name.like("registro-y%"))
    }
    # What the first try had sent to Solr is not found any more.
    hits = helpers.call_action("package_search", q="name:registro-y*", rows=100)["results"]
    assert {hit["name"] for hit in hits} <= stored
    assert len({hit["id"] for hit in hits}) == len(hits) == 5


def test_what_the_commit_leaves_out_is_indexed_too(portal, make_source, harvest, indexed, monkeypatch):
    """The record changed, its dataset did not: it has a new harvest object all the same, and the index must know it."""
    portal.serve("/data.json", catalogue(record("z1", describedByType="a")))
    source = make_source()
    first = harvest(source)
    portal.serve("/data.json", catalogue(record("z1", describedByType="b")))
    run = harvest(source)
    assert run["updated"] == 1
    dataset_id = records_of(first["run"])[0].dataset_id
    (current,) = model.Session.execute(
        index.sa.select(index.HARVEST_OBJECTS.c.id).where(
            index.HARVEST_OBJECTS.c.package_id == dataset_id, index.HARVEST_OBJECTS.c.current.is_(True)
        )
    ).one()
    # Not package_show: in a hundredth of all moments CKAN takes its own copy in the index for outdated.
    (found,) = helpers.call_action("package_search", fq=f'id:"{dataset_id}"')["results"]
    assert {extra["key"]: extra["value"] for extra in found["extras"]}["harvest_object_id"] == current


@pytest.mark.skipif(not ON_2_12, reason="CKAN 2.11 indexes in the commit itself")
def test_solr_works_while_the_next_batch_is_written(portal, make_source, harvest, monkeypatch):
    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 2)
    third_written = threading.Event()
    waited: list[bool] = []
    add, write = pysolr.Solr.add, DatasetWriter.write

    def patient(solr: pysolr.Solr, docs: list[dict[str, Any]], *arguments: Any, **options: Any) -> Any:
        if any(document.get("title") == "Registro w0" for document in docs):
            waited.append(third_written.wait(60))
        return add(solr, docs, *arguments, **options)

    def told(writer: DatasetWriter, row: Any, record: Any) -> Any:
        if row["identifier"] == "w2":
            third_written.set()
        return write(writer, row, record)

    monkeypatch.setattr(pysolr.Solr, "add", patient)
    monkeypatch.setattr(DatasetWriter, "write", told)
    portal.serve("/data.json", catalogue(*(record(f"w{number}", f"Registro w{number}") for number in range(5))))
    source = make_source()
    assert harvest(source)["created"] == 5
    assert waited == [True]
    assert _found(source) == [f"Registro w{number}" for number in range(5)]


@pytest.mark.skipif(not ON_2_12, reason="CKAN 2.11 indexes in the commit itself")
def test_what_is_on_its_way_to_solr_is_sent_by_nobody_else(portal, make_source, harvest, monkeypatch):
    """Until its process dies, which ends the locks: then who takes up the run sends it (``test_queue``)."""
    seen: list[list[int]] = []
    begin = Indexing.begin

    def watched(indexing: Indexing, numbers: dict[str, int]) -> None:
        begin(indexing, numbers)
        record_table = Record.__table__
        query = sa.select(record_table.c.number).where(record_table.c.state == WRITTEN)
        with model.meta.engine.connect() as other:
            seen.append(list(other.execute(query.with_for_update(skip_locked=True)).scalars()))

    monkeypatch.setattr(Indexing, "begin", watched)
    portal.serve("/data.json", catalogue(*(record(f"v{number}") for number in range(3))))
    assert harvest(make_source())["created"] == 3
    assert seen == [[]]
