"""Real catalogues of other governments go in whole, and go in again without touching anything.

The expected numbers are those counted in the files by whoever collected them, and recounted here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import helpers

from .conftest import records_of, row_versions

pytestmark = [
    pytest.mark.integration,
    pytest.mark.payloads,
    pytest.mark.usefixtures("clean_site", "with_request_context"),
]

PHILADELPHIA = ("pod_us/opendataphilly.data.json", 402, 2841)
ARGENTINA = ("datajson_ar/datos-gob-ar.2018-02.data.json", 617, 1494)


def _payload(shared: Path, name: str) -> bytes:
    return (shared / "payloads" / "harvest" / name).read_bytes()


def _stored(source: dict[str, Any]) -> tuple[int, int]:
    """How many datasets and resources of a source are in the database."""
    query = """
        SELECT count(DISTINCT p.id), count(r.id)
        FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id AND p.state = 'active'
        LEFT JOIN resource r ON r.package_id = p.id AND r.state = 'active'
        WHERE i.source_id = :source
    """
    return tuple(model.Session.execute(sa.text(query), {"source": source["id"]}).one())


@pytest.mark.parametrize(
    ("name", "datasets", "resources"), [PHILADELPHIA, ARGENTINA], ids=["philadelphia", "argentina"]
)
def test_a_real_catalogue_goes_in_whole_and_stays_untouched(
    shared, portal, make_source, harvest, monkeypatch, name, datasets, resources
):
    content = _payload(shared, name)
    listed = json.loads(content)["dataset"]
    assert (len(listed), sum(len(item.get("distribution") or []) for item in listed)) == (datasets, resources)
    source = make_source(f"/{name}")
    portal.serve(f"/{name}", content)
    run = harvest(source)
    assert (run["read"], run["created"], run["rejected"]) == (datasets, datasets, 0)
    assert _stored(source) == (datasets, resources)
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"', rows=0)
    assert found["count"] == datasets
    titles = {line.identifier: line.title for line in records_of(run["run"])}
    assert titles == {item["identifier"]: " ".join(item["title"].split()) for item in listed}

    before = row_versions()
    sent: list[Any] = []
    monkeypatch.setattr("ckanext.mxopendata.harvest.index._send", sent.append)
    again = harvest(source)
    assert (again["read"], again["unchanged"]) == (datasets, datasets)
    assert again["status"] == run["status"]
    assert again["warnings"] == run["warnings"]
    assert row_versions() == before
    assert not sent


def test_a_ckan_portal_is_read(shared, portal, make_source, harvest):
    portal.serve("/api/3/action/package_search", _payload(shared, "ckan/demo-ckan-package_search.json"))
    source = make_source("/", source_type="mx_ckan")
    run = harvest(source)
    assert (run["read"], run["created"]) == (3, 3)
    assert harvest(source)["unchanged"] == 3
    dataset = helpers.call_action("package_show", id=records_of(run["run"])[0].dataset_id)
    assert dataset["source_url"].startswith(portal.url("/dataset/"))


def test_a_record_without_title_is_rejected(shared, portal, make_source, harvest):
    portal.serve("/data.json", _payload(shared, "pod_us/missing_title.json"))
    run = harvest(make_source())
    assert (run["status"], run["read"], run["rejected"], run["created"]) == ("finished_with_errors", 1, 1, 0)
    line = helpers.call_action("mxopendata_harvest_record_list", run=run["run"])["results"][0]
    assert line["action"] == "rejected"
    assert [finding["code"] for finding in line["findings"]] == ["record_without_title"]


def test_a_record_without_identifier_is_taken_in_with_a_derived_one(shared, portal, make_source, harvest):
    portal.serve("/data.json", _payload(shared, "pod_us/dcatus_no_identifier.json"))
    source = make_source()
    run = harvest(source)
    assert (run["status"], run["created"]) == ("finished_with_warnings", 1)
    line = helpers.call_action("mxopendata_harvest_record_list", run=run["run"])["results"][0]
    assert line["identifier"] == "derivado:ayuntamiento-de-prueba:commitment-of-traders"
    assert "record_without_identifier" in [finding["code"] for finding in line["findings"]]
    assert harvest(source)["unchanged"] == 1


def test_equal_titles_with_identifiers_of_their_own_stay_two(shared, portal, make_source, harvest):
    portal.serve("/data.json", _payload(shared, "pod_us/dcatus_same_title.json"))
    source = make_source()
    assert harvest(source)["created"] == 2
    portal.serve("/data.json", _payload(shared, "pod_us/dcatus_same_title_step_2.json"))
    harvest(source)
    assert _stored(source)[0] == 2
