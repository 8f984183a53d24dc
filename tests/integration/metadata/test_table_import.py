"""The ds:/rs: template becomes datasets and comes back, by command."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.cli import mxopendata

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

HEAD = "ds:identifier,ds:title,ds:description,ds:mbox,ds:accrualPeriodicity,ds:spatial,rs:title,rs:downloadURL\n"
ROWS = (
    "e1,Escuelas,Todas las escuelas,datos@x.gob.mx,anual,Jalisco,Por plantel,https://x.mx/e.csv\n"
    "e1,,,,,,Por grado,https://x.mx/g.csv\n"
    "e2,Maestros,Quién enseña,datos@x.gob.mx,mensual,Zapopan; Guadalajara,Lista,https://x.mx/m.csv\n"
)


@pytest.fixture
def office(clean_site: None) -> dict[str, Any]:
    return factories.Organization(gov_type="state", cvegeo="14", title="Secretaría de Prueba")


@pytest.fixture
def run(cli: Any, tmp_path: Path, office: dict[str, Any]) -> Callable[..., tuple[int, dict[str, Any]]]:
    def run(content: str | bytes, *arguments: str, name: str = "tabla.csv") -> tuple[int, dict[str, Any]]:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        words = ["import", str(file), "--institution", office["name"], "--json", *arguments]
        result = cli.invoke(mxopendata, words)
        assert result.stdout, result.output
        return result.exit_code, json.loads(result.stdout)

    return run


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in ("rows", "created", "updated", "unchanged", "rejected"))


def datasets(office: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = helpers.call_action("package_search", fq=f"owner_org:{office['id']}", rows=100)["results"]
    return {dataset["identifier"]: dataset for dataset in found}


def test_a_table_becomes_datasets_once(run, office):
    code, report = run(HEAD + ROWS, "--dry-run")
    assert (code, counts(report)) == (0, (3, 3, 0, 0, 0))
    assert datasets(office) == {}
    code, report = run(HEAD + ROWS)
    assert (code, counts(report)) == (0, (3, 3, 0, 0, 0))
    assert report["datasets"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    stored = datasets(office)
    schools, teachers = stored["e1"], stored["e2"]
    assert (schools["title"], schools["frequency"], schools["gov_type"]) == ("Escuelas", "R/P1Y", "state")
    assert [resource["name"] for resource in schools["resources"]] == ["Por plantel", "Por grado"]
    assert [place["cvegeo"] for place in teachers["spatial_coverage"]] == ["14120", "14039"]
    # what the Guía asks for and the table did not say is told, with the row
    lacking = {(item["code"], item["row"]) for item in report["findings"]}
    assert {("missing_theme", 2), ("missing_theme", 4)} <= lacking

    assert counts(run(HEAD + ROWS)[1]) == (3, 0, 0, 3, 0)
    code, report = run(HEAD + ROWS.replace("Por grado", "Por grado y turno").replace("anual", ""))
    assert counts(report) == (3, 0, 2, 1, 0)
    again = datasets(office)["e1"]
    assert again["id"] == schools["id"]
    assert again["frequency"] == "R/P1Y"  # an empty cell takes nothing away
    assert [resource["id"] for resource in again["resources"]] == [item["id"] for item in schools["resources"]]
    assert again["resources"][1]["name"] == "Por grado y turno"


def test_what_people_added_and_the_table_does_not_name_stays(run, office):
    run(HEAD + ROWS)
    dataset = datasets(office)["e1"]
    helpers.call_action("package_patch", id=dataset["id"], theme=["educacion"], policy_alignment=["sdg:4"])
    helpers.call_action("resource_create", package_id=dataset["id"], url="https://x.mx/extra.csv", name="Extra")
    code, report = run(HEAD + ROWS.replace("Todas las", "Las").split("\n")[0] + "\n")
    assert (code, counts(report)) == (0, (1, 0, 1, 0, 0))
    stored = datasets(office)["e1"]
    assert (stored["theme"], stored["policy_alignment"], stored["notes"]) == (["educacion"], ["sdg:4"], "Las escuelas")
    assert [item["name"] for item in stored["resources"]] == ["Por plantel", "Por grado", "Extra"]


def test_a_dataset_is_taken_whole_or_not_at_all(run, office):
    broken = "e3,Con título enorme,x,datos@x.gob.mx,anual,,A,https://x.mx/a.csv\n,,huérfano,,,,,\n"
    helpers.call_action("package_create", name="ajeno", title="x", owner_org=office["id"], identifier="e3",
                        source_identifier="uno", source_catalog="Portal de origen")  # fmt: skip
    code, report = run(HEAD + ROWS + broken)
    assert (code, counts(report)) == (1, (5, 3, 0, 0, 2))
    refused = {(item["code"], item["row"]) for item in report["findings"] if item["severity"] == "error"}
    assert refused == {("import_harvested", 5), ("row_without_dataset", 6)}
    assert "Portal de origen" in next(item["message"] for item in report["findings"] if item["row"] == 5)
    assert helpers.call_action("package_show", id="ajeno")["title"] == "x"


def test_what_ckan_refuses_changes_nothing_and_the_rest_goes_on(run, office):
    run(HEAD + ROWS)
    package = model.Package.get(datasets(office)["e1"]["id"])
    assert package is not None
    package.maintainer_email = "no es correo"
    model.Session.commit()
    changed = HEAD + ROWS.replace("Todas las", "Las").replace("Quién", "Quiénes")
    for arguments in (("--dry-run",), ()):
        code, report = run(changed, *arguments)
        assert (code, counts(report)) == (1, (3, 0, 1, 0, 2))
        refused = [item for item in report["findings"] if item["severity"] == "error"]
        assert [(item["code"], item["field"], item["row"]) for item in refused] == [
            ("import_refused", "maintainer_email", 2)
        ]
    stored = datasets(office)
    assert (stored["e1"]["notes"], stored["e2"]["notes"]) == ("Todas las escuelas", "Quiénes enseña")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "table_empty"),
        (b"%PDF-1.7 nada", "table_of_another_kind"),
        (b"\xd0\xcf\x11\xe0 viejo", "table_of_another_kind"),
        (b"PK\x03\x04roto", "table_workbook_broken"),
        (b"nombre,valor\n1,2\n", "table_headings_unknown"),
        (b"Responsable,Nombre del conjunto,Nombre del recurso\nA,B,C\n", "table_is_inventory"),
        (b"conjunto_datos,recurso_datos,fecha_publicacion\nA,B,2026-01-01\n", "table_is_plan"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_a_reason(run, office, content, code):
    exit_code, report = run(content, name="tabla.xlsx")
    assert (exit_code, report["rows"]) == (2, 0)
    assert code in {item["code"] for item in report["findings"] if item["severity"] == "error"}
    assert datasets(office) == {}


def test_there_and_back_changes_nothing(run, office, cli, tmp_path):
    run(HEAD + ROWS)
    before = datasets(office)
    for name in ("tabla.csv", "tabla.xlsx"):
        output = tmp_path / f"salida-{name}"
        words = ["export-table", "--institution", office["name"], "--output", str(output), "--json"]
        document = json.loads(cli.invoke(mxopendata, words).stdout)
        assert (document["datasets"], document["rows"]) == (2, 5)
        code, report = run(output.read_bytes(), name=name)
        assert (code, counts(report)) == (0, (5, 0, 0, 5, 0)), name
    assert datasets(office) == before


def test_formulas_are_harmless_on_the_way_out_and_whole_on_the_way_in(run, office, cli, tmp_path):
    run('ds:identifier,ds:title,ds:description\nf1,"=SUMA(A1)","+52 33 1234"\n')
    output = tmp_path / "formulas.xlsx"
    cli.invoke(mxopendata, ["export-table", "--institution", office["name"], "--output", str(output)])
    sheet = load_workbook(output).worksheets[0]
    assert [cell.value for cell in sheet[2]][1:3] == ["'=SUMA(A1)", "'+52 33 1234"]
    assert counts(run(output.read_bytes(), name="formulas.xlsx")[1]) == (1, 0, 0, 1, 0)


def test_the_findings_file_is_the_table_with_what_was_found(run, tmp_path):
    target = tmp_path / "hallazgos.csv"
    table = HEAD + ROWS.replace("anual", "cada eclipse") + ",,,,,,suelto,https://x.mx/s.csv\n"
    code, report = run(table, "--findings", str(target))
    assert code == 1
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    assert [row["renglon"] for row in rows] == ["2", "3", "4", "5"]
    assert "ds:accrualPeriodicity" in rows[0]["campo"]
    assert "cada eclipse" in rows[0]["hallazgo"]
    assert rows[3]["gravedad"] == "error"
    # mended and sent again: its own columns mean nothing
    again = run(target.read_bytes())[1]
    assert counts(again)[0] == 4
    assert "table_column_unknown" not in {item["code"] for item in again["findings"]}


def test_dates_are_read_in_the_order_of_the_file(run, office):
    head, one, other = "ds:identifier,ds:title,ds:modified\n", "d1,Uno,03/04/2019\n", "d2,Dos,25/04/2019\n"
    report = run(head + one)[1]
    assert ("date_order_unknown", 2) in {(item["code"], item["row"]) for item in report["findings"]}
    assert "modified" not in datasets(office)["d1"]
    run(head + one + other)
    assert {key: item["modified"] for key, item in datasets(office).items()} == {"d1": "2019-04-03", "d2": "2019-04-25"}
    run(head + "d3,Tres,03/04/2019\n", "--date-order", "MDY")
    assert datasets(office)["d3"]["modified"] == "2019-03-04"


def test_bad_arguments_say_what_is_wrong(cli, tmp_path, office):
    for words, message in (
        (["import", str(tmp_path / "nada.csv"), "--institution", office["name"]], "No se puede leer"),
        (["import", str(tmp_path), "--institution", "no-existe"], "No hay una institución"),
        (["export-table", "--institution", office["name"], "--output", "x.ods"], ".csv o .xlsx"),
        (["export-table", "--institution", office["name"], "--json"], "--output"),
    ):
        result = cli.invoke(mxopendata, words)
        assert result.exit_code == 2, words
        assert message in result.stderr


def test_the_real_inventory_of_sedesol(run, office, shared):
    content = (shared / "payloads/mx/adela-inventario-sedesol-2014.csv").read_bytes()
    code, report = run(content)
    assert (code, report["rows"]) == (0, 119)
    assert sum(report[name] for name in ("created", "updated", "unchanged", "rejected")) == 119
    assert report["datasets"]["created"] == 25
    stored = datasets(office)
    assert {dataset["frequency"] for dataset in stored.values()} == {"R/P1M", "R/P2M", "R/P3M", "R/P6M", "R/P1Y"}
    media = {resource["mimetype"] for dataset in stored.values() for resource in dataset["resources"]}
    assert media == {"application/zip", "application/vnd.rar", "text/csv", "application/vnd.google-earth.kml+xml"}
    assert counts(run(content)[1]) == (119, 0, 0, 119, 0)
    assert model.Session.query(model.Package).filter_by(owner_org=office["id"]).count() == 25


def test_a_file_of_200_mb_is_refused_without_reading_it_whole(run, office, tmp_path, cli):
    large = tmp_path / "enorme.csv"
    with large.open("wb") as file:
        file.write((HEAD + ROWS).encode())
        file.truncate(200_000_000)
    tracemalloc.start()
    result = cli.invoke(mxopendata, ["import", str(large), "--institution", office["name"], "--json"])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.exit_code == 2
    assert [item["code"] for item in json.loads(result.stdout)["findings"]] == ["table_too_large"]
    assert most < 120_000_000


def test_formula_cells_stay_text_and_do_no_harm(run, office):
    table = f'{HEAD}=1+1,"=HYPERLINK(""http://x.mx"";""a"")",@SUM(A1),datos@x.gob.mx,anual,,+1,javascript:alert(1)\n'
    code, report = run(table)
    assert (code, counts(report)) == (0, (1, 1, 0, 0, 0))
    assert "url_scheme" in {item["code"] for item in report["findings"]}
    stored = datasets(office)["=1+1"]
    assert (stored["title"], stored["notes"]) == ('=HYPERLINK("http://x.mx";"a")', "@SUM(A1)")
    assert [item["url"] for item in stored["resources"]] == [""]


def test_the_complete_catalogue_by_command(run):
    table = "ds:identifier,ds:title\nK1,Entero 1\nK2,Entero 2\n"
    code, document = run(table, "--complete")
    assert (code, document["run"]["status"], document["run"]["created"]) == (0, "finished", 2)
    code, document = run(table, "--complete")
    assert (code, document["run"]["unchanged"]) == (0, 2)
    code, document = run("ds:identifier,ds:title\n", "--complete")
    assert (code, document["run"]["status"]) == (2, "held")
