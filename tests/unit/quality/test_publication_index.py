"""The publication index, with figures worked out by hand."""

from __future__ import annotations

import pytest

from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.publication_index import (
    Weights,
    dimensions,
    parse_weights,
    publication_index,
    read_weights,
    use_folders,
    weights,
)
from ckanext.mxopendata.quality.values import Value, no_data, percentage

LABEL = {"es": "Uno", "en": "One"}
WEIGHTS = Weights(
    50,
    {
        "metadata": {"label": LABEL, "weight": 40, "indicators": {"a": 1}},
        "openness": {"label": LABEL, "weight": 30, "indicators": {"b": 2, "c": 1}},
        "freshness": {"label": LABEL, "weight": 30, "indicators": {"d": 1}},
    },
)


def _values(**given: float | None) -> dict[str, Value]:
    return {name: no_data("percent") if value is None else percentage(value, 100) for name, value in given.items()}


def test_the_points_are_each_percentage_of_its_weight():
    values = _values(a=50, b=100, c=40, d=10)
    assert [(each.id, each.points, each.score, each.lost) for each in dimensions(values, WEIGHTS)] == [
        ("metadata", 20, 50, 20),
        ("openness", 24, 80, 6),
        ("freshness", 3, 10, 27),
    ]
    assert [(part.worth, part.points) for part in dimensions(values, WEIGHTS)[1].parts] == [(20, 20), (10, 4)]
    assert publication_index(values, WEIGHTS) == {
        "value": 47,
        "unit": "points",
        "numerator": 47,
        "denominator": 100,
        "status": "ok",
    }


def test_what_is_not_known_is_left_out_and_not_zero():
    values = _values(a=50, b=None, c=40, d=None)
    openness, freshness = dimensions(values, WEIGHTS)[1:]
    assert (openness.points, [(part.worth, part.points) for part in openness.parts]) == (12, [(0, None), (30, 12)])
    assert (freshness.points, freshness.score, freshness.lost) == (None, None, None)
    index = publication_index(values, WEIGHTS)
    assert (index["value"], index["numerator"], index["denominator"]) == (45.7, 32, 70)


@pytest.mark.parametrize(("given", "known"), [({"a": 100, "b": None, "c": None, "d": None}, 40), ({}, 0)])
def test_too_little_known_gives_no_index(given, known):
    index = publication_index(_values(**{"a": None, "b": None, "c": None, "d": None, **given}), WEIGHTS)
    assert (index["value"], index["status"], index["denominator"]) == (None, "no_data", known)


def test_the_index_can_be_recomputed_from_its_published_parts():
    values = _values(a=33.3333, b=66.6667, c=12.5, d=99.99)
    published = [(each.weight, each.points or 0) for each in dimensions(values, WEIGHTS)]
    added, worth = sum(points for _, points in published), sum(weight for weight, _ in published)
    assert publication_index(values, WEIGHTS)["value"] == round(100 * added / worth, 1)


def test_our_weights_name_percentages_of_which_more_is_better():
    ours = read_weights()
    for name in ours.indicators:
        assert (INDICATORS[name].unit, INDICATORS[name].direction) == ("percent", "more")
    assert all(set(each["label"]) == {"es", "en"} for each in ours.dimensions.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"a": {"label": LABEL, "weight": 99, "indicators": {"b": 1}}},
        {"a": {"label": LABEL, "weight": 100, "indicators": {}}},
        {"a": {"label": LABEL, "weight": 100, "indicators": {"b": 0}}},
    ],
)
def test_wrong_weights_are_refused(wrong):
    with pytest.raises(ValueError, match="index"):
        parse_weights({"least_known": 50, "dimensions": wrong})


def test_the_weights_of_the_operators_last_folder_are_used(tmp_path):
    text = """
    index:
      least_known: 10
      dimensions:
        only: {label: {es: Único, en: Only}, weight: 100, indicators: {mx.licensed: 1}}
    """
    (tmp_path / "quality.yaml").write_text(text, encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    try:
        use_folders([tmp_path, empty])
        assert weights().indicators == ("mx.licensed",)
    finally:
        use_folders([])
    assert weights() == read_weights()
