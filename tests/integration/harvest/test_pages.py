"""Pages, files and who may see them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan.tests import factories, helpers

from .conftest import catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _text(response) -> str:
    return " ".join(BeautifulSoup(response.body, "html.parser").get_text().split())


@pytest.fixture
def run(portal, make_source, harvest):
    hostile = record("p1", '=HYPERLINK("http://mal.ejemplo","<b>clic</b>")')
    portal.serve("/data.json", catalogue(hostile, {"identifier": "p2"}, record("p3", "Parques")))
    return harvest(make_source())


def test_the_report_says_what_was_rejected_and_how_to_mend_it(app, run):
    page = app.get(f"/harvest/{run['source']}/corrida/{run['run']}", status=200)
    text = _text(page)
    assert "no tiene título" in text
    assert "Escriba en el portal de origen un título" in text
    assert "<b>clic</b>" not in page.body
    soup = BeautifulSoup(page.body, "html.parser")
    assert len(soup.find_all("h1")) == 1
    assert all(table.find("caption") for table in soup.find_all("table"))


def test_the_list_of_records_can_be_filtered(app, run):
    address = f"/harvest/{run['source']}/corrida/{run['run']}"
    rejected = BeautifulSoup(app.get(f"{address}?action=rejected").body, "html.parser").find(id="registros").parent
    assert [cell.get_text(" ", strip=True).split()[-1] for cell in rejected.select("tbody th")] == ["p2"]
    app.get(f"{address}?page=nada&severity=otra", status=200)


def test_the_files_hold_every_record_and_no_formula(app, run):
    address = f"/harvest/{run['source']}/corrida/{run['run']}"
    rows = list(csv.DictReader(io.StringIO(app.get(f"{address}.csv").body.lstrip("\ufeff"))))
    assert {row["identificador"] for row in rows} == {"p1", "p2", "p3"}
    assert next(row for row in rows if row["identificador"] == "p1")["titulo"].startswith("'=HYPERLINK")
    document = json.loads(app.get(f"{address}.json").body)
    assert (document["read"], document["rejected"], len(document["records"])) == (3, 1, 3)


def test_all_sources_stand_in_the_list(app, run):
    assert run["source_title"] in _text(app.get("/cosechas", status=200))
    listed = json.loads(app.get("/cosechas.json").body)
    line = next(line for line in listed if line["name"] == run["source"])
    assert (line["health"], line["datasets"], line["run"]["run"]) == ("errors", 2, run["run"])
    assert run["source"] in app.get("/cosechas.csv").body


def test_the_pages_of_a_dataset_name_its_source(app, run):
    dataset_id = next(line.dataset_id for line in records_of(run["run"]) if line.identifier == "p3")
    page = app.get(f"/dataset/{dataset_id}", status=200)
    assert f"/harvest/{run['source']}/corrida/{run['run']}" in page.body


@pytest.mark.parametrize("address", ["/harvest/otra/corrida/{run}", "/harvest/{source}/corrida/nada"])
def test_what_does_not_exist_is_not_found(app, run, address):
    app.get(address.format(**run), status=404)


def test_reports_of_a_private_source_are_not_public(app, run):
    helpers.call_action("package_patch", context={"ignore_auth": True}, id=run["source"], private=True)
    address = f"/harvest/{run['source']}/corrida/{run['run']}"
    for ending in ("", ".csv", ".json"):
        app.get(f"{address}{ending}", status=403)
    anonymous = {"user": "", "ignore_auth": False}
    for action in ("mxopendata_harvest_run_show", "mxopendata_harvest_record_list"):
        with pytest.raises(tk.NotAuthorized):
            helpers.call_action(action, context=dict(anonymous), run=run["run"])
    shown = helpers.call_action("mxopendata_harvest_run_list", context=dict(anonymous))
    assert run["run"] not in [item["run"] for item in shown]
    assert run["source_title"] not in _text(app.get("/cosechas"))
    sysadmin = factories.Sysadmin()["name"]
    seen = helpers.call_action("mxopendata_harvest_run_list", context={"user": sysadmin, "ignore_auth": False})
    assert run["run"] in [item["run"] for item in seen]
