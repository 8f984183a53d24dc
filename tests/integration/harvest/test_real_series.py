"""Real catalogues as they changed from one harvest to the next: nothing is lost, nothing is doubled.

What each series does was counted in its files by whoever collected them, and is recounted here.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.harvest.stock import HarvestSource
from ckanext.mxopendata.metadata.mapping import title_key

from .conftest import records_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.payloads,
    pytest.mark.usefixtures("clean_site", "with_request_context"),
]
CARROLL = [f"arcgis_hub/carroll-county.202302{day}.dcat-us-1.1.json" for day in ("10", "12", "14")]
DETROIT = [f"arcgis_hub/detroit.202302{day}.dcat-us-1.1.json" for day in ("02", "10")]
ARGENTINA = ["datajson_ar/datos-gob-ar.2018-02.data.json", "datajson_ar/datos-gob-ar.2018-04.data.json.gz"]
NOTHING_NEW = {"created": 0, "in_grace": 0, "archived": 0, "deleted": 0, "doubtful": 0}
Serve = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def alone(clean_site: None, with_request_context: Any) -> None:
    """Nothing is left of other tests: some of these catalogues list the same datasets, which are stored once."""
    for (source_id,) in model.Session.query(HarvestSource.id).all():
        helpers.call_action("harvest_source_clear", id=source_id)


@pytest.fixture
def serve(shared: Path, portal: Any) -> Serve:
    """Serves a payload as the catalogue of the portal; gives its records."""

    def one(name: str) -> list[dict[str, Any]]:
        path = shared / "payloads" / "harvest" / name
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        portal.serve("/data.json", content)
        return json.loads(content)["dataset"]

    return one


def datasets(source: Mapping[str, Any]) -> dict[str, str]:
    """Remote identifier → CKAN id of what a source has here."""
    query = """
        SELECT i.identifier, p.id FROM mxopendata_harvest_identity i
        JOIN package p ON p.id = i.dataset_id AND p.state = 'active' WHERE i.source_id = :source
    """
    return {row.identifier: row.id for row in model.Session.execute(sa.text(query), {"source": source["id"]})}


def only(run: Mapping[str, Any], names: Mapping[str, int]) -> dict[str, int]:
    return {name: run[name] for name in names}


def test_identifiers_that_lose_and_regain_a_layer_are_no_change(serve, make_source, harvest):
    source = make_source()
    serve(CARROLL[0])
    assert harvest(source)["created"] == 34
    first = set(datasets(source).values())
    for name in CARROLL[1:]:
        serve(name)
        run = harvest(source)
        assert run["read"] == 34
        assert only(run, {**NOTHING_NEW, "matched": 0}) == {**NOTHING_NEW, "matched": 0}
        assert set(datasets(source).values()) == first


def test_a_replaced_item_is_the_same_dataset_and_a_new_date_touches_one_field(serve, make_source, harvest):
    source = make_source()
    before = {item["identifier"]: item for item in serve(DETROIT[0])}
    harvest(source)
    first = datasets(source)
    shown = {dataset: helpers.call_action("package_show", id=dataset) for dataset in first.values()}
    after = {item["identifier"]: item for item in serve(DETROIT[1])}
    run = harvest(source)
    assert only(run, {**NOTHING_NEW, "matched": 1}) == {**NOTHING_NEW, "matched": 1}
    assert set(datasets(source).values()) == set(first.values())
    dated = [name for name in before.keys() & after.keys() if _differs_in(before[name], after[name]) == {"modified"}]
    assert len(dated) == 39
    lines = {line.dataset_id: line.action for line in records_of(run["run"])}
    redated = 0
    for name in dated:
        dataset = first.get(name) or first[name.removesuffix("&sublayer=0")]
        now = helpers.call_action("package_show", id=dataset)
        # CKAN's own time, and the extras in which ckanext-harvest names its newest object.
        changed = {key for key in now if now[key] != shown[dataset].get(key)} - {"metadata_modified", "extras"}
        assert changed <= {"modified"}, name
        assert lines[dataset] == "updated"
        redated += bool(changed)
    assert redated > 0


def _differs_in(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """The keys of a record that changed; the order of keywords is none of its content."""
    steady = [{**item, "keyword": sorted(item.get("keyword", []))} for item in (one, other)]
    return {key for key in steady[0].keys() | steady[1].keys() if steady[0].get(key) != steady[1].get(key)}


def test_an_empty_catalogue_removes_nothing(serve, make_source, harvest):
    source = make_source()
    serve(CARROLL[0])
    harvest(source)
    serve("arcgis_hub/vacio.20230307.dcat-us-1.1.json")
    assert harvest(source)["status"] in ("held", "failed")
    assert len(datasets(source)) == 34


def test_nearly_all_identifiers_change_and_the_datasets_stay(serve, make_source, harvest):
    source = make_source()
    before = serve(ARGENTINA[0])
    harvest(source)
    first = _by_title(source)
    after = serve(ARGENTINA[1])
    same = {title_key(item["title"]) for item in before} & {title_key(item["title"]) for item in after}
    assert len(same) == 532
    run = harvest(source)
    assert only(run, {"archived": 0, "deleted": 0}) == {"archived": 0, "deleted": 0}
    assert run["read"] == 632
    second = _by_title(source)
    kept = sum(bool(first[key] & second.get(key, set())) for key in same)
    assert kept >= 0.95 * len(same)


def _by_title(source: Mapping[str, Any]) -> dict[str, set[str]]:
    query = "SELECT title_key, dataset_id FROM mxopendata_harvest_identity WHERE source_id = :source"
    found: dict[str, set[str]] = {}
    for row in model.Session.execute(sa.text(query), {"source": source["id"]}):
        found.setdefault(row.title_key, set()).add(row.dataset_id)
    return found


def test_an_invalid_catalogue_is_in_or_reported(serve, make_source, harvest):
    source = make_source()
    read = serve("datajson_ar/agroindustria-invalido.data.json")
    assert len(read) == 119
    run = harvest(source)
    assert run["read"] == 119
    reported = [line for line in records_of(run["run"]) if line.action == "rejected"]
    assert len(datasets(source)) + len(reported) == 119
    assert all(line.findings for line in reported)


def test_equal_titles_stay_two(serve, make_source, harvest):
    source = make_source()
    for name in ("pod_us/dcatus_same_title.json", "pod_us/dcatus_same_title_step_2.json"):
        serve(name)
        harvest(source)
        assert len(set(datasets(source).values())) == 2
