"""The quality assessment of data.europa.eu: each of the 23 metrics on and off, averages, ratings, what is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ckanext.mxopendata.dcat.described import describe_datasets
from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.quality import mqa

EU = "http://publications.europa.eu/resource/authority"
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix eu: <http://publications.europa.eu/resource/authority/> .
"""
DATASET = {
    "dcat:keyword": '"camas"@es, "beds"@en',
    "dcat:theme": f"<{EU}/data-theme/HEAL>",
    "dct:spatial": f"<{EU}/country/MEX>",
    "dct:temporal": "[ a dct:PeriodOfTime ]",
    "dct:accessRights": f"<{EU}/access-right/PUBLIC>",
    "dcat:contactPoint": "<http://salud.example/contacto>",
    "dct:publisher": "<http://salud.example>",
    "dct:issued": '"2026-01-01"',
    "dct:modified": '"2026-11-01"',
}
DISTRIBUTION = {
    "dcat:accessURL": "<http://salud.example/camas>",
    "dcat:downloadURL": "<http://salud.example/camas.csv>",
    "dct:format": f"<{EU}/file-type/CSV>",
    "dcat:mediaType": "<https://www.iana.org/assignments/media-types/text/csv>",
    "dct:license": f"<{EU}/licence/CC_BY_4_0>",
    "dct:rights": '"Sin derechos"',
    "dcat:byteSize": '"10"',
}
LINKS = {"http://salud.example/camas": 200, "http://salud.example/camas.csv": 301}


def _score(dataset=None, *distributions, links=LINKS, compliant=True) -> mqa.Score:
    bodies = [f"[ a dcat:Distribution {_lines(each)} ]" for each in distributions or (DISTRIBUTION,)]
    text = f"{PREFIXES} <http://d> a dcat:Dataset {_lines(DATASET if dataset is None else dataset)}"
    text += f"; dcat:distribution {', '.join(bodies)} ." if bodies != ["[ a dcat:Distribution  ]"] else " ."
    (found,) = describe_datasets(read_graph(text, "ttl"))
    return mqa.measure(found.dataset, found.distributions, links=links, compliant=compliant)


def _lines(properties) -> str:
    return "".join(f"; {name} {value}" for name, value in properties.items())


def _without(properties, *names):
    return {name: value for name, value in properties.items() if name not in names}


def test_a_graph_with_everything_has_all_405_points():
    score = _score()
    assert (score.total, score.reachable, score.rating) == (405, 405, "Excellent")
    assert {name: score.of_dimension(name) for name in mqa.dimensions()} == {
        "Findability": 100,
        "Accessibility": 100,
        "Interoperability": 110,
        "Reusability": 75,
        "Contextuality": 20,
    }


@pytest.mark.parametrize(
    ("lost", "name", "instead"),
    [
        (["keywordAvailability"], "dcat:keyword", None),
        (["categoryAvailability"], "dcat:theme", None),
        (["spatialAvailability"], "dct:spatial", None),
        (["temporalAvailability"], "dct:temporal", None),
        (["accessRightsVocabularyAlignment"], "dct:accessRights", '"público"'),
        (["accessRightsAvailability", "accessRightsVocabularyAlignment"], "dct:accessRights", None),
        (["contactPointAvailability"], "dcat:contactPoint", None),
        (["publisherAvailability"], "dct:publisher", None),
        (["dateIssuedAvailability"], "dct:issued", None),
        (["dateModifiedAvailability"], "dct:modified", None),
        (["keywordAvailability"], "dcat:keyword", '" "'),
    ],
)
def test_metrics_of_a_dataset(lost, name, instead):
    dataset = _without(DATASET, name) | ({name: instead} if instead else {})
    _assert_lost(_score(dataset), lost)


FORMATS = ["formatMediaTypeNonProprietary", "formatMediaTypeMachineInterpretable"]


@pytest.mark.parametrize(
    ("lost", "name", "instead"),
    [
        (["accessUrlStatusCode"], "dcat:accessURL", None),
        (["downloadUrlAvailability", "downloadUrlStatusCode"], "dcat:downloadURL", None),
        (["formatAvailability", *FORMATS], "dct:format", None),
        (["formatMediaTypeVocabularyAlignment", *FORMATS], "dct:format", '"CSV"'),
        (FORMATS, "dct:format", f"<{EU}/file-type/PDF>"),
        (["formatMediaTypeNonProprietary"], "dct:format", f"<{EU}/file-type/XLSX>"),
        (["formatMediaTypeMachineInterpretable"], "dct:format", f"<{EU}/file-type/PNG>"),
        (["mediaTypeAvailability"], "dcat:mediaType", None),
        (["formatMediaTypeVocabularyAlignment"], "dcat:mediaType", '"text/csv"'),
        (["knownLicence"], "dct:license", "<https://datos.gob.mx/libreusomx>"),
        (["licenceAvailability", "knownLicence"], "dct:license", None),
        (["rightsAvailability"], "dct:rights", None),
        (["byteSizeAvailability"], "dcat:byteSize", None),
    ],
)
def test_metrics_of_a_distribution(lost, name, instead):
    distribution = _without(DISTRIBUTION, name) | ({name: instead} if instead else {})
    _assert_lost(_score(DATASET, distribution), lost)


