"""A stored dataset leaves through ckanext-dcat's page and comes back by our parser and by ckanext-dcat's, unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckan.tests import factories, helpers

from ckanext.dcat.processors import RDFParser

from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.metadata.crosswalk import fields_of

from .test_export import FULL

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

# Set when the dataset is read in another portal, not carried.
OF_THE_PORTAL = frozenset(("name", "owner_org", "tag_string"))
RESOURCE_OF_THE_PORTAL = frozenset(("download_url",))


@pytest.fixture(scope="module")
def stored(clean_site: None) -> dict[str, Any]:
    institution = factories.Organization(title="Secretaría de Educación", gov_type="federal")
    fields = {**FULL, "promised_on": "2026-12-01"}
    dataset = helpers.call_action("package_create", name="ida-y-vuelta", owner_org=institution["id"], **fields)
    return helpers.call_action("package_show", id=dataset["id"])


def _same(name: str, value: Any) -> Any:
    if name in ("schema",):
        return json.loads(value)
    if name == "spatial_coverage" and isinstance(value, list):
        return [{key: json.loads(part) if key == "bbox" else part for key, part in place.items()} for place in value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value[:1] if name == "theme" else [], sorted(value)
    return value


def _compare(stored: dict[str, Any], came: dict[str, Any], local: bool) -> None:
    rows = fields_of("dataset")
    names = [name for name in rows if stored.get(name) and name not in OF_THE_PORTAL]
    names = [name for name in names if local or rows[name].owner == "source" or name == "gov_type"]
    assert len(names) > 20
    assert {name: _same(name, came.get(name)) for name in names} == {name: _same(name, stored[name]) for name in names}
    assert sorted(tag["name"] for tag in came["tags"]) == sorted(tag["name"] for tag in stored["tags"])
    for before, after in zip(stored["resources"], came["resources"], strict=True):
        kept = [name for name in fields_of("resource") if before.get(name) and name not in RESOURCE_OF_THE_PORTAL]
        assert len(kept) > 10
        assert {name: _same(name, after.get(name)) for name in kept} == {
            name: _same(name, before[name]) for name in kept
        }


@pytest.mark.parametrize("form", ["ttl", "xml", "jsonld"])
def test_the_page_of_a_dataset_says_all_of_it(form, stored, app):
    document = app.get(f"/dataset/{stored['id']}.{form}").data
    (parsed,) = parse_datasets(read_graph(document, form))
    _compare(stored, parsed.dataset, local=True)
    assert parsed.organization["id"] == stored["owner_org"]


def test_ckanext_dcat_s_parser_gives_our_fields(stored, app):
    parser = RDFParser(profiles=["mx_dcat_ap"])
    parser.parse(app.get(f"/dataset/{stored['id']}.ttl").body, _format="ttl")
    (dataset,) = parser.datasets()
    _compare(stored, dataset, local=False)
    assert "policy_alignment" not in dataset  # a local field
    assert {"key": "uri", "value": dataset["extras"][0]["value"]} == dataset["extras"][0]
    assert all(resource["uri"] for resource in dataset["resources"])
    institution = factories.Organization()
    again = helpers.call_action("package_create", name="vuelta", owner_org=institution["id"], **dataset)
    _compare(stored, {**helpers.call_action("package_show", id=again["id"]), "gov_type": stored["gov_type"]}, False)
