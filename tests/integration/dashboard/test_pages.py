"""Pages, files and actions: the numbers they show are recomputed here from what CKAN's own search and API say."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.dashboard import computation, figures, reports
from ckanext.mxopendata.metadata.validation import points

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

TODAY = datetime.now(timezone.utc)
DAYS = {"R/P1D": 1, "R/P1M": 30, "R/P1Y": 365}
OPEN = {"CSV", "JSON", "GeoJSON"}
PAGES = (
    "/tablero",
    "/tablero?ordenar=-mx.completeness&orden=municipal",
    "/tablero/conjuntos",
    "/tablero/conjuntos?indicador=mx.overdue",
    "/tablero/metodologia",
    "/tablero/institucion/guadalajara",
    "/tablero/institucion/guadalajara?frescura=vencido&ordenar=-puntos",
    "/tablero/institucion/vacia",
    "/tablero/clasificacion",
    "/organization/guadalajara",
)
FILES = (
    "/tablero.csv",
    "/tablero.csv?tabla=ordenes",
    "/tablero.csv?tabla=entidades",
    "/tablero.csv?tabla=formatos",
    "/tablero.csv?tabla=frescura",
    "/tablero/conjuntos.csv",
    "/tablero/metodologia.csv",
    "/tablero/serie.csv",
    "/tablero/institucion/guadalajara.csv",
    *(f"/tablero/institucion/guadalajara.csv?tabla={name}" for name in ("frescura", "formatos", "metadatos")),
    *(f"/tablero/institucion/guadalajara.csv?tabla={name}" for name in ("mejoras", "cosechas")),
    "/tablero/institucion/vacia.csv",
)


def _ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).date().isoformat()


@pytest.fixture(scope="module")
def site(clean_site: None) -> dict[str, Any]:
    """Three institutions, one of them empty; datasets of every sort."""
    guadalajara = factories.Organization(
        name="guadalajara", title="Ayuntamiento de Guadalajara", gov_type="municipal", cvegeo="14039"
    )
    salud = factories.Organization(name="salud", title="Secretaría de Salud", gov_type="federal")
    factories.Organization(name="vacia", title="Institución sin datos", gov_type="federal")
    contact = [{"name": "Unidad", "email": "datos@ejemplo.gob.mx"}]
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (guadalajara, {"frequency": "R/P1M", "modified": _ago(10), "license_id": "libreusomx", "contact": contact}),
        (guadalajara, {"frequency": "R/P1M", "modified": _ago(100), "title": "=HYPERLINK(1)"}),
        (guadalajara, {"frequency": "R/P1Y", "modified": _ago(430)}),
        (guadalajara, {"frequency": "R/P1Y", "modified": _ago(440)}),
        (guadalajara, {"frequency": "irregular", "modified": _ago(900)}),
        (guadalajara, {"modified": _ago(1)}),
        (guadalajara, {"frequency": "R/P1D", "modified": _ago(-30)}),
        (guadalajara, {"frequency": "R/P1D", "modified": _ago(0), "private": True, "title": "Secreto de Estado"}),
        (salud, {"frequency": "R/P1D", "modified": _ago(0)}),
        (salud, {"frequency": "R/P1D"}),
    ]
    formats = ("CSV", "PDF", "JSON", "", "XLSX")
    for number, (institution, fields) in enumerate(cases):
        resources = [
            {"url": f"http://x.mx/{number}/{index}", "name": "a", "format": formats[(number + index) % len(formats)]}
            for index in range(number % 4)
        ]
        given = {"title": f"Conjunto {number}", "notes": "", "source_identifier": f"s{number}", **fields}
        factories.Dataset(owner_org=institution["id"], resources=resources, **given)
    # The schema refuses such a title; one written past it must do no harm either.
    packages = model.Package.__table__
    evil = "<script>alert(2)</script>"
    model.Session.execute(sa.update(packages).where(packages.c.title == "Conjunto 5").values(title=evil))
    model.Session.commit()
    computation.compute(datetime.now(timezone.utc))
    return {"guadalajara": guadalajara, "salud": salud}


@pytest.fixture(autouse=True)
def _filled(site: dict[str, Any]) -> None:
    """Every test of this module has the site."""


def _shown(institution: str | None = None) -> list[dict[str, Any]]:
    """What an anonymous visitor finds by CKAN's own search, each dataset shown in full."""
    query = {"rows": 1000, **({"fq": f"organization:{institution}"} if institution else {})}
    found = tk.get_action("package_search")({"user": ""}, query)["results"]
    return [helpers.call_action("package_show", id=dataset["id"]) for dataset in found]


