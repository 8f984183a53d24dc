"""Pages, files and who may see them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest import views
from ckanext.mxopendata.harvest.logic import action as actions

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


def _rows(response) -> list[str]:
    return [cell.a.get_text(strip=True) for cell in BeautifulSoup(response.body, "html.parser").select("tbody th")]


@pytest.fixture
def sources(portal, make_source, harvest, monkeypatch):
    """Four sources of a name of their own, two on a page: one failed three times, one is well, two are new."""
    monkeypatch.setattr(views, "SOURCES_ON_A_PAGE", 2)
    portal.serve("/bien.json", catalogue(record("u1")))
    made = [make_source(path) for path in ("/bien.json", "/no-hay.json", "/b.json", "/c.json")]
    for number, source in enumerate(made):
        helpers.call_action("package_patch", context={"ignore_auth": True}, id=source["id"], title=f"Ábaco {number}")
    helpers.call_action("harvest_source_patch", id=made[0]["id"], frequency="WEEKLY")
    harvest(made[0])
    for _ in range(3):
        harvest(made[1])
    yield made
    for source in made:
        helpers.call_action("harvest_source_delete", context={"ignore_auth": True}, id=source["id"])


def test_sources_are_searched_counted_and_paged(app, sources):
    first = app.get("/cosechas?q=abaco")
    assert _rows(first) == ["Ábaco 1", "Ábaco 2"]
    assert "Todas (4)" in _text(first)
    assert _rows(app.get("/cosechas?q=abaco&page=2")) == ["Ábaco 3", "Ábaco 0"]
    following = BeautifulSoup(first.body, "html.parser").find("a", rel="next")["href"]
    assert "q=abaco" in following
    assert _rows(app.get("/cosechas?q=abaco&estado=never&page=1")) == ["Ábaco 2", "Ábaco 3"]
    # A state without sources keeps its button, and a way out.
    nothing = _text(app.get("/cosechas?q=abaco&estado=held"))
    assert "Ninguna fuente es así." in nothing
    assert "Espera confirmación (0)" in nothing
    assert "Ninguna fuente es así." in _text(app.get("/cosechas?q=%3Cscript%3E&page=99"))
    app.get("/cosechas?estado=nada&page=nada", status=200)


def test_a_source_tells_how_it_did_and_when_it_is_next(app, sources):
    page = app.get("/cosechas?q=abaco")
    text = _text(page)
    assert "3 fallas seguidas" in text
    assert "Última que salió bien: nunca" in text
    titles = [title.get_text() for title in BeautifulSoup(page.body, "html.parser").select("svg title")]
    assert titles == ["Fallida: 3"]
    found = helpers.call_action("mxopendata_harvest_source_search", q="abaco", health="failed")
    (failed,) = found["results"]
    assert (failed["failures"], failed["last_success"], len(failed["recent"])) == (3, None, 3)
    assert found["health"] == {"failed": 1, "never": 2, "ok": 1}
    well = helpers.call_action("mxopendata_harvest_source_list", q="abaco", health="ok")[0]
    assert (well["failures"], well["datasets"], well["recent"][0]["read"]) == (0, 1, 1)
    assert well["last_success"] == well["last_finished"]
    assert [line["name"] for line in helpers.call_action("mxopendata_harvest_source_list", q="abaco", offset=3)] == [
        sources[0]["name"]
    ]
    second = _text(app.get("/cosechas?q=abaco&page=2"))
    assert "Cada semana" in second
    assert "Leídos: de 1 a 1".lower() in second.lower()


def test_the_files_hold_all_sources_however_many(app, sources, monkeypatch):
    # Answers of the actions have a limit; there may be more sources than that.
    monkeypatch.setattr(actions, "MAXIMUM_LIMIT", 1)
    with_run = [line["name"] for line in json.loads(app.get("/cosechas.json").body) if line["run"]]
    assert {source["name"] for source in sources[:2]} <= set(with_run)
    for source in sources:
        assert source["name"] in app.get("/cosechas.csv").body
        assert source["name"] in app.get("/cosechas.json").body


def test_a_run_is_compared_with_the_last_one_that_came_to_its_end(app, portal, make_source, harvest):
    portal.serve("/comparada.json", catalogue(record("k1"), {"identifier": "k2"}, record("k3"), record("k3")))
    source = make_source("/comparada.json")
    first = harvest(source)
    portal.serve("/comparada.json", "no", status=404)
    failed = harvest(source)
    without = record("k1")
    del without["identifier"]
    portal.serve("/comparada.json", catalogue(without, {"identifier": "k2"}, {"identifier": "k4"}, record("k3")))
    third = harvest(source)
    shown = helpers.call_action("mxopendata_harvest_run_show", run=third["run"], causes=True)
    assert shown["previous"]["run"] == first["run"]
    before = {cause["code"]: cause["before"] for cause in shown["causes"]}
    assert (before["record_without_title"], before["record_without_identifier"]) == (1, 0)
    assert [(cause["code"], cause["before"]) for cause in shown["gone"]] == [("record_repeated", 1)]
    page = app.get(f"/harvest/{source['name']}/corrida/{third['run']}")
    text = _text(page)
    assert f"/harvest/{source['name']}/corrida/{first['run']}" in page.body
    assert "Ya no se encontró" in text
    assert "El identificador «…» está repetido en el catálogo" in text
    assert "no estaba en la cosecha anterior" in text
    assert "registros por segundo" in text
    rejected = BeautifulSoup(page.body, "html.parser").find("th", string="Rechazados").find_parent("tr")
    assert [cell.get_text(strip=True) for cell in rejected.find_all("td")] == ["2", "2", "0"]
    # Of one that failed nothing can be said.
    broken = helpers.call_action("mxopendata_harvest_run_show", run=failed["run"], causes=True)
    assert (broken["causes"], broken["gone"]) == ([], [])


def test_a_record_counts_once_for_a_cause(app, portal, make_source, harvest):
    files = [{"title": f"t{n}", "downloadURL": f"https://a.mx/{n}", "format": "raro"} for n in range(3)]
    portal.serve("/varias.json", catalogue(record("v1", distribution=files)))
    shown = helpers.call_action(
        "mxopendata_harvest_run_show", run=harvest(make_source("/varias.json"))["run"], causes=True
    )
    cause = next(cause for cause in shown["causes"] if cause["code"] == "format_unknown")
    assert (cause["count"], len(cause["examples"])) == (1, 1)
    again = records_of(shown["run"])[0].findings
    assert sum(finding["code"] == "format_unknown" for finding in again) == 3


def test_a_run_writes_a_line_into_the_log(portal, make_source, harvest, log_lines):
    portal.serve("/data.json", catalogue(record("e1"), {"identifier": "e2"}))
    run = harvest(make_source())
    begun, ended = (line for line in log_lines if line.startswith("event=run_"))
    assert begun == f"event=run_started source={run['source']} run={run['run']} type=mx_datajson"
    facts = dict(pair.split("=") for pair in ended.split())
    assert (facts["event"], facts["run"], facts["status"]) == ("run_finished", run["run"], "finished_with_errors")
    assert (facts["read"], facts["created"], facts["rejected"]) == ("2", "1", "1")
    assert facts["cause"] == "record_without_title"
    assert {"seconds", "rate", "institution", "warnings"} <= facts.keys()
