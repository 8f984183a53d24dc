"""The methods of others over many datasets: sums of kept facts equal the method applied to the datasets themselves."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.datajson import head, render_entry
from ckanext.mxopendata.dcat.described import describe, describe_datasets
from ckanext.mxopendata.dcat.graph import graph_of
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.quality import adela, mqa, pydatajson
from ckanext.mxopendata.quality.commitments import CommitmentSums
from ckanext.mxopendata.quality.facts import measure
from ckanext.mxopendata.quality.families import FamilySums, measure_families
from ckanext.mxopendata.quality.indicators import Evidence, compute_all
from ckanext.mxopendata.quality.register import FAMILIES, FOREIGN, HEADLINES, REGISTER, family_of
from ckanext.mxopendata.quality.sums import Sums, of_datasets

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
CONTEXT = ExportContext(Catalogue(uri="http://datos.example", title="Datos"), "http://datos.example/vocabularios")
_FULL: dict[str, Any] = {
    "title": "Camas",
    "notes": "Camas por hospital",
    "theme": ["salud"],
    "tags": [{"name": "camas"}],
    "contact": [{"name": "Ana", "email": "ana@salud.example"}],
    "frequency": "R/P1Y",
    "modified": "2026-06-01",
    "issued": "2020-01-01",
    "license_id": "cc-by-4.0",
    "access_rights": "public",
    "organization": {"id": "s", "name": "salud", "title": "Salud"},
    "resources": [
        {"id": "a", "name": "Camas", "url": "http://salud.example/a.csv", "format": "CSV", "mimetype": "text/csv"},
        {"id": "b", "name": "Camas", "url": "http://salud.example/b.pdf", "format": "PDF"},
    ],
}
DATASETS = [
    {"id": "1", "name": "uno", "identifier": "uno", **_FULL},
    {"id": "2", "name": "dos", "identifier": "dos", **_FULL, "modified": "2024-01-01", "license_id": ""},
    {"id": "3", "name": "tres", "title": "Sin nada", "resources": []},
    {"id": "4", "name": "cuatro", **_FULL, "contact": [], "frequency": "irregular", "issued": None},
    {"id": "5", "name": "cinco", **_FULL, "tags": [], "frequency": None, "modified": "2019-01-01"},
]


def _facts(dataset: dict[str, Any]) -> Any:
    described, distributions = describe(dataset, CONTEXT)
    entry = render_entry(dataset, CONTEXT).properties
    return measure(dataset, measure_families(dataset, described, distributions, entry))


def _values(now: datetime = NOW, datasets: list[dict[str, Any]] = DATASETS) -> dict[str, Any]:
    return dict(compute_all(REGISTER, Evidence(of_datasets(map(_facts, datasets), now), now)))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset["name"])
def test_what_is_described_is_what_the_triples_say(dataset: dict[str, Any]):
    told = next(iter(describe_datasets(graph_of(list(render_dataset(dataset, CONTEXT).triples)))))
    described, distributions = describe(dataset, CONTEXT)
    assert mqa.measure(described, distributions) == mqa.measure(told.dataset, told.distributions)
    assert {name: sorted(terms) for name, terms in described.items() if terms} == {
        name: sorted(terms) for name, terms in told.dataset.items() if terms
    }


def test_the_mqa_of_many_is_the_average_of_their_scores():
    scores = [mqa.measure(*describe(dataset, CONTEXT)) for dataset in DATASETS]
    expected, values = mqa.average(scores).to_dict(), _values()
    for name in (*(metric.id for metric in mqa.metrics()), *mqa.dimensions(), "total"):
        assert values[f"mqa.{name}"]["value"] == expected[name], name
    assert values["mqa.total"]["denominator"] == expected["reachable"]
    keywords = values["mqa.keywordAvailability"]
    assert (keywords["value"], keywords["numerator"], keywords["denominator"]) == (18, 3, 5)


def test_what_nobody_checked_is_unknown_and_never_a_zero():
    values = _values(datasets=DATASETS[:1])
    for name in ("mqa.accessUrlStatusCode", "mqa.dcatApCompliance", "pydatajson.distribuciones_download_url_ok_pct"):
        assert (values[name]["value"], values[name]["status"]) == (None, "no_data")
    assert values["mqa.total"]["denominator"] < mqa.MAXIMUM


def test_of_nothing_nothing_is_known_but_counts():
    values = compute_all(FOREIGN, Evidence(Sums(), NOW))
    known = {name for name, value in values.items() if value["status"] == "ok"}
    assert all(values[name]["value"] == 0 for name in known)
    assert all(name.startswith("pydatajson.") and name.endswith("_cant") for name in known)


@pytest.mark.parametrize("days", [0, 30, 300, 4000])
def test_pydatajson_of_many_is_that_of_their_catalogue_on_any_day(days: int):
    now = NOW + timedelta(days=days)
    catalogue = {**head(CONTEXT), "dataset": [render_entry(dataset, CONTEXT).properties for dataset in DATASETS]}
    expected, values = pydatajson.of_catalogue(catalogue, now).values, _values(now)
    names = [name.partition(".")[2] for name in REGISTER if name.startswith("pydatajson.")]
    compared = [name for name in names if name in expected]
    assert len(compared) == 14
    assert {name: values[f"pydatajson.{name}"]["value"] for name in compared} == {
        name: expected[name] for name in compared
    }


@pytest.mark.parametrize("days", [0, 300])
def test_adela_of_many_is_that_of_their_resources_on_any_day(days: int):
    now = NOW + timedelta(days=days)
    expected = adela.total(adela.resource_counts(dataset, now) for dataset in DATASETS)
    values = _values(now)
    assert values["adela.medalla"]["value"] == adela.institution_medal(expected)
    assert values["adela.apertura"]["value"] == adela.opening(expected)
    found = [values[f"adela.recursos_{word}"]["value"] for word in ("sin_medalla", "bronce", "plata", "oro")]
    assert found == [expected.medals.get(medal, 0) for medal in range(4)]
    assert sum(found) == 8


def test_adelas_grade_by_hand():
    # Gold gives 60; something is missing, so no 10 more; promises and use are not known: 60 of 70.
    grade = _values(datasets=DATASETS[:1])["adela.calificacion"]
    assert (grade["value"], grade["numerator"], grade["denominator"]) == (6, 60, 70)
    late = _values(datasets=DATASETS[1:2])["adela.calificacion"]
    assert (late["value"], late["numerator"], late["denominator"]) == (5, 50, 70)
    promised = CommitmentSums(lines=3, planned=2, committed=2, published=2)
    kept = compute_all(REGISTER, Evidence(of_datasets(map(_facts, DATASETS[:1]), NOW), NOW, commitments=promised))
    assert (kept["adela.calificacion"]["value"], kept["adela.calificacion"]["denominator"]) == (7, 85)
    broken = dataclasses.replace(promised, committed_unpublished=1, published=1)
    kept = compute_all(REGISTER, Evidence(of_datasets(map(_facts, DATASETS[:1]), NOW), NOW, commitments=broken))
    assert (kept["adela.calificacion"]["value"], kept["adela.calificacion"]["denominator"]) == (6, 85)
    # Without a contact bronze, although nothing is due.
    assert _values(datasets=DATASETS[3:4])["adela.calificacion"]["numerator"] == 40


def test_sums_are_the_same_in_whatever_order_they_are_added():
    parts = [of_datasets([_facts(dataset)], NOW).families for dataset in DATASETS]
    assert sum(parts, start=FamilySums()) == sum(reversed(parts), start=FamilySums())
    assert sum(parts, start=FamilySums()).mqa.codes == of_datasets(map(_facts, DATASETS), NOW).families.mqa.codes


def test_every_indicator_is_of_a_family_and_says_what_it_is_in_both_languages():
    assert set(HEADLINES) < set(REGISTER)
    for name, indicator in REGISTER.items():
        assert name == indicator.id
        assert family_of(name) in FAMILIES
        for language in ("es", "en"):
            assert indicator.name[language]
            assert indicator.formula[language].endswith(".")
