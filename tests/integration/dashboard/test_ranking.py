"""The ranking by day and by quarter, its movement, the trend, and quarters that are frozen for ever."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.dashboard import computation, quarters, snapshots
from ckanext.mxopendata.dashboard.model import Snapshot
from ckanext.mxopendata.quality.archive import verify
from ckanext.mxopendata.quality.publication_index import weights

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

# In the last quarter but one, so that what these tests freeze has really ended.
BEFORE = datetime(2026, 8, 10, 12, tzinfo=timezone.utc)
LAST_DAY = datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
_CONTACT = [{"name": "Unidad", "email": "datos@ejemplo.gob.mx"}]
_OPEN = [{"url": "http://x.mx/a.csv", "name": "a", "format": "CSV"}]
_CLOSED = [{"url": "http://x.mx/a.pdf", "name": "a", "format": "PDF"}]


@pytest.fixture(scope="module")
def site(clean_site: None) -> dict[str, Any]:
    """Five institutions: two alike, one better since August, one without datasets, one that is not ranked."""
    from ckan.tests import factories

    def institution(name: str, **fields: Any) -> dict[str, Any]:
        given = {"gov_type": "municipal", "cvegeo": "14039", "ranked": "true", **fields}
        return factories.Organization(name=name, title=name.capitalize(), **given)

    def dataset(owner: dict[str, Any], resources: list[dict[str, str]], **fields: Any) -> dict[str, Any]:
        given = {"source_identifier": "x", "title": f"Datos de {owner['name']}", "notes": "", "resources": resources}
        return factories.Dataset(owner_org=owner["id"], **{**given, **fields})

    one, twin, better = institution("autlan"), institution("ameca"), institution("zapopan")
    institution("vacia")
    aside = institution("aparte", ranked="false")
    sectoral = institution("salud", gov_type="federal", cvegeo="", sectors=["salud"])
    for owner in (one, twin, aside, sectoral):
        dataset(owner, _OPEN)
    improved = dataset(better, _CLOSED)
    private = dataset(one, _CLOSED, private=True, title="Secreto de Estado")
    computation.compute(BEFORE)
    helpers.call_action("package_patch", id=improved["id"], resources=_OPEN, license_id="libreusomx", contact=_CONTACT)
    computation.compute(LAST_DAY)
    return {"better": better, "private": private}


@pytest.fixture(autouse=True)
def _filled(site: dict[str, Any]) -> None:
    """Every test of this module has the site."""


def _ranking(**asked: Any) -> list[dict[str, Any]]:
    return tk.get_action("mxopendata_ranking")({"user": ""}, asked)


def test_equal_indices_share_a_place_and_what_has_none_stands_last():
    lines = _ranking(gov_type="municipal")
    told = [(line["position"], line["tied"], line["institution"]) for line in lines]
    assert told == [(1, False, "zapopan"), (2, True, "ameca"), (2, True, "autlan"), (None, False, "vacia")]
    assert lines[1]["index"] == lines[2]["index"] < lines[0]["index"]
    assert (lines[3]["index"], lines[3]["known"]) == (None, 0)
    assert [line["institution"] for line in _ranking(sector="salud")] == ["salud"]
    assert [line["institution"] for line in _ranking(state="14", gov_type="federal")] == []


def test_the_index_is_the_sum_of_its_published_dimensions():
    for line in _ranking():
        known = [each for each in line["dimensions"].values() if each["points"] is not None]
        assert set(line["dimensions"]) == set(weights().dimensions)
        if line["index"] is not None:
            added, worth = sum(each["points"] for each in known), sum(each["weight"] for each in known)
            assert (line["index"], line["known"]) == (round(100 * added / worth, 1), worth)


def test_movement_is_told_from_a_month_before():
    better = next(line for line in _ranking(gov_type="municipal") if line["institution"] == "zapopan")
    assert (better["position"], better["previous"]) == (1, 3)
    then = tk.get_action("mxopendata_snapshot_list")({"user": ""}, {"institution": "zapopan", "until": "2026-08-31"})
    assert then["count"] == 1
    assert better["change"] == round(better["index"] - then["results"][0]["indicators"]["mx.index"]["value"], 1) > 0
    shown = tk.get_action("mxopendata_dashboard_show")({"user": ""}, {})
    assert [line["institution"] for line in shown["movement"]["better"]] == ["zapopan"]
    assert shown["movement"]["worse"] == []


def test_an_institutions_report_tells_place_lost_points_median_and_trend():
    report = tk.get_action("mxopendata_institution_report")({"user": ""}, {"id": "zapopan"})
    assert (report["position"], report["of"], report["tied"], report["previous"]) == (1, 3, False, 3)
    openness = next(each for each in report["dimensions"] if each["id"] == "openness")
    assert (openness["points"], openness["lost"], openness["score"]) == (openness["weight"], 0, 100)
    metadata = next(each for each in report["dimensions"] if each["id"] == "metadata")
    assert metadata["lost"] == round(metadata["weight"] - metadata["points"], 1) > 0
    assert metadata["parts"][0]["list_url"].endswith("indicador=mx.completeness&cumple=no#conjuntos")
    twins = tk.get_action("mxopendata_institution_report")({"user": ""}, {"id": "ameca"})
    assert report["medians"]["mx.completeness"] == twins["indicators"]["mx.completeness"]["value"]
    aside = tk.get_action("mxopendata_institution_report")({"user": ""}, {"id": "aparte"})
    assert (aside["position"], aside["of"]) == (None, None)
    assert aside["index"] is not None


def test_the_trend_holds_the_last_figures_of_each_month():
    lines = snapshots_of("zapopan")
    assert [line["day"] for line in lines] == ["2026-08-10", "2026-09-30"]
    assert lines[0]["mx.open_formats"] == 0
    assert lines[1]["mx.open_formats"] == 100


def test_the_trend_is_drawn_with_its_numbers_beside_it(app: Any):
    for address in ("/tablero/institucion/zapopan", "/tablero"):
        page = BeautifulSoup(app.get(address, status=200).get_data(as_text=True), "html.parser")
        drawn = page.select("figure svg.mxod-chart g[class*=mxod-line-] .line")
        # Nothing is known of their freshness: no line, rather than one at zero.
        assert len(drawn) == 3
        assert {"ago", "sep"} <= {label.text.split()[0] for label in page.select("figure .axis.x text")}


def snapshots_of(name: str) -> list[dict[str, Any]]:
    from ckanext.mxopendata.dashboard import standing, stored

    found = stored.find_institution(name)
    assert found is not None
    return standing.trend(snapshots.INSTITUTION, found.id, date(2026, 10, 1))


def test_pages_and_files_of_the_ranking(app: Any):
    page = app.get("/tablero/clasificacion?orden=municipal", status=200).get_data(as_text=True)
    assert page.index("Zapopan") < page.index("Ameca") < page.index("Autlan") < page.index("Vacia")
    assert "Aparte" not in page
    assert json.loads(app.get("/tablero/clasificacion.json", status=200).body)[0]["position"] == 1
    body = app.get("/tablero/clasificacion.csv?orden=municipal", status=200).get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))
    assert [row["lugar"] for row in rows] == ["1", "2", "2", "sin datos"]
    book = openpyxl.load_workbook(io.BytesIO(app.get("/tablero/clasificacion.xlsx?orden=municipal", status=200).data))
    cells = list(book.worksheets[0].iter_rows(values_only=True))
    assert [cells[0][0], cells[1][0], cells[1][3]] == ["lugar", 1, "Zapopan"]
    for wrong in ("orden=galactico", "entidad=99", "sector=x"):
        app.get(f"/tablero/clasificacion?{wrong}", status=400)
    app.get("/tablero/clasificacion?trimestre=1999Q1", status=404)
    app.get("/tablero/trimestre/1999Q1.zip", status=404)


def test_a_quarter_is_frozen_once_and_anybody_can_recompute_it(app: Any, cli: Any, tmp_path: Any):
    with pytest.raises(quarters.QuarterError, match="termina el 2026-12-31"):
        computation.freeze("2026Q4", LAST_DAY)
    with pytest.raises(quarters.QuarterError, match="no es un trimestre"):
        computation.freeze("2026-3", LAST_DAY)
    with pytest.raises(quarters.QuarterError, match="ya no se conocen"):
        computation.freeze("2026Q1", LAST_DAY)
    done = computation.freeze("2026Q3", LAST_DAY)
    assert (done["datasets"], done["institutions"]) == (5, 6)
    with pytest.raises(quarters.QuarterError, match="ya está congelado"):
        computation.freeze("2026Q3", LAST_DAY)
    content = app.get("/tablero/trimestre/2026Q3.zip", status=200).data
    assert b"Secreto" not in content
    found = verify(content)
    assert (found.quarter, found.datasets, found.institutions, found.differences) == ("2026Q3", 5, 6, [])
    file = tmp_path / "2026Q3.zip"
    file.write_bytes(content)
    from ckan.cli.cli import ckan

    result = cli.invoke(ckan, ["mxopendata", "indicators", "verify", str(file), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["differences"]) == (0, [])
    frozen = _ranking(quarter="2026Q3", gov_type="municipal")
    # What changes afterwards does not change it, and the next quarter begins by itself.
    dataset = helpers.call_action("package_search", fq="organization:ameca")["results"][0]
    helpers.call_action("package_patch", id=dataset["id"], license_id="libreusomx")
    computation.compute(LAST_DAY + timedelta(days=40))
    assert _ranking(quarter="2026Q3", gov_type="municipal") == frozen
    assert app.get("/tablero/trimestre/2026Q3.zip", status=200).data == content
    assert "2026Q3" in app.get("/tablero/metodologia", status=200).get_data(as_text=True)


def test_the_first_computation_after_a_quarter_freezes_it():
    computation.compute(datetime(2027, 1, 1, 9, tzinfo=timezone.utc))
    assert [each["quarter"] for each in quarters.listed()] == ["2026Q4", "2026Q3"]
    computation.compute(datetime(2027, 1, 2, 9, tzinfo=timezone.utc))
    assert [each["day"] for each in quarters.listed()] == ["2027-01-01", "2026-09-30"]


def test_snapshots_are_kept_thirteen_months_and_those_of_quarters_for_ever():
    computation.compute(datetime(2028, 1, 15, 9, tzinfo=timezone.utc))
    computation.compute(datetime(2028, 1, 16, 9, tzinfo=timezone.utc))
    table = Snapshot.__table__
    query = sa.select(table.c.day).where(table.c.scope == "portal").order_by(table.c.day)
    days = [day.isoformat() for day in model.Session.execute(query).scalars()]
    assert days == ["2026-09-30", "2027-01-01", "2027-01-02", "2028-01-15", "2028-01-16"]
