"""A full dataset, found by the search and harvested from this portal by our own connectors, has no changed field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckan.tests import factories, helpers

from ckanext.mxopendata.dcat import site
from ckanext.mxopendata.dcat.datajson import render_entry
from ckanext.mxopendata.metadata.crosswalk import fields_of
from integration.dcat.test_export import FULL

from .conftest import catalogue, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

# Not the source's to say: each portal gives its own.
OF_THE_PORTAL = frozenset(("name", "owner_org", "tag_string"))
# What Project Open Data has no place for, or only a part of.
LOST_IN_DATA_JSON = {
    "creator": "publisher is the institution",
    "spatial_coverage": "names of places only",
    "quality_url": "dataQuality is a yes or no",
    "version_notes": "no such property",
    "applicable_legislation": "no such property",
    "legal_basis_text": "no such property",
    "target_users": "no such property",
    "promised_on": "no such property",
    "resource.schema": "no such property",
    "resource.availability": "no such property",
    "resource.download_url": "a file's address is all there is of it",
    "resource.access_url": "likewise",
}


@pytest.fixture
def stored(clean_site: None) -> dict[str, Any]:
    institution = factories.Organization(title="Secretaría de Educación", gov_type="federal")
    fields = {**FULL, "identifier": institution["id"], "promised_on": "2026-12-01"}
    dataset = helpers.call_action("package_create", owner_org=institution["id"], name=institution["name"], **fields)
    return helpers.call_action("package_show", id=dataset["id"])


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field → what was stored and what came, of all fields that belong to the source."""
    pairs: dict[str, tuple[Any, Any]] = {}
    for name, row in fields_of("dataset").items():
        if row.owner == "source" and before.get(name) and name not in OF_THE_PORTAL:
            pairs[name] = (before[name], after.get(name))
    pairs["tags"] = tuple(sorted(tag["name"] for tag in dataset["tags"]) for dataset in (before, after))
    for old, new in zip(before["resources"], after["resources"], strict=True):
        for name, row in fields_of("resource").items():
            if row.owner == "source" and old.get(name):
                pairs[f"resource.{name}"] = (old[name], new.get(name))
    assert len(pairs) > 35
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def test_the_search_gives_what_is_stored(stored):
    (found,) = helpers.call_action("package_search", fq=f'id:"{stored["id"]}"')["results"]
    assert _differences(stored, found) == {}
    assert {name: found[name] for name in fields_of("dataset") if name in stored} == {
        name: stored[name] for name in fields_of("dataset") if name in stored
    }


def test_harvested_as_ckan_no_field_changes(stored, portal, make_source, harvest):
    answer = {"success": True, "result": {"count": 1, "results": [stored]}}
    portal.serve("/api/3/action/package_search", json.dumps(answer))
    run = harvest(make_source("/", source_type="mx_ckan"))
    assert (run["created"], run["rejected"]) == (1, 0)
    harvested = helpers.call_action("package_show", id=records_of(run["run"])[0].dataset_id)
    assert harvested["id"] != stored["id"]
    assert _differences(stored, harvested) == {}


def test_harvested_as_data_json_only_what_it_has_no_place_for_is_lost(stored, portal, make_source, harvest):
    entry = render_entry(stored, site.current_context()).dataset
    portal.serve("/data.json", catalogue(entry))
    run = harvest(make_source("/data.json"))
    assert (run["created"], run["rejected"]) == (1, 0)
    harvested = helpers.call_action("package_show", id=records_of(run["run"])[0].dataset_id)
    changed = _differences(stored, harvested)
    assert {name: pair for name, pair in changed.items() if name not in LOST_IN_DATA_JSON} == {}