def _assert_lost(score: mqa.Score, lost: list[str]) -> None:
    assert [metric.id for metric in mqa.metrics() if score.points[metric.id] != metric.points] == sorted(
        lost, key=[metric.id for metric in mqa.metrics()].index
    )
    assert all(score.points[name] == 0 for name in lost)


@pytest.mark.parametrize("status", [404, 503, 199, 429, None])
def test_links_that_do_not_answer(status):
    _assert_lost(_score(links={**LINKS, "http://salud.example/camas": status}), ["accessUrlStatusCode"])
    _assert_lost(_score(links={**LINKS, "http://salud.example/camas.csv": status}), ["downloadUrlStatusCode"])


def test_a_dataset_that_breaks_the_shapes():
    _assert_lost(_score(compliant=False), ["dcatApCompliance"])


def test_without_evidence_the_points_are_nobodys():
    score = _score(links=None, compliant=None)
    unknown = [name for name, points in score.points.items() if points is None]
    assert unknown == ["accessUrlStatusCode", "downloadUrlStatusCode", "dcatApCompliance"]
    assert (score.total, score.reachable) == (295, 295)
    assert score.rating is None, "295 is good, with the 110 unknown points excellent"
    assert _score({}, {"dcat:mediaType": '"x"'}, links=None, compliant=None).rating == "Bad"


def test_only_the_best_distribution_counts():
    poor = {"dcat:accessURL": "<http://salud.example/nada>", "dct:rights": '"x"', "dcat:byteSize": '"1"'}
    rich = _without(DISTRIBUTION, "dct:rights")
    score = _score(DATASET, poor, rich)
    assert score.total == 400
    assert score.points["rightsAvailability"] == 0, "of the other distribution"


def test_a_dataset_without_distributions_has_only_its_own_points():
    score = mqa.measure({}, [], links={}, compliant=True)
    assert (score.total, score.points["accessUrlStatusCode"], score.reachable) == (30, 0, 405)


def test_a_catalogue_is_the_average_of_its_datasets():
    both = mqa.average([_score(), _score({}, {"dcat:mediaType": '"x"'}, compliant=False)])
    assert both.points["keywordAvailability"] == 15
    assert both.total == 207.5
    assert both.rating == "Sufficient"
    none = mqa.average([])
    assert (none.total, none.reachable, none.of_dimension("Findability")) == (0, 0, None)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (405, "Excellent"),
        (351, "Excellent"),
        (350.9, "Good"),
        (221, "Good"),
        (220, "Sufficient"),
        (121, "Sufficient"),
        (120.9, "Bad"),
        (0, "Bad"),
    ],
)
def test_ratings(points, expected):
    assert mqa.rating(points) == expected
    assert mqa.rating_name(expected)["es"]


@pytest.mark.payloads
def test_weights_and_ratings_are_those_of_the_sources(shared: Path):
    text = (shared / "payloads/quality/mqa-vocabularies/mqa_indicators.json").read_text(encoding="utf-8")
    told = json.loads(text)
    ours = [
        {"id": each.id, "dimension": each.dimension, "class": f"dcat:{each.on.title()}", "points": each.points}
        for each in mqa.metrics()
    ]
    kept = ("id", "dimension", "class", "points")
    assert ours == [{name: each[name] for name in kept} for each in told["indicators"]]
    assert sum(each.points for each in mqa.metrics()) == told["max"] == mqa.MAXIMUM
    for name, (lowest, highest) in told["ratings"].items():
        assert mqa.rating(lowest) == mqa.rating(highest) == name


@pytest.mark.payloads
def test_the_catalogue_of_vehicles(shared: Path):
    document = (shared / "payloads/quality/dcatap_catalog.ttl").read_bytes()
    found = list(describe_datasets(read_graph(document, "ttl")))
    addresses = {each.text for one in found for form in one.distributions for each in form["dcat:accessURL"]}
    links = dict.fromkeys(addresses, 200)
    scores = [mqa.measure(one.dataset, one.distributions, links=links, compliant=True) for one in found]
    # Keywords, theme, place (80), the link (50), the media type (10), the shapes (30); the second has a period, too.
    assert [score.total for score in scores] == [170, 190]
    assert (mqa.average(scores).total, mqa.average(scores).rating) == (180, "Sufficient")
