"""What was created, updated and committed this year: the same figures on pages, in lists, snapshots and archives."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.core_tables import RESOURCE
from ckanext.mxopendata.dashboard import computation, promises, quarters, queries, snapshots
from ckanext.mxopendata.dashboard.model import Measurement
from ckanext.mxopendata.planning.commitment_import import ImportSettings, import_commitments
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.quality.archive import verify
from ckanext.mxopendata.quality.facts import measure
from ckanext.mxopendata.quality.sums import of_datasets

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

NOW = datetime.now(timezone.utc)
YEAR, BEFORE = NOW.year, NOW.year - 1
PLAN = (
    "conjunto_datos,fecha_publicacion\n"
    f"Padrón de rutas,{YEAR}-01-15\nPresas,{YEAR}\nGacetas,{YEAR}-03\nSecreto,{YEAR}\n"
    f"Aforos,{BEFORE}-03\nCenso,{YEAR + 1}\n"
)
# Title → when its resources were created and last modified.
DATASETS: dict[str, list[tuple[str, str]]] = {
    "Nuevo": [(f"{YEAR}-01-01", f"{YEAR}-01-01T00:00:01")],
    "Viejo y con algo nuevo": [(f"{BEFORE}-12-31T23:59:59", f"{YEAR}-01-01"), (f"{YEAR}-01-02", f"{YEAR}-01-02")],
    "Viejo y actualizado": [(f"{BEFORE}-05-01", f"{YEAR}-01-01")] * 2,
    "Viejo": [(f"{BEFORE}-05-01", f"{BEFORE}-06-01"), (f"{BEFORE - 1}-05-01", f"{BEFORE - 1}-06-01")],
    "Sin recursos": [],
}
KINDS = ("created", "updated")


@pytest.fixture(scope="module", autouse=True)
def site(clean_site: None) -> dict[str, Any]:
    """An institution with datasets and promises of several years, a hidden one of each, and one without any."""
    office = factories.Organization(name="anual", title="Anual", gov_type="municipal", cvegeo="14039")
    factories.Organization(name="callada", title="Callada", gov_type="municipal", cvegeo="14039")
    for title, dates in {**DATASETS, "Privado": DATASETS["Nuevo"]}.items():
        resources = [{"url": f"http://x.mx/{number}.csv", "name": str(number)} for number, _ in enumerate(dates)]
        dataset = factories.Dataset(
            owner_org=office["id"], source_identifier="x", title=title, private=title == "Privado", resources=resources
        )
        for resource, (created, modified) in zip(dataset["resources"], dates, strict=True):
            values = {"created": created, "metadata_modified": modified}
            model.Session.execute(sa.update(RESOURCE).where(RESOURCE.c.id == resource["id"]).values(values))
    import_commitments(PLAN.encode(), ImportSettings("plan.csv", NOW, office["id"]))
    lines = {line.title: line for line in model.Session.query(Commitment)}
    lines["Gacetas"].withdrawn_on = NOW.date()
    lines["Secreto"].open_to_all = False
    again = {name: getattr(lines["Presas"], name) for name in ("organization_id", "due_from", "due_on", "promised")}
    model.Session.add(Commitment(**again, line_key="z", title="PRESAS", resource="z", in_plan=True, open_to_all=True))
    model.Session.commit()
    computation.compute(NOW)
    return office


@pytest.fixture(autouse=True)
def _of_today() -> None:
    if datetime.now(timezone.utc).year != YEAR:
        pytest.skip("the year has just ended")


def _report(name: str = "anual") -> dict[str, Any]:
    return tk.get_action("mxopendata_institution_report")({"user": ""}, {"id": name})


def _rows(app: Any, address: str) -> list[dict[str, str]]:
    body = app.get(address, status=200).get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))


def _told(indicators: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = (*KINDS, "committed")
    values = {name: indicators[f"mx.{name}_this_year"] for name in names}
    return {name: (value["value"], value["denominator"]) for name, value in values.items()}


EXPECTED = {"created": (2, 5), "updated": (2, 5), "committed": (2, 3)}


def test_the_figures_by_hand():
    assert _told(_report()["indicators"]) == EXPECTED
    # Nothing is published there, which is known; what it promised is not.
    assert _told(_report("callada")["indicators"]) == {"created": (0, 0), "updated": (0, 0), "committed": (None, None)}
    shown = tk.get_action("mxopendata_dashboard_show")({"user": ""}, {})
    state = next(line for line in shown["states"] if line["key"] == "14")
    order = next(line for line in shown["orders_of_government"] if line["key"] == "municipal")
    institution = next(line for line in shown["institutions"] if line["institution"] == "anual")
    for part in (shown, state, order, institution):
        assert _told(part["indicators"]) == EXPECTED


def test_this_years_column_is_the_figures():
    report = _report()
    lines = {line["year"]: line for line in report["per_year"]}
    for name in (*KINDS, "committed"):
        assert lines[YEAR][name] == report["indicators"][f"mx.{name}_this_year"]["value"], name
        assert lines[YEAR][f"{name}_url"]
    assert {year: (line["created"], line["updated"], line["committed"]) for year, line in lines.items()} == {
        BEFORE - 1: (1, 0, None),
        BEFORE: (3, 0, 1),
        YEAR: (2, 2, 2),
        YEAR + 1: (0, 0, 1),
    }
    assert [line["year"] for line in report["per_year"]] == sorted(lines)


def test_the_database_counts_as_the_formulas_do():
    listed = tk.get_action("package_search")({"user": ""}, {"rows": 100})["results"]
    # The dates were written past the search index.
    fresh = {"use_cache": False}
    facts = [measure(helpers.call_action("package_show", dict(fresh), id=each["id"])) for each in listed]
    owner = model.Group.get("anual").id
    for moment in (NOW, NOW.replace(year=BEFORE, day=1), NOW.replace(year=YEAR + 1, day=1)):
        pure, counted = of_datasets(facts, moment), queries.sums_by_owner(moment)[owner]
        for what in KINDS:
            for name in (f"{what}_known", f"{what}_this_year"):
                assert getattr(counted, name) == getattr(pure, name), (name, moment)


def test_each_opens_the_list_of_what_counts_as_a_page_and_as_files(app: Any):
    indicators = _report()["indicators"]
    met = {
        "created": {"Nuevo", "Viejo y con algo nuevo"},
        "updated": {"Viejo y con algo nuevo", "Viejo y actualizado"},
    }
    for what, titles in met.items():
        address = indicators[f"mx.{what}_this_year"]["list_url"].split("#")[0]
        page = BeautifulSoup(app.get(address, status=200).body, "html.parser")
        assert {link.text for link in page.select("#mxod-lista tbody th a:first-child")} == titles
        path, query = address.split("?")
        assert {row["titulo"] for row in _rows(app, f"{path}.csv?{query}")} == titles
        assert {row["titulo"] for row in _rows(app, f"{path}.csv?{query}&cumple=no")} == set(DATASETS) - titles
        book = openpyxl.load_workbook(io.BytesIO(app.get(f"{path}.xlsx?{query}", status=200).data))
        assert book.active.max_row == 1 + len(titles)
        listed = json.loads(app.get(f"/tablero/conjuntos.json?{query}", status=200).body)
        assert {line["title"] for line in listed["results"]} == titles
        assert len(titles) == indicators[f"mx.{what}_this_year"]["numerator"]
    address = indicators["mx.committed_this_year"]["list_url"]
    assert address.endswith("/compromisos?institucion=anual&cuenta=committed_this_year")
    page = app.get(address, status=200).get_data(as_text=True)
    assert "en un plan de apertura para este año" in page
    lines = _rows(app, address.replace("/compromisos?", "/compromisos.csv?"))
    # A title has as many lines as resources were promised.
    assert sorted(row["conjunto"] for row in lines) == ["PRESAS", "Padrón de rutas", "Presas"]
    assert len({row["conjunto"].lower() for row in lines}) == indicators["mx.committed_this_year"]["value"]


def test_pages_files_and_commands_tell_them(app: Any, cli: Any):
    from ckanext.mxopendata.cli import mxopendata

    for address in ("/tablero", "/tablero/institucion/anual"):
        page = BeautifulSoup(app.get(address, status=200).body, "html.parser")
        for name, (value, _) in EXPECTED.items():
            assert page.select_one(f"#mx-{name}_this_year .mxod-figure-value").text.strip() == str(value), address
    silent = BeautifulSoup(app.get("/tablero/institucion/callada", status=200).body, "html.parser")
    assert silent.select_one("#mx-committed_this_year .mxod-figure-value").text.strip() == "sin datos"
    figures = {row["indicador"]: row for row in _rows(app, "/tablero/institucion/anual.csv?tabla=cifras")}
    portal = {row["institucion"]: row for row in _rows(app, "/tablero.csv")}
    series = {row["institucion"]: row for row in _rows(app, "/tablero/serie.csv")}
    defined = {row["indicador"]: row for row in _rows(app, "/tablero/metodologia.csv")}
    triples = app.get("/tablero/institucion/anual.ttl", status=200).get_data(as_text=True)
    shown = cli.invoke(mxopendata, ["indicators", "show", "--institution", "anual", "--json"])
    for name, (value, _) in EXPECTED.items():
        key = f"mx.{name}_this_year"
        assert figures[key]["valor"] == portal["anual"][key] == series["anual"][key] == str(value)
        assert "año en curso" in defined[key]["formula"]
        assert "estadisticas_pnda_back" in defined[key]["fuente"]
        assert f"mx-{name}_this_year-" in triples
        assert json.loads(shown.stdout)[key]["value"] == value
    assert "sin datos" in (portal["callada"]["mx.committed_this_year"], series["callada"]["mx.committed_this_year"])


def test_the_day_keeps_them():
    row = snapshots.on_day(snapshots.INSTITUTION, model.Group.get("anual").id, snapshots.local_day(NOW))
    assert row is not None
    assert _told(row["figures"]) == EXPECTED
    assert (row["sums"]["created_this_year"], row["sums"]["updated_known"]) == (2, 5)


def test_what_only_members_see_is_in_none_of_them():
    everything = {"institution": "anual", "closed": True}
    inside = tk.get_action("mxopendata_commitment_sums")({"ignore_auth": True, "user": ""}, everything)
    assert inside["institutions"]["anual"]["committed_this_year"] == EXPECTED["committed"][0] + 1


def test_a_year_that_was_taken_back_whole_is_zero_and_one_that_no_plan_names_is_not_there():
    taken = model.Session.query(Commitment).filter_by(title="Aforos").one()
    taken.withdrawn_on = NOW.date()
    model.Session.commit()
    try:
        told = tk.get_action("mxopendata_commitment_sums")({"user": ""}, {"institution": "anual"})
        assert told["committed_per_year"] == {str(BEFORE): 0, str(YEAR): 2, str(YEAR + 1): 1}
    finally:
        taken.withdrawn_on = None
        model.Session.commit()


def test_a_frozen_quarter_keeps_the_years_and_titles_they_are_made_from():
    quarter = quarters.quarter_of(NOW.date())
    at = datetime.combine(quarters.last_day_of(quarter), datetime.min.time(), timezone.utc) + timedelta(hours=18)
    computation.freeze(quarter, at)
    content = quarters.frozen_archive(quarter)
    assert content is not None
    assert verify(content).differences == []
    promised = promises.facts(at)
    assert promised is not None
    titles = {facts.title for _, facts in promised}
    assert titles == {"Padrón de rutas", "Presas", "PRESAS", "Gacetas", "Aforos", "Censo"}


def test_until_they_are_measured_again_nobody_knows():
    table = Measurement.__table__
    model.Session.execute(sa.update(table).values(formula_version="2", created_years=None, updated_years=None))
    model.Session.commit()
    report = _report()
    assert {name: _told(report["indicators"])[name] for name in KINDS} == {"created": (None, 0), "updated": (None, 0)}
    lines = {line["year"]: line for line in report["per_year"]}
    assert (lines[YEAR]["created"], lines[YEAR]["updated"], lines[YEAR]["committed"]) == (None, None, 2)
    assert computation.compute(NOW).changed == len(DATASETS) + 1
    assert _told(_report()["indicators"]) == EXPECTED
