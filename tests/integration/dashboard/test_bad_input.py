"""What goes wrong around the figures: institutions that come and go, clocks that jump, a stale index, odd values.

Each time the figures are right, or say that they are not known.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from ckan import model
from ckan.cli.cli import ckan
from ckan.lib.search import clear_all
from ckan.tests import helpers

from ckanext.mxopendata.dashboard import computation, figures, quarters, ranking, reports, snapshots
from ckanext.mxopendata.dashboard.model import Snapshot

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

_SNAPSHOTS = Snapshot.__table__
_MANY = 20_000
Maker = Callable[..., dict[str, Any]]


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _report(name: str) -> dict[str, Any]:
    return helpers.call_action("mxopendata_institution_report", id=name)


def _number(name: str) -> int:
    return _report(name)["indicators"]["mx.datasets"]["value"]


def _portal() -> dict[str, Any]:
    return helpers.call_action("mxopendata_dashboard_show")


def _ranked() -> dict[str, dict[str, Any]]:
    return {line["institution"]: line for line in helpers.call_action("mxopendata_ranking")}


def _csv(app: Any, path: str) -> list[dict[str, str]]:
    text = app.get(path, status=200).get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


class TestInstitutions:
    """Institutions that are empty, renamed, merged, deleted or purged."""

    def test_one_with_nothing_has_no_data_and_no_place(self, new_institution: Maker, app: Any):
        new_institution("nada", ranked="true")
        computation.compute(_now())
        report = _report("nada")
        assert report["indicators"]["mx.datasets"]["value"] == 0
        shares = [value for value in report["indicators"].values() if value["unit"] in ("percent", "points")]
        assert {(value["value"], value["status"]) for value in shares} == {(None, "no_data")}
        assert (report["index"], report["position"], report["todo"]) == (None, None, [])
        assert _ranked()["nada"]["position"] is None
        page = app.get("/tablero/institucion/nada", status=200).get_data(as_text=True)
        assert "No se conoce nada con qué calcularlo" in page or "sin datos" in page
        assert _csv(app, "/tablero/institucion/nada.csv") == []

    def test_a_renamed_one_keeps_its_past_and_old_rankings_lead_to_it(self, new_institution: Maker, new_dataset: Maker):
        one = new_institution("nombre-viejo", ranked="true")
        new_dataset(one)
        computation.compute(_now() - timedelta(days=40))
        helpers.call_action("organization_patch", id=one["id"], name="nombre-nuevo", title="Nuevo")
        # A past day has the name of then, and the address of now.
        then = reports.ranked(ranking.Chosen(), None, _now() - timedelta(days=30), "es")
        lines = {line["institution"]: line for line in then}
        assert lines["nombre-viejo"]["url"].endswith("/tablero/institucion/nombre-nuevo")
        computation.compute(_now())
        assert "nombre-viejo" not in _ranked()
        assert _number("nombre-nuevo") == 1
        kept = helpers.call_action("mxopendata_snapshot_list", institution="nombre-nuevo")
        assert kept["count"] == 2
        assert _report("nombre-nuevo")["trend"][0]["mx.datasets"] == 1
        with pytest.raises(Exception, match="nombre-viejo"):
            _report("nombre-viejo")

    def test_when_two_are_merged_nothing_is_counted_twice_or_lost(self, new_institution: Maker, new_dataset: Maker):
        small, big = new_institution("absorbida", ranked="true"), new_institution("absorbente", ranked="true")
        moved = [new_dataset(small)["id"] for _ in range(2)]
        new_dataset(big)
        computation.compute(_now())
        total = _portal()["indicators"]["mx.datasets"]["value"]
        for dataset_id in moved:
            helpers.call_action("package_owner_org_update", id=dataset_id, organization_id=big["id"])
        computation.compute(_now())
        assert (_number("absorbida"), _number("absorbente")) == (0, 3)
        helpers.call_action("organization_delete", id=small["id"])
        computation.compute(_now())
        assert _portal()["indicators"]["mx.datasets"]["value"] == total
        # It leaves the ranking of the same day, too.
        assert "absorbida" not in _ranked()
        assert "absorbente" in _ranked()

    @pytest.mark.parametrize("action", ["organization_delete", "organization_purge"])
    def test_a_deleted_one_leaves_and_its_datasets_stay_told(
        self, action: str, new_institution: Maker, new_dataset: Maker, app: Any
    ):
        one = new_institution(f"sale-{action[-5:]}", ranked="true")
        dataset = new_dataset(one)
        computation.compute(_now())
        # Only so does CKAN let an institution go that still has datasets.
        with helpers.changed_config("ckan.auth.create_unowned_dataset", True):
            helpers.call_action(action, id=one["id"])
        computation.compute(_now())
        page = app.get(f"/tablero/institucion/{one['name']}", status=404).get_data(as_text=True)
        assert one["name"] in page
        report = _portal()
        assert one["name"] not in {line["institution"] for line in report["institutions"]}
        assert one["name"] not in _ranked()
        counted = sum(line["indicators"]["mx.datasets"]["value"] for line in report["institutions"])
        stray = (report["without_institution"] or {"mx.datasets": {"value": 0}})["mx.datasets"]["value"]
        assert counted + stray == report["indicators"]["mx.datasets"]["value"]
        if helpers.call_action("package_show", id=dataset["id"])["state"] == "active":
            assert stray >= 1
            assert app.get("/tablero", status=200).get_data(as_text=True).count("Conjuntos sin institución") == 1
            helpers.call_action("dataset_purge", id=dataset["id"])

    def test_one_with_twenty_thousand_datasets(self, new_institution: Maker, new_dataset: Maker, app: Any):
        one = new_institution("enorme")
        resources = [{"url": "http://x.mx/a", "format": "CSV"}]
        pattern = new_dataset(one, frequency="R/P1M", modified="2020-01-01", resources=resources)
        computation.compute(_now())
        _multiply(pattern["id"], _MANY - 1)
        found = _report("enorme")["indicators"]
        assert found["mx.datasets"]["value"] == found["mx.overdue"]["value"] == _MANY
        assert (found["mx.open_formats"]["value"], found["mx.open_formats"]["denominator"]) == (100, _MANY)
        assert found["mx.up_to_date"]["value"] == 0
        assert len(_report("enorme")["todo"]) == 100
        page = app.get("/tablero/institucion/enorme?pagina=400", status=200).get_data(as_text=True)
        assert page.count("data-label=") > 100
        assert "Conjuntos en esta lista: 20,000" in page
        rows = _csv(app, "/tablero/institucion/enorme.csv")
        assert len({row["conjunto"] for row in rows}) == _MANY
        assert _portal()["indicators"]["mx.datasets"]["value"] >= _MANY
        packages = model.Package.__table__
        model.Session.execute(sa.delete(packages).where(packages.c.name.like("enorme-%")))
        model.Session.commit()
        assert computation.compute(_now()).removed == _MANY - 1
        assert _number("enorme") == 1


def _multiply(dataset_id: str, number: int) -> None:
    """Copies of a dataset and of its measurement, in SQL: CKAN would take minutes."""
    for table, key in ((model.Package.__table__, "id"), (sa.table("mxopendata_dashboard_measurement"), "dataset_id")):
        columns = [
            row[0]
            for row in model.Session.execute(
                sa.text("SELECT column_name FROM information_schema.columns WHERE table_name = :name"),
                {"name": table.name},
            )
        ]
        made = {key: "'enorme-' || number", "name": "'enorme-' || number"}
        values = ", ".join(made.get(name, f'p."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        statement = (
            f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {table.name} p, "
            f"generate_series(1, :number) AS number WHERE p.{key} = :id"
        )
        model.Session.execute(sa.text(statement), {"number": number, "id": dataset_id})
    model.Session.commit()


class TestClocks:
    """A clock that was ahead, and one that goes back."""

    @pytest.fixture
    def future(self, new_institution: Maker, new_dataset: Maker) -> Iterator[date]:
        """A computation three years ahead, by a clock that was wrong, after one of today."""
        one = new_institution("reloj", ranked="true")
        new_dataset(one, license_id="libreusomx")
        computation.compute(_now() - timedelta(days=60))
        computation.compute(_now())
        ahead = _now() + timedelta(days=1100)
        computation.compute(ahead)
        yield snapshots.local_day(ahead)
        model.Session.execute(sa.delete(_SNAPSHOTS))
        model.Session.execute(sa.text("DELETE FROM mxopendata_dashboard_quarter"))
        model.Session.commit()
        for name in ("reloj",):
            for dataset in helpers.call_action("package_search", fq=f"organization:{name}")["results"]:
                helpers.call_action("dataset_purge", id=dataset["id"])
            helpers.call_action("organization_purge", id=name)

    def test_figures_of_the_future_are_not_shown(self, future: date, app: Any):
        today = snapshots.local_day(_now())
        assert ranking.last_day(today) == today
        assert _ranked()["reloj"]["day"] == today.isoformat()
        report = _report("reloj")
        assert report["computed"][:10] <= _now().isoformat()[:10]
        assert max(line["day"] for line in report["trend"]) == today.isoformat()
        assert future.isoformat() not in {row["dia"] for row in _csv(app, "/tablero/serie.csv")}
        listed = helpers.call_action("mxopendata_snapshot_list", institution="reloj", until="2099-01-01")
        assert listed["results"][0]["day"] == today.isoformat()

    def test_a_clock_that_jumped_takes_no_history_with_it(self, future: date):
        days = set(model.Session.execute(sa.select(_SNAPSHOTS.c.day).distinct()).scalars())
        past = snapshots.local_day(_now() - timedelta(days=60))
        assert {past, snapshots.local_day(_now()), future} <= days
        # Where the clock turns out to be right, what is old goes by the next day.
        computation.compute(datetime.combine(future + timedelta(days=1), datetime.min.time(), timezone.utc))
        days = set(model.Session.execute(sa.select(_SNAPSHOTS.c.day).distinct()).scalars())
        assert past not in days

    def test_a_computation_before_the_last_one_is_a_day_like_any_other(self, future: date, new_dataset: Maker):
        one = helpers.call_action("organization_show", id="reloj")
        new_dataset(one)
        before = _now() - timedelta(days=5)
        assert computation.compute(before).measured == 1
        assert _number("reloj") == 2
        listed = helpers.call_action("mxopendata_snapshot_list", institution="reloj")["results"]
        by_day = {line["day"]: line["indicators"]["mx.datasets"]["value"] for line in listed}
        assert by_day[snapshots.local_day(before).isoformat()] == 2
        assert by_day[snapshots.local_day(_now()).isoformat()] == 1

    def test_a_clock_before_everything_still_tells_figures(self, future: date):
        long_ago = datetime(2001, 1, 1, tzinfo=timezone.utc)
        first = figures.last_computed(long_ago)
        assert first is not None
        assert first.date() == (_now() - timedelta(days=60)).date()
        assert figures.panorama(long_ago).total.indicators["mx.datasets"]["value"] >= 1


def test_a_frozen_quarter_stays_what_it_was_on_its_own_day(new_institution: Maker, new_dataset: Maker):
    one = new_institution("congelada", ranked="true")
    dataset = new_dataset(one)
    morning = datetime(2026, 9, 30, 15, tzinfo=timezone.utc)
    computation.compute(morning)
    computation.freeze("2026Q3", morning)
    frozen = helpers.call_action("mxopendata_ranking", quarter="2026Q3")
    helpers.call_action("package_patch", id=dataset["id"], license_id="libreusomx")
    computation.compute(morning + timedelta(hours=2))
    assert helpers.call_action("mxopendata_ranking", quarter="2026Q3") == frozen
    assert quarters.names() == ["2026Q3"]


def test_a_frequency_that_nobody_knows_is_not_judged(new_institution: Maker, new_dataset: Maker):
    one = new_institution("lunas")
    known = new_dataset(one, frequency="R/P1M", modified=_now().date().isoformat())
    odd = [new_dataset(one, modified="2020-01-01")["id"] for _ in range(3)]
    for dataset_id, word in zip(odd, ("cada luna llena", "R/P0D", "mañana"), strict=True):
        _write_past_the_schema(dataset_id, "frequency", word)
    computation.compute(_now(), full=True)
    found = _report("lunas")
    assert found["indicators"]["mx.datasets"]["value"] == 4
    fresh = found["indicators"]["mx.up_to_date"]
    assert (fresh["value"], fresh["denominator"]) == (100, 1)
    counted = {line["freshness"]: line["datasets"] for line in found["freshness"]}
    assert (counted["up_to_date"], counted["no_frequency"], counted["overdue"]) == (1, 3, 0)
    assert helpers.call_action("mxopendata_dataset_report", id=known["id"])["criteria"][0]["met"] is True


def _write_past_the_schema(dataset_id: str, name: str, value: str) -> None:
    packages = model.Package.__table__
    if "extras" in packages.c:
        mine = packages.c.id == dataset_id
        extras = model.Session.execute(sa.select(packages.c.extras).where(mine)).scalar() or {}
        model.Session.execute(sa.update(packages).where(mine).values(extras={**extras, name: value}))
    else:
        model.Session.add(model.PackageExtra(package_id=dataset_id, key=name, value=value))
    model.Session.commit()


def test_figures_come_from_the_database_whatever_the_index_says(new_institution: Maker, new_dataset: Maker, app: Any):
    one = new_institution("indice")
    kept, gone = new_dataset(one, title="Se queda"), new_dataset(one, title="Se fue")
    computation.compute(_now())
    # The index still has the one, and has lost the other.
    packages = model.Package.__table__
    model.Session.execute(sa.update(packages).where(packages.c.id == gone["id"]).values(state="deleted"))
    model.Session.commit()
    assert helpers.call_action("package_search", fq="organization:indice")["count"] == 2
    assert _number("indice") == 1
    clear_all()
    assert helpers.call_action("package_search", fq="organization:indice")["count"] == 0
    computation.compute(_now())
    assert _number("indice") == 1
    rows = _csv(app, "/tablero/institucion/indice.csv")
    assert [row["conjunto"] for row in rows] == [kept["name"]]
    assert app.get("/tablero/clasificacion", status=200)


def test_no_cell_of_any_file_is_a_formula(new_institution: Maker, new_dataset: Maker, app: Any):
    evil = '=HYPERLINK("http://x.mx";"clic")'
    one = new_institution("formulas", title=evil, ranked="true")
    new_dataset(one, title="@SUM(A1)", resources=[{"url": "http://x.mx/a", "format": "=CSV"}])
    computation.compute(_now())
    for path in ("/tablero", "/tablero/clasificacion", "/tablero/conjuntos", "/tablero/institucion/formulas"):
        book = openpyxl.load_workbook(io.BytesIO(app.get(f"{path}.xlsx", status=200).data))
        cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells), path
        text = app.get(f"{path}.csv", status=200).get_data().decode("utf-8-sig")
        starts = {cell[:1] for row in csv.reader(io.StringIO(text)) for cell in row}
        assert not starts & {"=", "@", "+"}, path
    assert any(row["nombre"] == f"'{evil}" for row in _csv(app, "/tablero/serie.csv"))


class TestCatalogueFile:
    """``ckan mxopendata indicators file`` within CKAN."""

    CATALOGUE = {
        "title": "Catálogo",
        "publisher": {"name": "Ayuntamiento"},
        "dataset": [
            {
                "title": "Uno",
                "identifier": "uno",
                "description": "Datos",
                "modified": "2026-11-01",
                "accrualPeriodicity": "R/P1M",
                "distribution": [{"title": "a", "downloadURL": "http://x.mx/a.csv", "format": "CSV"}],
            },
            {"title": "Dos", "identifier": "dos", "description": "Datos", "distribution": []},
        ],
    }

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """A catalogue of somebody else's."""
        path = tmp_path / "data.json"
        path.write_text(json.dumps(self.CATALOGUE), encoding="utf-8")
        return path

    @pytest.mark.parametrize(
        ("family", "expected"),
        [("mx", {"mx.datasets": 2, "mx.overdue": 0}), ("pydatajson", {"datasets_cant": 2}), ("mqa", {}), ("adela", {})],
    )
    def test_it_measures_and_saves_nothing(self, family: str, expected: dict[str, float], file: Path, cli: Any):
        before = model.Session.execute(sa.text("SELECT count(*) FROM mxopendata_dashboard_measurement")).scalar()
        words = ["mxopendata", "indicators", "file", str(file), "--family", family, "--now", "2026-11-22", "--json"]
        done = cli.invoke(ckan, words)
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert found["family"] == family
        assert [each["identifier"] for each in found["datasets"]] == ["uno", "dos"]
        assert {key: _plain(found["values"][key]) for key in expected} == expected
        after = model.Session.execute(sa.text("SELECT count(*) FROM mxopendata_dashboard_measurement")).scalar()
        assert after == before

    def test_a_file_that_is_none_is_one_line(self, tmp_path: Path, cli: Any):
        path = tmp_path / "data.json"
        path.write_text("{", encoding="utf-8")
        done = cli.invoke(ckan, ["mxopendata", "indicators", "file", str(path), "--family", "mx"])
        assert done.exit_code == 2
        assert len(done.stderr.strip().splitlines()) == 1


def _plain(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) else value