def _recomputed(datasets: list[dict[str, Any]]) -> dict[str, float | None]:
    """The figures, by formulas written a second time."""
    now = datetime.now(timezone.utc)
    fresh = late = 0
    for dataset in datasets:
        days, modified = DAYS.get(dataset.get("frequency", "")), dataset.get("modified")
        if days and modified:
            age = (now - datetime.fromisoformat(modified).replace(tzinfo=timezone.utc)).total_seconds() / 86400
            if age > -1:
                fresh, late = (fresh + 1, late) if age < days * 1.2 else (fresh, late + 1)
    resources = [resource for dataset in datasets for resource in dataset["resources"]]
    reached = sum(points(dataset)[0] for dataset in datasets)
    opened = sum(resource.get("format") in OPEN for resource in resources)

    def share(part: float, whole: float) -> float | None:
        return round(100 * part / whole, 4) if whole else None

    return {
        "mx.datasets": len(datasets),
        "mx.resources": len(resources),
        "mx.up_to_date": share(fresh, fresh + late),
        "mx.overdue": late if fresh + late else None,
        "mx.completeness": share(reached, 100 * len(datasets)),
        "mx.open_formats": share(opened, len(resources)),
        "mx.licensed": share(sum(bool(dataset.get("license_id")) for dataset in datasets), len(datasets)),
        "mx.with_contact": share(sum(bool(dataset.get("contact")) for dataset in datasets), len(datasets)),
    }


def _json(app: Any, address: str) -> Any:
    return json.loads(app.get(address, status=200).body)


def _rows(app: Any, address: str) -> list[dict[str, str]]:
    body = app.get(address, status=200).get_data(as_text=True)
    assert body.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))


# Making the application costs a second, so the addresses of one sort are one test.
def test_an_institutions_figures_are_what_anybody_can_recompute(app: Any):
    for institution in ("guadalajara", "salud", "vacia"):
        indicators = _json(app, f"/tablero/institucion/{institution}.json")["indicators"]
        for indicator_id, expected in _recomputed(_shown(institution)).items():
            assert indicators[indicator_id]["value"] == expected, (institution, indicator_id)
            assert indicators[indicator_id]["status"] == ("no_data" if expected is None else "ok")


def test_the_portals_figures_are_what_anybody_can_recompute(app: Any):
    report = _json(app, "/tablero.json")
    for indicator_id, expected in _recomputed(_shown()).items():
        assert report["indicators"][indicator_id]["value"] == expected, indicator_id
    names = {line["institution"]: line["indicators"]["mx.datasets"]["value"] for line in report["institutions"]}
    assert names == {"guadalajara": 7, "salud": 2, "vacia": 0}
    orders = {line["key"]: line["indicators"]["mx.datasets"]["value"] for line in report["orders_of_government"]}
    assert orders == {"federal": 2, "municipal": 7}
    states = {line["key"]: line["indicators"]["mx.datasets"]["value"] for line in report["states"]}
    assert states == {"14": 7, None: 2}


def test_the_list_behind_each_figure_has_as_many_datasets_as_the_figure_says(app: Any):
    indicators = _json(app, "/tablero/institucion/guadalajara.json")["indicators"]
    for indicator_id in ("mx.up_to_date", "mx.overdue", "mx.licensed", "mx.with_contact"):
        query = indicators[indicator_id]["list_url"].split("?")[1].split("#")[0]
        rows = _rows(app, f"/tablero/institucion/guadalajara.csv?{query}")
        assert len(rows) == indicators[indicator_id]["numerator"], indicator_id
    listed = _rows(app, "/tablero/institucion/guadalajara.csv")
    assert len(listed) == indicators["mx.datasets"]["value"]
    assert sum(int(row["recursos_abiertos"]) for row in listed) == indicators["mx.open_formats"]["numerator"]


def test_every_line_of_the_charts_tables_opens_a_list_of_its_size(app: Any):
    report = _json(app, "/tablero/institucion/guadalajara.json")
    for key, number in (("freshness", "datasets"), ("completeness", "datasets"), ("improvements", "datasets")):
        for line in report[key]:
            query = line["list_url"].split("?")[1].split("#")[0]
            assert len(_rows(app, f"/tablero/institucion/guadalajara.csv?{query}")) == line[number], line
    for line in report["formats"]:
        query = line["list_url"].split("?")[1].split("#")[0]
        assert _rows(app, f"/tablero/institucion/guadalajara.csv?{query}"), line


