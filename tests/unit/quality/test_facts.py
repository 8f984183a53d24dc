"""What is measured of one dataset."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.mxopendata.metadata.validation import field_points, points
from ckanext.mxopendata.quality.completeness import metadata_points
from ckanext.mxopendata.quality.facts import file_type, measure

FULL: dict[str, Any] = {
    "title": "Escuelas de educación básica",
    "notes": "Directorio de escuelas.",
    "license_id": "libreusomx",
    "contact": [{"name": "Unidad de Datos", "email": "datos@ejemplo.gob.mx"}],
    "resources": [
        {"name": "a", "format": "CSV"},
        {"name": "b", "format": "xlsx"},
        {"name": "c", "format": "", "mimetype": "application/pdf"},
        {"name": "d", "format": "algo raro"},
    ],
}


def test_formats_are_counted_by_the_vocabulary():
    facts = measure(FULL)
    assert facts.resources == 4
    assert facts.formats == {"CSV": 1, "XLSX": 1, "PDF": 1, "": 1}
    assert facts.open_resources == 1
    assert facts.machine_readable_resources == 2


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"format": "csv"}, "CSV"),
        ({"format": ".CSV"}, "CSV"),
        ({"format": "CSV", "mimetype": "application/pdf"}, "CSV"),
        ({"format": None, "mimetype": "TEXT/CSV; charset=utf-8"}, "CSV"),
        ({"mimetype": "no/tal"}, None),
        ({"mimetype": 7}, None),
        ({}, None),
    ],
)
def test_a_file_type_is_the_format_else_the_media_type(resource: dict[str, Any], expected: str | None):
    found = file_type(resource)
    assert (found.id if found else None) == expected


def test_a_media_type_of_several_formats_says_nothing():
    assert file_type({"mimetype": "application/zip"}) is None


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ({"license_id": "libreusomx"}, True),
        ({"license_id": "notspecified"}, False),
        ({"license_id": "una licencia inventada"}, False),
        ({"license_id": ""}, False),
        ({}, False),
        ({"resources": [{"license": "cc-by-4.0"}, {"license": "CC BY 4.0"}]}, True),
        ({"resources": [{"license": "cc-by-4.0"}, {}]}, False),
        ({"resources": []}, False),
    ],
)
def test_a_licence_is_known_or_stands_on_every_resource(dataset: dict[str, Any], expected: bool):
    assert measure(dataset).licensed is expected


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ([{"email": "a@b.mx"}], True),
        ([{"name": "Alguien"}], False),
        ([{"name": "Alguien"}, {"email": "a@b.mx"}], True),
        ([], False),
        (None, False),
    ],
)
def test_a_contact_needs_an_address(contact: Any, expected: bool):
    assert measure({"contact": contact}).with_contact is expected


def test_an_archived_dataset_says_so():
    assert measure({"archived_at": "2026-01-01T00:00:00"}).archived
    assert not measure({"archived_at": ""}).archived


def test_missing_points_and_points_add_up_to_the_maximum():
    for dataset in (FULL, {}, {"title": "x"}, {**FULL, "resources": []}):
        completeness = metadata_points(dataset)
        assert (completeness.points, completeness.maximum) == points(dataset)
        lost = sum(field.points for field in completeness.missing)
        assert completeness.points + lost == pytest.approx(completeness.maximum, abs=0.2)


def test_the_dearest_missing_field_comes_first():
    values = [field.points for field in metadata_points({"title": "x"}).missing]
    assert values == sorted(values, reverse=True)


def test_a_field_of_resources_loses_the_share_that_lacks_it():
    missing = {field.field: field.points for field in metadata_points(FULL).missing}
    assert "resources.name" not in missing
    assert missing["resources.format"] == pytest.approx(field_points()["resource"]["format"] / 4, abs=0.05)
    without = {field.field: field.points for field in metadata_points({**FULL, "resources": []}).missing}
    assert without["resources.format"] == field_points()["resource"]["format"]
