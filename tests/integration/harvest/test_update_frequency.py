"""A portal of this suite, harvested as a CKAN: what its API works out for others is nothing new for us."""

from __future__ import annotations

import json

import pytest

from ckan.tests import factories, helpers

from .conftest import records_of, row_versions

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def test_it_is_neither_stored_nor_a_change(app, portal, make_source, harvest):
    resources = [
        {"name": "diaria", "url": "https://x.gob.mx/d.csv", "frequency": "R/P1D"},
        {"name": "otra", "url": "https://x.gob.mx/o.csv"},
    ]
    owner = factories.Organization()["id"]
    made = helpers.call_action(
        "package_create", name="aforo", title="Aforo", owner_org=owner, frequency="R/P1Y", resources=resources
    )
    answer = app.get(f"/api/3/action/package_search?fq=id:{made['id']}").json
    (shown,) = answer["result"]["results"]
    assert [resource["update_frequency"] for resource in shown["resources"]] == ["Diario", "Anual"]
    portal.serve("/api/3/action/package_search", json.dumps(answer))
    source = make_source("/", source_type="mx_ckan")
    run = harvest(source)
    assert (run["created"], run["rejected"]) == (1, 0)
    (line,) = records_of(run["run"])
    assert line.findings == []
    copied = helpers.call_action("package_show", context={"use_cache": False}, id=line.dataset_id)["resources"]
    assert [resource.get("frequency") for resource in copied] == ["R/P1D", None]
    assert not [resource for resource in copied if "update_frequency" in resource]

    before = row_versions()
    assert harvest(source)["unchanged"] == 1
    for resource in shown["resources"]:
        del resource["update_frequency"]  # as a portal answers whose suite is older
    portal.serve("/api/3/action/package_search", json.dumps(answer))
    assert harvest(source)["unchanged"] == 1
    assert row_versions() == before
