"""``update_frequency`` in CKAN's API: worked out for who reads, understood from who writes, stored by nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

KEY = "update_frequency"
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def headers(clean_site: None) -> dict[str, str]:
    user = factories.Sysadmin()
    return {"Authorization": factories.APIToken(user=user["name"])["token"]}


@pytest.fixture
def api(app: Any, headers: dict[str, str]) -> Call:
    """Calls an action over HTTP, as a client does."""

    def call(action: str, status: int = 200, **data: Any) -> Any:
        answer = app.post(f"/api/3/action/{action}", json=data, extra_environ={}, headers=headers, status=status)
        document = json.loads(answer.body)
        return document["result"] if status == 200 else document["error"]

    return call


@pytest.fixture
def made(complete: Call) -> Call:
    """A dataset with one resource for each of some frequencies."""

    def make(name: str, *frequencies: str, **fields: Any) -> dict[str, Any]:
        resources = [
            {"name": f"r{number}", "url": f"https://x.mx/{name}/{number}.csv", "frequency": frequency}
            for number, frequency in enumerate(frequencies)
        ]
        return helpers.call_action("package_create", **complete(name, resources=resources, **fields))

    return make


def _stored(name: str) -> list[dict[str, Any]]:
    """The resources in the database, extras and all."""
    model.Session.expire_all()
    package = model.Package.get(name)
    assert package is not None
    return [{**(item.extras or {}), "name": item.name} for item in package.resources_all if item.state == "active"]


def _frequencies(name: str) -> list[Any]:
    stored = _stored(name)
    assert all(KEY not in item for item in stored), "it is stored"
    return [item.get("frequency") or None for item in stored]


class TestReading:
    def test_every_way_in_which_the_national_portal_asks(self, api: Call, made: Call):
        made("leido", "R/P1D", "")
        shown = api("package_show", id="leido")
        (found,) = api("package_search", fq="name:leido")["results"]
        (listed,) = (item for item in api("current_package_list_with_resources", limit=100) if item["name"] == "leido")
        for dataset in (shown, found, listed):
            assert [resource[KEY] for resource in dataset["resources"]] == ["Diario", "Anual"]
        assert api("resource_show", id=shown["resources"][1]["id"])[KEY] == "Anual"

    def test_nobody_else_sees_it(self, api: Call, made: Call):
        made("de-adentro", "R/P1D")
        shown = helpers.call_action("package_show", id="de-adentro")
        (found,) = helpers.call_action("package_search", fq="name:de-adentro")["results"]
        assert KEY not in shown["resources"][0]
        assert KEY not in found["resources"][0]
        api("package_show", id="de-adentro", use_default_schema=True)
        api("mxopendata_dataset_validate", id="de-adentro")
        found = helpers.call_action("package_search", fq="name:de-adentro", fl="name,res_extras_update_frequency")
        assert KEY not in json.dumps(found["results"])


class TestWriting:
    def test_a_round_trip_changes_nothing(self, api: Call, made: Call):
        made("ida-y-vuelta", "R/P1D", "")
        shown = api("package_show", id="ida-y-vuelta")
        api("package_update", **shown)
        assert _frequencies("ida-y-vuelta") == ["R/P1D", None]
        again = api("package_show", id="ida-y-vuelta")
        if tk.check_ckan_version("2.12"):
            assert again == shown, "metadata_modified stays as well"
        api("resource_update", **shown["resources"][1])
        api("resource_patch", id=shown["resources"][0]["id"], description="Otra")
        assert _frequencies("ida-y-vuelta") == ["R/P1D", None]

    def test_in_the_place_of_the_field(self, api: Call, made: Call, complete: Call):
        resources = [
            {"name": "a", "url": "https://x.mx/a.csv", KEY: "mensualmente"},
            {"name": "b", "url": "", KEY: "Anual"},
        ]
        api("package_create", **complete("en-su-lugar", resources=resources))
        assert _frequencies("en-su-lugar") == ["R/P1M", None], "the second only repeats the dataset's"
        api("resource_create", package_id="en-su-lugar", name="c", url="https://x.mx/c.csv", **{KEY: "Semanal"})
        assert _frequencies("en-su-lugar") == ["R/P1M", None, "R/P1W"]

    def test_a_client_that_edits_what_it_was_shown(self, api: Call, made: Call):
        made("editado", "R/P1D", "")
        shown = api("package_show", id="editado")
        shown["resources"][0][KEY], shown["resources"][1][KEY] = "Semanal", "Trimestral"
        api("package_update", **shown)
        assert _frequencies("editado") == ["R/P1W", "R/P3M"]

    def test_a_client_that_edits_the_fields_beside_it(self, api: Call, made: Call):
        made("campos", "R/P1D", "")
        shown = api("package_show", id="campos")
        shown["frequency"], shown["resources"][0]["frequency"] = "R/P1M", "R/P1W"
        api("package_update", **shown)
        assert _frequencies("campos") == ["R/P1W", None]
        assert [item[KEY] for item in api("package_show", id="campos")["resources"]] == ["Semanal", "Mensual"]

    def test_what_contradicts_itself_is_refused(self, api: Call, made: Call):
        made("contrario", "R/P1D")
        shown = api("package_show", id="contrario")
        shown["resources"][0].update({"frequency": "R/P1W", KEY: "Anual"})
        error = api("package_update", status=409, **shown)
        assert "Anual" in error["resources"][0]["frequency"][0]
        assert _frequencies("contrario") == ["R/P1D"]

    def test_what_cannot_be_read_is_kept(self, api: Call, complete: Call):
        resources = [{"name": "a", "url": "https://x.mx/a.csv", KEY: "cuando se pueda"}]
        api("package_create", **complete("ilegible", resources=resources))
        assert _frequencies("ilegible") == [None]
        assert _stored("ilegible")[0]["original_frequency"] == "cuando se pueda"


def test_reading_costs_little(made: Call):
    """Of a dataset with a hundred resources, as the API shows it and as it is shown inside (rule 14: 1.2 times)."""
    made("muchos", *(["R/P1D", ""] * 50))

    def seconds(**context: Any) -> float:
        started = time.process_time()
        for _ in range(5):
            tk.get_action("package_show")({"ignore_auth": True, **context}, {"id": "muchos"})
        return time.process_time() - started

    seconds()
    ratio = min(seconds(api_version=3) for _ in range(4)) / min(seconds() for _ in range(4))
    assert ratio <= 1.2
