"""What counts as a change, and what does not: spellings that the standards know are left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from ckanext.mxopendata.metadata.mended import MAXIMUM_CHANGES, MAXIMUM_TEXT, REASONS, Change, bounded
from ckanext.mxopendata.metadata.mended_table import MENDED_COLUMNS, column_of, mended_rows


def _changes(settings: MappingSettings | None = None, platform: str = "datajson", **fields: Any) -> list[Change]:
    return map_record({"identifier": "a", "title": "Parques", **fields}, platform, settings).changes


@pytest.mark.parametrize(
    ("way", "value"),
    [
        ("accrualPeriodicity", "R/P1M"),
        ("accrualPeriodicity", "R/PT1S"),
        ("accrualPeriodicity", "http://publications.europa.eu/resource/authority/frequency/MONTHLY"),
        ("modified", "2026-01-31"),
        ("modified", "2026-01-31T10:00:00Z"),
        ("modified", "2026"),
        ("license", "https://creativecommons.org/licenses/by/4.0/"),
        ("license", "http://creativecommons.org/licenses/by/4.0"),
        ("license", "CC-BY-4.0"),
        ("accessLevel", "restricted public"),
        ("language", ["es", "en"]),
        ("spatial", "14039"),
        ("temporal", "2020-01-01/2020-12-31"),
        ("theme", "Salud"),
        ("keyword", ["agua", "drenaje"]),
        ("description", "Dos  blancos y\r\nun renglón"),
        ("contactPoint", {"fn": "Ana", "hasEmail": "mailto:ana@ejemplo.gob.mx"}),
        ("landingPage", "https://ejemplo.gob.mx/parques"),
        (
            "distribution",
            [{"title": "T", "downloadURL": "https://x.gob.mx/a.csv", "format": "csv", "mediaType": "TEXT/CSV"}],
        ),
    ],
)
def test_what_a_standard_knows_is_no_change(way: str, value: Any):
    assert _changes(**{way: value}) == []


@pytest.mark.parametrize(
    ("way", "value", "expected"),
    [
        ("accrualPeriodicity", "Mensual", Change("frequency", "spelling", "Mensual", "R/P1M")),
        ("accrualPeriodicity", "a veces, quizá", Change("frequency", "left_out", "a veces, quizá")),
        ("modified", "31/01/2026", Change("modified", "spelling", "31/01/2026", "2026-01-31")),
        ("license", "CC BY 4.0", Change("license_id", "spelling", "CC BY 4.0", "cc-by-4.0")),
        ("accessLevel", "Público", Change("access_rights", "spelling", "Público", "public")),
        ("language", "español", Change("language", "spelling", "español", "es")),
        ("theme", "perros", Change("theme", "moved", "perros", "perros")),
        ("keyword", "a/gua", Change("tag_string", "cleaned", "a/gua", "a gua")),
        ("temporal", "2019 a 2020", Change("temporal_coverage", "spelling", "2019 a 2020", "2019/2020")),
        ("spatial", "Guadalajara, Jalisco", Change("spatial_coverage", "spelling", "Guadalajara, Jalisco", "14039")),
        ("description", "<p>Agua</p>", Change("notes", "cleaned", "<p>Agua</p>", "Agua")),
    ],
)
def test_what_is_written_differently_is_noted(way: str, value: Any, expected: Change):
    assert _changes(**{way: value}) == [expected]


def test_what_a_file_lacks_and_what_follows_is_noted_with_its_position():
    files = [
        {"title": "Uno", "downloadURL": "https://x.gob.mx/a.csv", "format": "CSV", "mediaType": "text/csv"},
        {"downloadURL": "https://x.gob.mx/b.csv", "format": "CSV", "byteSize": "1.2 MB"},
    ]
    assert set(_changes(distribution=files)) == {
        Change("name", "derived", None, "b.csv", 1),
        Change("mimetype", "derived", None, "text/csv", 1),
        Change("size", "spelling", "1.2 MB", "1200000", 1),
    }


def test_what_the_operator_set_says_so():
    settings = MappingSettings(
        license="cc-by-4.0",
        defaults={"legal_basis_text": "Ley"},
        fixed={"language": ["es"]},
        values={"frequency": {"3": "R/P3M"}},
    )
    assert set(_changes(settings, accrualPeriodicity="3", language="en")) == {
        Change("frequency", "configured", "3", "R/P3M"),
        Change("license_id", "configured", None, "cc-by-4.0"),
        Change("legal_basis_text", "configured", None, "Ley"),
        Change("language", "configured", "en", "es"),
    }
    mended = {"license": "https://creativecommons.org/licenses/by/4.0/", "language": "es"}
    mended["accrualPeriodicity"] = "R/P3M"
    assert _changes(settings, **mended, mxopendata={"legal_basis_text": "Ley", "changes": [{"field": "x"}]}) == []


def test_a_place_in_ckan_whose_key_stands_in_an_extra_is_no_change():
    extras = [{"key": "spatial_text", "value": "Guadalajara, Jalisco"}, {"key": "cvegeo", "value": "14039"}]
    assert _changes(platform="ckan", extras=extras) == []


def test_persons_are_never_repeated():
    changes = _changes(contactPoint={"fn": "Ana  <b>Torres</b>", "hasEmail": "Ana: ana@ejemplo.gob.mx"})
    assert {change.field for change in changes} == {"contact.name", "contact.email"}
    assert all(change.said is None and change.here is None for change in changes)


def test_changes_are_bounded():
    many = [Change("size", "spelling", str(number), "1", number) for number in range(1000)]
    kept = bounded(many)
    assert len(kept) == MAXIMUM_CHANGES
    assert (kept[-1].why, kept[-1].here) == ("further", str(1000 - MAXIMUM_CHANGES + 1))
    assert bounded([many[0], many[0]]) == many[:1]
    assert len(Change("notes", "cleaned", "a" * 9999, "\x00b").said or "") == MAXIMUM_TEXT
    assert Change("notes", "cleaned", None, "\x00b").here == "b"


def test_facts_come_back():
    change = Change("size", "spelling", "1 KB", "1000", 0)
    assert Change.from_facts(change.facts()) == change
    assert change.why in REASONS


def test_the_row_of_a_resource_has_its_own_marks():
    dataset = {"identifier": "a", "title": "Parques", "frequency": "R/P1M", "resources": [{"name": "T", "size": 9}]}
    changes = [
        Change("frequency", "spelling", "mensual", "R/P1M"),
        Change("license_id", "spelling", "CC BY", "cc-by-4.0"),
        Change("size", "spelling", "9 B", "9", 0),
        Change("size", "spelling", "8 B", "8", 7),
    ]
    of_dataset, of_resource = mended_rows(dataset, changes, lambda change: change.field)
    assert dict(of_dataset.marks) == {MENDED_COLUMNS.index("ds:accrualPeriodicity"): ["frequency"]}
    assert of_dataset.cells[-1] == "frequency; license_id"
    assert dict(of_resource.marks) == {MENDED_COLUMNS.index("rs:byteSize"): ["size"]}
    assert of_resource.cells[-1] == "size"


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (Change("contact.email", "spelling"), "ds:mbox"),
        (Change("format", "derived", None, "CSV", 0), "rs:mediaType"),
        (Change("language", "spelling", "español", "es"), None),
    ],
)
def test_columns_of_fields(change: Change, column: str | None):
    assert column_of(change) == column
