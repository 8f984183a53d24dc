"""Plan against fact on an institution's page: the line of time, what is due, the years, and what a quarter keeps."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories

from ckanext.mxopendata.core_tables import RESOURCE
from ckanext.mxopendata.dashboard import computation, promises, quarters
from ckanext.mxopendata.planning.commitment_import import ImportSettings, import_commitments
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.quality.archive import verify

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

NOW = datetime.now(timezone.utc)
NEXT_MONTH = (NOW.date().replace(day=1) + timedelta(days=40)).replace(day=10)
PLAN = (
    "conjunto_datos,fecha_publicacion\n"
    f"Padrón de rutas,{NOW.year}-01-15\nGacetas,{NOW.year - 1}-03\n<b>Presas</b>,{NEXT_MONTH}\nSecreto,{NEXT_MONTH}\n"
)
MOVED = f"conjunto_datos,fecha_publicacion\nPadrón de rutas,{NOW.year}-02-20\n"


@pytest.fixture(scope="module")
def site(clean_site: None) -> dict[str, Any]:
    """An institution that kept one promise late, broke one, has one to come and hides one; and one without any."""
    users = {role: factories.UserWithToken() for role in ("member", "stranger")}
    members = [{"name": users["member"]["name"], "capacity": "member"}]
    office = factories.Organization(
        name="rutas", title="Rutas", gov_type="municipal", cvegeo="14039", ranked="true", users=members
    )
    factories.Organization(name="callada", title="Callada", gov_type="municipal", cvegeo="14039", ranked="true")
    for text, file in ((PLAN, "plan.csv"), (MOVED, "plan-2.csv")):
        import_commitments(text.encode(), ImportSettings(file, NOW, office["id"]))
    kept = factories.Dataset(
        owner_org=office["id"], source_identifier="x", title="Rutas", issued=f"{NOW.year}-03-01", frequency="R/P1M",
        modified=NOW.date().isoformat(), resources=[{"url": "http://x.mx/a.csv", "name": "a", "format": "CSV"}],
    )  # fmt: skip
    lines = {line.title: line for line in model.Session.query(Commitment)}
    lines["Padrón de rutas"].dataset_id = kept["id"]
    lines["Secreto"].open_to_all = False
    model.Session.execute(
        sa.update(RESOURCE).where(RESOURCE.c.package_id == kept["id"]).values(created=f"{NOW.year - 1}-05-01")
    )
    model.Session.commit()
    counts = "institucion,filas_en_plan\nrutas,14\n"
    import_commitments(counts.encode(), ImportSettings(f"conteo-{NOW.year}.csv", NOW))
    computation.compute(NOW)
    return {"users": users, "kept": kept}


@pytest.fixture(autouse=True)
def _filled(site: dict[str, Any]) -> None:
    """Every test of this module has the site."""


def _report(name: str = "rutas") -> dict[str, Any]:
    return tk.get_action("mxopendata_institution_report")({"user": ""}, {"id": name})


def test_the_figures_say_what_was_promised_and_what_came_of_it():
    report = _report()
    told = {name: value["value"] for name, value in report["indicators"].items() if value["unit"] == "commitments"}
    assert (told["mx.committed"], told["mx.commitments_published"], told["mx.commitments_late"]) == (3, 1, 2)
    assert report["indicators"]["mx.commitments_kept"]["value"] == 50
    assert report["indicators"]["mx.commitments_late"]["list_url"].endswith(
        "/compromisos?institucion=rutas&cuenta=late"
    )
    dimension = next(each for each in report["dimensions"] if each["id"] == "commitments")
    # Kept weighs two thirds, half of it was; nothing of what was due was on time.
    assert (dimension["points"], dimension["lost"]) == (5, 10)
    assert dimension["parts"][0]["list_url"].endswith("cuenta=not_kept")


def test_who_promised_nothing_has_no_data_and_loses_nothing():
    report = _report("callada")
    assert report["indicators"]["mx.committed"]["status"] == "no_data"
    assert next(each for each in report["dimensions"] if each["id"] == "commitments")["points"] is None


def test_the_line_of_time_and_what_is_due():
    found = _report()["commitments"]
    assert found["count"] == 3
    lines = {line["title"]: line for line in found["timeline"]["lines"]}
    assert lines["Padrón de rutas"]["former"] == [f"{NOW.year}-01-15"]
    assert [mark["kind"] for mark in lines["Padrón de rutas"]["marks"]] == ["former", "promised", "published"]
    due = next(month for month in found["calendar"] if month["month"] == NEXT_MONTH.isoformat()[:7])
    assert [each["title"] for each in due["commitments"]] == ["Presas"]
    assert sum(month["dataset_count"] for month in found["calendar"]) == 1


def test_what_is_due_is_the_same_however_many_there_are(monkeypatch: pytest.MonkeyPatch):
    before = _report()["commitments"]["calendar"]
    assert any(month["commitment_count"] for month in before)
    monkeypatch.setattr(promises, "_AT_ONCE", 0)
    assert _report()["commitments"]["calendar"] == before


def test_years_as_the_national_portal_counts_them():
    lines = {line["year"]: line for line in _report()["per_year"]}
    before, this = lines[NOW.year - 1], lines[NOW.year]
    assert (before["created"], before["updated"], before["committed"], before["counted"]) == (1, 0, 1, None)
    assert (this["created"], this["updated"], this["counted"], this["counted_in"]) == (
        0, 1, 14, f"conteo-{NOW.year}.csv",
    )  # fmt: skip


def test_the_page_shows_it_and_hides_what_is_not_public(app: Any):
    text = app.get("/tablero/institucion/rutas", status=200).get_data(as_text=True)
    page = BeautifulSoup(text, "html.parser")
    assert "Secreto" not in text
    assert "<b>Presas" not in text
    rows = page.select("table.mxod-timeline tbody tr")
    assert len(rows) == 3
    moved = next(row for row in rows if "Padrón" in row.text)
    assert "15 de enero" in moved.text
    assert "Publicado tarde" in moved.text
    assert len(moved.select("svg.mxod-time .mxod-time-published")) == 1
    assert "conteo" in page.select_one("#por-ano").find_parent("section").text
    silent = app.get("/tablero/institucion/callada", status=200).get_data(as_text=True)
    assert "mxod-timeline" not in silent


def test_each_part_is_a_file(app: Any):
    def rows(table: str) -> list[dict[str, str]]:
        body = app.get(f"/tablero/institucion/rutas.csv?tabla={table}", status=200).get_data(as_text=True)
        return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))

    assert [row["situacion"] for row in rows("compromisos")] == ["overdue", "published", "pending"]
    assert {row["que"] for row in rows("calendario")} == {"compromiso", "actualización"}
    assert [row["comprometidos_segun_conteo"] for row in rows("anual")][-1] in ("14", "sin datos")
    figures = {row["indicador"]: row["valor"] for row in rows("cifras")}
    assert (figures["mx.committed"], figures["mx.inventoried"]) == ("3", "sin datos")
    report = json.loads(app.get("/tablero/institucion/rutas.json", status=200).get_data(as_text=True))
    assert report["commitments"]["timeline"]["lines"]


def test_a_frozen_quarter_keeps_the_promises_and_can_be_recomputed():
    quarter = quarters.quarter_of(NOW.date())
    ends = quarters.last_day_of(quarter)
    at = datetime.combine(ends, datetime.min.time(), timezone.utc) + timedelta(hours=18)
    computation.freeze(quarter, at)
    content = quarters.frozen_archive(quarter)
    assert content is not None
    found = verify(content)
    assert found.differences == []
    assert b"Secreto" not in content
    promised = promises.facts(at)
    assert promised is not None
    assert sorted(owner for owner, _ in promised) == ["rutas"] * 3


def test_without_the_room_of_promises_there_is_no_data(monkeypatch: pytest.MonkeyPatch, app: Any):
    loaded: Callable[[str], bool] = promises.p.plugin_loaded
    monkeypatch.setattr(promises.p, "plugin_loaded", lambda name: name != promises.PLANNING_PLUGIN and loaded(name))
    report = _report()
    assert report["commitments"]["count"] is None
    assert report["indicators"]["mx.committed"]["status"] == "no_data"
    assert report["indicators"]["mx.committed"]["list_url"] is None
    assert date.fromisoformat(report["commitments"]["timeline"]["from"]) < NOW.date()
    app.get("/tablero/institucion/rutas", status=200)
