"""``ckan mxopendata indicators file``: every family over a data.json and RDF, and what is no catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from click.testing import CliRunner, Result

from ckanext.mxopendata.dashboard.cli_file import file
from ckanext.mxopendata.dcat.compliance import compliant_datasets

DATASET = {
    "identifier": "camas",
    "title": "Camas",
    "description": "Camas por hospital",
    "keyword": ["camas"],
    "theme": ["salud"],
    "publisher": {"name": "Secretaría de Salud"},
    "contactPoint": {"fn": "Ana", "hasEmail": "mailto:ana@salud.example"},
    "accrualPeriodicity": "R/P1Y",
    "modified": "2026-06-01",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "distribution": [
        {
            "title": "Camas",
            "downloadURL": "https://salud.example/camas.csv",
            "accessURL": "https://salud.example/camas.csv",
            "mediaType": "text/csv",
            "format": "CSV",
        }
    ],
}
TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://x/1> a dcat:Dataset ; dct:title "Camas" ; dct:description "Camas" ; dcat:keyword "camas" ;
  dct:identifier "uno" ; dcat:distribution [ a dcat:Distribution ; dcat:accessURL <http://x/1.csv> ] .
[] a dcat:Dataset ; dct:title "Sin descripción" .
"""


@pytest.fixture
def run(tmp_path: Path):
    def call(name: str, content: Any, family: str, *options: str) -> Result:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else _text(content).encode())
        return CliRunner().invoke(file, [str(path), "--family", family, "--now", "2026-11-22", *options])

    return call


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def _json(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("family", ["pydatajson", "mqa", "adela", "mx"])
def test_every_family_measures_a_data_json(run, family):
    found = _json(run("data.json", {"title": "Salud", "dataset": [DATASET]}, family, "--json"))
    assert found["family"] == family
    assert found["values"]
    assert [sorted(each) for each in found["datasets"]] == [["identifier", "points", "values"]]
    assert found["datasets"][0]["identifier"] == "camas"


@pytest.mark.parametrize("family", ["mqa", "adela", "mx"])
def test_rdf_is_measured_too(run, family):
    found = _json(run("catalogo.ttl", TURTLE, family, "--json"))
    assert len(found["datasets"]) == 2
    assert found["datasets"][0]["identifier"] == "uno"


def test_the_figures_of_a_data_json(run):
    document = {"dataset": [DATASET]}
    values = _json(run("data.json", document, "adela", "--json"))["values"]
    assert values == {
        "calificacion": 6,
        "calificacion_puntos": 60,
        "calificacion_de": 60,
        "medalla": 3,
        "apertura": 3,
        "recursos": 1,
    }
    values = _json(run("data.json", document, "mx", "--json"))["values"]
    assert (values["mx.datasets"], values["mx.up_to_date"], values["mx.last_harvest"]) == (1, 100.0, None)
    values = _json(run("data.json", document, "pydatajson", "--json"))["values"]
    assert (values["datasets_cant"], values["datasets_actualizados_pct"]) == (1, 1.0)


def _of_this_year(found: dict[str, Any]) -> list[Any]:
    return [found["values"][f"mx.{name}_this_year"] for name in ("created", "updated", "committed")]


def test_what_a_file_says_of_this_year(run):
    def with_dates(**dates: str) -> dict[str, Any]:
        return {"dataset": [{**DATASET, "distribution": [{**DATASET["distribution"][0], **dates}]}]}

    assert _of_this_year(_json(run("data.json", {"dataset": [DATASET]}, "mx", "--json"))) == [None, None, None]
    old = with_dates(issued="2024-01-31", modified="2026-03-01")
    assert _of_this_year(_json(run("data.json", old, "mx", "--json"))) == [0, 1, None]
    assert _of_this_year(_json(run("data.json", with_dates(issued="2026-01-31"), "mx", "--json"))) == [1, None, None]
    dated = 'dcat:accessURL <http://x/1.csv> ; dct:issued "2025-01-01" ; dct:modified "2026-01-01" ]'
    turtle = TURTLE.replace("dcat:accessURL <http://x/1.csv> ]", dated)
    found = _json(run("catalogo.ttl", turtle, "mx", "--json"))
    assert _of_this_year(found) == [0, 1, None]
    assert "sin datos" in run("catalogo.ttl", TURTLE, "mx").output
    assert found["datasets"][0]["values"]["updated_this_year"] == 1


def test_evidence_on_links(run, tmp_path):
    evidence = tmp_path / "enlaces.json"
    evidence.write_text(json.dumps({"https://salud.example/camas.csv": 200, "http://x/1.csv": 404}), encoding="utf-8")
    document = {"dataset": [DATASET]}
    unknown = _json(run("data.json", document, "mqa", "--json"))["values"]
    known = _json(run("data.json", document, "mqa", "--json", "--links", str(evidence)))["values"]
    assert (unknown["accessUrlStatusCode"], known["accessUrlStatusCode"], known["downloadUrlStatusCode"]) == (
        None,
        50,
        30,
    )
    assert (unknown["reachable"], known["reachable"]) == (325, 405)
    assert known["total"] == unknown["total"] + 80
    values = _json(run("catalogo.ttl", TURTLE, "mqa", "--json", "--links", str(evidence)))["values"]
    assert values["accessUrlStatusCode"] == 0
    values = _json(run("data.json", document, "pydatajson", "--json", "--links", str(evidence)))["values"]
    assert values["distribuciones_download_url_ok_pct"] == 1.0


def test_a_central_catalogue(run, tmp_path):
    central = tmp_path / "central.json"
    central.write_text(json.dumps({"dataset": [DATASET]}), encoding="utf-8")
    options = ("--json", "--central", str(central))
    values = _json(run("data.json", {"dataset": [DATASET]}, "pydatajson", *options))["values"]
    assert (values["datasets_federados_cant"], values["datasets_federados_pct"]) == (1, 1.0)


def test_people_get_a_table(run):
    result = run("data.json", {"dataset": [DATASET]}, "mqa")
    assert result.exit_code == 0
    assert "sin datos" in result.output
    assert "keywordAvailability" in result.output


def test_json_ld_latin_1_a_list_and_nothing_are_read(run):
    assert _json(run("c.json", {"@graph": []}, "mqa", "--json"))["values"]["total"] == 0
    latin = json.dumps({"dataset": [{**DATASET, "title": "Médicos"}]}, ensure_ascii=False).encode("latin-1")
    assert _json(run("c.json", latin, "mx", "--json"))["values"]["mx.datasets"] == 1
    assert _json(run("c.json", [DATASET], "adela", "--json"))["values"]["medalla"] == 3
    assert _json(run("c.json", {}, "adela", "--json"))["values"]["medalla"] is None


@pytest.mark.parametrize(
    ("name", "content", "family", "said"),
    [
        ("c.json", "{", "mx", "no es JSON (línea 1"),
        ("c.json", '"camas"', "mx", "no es un catálogo"),
        ("c.json", "[" * 100_000, "mx", "demasiados niveles"),
        ("c.json", '{"dataset": "camas"}', "mx", "no es un data.json"),
        ("c.ttl", "esto no es RDF", "mqa", "no se puede leer como RDF"),
        ("c.xlsx", "x", "mqa", "No se reconoce"),
        ("c.ttl", TURTLE, "pydatajson", "sobre un data.json"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_catalogue_is_told_in_one_line(run, name, content, family, said):
    result = run(name, content, family)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.splitlines()) == 1


def test_files_that_are_not_there(run, tmp_path):
    result = CliRunner().invoke(file, [str(tmp_path / "nada.json"), "--family", "mx"])
    assert (result.exit_code, "no existe" in result.output) == (2, True)
    result = CliRunner().invoke(file, [str(tmp_path), "--family", "mx"])
    assert result.exit_code == 2
    missing = str(tmp_path / "nada.json")
    for option in ("--links", "--central"):
        assert "no existe" in run("data.json", {"dataset": []}, "pydatajson", option, missing).output
    (tmp_path / "mal.json").write_text('{"http://x": "bien"}', encoding="utf-8")
    assert run("data.json", {}, "mqa", "--links", str(tmp_path / "mal.json")).exit_code == 2


def test_only_the_dataset_that_breaks_the_shapes_is_told():
    found = compliant_datasets(pyoxigraph.parse(TURTLE.encode(), format=pyoxigraph.RdfFormat.TURTLE))
    assert found.pop("http://x/1") is True
    assert [(name[:2], good) for name, good in found.items()] == [("_:", False)]
