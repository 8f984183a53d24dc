"""A stored dataset leaves through ckanext-dcat's page and comes back by our parser and by ckanext-dcat's, unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from ckan.tests import factories, helpers

from ckanext.dcat.processors import RDFParser

from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from integration.comparison import differences, without_order

from .test_export import FULL

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


@pytest.fixture(scope="module")
def stored(clean_site: None) -> dict[str, Any]:
    institution = factories.Organization(title="Secretaría de Educación", gov_type="federal")
    fields = {**FULL, "promised_on": "2026-12-01"}
    dataset = helpers.call_action("package_create", name="ida-y-vuelta", owner_org=institution["id"], **fields)
    return helpers.call_action("package_show", id=dataset["id"])


@pytest.mark.parametrize("form", ["ttl", "xml", "jsonld"])
def test_the_page_of_a_dataset_says_all_of_it(form, stored, app):
    document = app.get(f"/dataset/{stored['id']}.{form}").data
    (parsed,) = parse_datasets(read_graph(document, form))
    assert differences(stored, parsed.dataset, without_order, local=True) == {}
    assert parsed.organization["id"] == stored["owner_org"]


def test_ckanext_dcat_s_parser_gives_our_fields(stored, app):
    parser = RDFParser(profiles=["mx_dcat_ap"])
    parser.parse(app.get(f"/dataset/{stored['id']}.ttl").body, _format="ttl")
    (dataset,) = parser.datasets()
    assert differences(stored, dataset, without_order) == {}
    assert "policy_alignment" not in dataset  # a local field
    assert {"key": "uri", "value": dataset["extras"][0]["value"]} == dataset["extras"][0]
    assert all(resource["uri"] for resource in dataset["resources"])
    institution = factories.Organization()
    again = helpers.call_action("package_create", name="vuelta", owner_org=institution["id"], **dataset)
    assert differences(stored, helpers.call_action("package_show", id=again["id"]), without_order) == {}
