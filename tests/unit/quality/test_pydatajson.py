"""The indicators of pydatajson: its own answers on its own samples, and cases worked out by hand."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.quality.argentine_profile import keeps_to_the_profile
from ckanext.mxopendata.quality.links import read_links
from ckanext.mxopendata.quality.pydatajson import of_catalogue, of_dataset, of_network

# The day on which pydatajson was asked: ages depend on it.
NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
DAY = datetime(2026, 11, 22, tzinfo=timezone.utc)


def _dataset(**given: Any) -> dict[str, Any]:
    return {
        "identifier": "camas",
        "title": "Camas",
        "description": "Camas por hospital",
        "publisher": {"name": "Salud", "mbox": "datos@salud.example"},
        "superTheme": ["HEAL"],
        "accrualPeriodicity": "R/P1M",
        "issued": "2026-01-01",
        "modified": "2026-11-01",
        "distribution": [_distribution()],
        **given,
    }


def _distribution(**given: Any) -> dict[str, Any]:
    return {
        "identifier": "camas-1",
        "title": "Camas",
        "issued": "2026-01-01",
        "accessURL": "http://salud.example/camas",
        "downloadURL": "http://salud.example/camas.csv",
        "format": "CSV",
        **given,
    }


def _values(*datasets: Any, **given: Any) -> dict[str, Any]:
    return of_catalogue({"title": "Nodo", "identifier": "nodo", "dataset": list(datasets)}, NOW, **given).values


@pytest.mark.payloads
def test_it_answers_what_pydatajson_answers(shared: Path):
    folder = shared / "payloads" / "quality" / "pydatajson"
    expected = json.loads((folder / "expected_indicators.json").read_text(encoding="utf-8"))
    samples = {name: values for name, values in expected.items() if not name.startswith("_")}
    assert len(samples) >= 30
    for name, values in samples.items():
        catalogue = json.loads((folder / "samples" / name).read_text(encoding="utf-8"))
        assert of_catalogue(catalogue, NOW).values == values, name


def test_a_valid_dataset_keeps_to_the_profile():
    assert keeps_to_the_profile(_dataset())


@pytest.mark.parametrize(
    "broken",
    [
        {"title": ""},
        {"title": "a" * 101},
        {"publisher": "Salud"},
        {"superTheme": []},
        {"superTheme": ["SALUD"]},
        {"accrualPeriodicity": "mensual"},
        {"issued": "2026-13-01"},
        {"keyword": ["¡camas!"]},
        {"temporal": "2015-01-1/2015-12-31"},
        {"landingPage": "salud.example/camas"},
        {"distribution": [_distribution(downloadURL="http://salud example/camas.csv")]},
        {"distribution": [_distribution(identifier=7)]},
        {"distribution": [_distribution(format="nada/conocido")]},
        {"distribution": ["camas.csv"]},
    ],
    ids=str,
)
def test_what_breaks_the_profile(broken):
    assert not keeps_to_the_profile(_dataset(**broken))


@pytest.mark.parametrize(
    ("frequency", "modified", "fresh"),
    [
        ("R/P1M", "2026-10-18", True),  # 35 days, of 36
        ("R/P1M", "2026-10-17", False),
        ("R/P0.5M", "2026-11-05", True),  # 17 days, of 18
        ("R/P0.5M", "2026-11-04", False),
        ("R/PT1H", "2026-11-21", True),  # less than a day counts as one
        ("R/P1Y", "2025-09-10", False),
        ("eventual", None, True),
        ("R/P1M", None, False),
        ("mensual", "2026-11-22", False),
        ("R/P1M", "ayer", False),
    ],
)
def test_freshness(frequency, modified, fresh):
    given = {"accrualPeriodicity": frequency, "modified": modified}
    found = of_dataset({name: value for name, value in given.items() if value}, DAY)
    assert (found["datasets_actualizados_cant"], found["datasets_desactualizados_cant"]) == (int(fresh), int(not fresh))


def test_without_a_frequency_a_dataset_is_neither_but_still_divides():
    values = _values(_dataset(), _dataset(accrualPeriodicity=None))
    assert (values["datasets_actualizados_cant"], values["datasets_desactualizados_cant"]) == (1, 0)
    assert values["datasets_actualizados_pct"] == 0.5
    assert values["datasets_frecuencia_cant"] == {"R/P1M": 1}


def test_one_unreadable_date_does_not_hide_the_others():
    values = _values(_dataset(), _dataset(modified="ayer"))
    assert values["catalogo_ultima_actualizacion_dias"] == 21
    assert values["datasets_actualizados_cant"] == 1


def test_a_catalogue_of_today_is_no_days_old():
    assert _values(_dataset(modified="2026-11-22T01:00:00-06:00"))["catalogo_ultima_actualizacion_dias"] == 0


def test_links_are_judged_by_their_status_and_only_where_there_is_evidence():
    names = ("buena", "mudada", "llena", "perdida", "caida", "muda", "sin-prueba")
    distributions = [_distribution(downloadURL=f"http://salud.example/{name}") for name in names]
    distributions.append(_distribution(downloadURL=""))
    statuses = (200, 301, 429, 404, 503, None)
    links = {f"http://salud.example/{name}": status for name, status in zip(names, statuses, strict=False)}
    values = _values(_dataset(distribution=distributions), links=links)
    assert values["distribuciones_download_url_ok_cant"] == 3
    assert values["distribuciones_download_url_error_cant"] == 4
    assert values["distribuciones_download_url_ok_pct"] == 0.4286
    assert "distribuciones_download_url_ok_cant" not in _values(_dataset())


def test_the_gap_to_the_central_catalogue():
    same, ours = _dataset(), _dataset(title="Médicos", identifier="medicos")
    theirs = _dataset(title="Enfermeras", identifier="enfermeras")
    foreign = _dataset(title="Trenes", publisher={"name": "Transportes"})
    central = {"dataset": [same, theirs, foreign]}
    values = _values(same, ours, central=central)
    assert values["datasets_federados"] == [("Camas", None)]
    assert values["datasets_no_federados"] == [("Médicos", None)]
    assert values["datasets_federados_eliminados"] == [("Enfermeras", None)]
    counts = ("federados_cant", "no_federados_cant", "federados_pct", "federados_eliminados_cant")
    assert [values[f"datasets_{name}"] for name in counts] == [1, 1, 0.5, 1]
    assert values["distribuciones_federadas_cant"] == 1


def test_the_gap_by_identifier():
    central = {"dataset": [_dataset(identifier="nodo_camas", title="Otro título"), _dataset(identifier="nodo_viejo")]}
    values = _values(_dataset(), _dataset(identifier="medicos"), central=central, by_identifier=True)
    assert (values["datasets_federados_cant"], values["datasets_no_federados_cant"]) == (1, 1)
    assert values["datasets_federados_eliminados_cant"] == 1


def test_a_network_is_the_sum_of_its_nodes_and_shares_are_of_the_sums():
    one = of_catalogue({"dataset": [_dataset(), _dataset(), _dataset(accrualPeriodicity="R/P1D")]}, NOW)
    other = of_catalogue({"dataset": [_dataset(title="")]}, NOW)
    network = of_network([one, other])
    assert (network["catalogos_cant"], network["datasets_cant"]) == (2, 4)
    assert network["datasets_meta_ok_pct"] == 0.75
    assert network["datasets_frecuencia_cant"] == {"R/P1M": 3, "R/P1D": 1}
    # Of a network only datasets with a frequency are divided by.
    assert network["datasets_actualizados_pct"] == 0.75
    assert network["campos_recomendados_pct"] == round(
        (one.use + other.use).recommended / (one.use + other.use).recommended_possible, 4
    )
    assert of_network([]) == {}


@pytest.mark.parametrize("catalogue", [{}, {"dataset": None}, {"dataset": "camas"}, {"dataset": []}], ids=str)
def test_a_catalogue_with_nothing_has_no_shares(catalogue):
    values = of_catalogue(catalogue, NOW).values
    assert (values["datasets_cant"], values["datasets_meta_ok_pct"]) == (0, None)
    assert values["catalogo_ultima_actualizacion_dias"] is None
    assert (values["title"], values["identifier"]) == ("no-title", "no-id")


def test_datasets_of_every_shape_are_counted():
    odd = ["camas", None, {"distribution": ["a", 1, {"format": ["CSV"]}], "accrualPeriodicity": ["R/P1D"]}]
    values = _values(*odd)
    assert (values["datasets_cant"], values["datasets_meta_error_cant"]) == (3, 3)
    assert values["distribuciones_cant"] == 1


def test_what_datasets_add_is_the_catalogue():
    figures = of_catalogue({"dataset": [_dataset(), _dataset(identifier="b", distribution=[])]}, NOW)
    for name in ("datasets_meta_ok_cant", "datasets_con_datos_cant", "distribuciones_cant"):
        assert sum(each[name] for each in figures.datasets) == figures.values[name]
    assert [each["identifier"] for each in figures.datasets] == ["camas", "b"]


def test_evidence_on_links_is_an_object_or_a_list():
    assert read_links({"http://a": 200, "http://b": None}) == {"http://a": 200, "http://b": None}
    assert read_links([{"url": "http://a", "status": 404}, {"url": "http://b", "status": None}]) == {
        "http://a": 404,
        "http://b": None,
    }
    for wrong in ("http://a", {"http://a": "bien"}, {"http://a": True}):
        with pytest.raises(ValueError):
            read_links(wrong)
