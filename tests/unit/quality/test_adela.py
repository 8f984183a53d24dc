"""ADELA's medals, stars and grade, worked out by hand for every branch."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ckanext.mxopendata.quality import adela
from ckanext.mxopendata.quality.adela import BRONZE, GOLD, NO_MEDAL, SILVER, Grade, ResourceCounts

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
RESOURCE = {"name": "Camas", "url": "http://salud.example/camas.csv", "format": "CSV"}
DATASET: dict[str, Any] = {
    "title": "Camas",
    "notes": "Camas por hospital",
    "theme": ["salud"],
    "tags": [{"name": "camas"}],
    "contact": [{"name": "Ana", "email": "ana@salud.example"}],
    "frequency": "R/P1Y",
    "modified": "2026-06-01",
    "resources": [RESOURCE],
}


@pytest.mark.parametrize(
    ("changed", "medal"),
    [
        ({}, GOLD),
        ({"frequency": "irregular"}, GOLD),
        ({"frequency": "realtime"}, GOLD),
        ({"modified": "2024-06-01"}, SILVER),
        ({"modified": None}, SILVER),
        ({"frequency": None}, SILVER),
        ({"contact": []}, BRONZE),
        ({"contact": [{"name": "Ana"}]}, BRONZE),
        ({"contact": [{"email": "ana@salud.example"}]}, BRONZE),
        ({"notes": ""}, NO_MEDAL),
        ({"theme": []}, NO_MEDAL),
        ({"tags": []}, NO_MEDAL),
    ],
    ids=str,
)
def test_the_medal_of_a_resource(changed, medal):
    assert adela.resource_medal({**DATASET, **changed}, RESOURCE, NOW) == medal


def test_a_resource_without_an_address_has_no_medal():
    assert adela.resource_medal(DATASET, {**RESOURCE, "url": ""}, NOW) == NO_MEDAL
    assert adela.resource_medal({**DATASET, "title": ""}, {**RESOURCE, "name": ""}, NOW) == NO_MEDAL


def test_what_a_resource_says_itself_stands_in_for_the_dataset():
    assert adela.resource_medal({**DATASET, "notes": ""}, {**RESOURCE, "description": "Una fila"}, NOW) == GOLD


@pytest.mark.parametrize(
    ("formats", "stars"),
    [
        (("PNG", "PDF", "BMP", "JPG", "ZIP"), 1),
        (("XLS", "XLSX"), 2),
        (("CSV", "JSON", "TXT", "XML", "HTML", "TSV", "SHP", "PSV", "KML", "KMZ"), 3),
        (("RDF",), 4),
        (("LOD",), 5),
        (("GEOJSON", "ODS"), 3),
        (("", None, "quién sabe"), None),
    ],
)
def test_stars_by_format(formats, stars):
    assert {adela.opening_stars({"format": each}) for each in formats} == {stars}


@pytest.mark.parametrize(
    ("medals", "medal"),
    [
        ({}, None),
        ({NO_MEDAL: 4}, BRONZE),  # one without a medal counts as one
        ({BRONZE: 1}, BRONZE),
        ({BRONZE: 1, SILVER: 1}, BRONZE),
        ({NO_MEDAL: 1, GOLD: 1}, SILVER),
        ({SILVER: 1, GOLD: 99}, SILVER),
        ({GOLD: 3}, GOLD),
    ],
    ids=str,
)
def test_the_medal_of_an_institution_is_the_whole_part_of_the_mean(medals, medal):
    assert adela.institution_medal(ResourceCounts(medals)) == medal


@pytest.mark.parametrize(
    ("stars", "opening"),
    [({}, None), ({3: 1}, 3), ({1: 1, 4: 1}, 2), ({1: 2, 3: 1}, 1), ({2: 1, 3: 1}, 2), ({1: 1, 2: 1, 5: 1}, 2)],
    ids=str,
)
def test_the_opening_is_the_whole_part_of_the_median(stars, opening):
    assert adela.opening(ResourceCounts({}, stars)) == opening


@pytest.mark.parametrize(
    ("medals", "unpublished", "downloads", "recommendations", "expected"),
    [
        ({GOLD: 1}, 0, 1, 0, Grade(10, 100, 100)),
        ({SILVER: 1}, 0, 1, 0, Grade(9, 90, 100)),
        ({BRONZE: 1}, 0, 1, 0, Grade(8, 80, 100)),
        ({}, 0, 1, 0, Grade(4, 40, 100)),
        ({GOLD: 1}, 1, 1, 0, Grade(8, 85, 100)),
        ({GOLD: 1}, 0, 0, 0, Grade(8, 85, 100)),
        ({GOLD: 1}, 0, 1, 2, Grade(9, 90, 100)),
        ({GOLD: 1}, 0, None, 0, Grade(8, 85, 85)),
        ({GOLD: 1}, None, None, None, Grade(6, 60, 60)),
        ({SILVER: 1}, 0, None, 1, Grade(6, 65, 85)),
        ({}, 3, 0, 1, Grade(0, 0, 100)),
    ],
)
def test_the_grade(medals, unpublished, downloads, recommendations, expected):
    found = adela.grade(
        ResourceCounts(medals), unpublished=unpublished, downloads=downloads, recommendations=recommendations
    )
    assert found == expected


def test_counts_of_datasets_are_added():
    poor = {**DATASET, "tags": [], "resources": [{**RESOURCE, "format": "PDF"}, {"url": "http://x.example"}]}
    counts = adela.total(adela.resource_counts(each, NOW) for each in (DATASET, poor))
    assert counts == ResourceCounts({GOLD: 1, NO_MEDAL: 2}, {3: 1, 1: 1})
    assert adela.institution_medal(counts) == BRONZE
    assert adela.resource_counts({}, NOW) == ResourceCounts()
