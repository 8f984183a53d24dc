"""The methods of others: an institution's figures are those of its exported catalogue, and open their lists."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories

from ckanext.mxopendata.dashboard import computation, queries
from ckanext.mxopendata.dashboard.catalogue_file import measure_file, read_catalogue
from ckanext.mxopendata.dashboard.model import Measurement
from ckanext.mxopendata.quality import mqa
from ckanext.mxopendata.quality.archive import verify
from ckanext.mxopendata.quality.facts import FORMULA_VERSION
from ckanext.mxopendata.quality.register import FOREIGN

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

LAST_DAY = datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
_CONTACT = [{"name": "Unidad", "email": "datos@ejemplo.gob.mx"}]
_CASES: list[dict[str, Any]] = [
    {
        "notes": "Camas por hospital",
        "theme": ["salud"],
        "tags": [{"name": "camas"}],
        "contact": _CONTACT,
        "frequency": "R/P1Y",
        "modified": "2026-06-01",
        "license_id": "cc-by-4.0",
        "access_rights": "public",
        "resources": [{"url": "http://x.mx/a.csv", "name": "a", "format": "CSV", "mimetype": "text/csv"}],
    },
    {"frequency": "irregular", "resources": [{"url": "http://x.mx/b.pdf", "name": "b", "format": "PDF"}]},
    {"temporal_coverage": [{"start": "2020-01-01", "end": "2020-12-31"}], "modified": "2020-01-01"},
]


@pytest.fixture(scope="module", autouse=True)
def institution(clean_site: None) -> dict[str, Any]:
    """Three public datasets, of which one is private to its members, and one of another institution."""
    owner = factories.Organization(name="salud", title="Salud", gov_type="state", cvegeo="14")
    other = factories.Organization(name="otra", title="Otra", gov_type="state", cvegeo="14")
    given: dict[str, Any] = {"source_identifier": "x", "notes": ""}
    for number, case in enumerate(_CASES):
        factories.Dataset(owner_org=owner["id"], title=f"Datos {number}", **{**given, **case})
    factories.Dataset(owner_org=owner["id"], title="Secreto", private=True, **{**given, **_CASES[0]})
    factories.Dataset(owner_org=other["id"], title="De otra", **{**given, **_CASES[1]})
    computation.compute(LAST_DAY)
    return owner


def _report(**asked: Any) -> dict[str, Any]:
    return tk.get_action("mxopendata_institution_report")({"user": ""}, {"id": "salud", **asked})


def _exported(app: Any, address: str, path: Path) -> Any:
    path.write_bytes(app.get(address, status=200).data)
    return read_catalogue(path)


def test_the_mqa_of_an_institution_is_that_of_its_exported_catalogue(app: Any, tmp_path: Path):
    catalogue = _exported(app, "/organization/salud/catalog.ttl", tmp_path / "salud.ttl")
    expected = measure_file(catalogue, "mqa", LAST_DAY)["values"]
    found = _report()["indicators"]
    for metric in mqa.metrics():
        # Conformance is evidence that only a check of the file gives.
        if metric.id != "dcatApCompliance":
            assert found[f"mqa.{metric.id}"]["value"] == expected[metric.id], metric.id
    assert found["mqa.Findability"]["value"] == expected["Findability"] > 0


def test_pydatajson_of_an_institution_is_that_of_its_data_json(app: Any, tmp_path: Path):
    now = datetime.now(timezone.utc)
    catalogue = _exported(app, "/organization/salud/data.json", tmp_path / "data.json")
    expected = measure_file(catalogue, "pydatajson", now)["values"]
    found = _report()["indicators"]
    compared = {name: value["value"] for name, value in found.items() if name.partition(".")[2] in expected}
    assert compared == {name: expected[name.partition(".")[2]] for name in compared}
    assert found["pydatajson.datasets_cant"]["value"] == 3
    assert len(compared) == 14


def test_the_list_behind_a_figure_is_as_long_as_it_says():
    indicators = _report()["indicators"]
    for name, definition in FOREIGN.items():
        value = indicators[name]
        if definition.criterion and value["status"] == "ok" and value["unit"] != "resources":
            asked = {"institution": "salud", "indicator": name}
            met = tk.get_action("mxopendata_measurement_list")({"user": ""}, asked)["count"]
            assert met == value["numerator"], name
    lacking = {"institution": "salud", "indicator": "mqa.keywordAvailability", "meets": False}
    found = tk.get_action("mxopendata_measurement_list")({"user": ""}, lacking)
    assert [line["title"] for line in found["results"]] == ["Datos 1", "Datos 2"]


def test_adela_by_hand_and_no_more_than_is_public():
    indicators = _report()["indicators"]
    counts = {word: indicators[f"adela.recursos_{word}"]["value"] for word in ("oro", "plata", "bronce", "sin_medalla")}
    assert counts == {"oro": 1, "plata": 0, "bronce": 0, "sin_medalla": 1}
    assert (indicators["adela.medalla"]["value"], indicators["adela.apertura"]["value"]) == (2, 2)
    assert indicators["adela.calificacion"]["numerator"] == 50


def test_the_state_and_the_portal_are_the_sums_of_their_institutions():
    shown = tk.get_action("mxopendata_dashboard_show")({"user": ""}, {})
    state = next(line for line in shown["states"] if line["key"] == "14")
    assert state["indicators"]["pydatajson.datasets_cant"]["value"] == 4
    for name in FOREIGN:
        told, whole = state["indicators"][name], shown["indicators"][name]
        assert {**told, "list_url": None} == {**whole, "list_url": None}, name
    assert {line["indicator"] for line in shown["methods"]} == set(FOREIGN)


def test_pages_and_files_tell_them(app: Any):
    for address in ("/tablero/institucion/salud", "/tablero", "/tablero/metodologia"):
        page = app.get(address, status=200).get_data(as_text=True)
        assert "MQA, de data.europa.eu" in page
        assert "pydatajson, de la red de Argentina" in page
    page = app.get("/tablero/institucion/salud").get_data(as_text=True)
    assert "indicador=mqa.keywordAvailability&amp;cumple=no" in page
    body = app.get("/tablero/institucion/salud.csv?tabla=metodos", status=200).get_data(as_text=True)
    rows = {row["indicador"]: row for row in csv.DictReader(io.StringIO(body.removeprefix("\ufeff")))}
    assert rows["mqa.dcatApCompliance"]["valor"] == "sin datos"
    assert rows["mqa.keywordAvailability"]["valor"] == "10"
    assert set(rows) == set(FOREIGN)
    assert app.get("/tablero/institucion/salud.xlsx?tabla=metodos", status=200).data
    told = json.loads(app.get("/tablero/institucion/salud.json", status=200).body)
    assert told["rating"]["lowest"]


def test_indicators_are_explained_by_the_command_and_the_actions(cli: Any):
    from ckanext.mxopendata.cli import mxopendata

    result = cli.invoke(mxopendata, ["indicators", "explain", "mqa.total"])
    assert "405" in result.stdout
    shown = cli.invoke(mxopendata, ["indicators", "show", "--institution", "salud", "--json"])
    assert json.loads(shown.stdout)["adela.medalla"]["value"] == 2
    assert tk.get_action("mxopendata_indicator_show")({"user": ""}, {"id": "adela.calificacion"})["unit"] == "points"


def test_what_was_measured_by_former_formulas_is_unknown_until_it_is_measured_again():
    table = Measurement.__table__
    columns = {each.name: None for each in table.c if each.name == "mqa" or each.name.startswith(("adela_", "entry_"))}
    model.Session.execute(sa.update(table).values(formula_version="1", **columns))
    model.Session.commit()
    counted = queries.sums_by_owner(LAST_DAY)
    assert all(not sums.families.mqa.codes for sums in counted.values())
    assert _report()["indicators"]["mqa.total"]["status"] == "no_data"
    assert computation.compute(LAST_DAY).measured == 5
    assert _report()["indicators"]["mqa.total"]["status"] == "ok"
    told = set(model.Session.execute(sa.select(table.c.formula_version)).scalars())
    assert told == {FORMULA_VERSION}


def test_a_frozen_quarter_holds_them_and_anybody_can_recompute_them(app: Any):
    computation.freeze("2026Q3", LAST_DAY)
    content = app.get("/tablero/trimestre/2026Q3.zip", status=200).data
    found = verify(content)
    assert (found.datasets, found.differences) == (4, [])