def test_a_private_dataset_is_nowhere(app: Any):
    for address in (
        *PAGES,
        *FILES,
        "/tablero.json",
        "/tablero/institucion/guadalajara.json",
        "/tablero/conjuntos.json",
    ):
        assert "Secreto de Estado" not in app.get(address, status=200).get_data(as_text=True), address


def test_a_page_opens_for_anybody_and_can_be_read_without_script(app: Any):
    for address in PAGES:
        soup = BeautifulSoup(app.get(address, status=200).body, "html.parser")
        assert len(soup.select("[role=main] h1")) <= 1, address
        for table in soup.select(".mxod table"):
            assert table.caption is not None, address
            assert all(cell.get("scope") for cell in table.find_all("th")), address
        assert all(figure["aria-label"] for figure in soup.select("figure[role=img]")), address
        assert not soup.select(".mxod script, .mxod [onclick], .mxod [hx-get]"), address
        assert not [script for script in soup.find_all("script") if "alert(2)" in script.get_text()], address


def test_an_admin_of_another_institution_sees_the_same_numbers(app: Any):
    user = factories.UserWithToken()
    helpers.call_action("organization_member_create", id="salud", username=user["name"], role="admin")

    def numbers(address: str, **given: Any) -> list[str]:
        soup = BeautifulSoup(app.get(address, status=200, **given).body, "html.parser")
        return [cell.get_text(strip=True) for cell in soup.select(".mxod-figure-value, .mxod td")]

    for address in ("/tablero", "/tablero/conjuntos", "/tablero/institucion/guadalajara"):
        assert numbers(address), address
        assert numbers(address) == numbers(address, headers={"Authorization": user["token"]}), address


def test_a_file_can_be_read_back(app: Any):
    for address in FILES:
        body = app.get(address, status=200).get_data(as_text=True)
        rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
        assert len({len(row) for row in rows}) == 1, address
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "@"))], address


def test_sorting_puts_what_is_unknown_last(app: Any):
    for order in ("mx.up_to_date", "-mx.up_to_date"):
        rows = _rows(app, f"/tablero.csv?ordenar={order}")
        assert rows[-1]["institucion"] == "vacia"
        assert rows[-1]["mx.up_to_date"] == "sin datos"


WRONG = (
    ("/tablero/institucion/no-existe", 404),
    ("/tablero/institucion/no-existe.csv", 404),
    ("/tablero/institucion/no-existe.json", 404),
    ("/tablero/conjuntos?institucion=no-existe", 404),
    ("/tablero.csv?tabla=otra", 404),
    ("/tablero/institucion/guadalajara.csv?tabla=otra", 404),
    ("/tablero/conjuntos?indicador=mx.otro", 400),
    ("/tablero/conjuntos?frescura=rancio", 400),
    ("/tablero/conjuntos?tramo=9", 400),
    ("/tablero/conjuntos.csv?ordenar=azar", 400),
    ("/tablero?pagina=99999999999", 200),
    ("/tablero?indicador=mx.otro", 200),
    ("/tablero/conjuntos?pagina=no", 200),
)


def test_a_wrong_address_says_so(app: Any):
    for address, status in WRONG:
        assert app.get(address).status_code == status, address


