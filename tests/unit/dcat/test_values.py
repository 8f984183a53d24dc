"""Stored values as RDF terms."""

from __future__ import annotations

import pytest

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.metadata.records import stored_list


@pytest.mark.parametrize(
    ("stored", "iri"),
    [
        ("https://datos.gob.mx/á.csv", "https://datos.gob.mx/á.csv"),
        ("http://x.mx/a b/{c}", "http://x.mx/a%20b/%7Bc%7D"),
        ("http://x.mx/a%20b", "http://x.mx/a%20b"),
        ("http://x.mx/%zz", "http://x.mx/%25zz"),
        ("http://x.mx/[1]#a#b", "http://x.mx/%5B1%5D#a%23b"),
        ("  www.x.mx/a ", "http://www.x.mx/a"),
        ("http://x.mx/\u202eoculto", "http://x.mx/%E2%80%AEoculto"),
        ("http://x.mx/\x00\ud800", "http://x.mx/"),
        ("http://[::1]/a", "http://[::1]/a"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("javascript:alert(1)", None),
        ("/dataset/1", None),
        ("http://", None),
        ("http:x", None),
        ("http://[malo", None),
        ("c:\\archivo.xls", None),
        ("", None),
        (None, None),
        ({"a": 1}, None),
    ],
)
def test_an_address_is_made_valid_or_is_none(stored, iri):
    made = values.make_iri(stored)
    assert (made.value if made else None) == iri


@pytest.mark.parametrize(
    ("stored", "written", "datatype"),
    [
        ("2020", "2020", "gYear"),
        ("2020-02", "2020-02", "gYearMonth"),
        ("2020-02-29", "2020-02-29", "date"),
        ("2020-02-29T10:30", "2020-02-29T10:30:00", "dateTime"),
        ("2020-02-29 10:30:15.5-0600", "2020-02-29T10:30:15.5-06:00", "dateTime"),
        ("2020-02-29T10:30:15z", "2020-02-29T10:30:15Z", "dateTime"),
    ],
)
def test_a_date_keeps_its_precision(stored, written, datatype):
    made = values.make_date(stored)
    assert (made.value, made.datatype.value.rpartition("#")[2]) == (written, datatype)


@pytest.mark.parametrize(
    "stored", ["2021-02-29", "2020-13", "0000", "31/12/2020", "ayer", "2020-01-01T25:00", "2020-01-01T10:00+15:00", ""]
)
def test_what_is_no_date_is_none(stored):
    assert values.make_date(stored) is None


def test_ckans_own_times_are_utc():
    assert values.make_date("2026-11-22T10:00:00.5", utc=True).value == "2026-11-22T10:00:00.5Z"


@pytest.mark.parametrize(
    ("stored", "well_known_text"),
    [
        ('{"type": "Point", "coordinates": [-99, 19]}', "POINT (-99.000000 19.000000)"),
        ({"type": "Point", "coordinates": [-99, 19]}, "POINT (-99.000000 19.000000)"),
        ("POINT (-99 19)", "POINT (-99.000000 19.000000)"),
        ("POINT (-99 19", None),
        ("{", None),
        ("-200,19,-98,20", None),
        ("México", None),
        ('{"type": "Feature", "geometry": null}', None),
        ('{"type": "Polygon", "coordinates": []}', None),
        ("[" * 5000, None),
    ],
)
def test_a_geometry_is_read_or_is_none(stored, well_known_text):
    assert values.read_geometry(stored) == well_known_text


def test_a_box_is_closed():
    box = values.read_geometry("-99.5, 19, -99, 19.5")
    assert box.startswith("POLYGON ((-99.500000 19.000000,")
    assert box.endswith("-99.500000 19.000000))")


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("a" * 32, ("md5", "a" * 32)),
        ("SHA-256:" + "Ab" * 32, ("sha256", "ab" * 32)),
        ("md5:" + "ab" * 32, None),
        ("xyz", None),
    ],
)
def test_a_checksum_says_its_algorithm(stored, read):
    assert values.read_checksum(stored) == read


@pytest.mark.parametrize(
    ("stored", "made"), [("1258291", "1258291"), (12.0, "12"), (0, "0"), ("1.2 MB", None), ("-1", None), (True, None)]
)
def test_a_size_is_a_number_of_bytes(stored, made):
    size = values.make_size(stored)
    assert (size.value if size else None) == made


@pytest.mark.parametrize(
    ("stored", "items"),
    [
        ("es", ["es"]),
        ('["es", "nah"]', ["es", "nah"]),
        ("[roto", ["[roto"]),
        ('{"name": "a"}', [{"name": "a"}]),
        (["a", "", None], ["a"]),
        (None, []),
        (5, [5]),
    ],
)
def test_a_list_is_never_a_text_taken_apart(stored, items):
    assert stored_list(stored) == items


def test_emails_and_telephones():
    assert values.make_email_iri(" mailto: datos@salud.gob.mx ").value == "mailto:datos@salud.gob.mx"
    assert values.make_email_iri("datos(arroba)salud.gob.mx") is None
    assert values.make_telephone_iri("55 5062-1600 ext").value == "tel:5550621600"
    assert values.make_telephone_iri("sin número") is None