class TestReport:
    """``mxopendata_institution_report``."""

    def _report(self, **data_dict: Any) -> dict[str, Any]:
        return tk.get_action("mxopendata_institution_report")({"user": ""}, data_dict)

    @pytest.fixture(autouse=True)
    def request_context(self, test_request_context: Any) -> Iterator[None]:
        with test_request_context("/"):
            yield

    def test_its_shape(self):
        report = self._report(id="guadalajara")
        assert {"institution", "as_of", "formula_version", "indicators", "todo"} <= report.keys()
        value = {"value", "unit", "numerator", "denominator", "status", "list_url"}
        assert all(each.keys() == value for each in report["indicators"].values())
        assert all({"dataset", "field", "message", "points", "url"} <= line.keys() for line in report["todo"])

    def test_the_todo_list_begins_with_what_wins_most_and_ends_with_what_is_late(self):
        todo = self._report(id="guadalajara", todo_limit=1000)["todo"]
        values = [line["points"] for line in todo]
        assert values == sorted(values, reverse=True)
        late = [line for line in todo if line["field"] == "modified" and line["points"] == 0]
        assert len(late) == 2
        assert len(self._report(id="guadalajara", todo_limit=3)["todo"]) == 3

    def test_a_past_day_is_told_from_its_snapshot(self):
        today = datetime.now(timezone.utc).date().isoformat()
        report = self._report(id="guadalajara", date=today)
        assert report["indicators"]["mx.datasets"]["value"] == 7
        with pytest.raises(tk.ObjectNotFound):
            self._report(id="guadalajara", date="2001-01-01")

    def test_bad_input_is_refused(self):
        for wrong in ({}, {"id": "guadalajara", "date": "ayer"}, {"id": "guadalajara", "todo_limit": 5000}):
            with pytest.raises(tk.ValidationError):
                self._report(**wrong)
        with pytest.raises(tk.ObjectNotFound):
            self._report(id="no-existe")


class TestCommand:
    """``ckan mxopendata indicators``."""

    def _run(self, cli: Any, *arguments: str) -> Any:
        from ckanext.mxopendata.cli import mxopendata

        return cli.invoke(mxopendata, ["indicators", *arguments])

    def test_compute_and_show_print_one_json_document(self, cli: Any):
        for arguments in (("compute", "--json"), ("show", "--institution", "guadalajara", "--json")):
            result = self._run(cli, *arguments)
            assert result.exit_code == 0, result.output
            values = json.loads(result.stdout)
            assert set(values["mx.datasets"]) == {"value", "unit", "numerator", "denominator", "status"}
        assert values["mx.datasets"]["value"] == 7

    def test_for_people_unknown_is_said(self, cli: Any):
        assert "sin datos" in self._run(cli, "show", "--institution", "vacia").stdout

    def test_an_indicator_is_explained(self, cli: Any):
        assert "1.2" in self._run(cli, "explain", "mx.up_to_date").stdout
        assert json.loads(self._run(cli, "explain", "mx.up_to_date", "--json").stdout)["unit"] == "percent"

    def test_bad_arguments_do_nothing(self, cli: Any):
        for arguments in (
            ("show", "--institution", "no-existe"),
            ("compute", "--institution", "no-existe"),
            ("compute", "--now", "ayer"),
            ("explain", "mx.otro"),
        ):
            result = self._run(cli, *arguments)
            assert result.exit_code == 2, arguments
            assert len(result.stderr.strip().splitlines()) == 1, arguments


def test_the_report_of_the_portal_is_kept_for_a_minute_and_not_beyond_a_change(monkeypatch):
    """What many ask for is added up once; a dataset that is hidden is hidden at once."""
    made: list[str] = []
    panorama = figures.panorama

    def counted(now: datetime, *, measured: bool = True) -> Any:
        made.append("")
        return panorama(now, measured=measured)

    monkeypatch.setattr(figures, "panorama", counted)
    now = datetime.now(timezone.utc).replace(second=1)
    first = reports.portal(now, "es")
    again = reports.portal(now + timedelta(seconds=5), "es")
    assert (again["indicators"], len(made)) == (first["indicators"], 1)
    again["institutions"] = []
    assert reports.portal(now, "es")["institutions"]
    reports.portal(now, "en")
    reports.portal(now + timedelta(seconds=61), "es")
    assert len(made) == 3
    dataset = tk.get_action("package_search")({"user": ""}, {"fq": "organization:salud"})["results"][0]
    helpers.call_action("package_patch", id=dataset["id"], private=True)
    try:
        hidden = reports.portal(now + timedelta(seconds=62), "es")
        assert hidden["indicators"]["mx.datasets"]["value"] == first["indicators"]["mx.datasets"]["value"] - 1
    finally:
        helpers.call_action("package_patch", id=dataset["id"], private=False)


def test_every_figure_of_a_page_is_drawn(app: Any):
    for path in ("/tablero", "/tablero/institucion/guadalajara"):
        page = BeautifulSoup(app.get(path, status=200).get_data(as_text=True), "html.parser")
        frames = page.select("figure.mxod-chart-frame")
        assert len(frames) >= 2
        assert [frame.get("aria-label") for frame in frames if frame.svg is None] == []
