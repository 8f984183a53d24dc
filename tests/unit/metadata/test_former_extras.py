"""Extras of the former national portal, read without CKAN."""

from __future__ import annotations

from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.former_extras import former_keys, read_former_extras

# Rebuilt from what the portal's writer put into CKAN; no answer of the portal is at hand.
FORMER = {
    "dcat_issued": "2015-03-01T00:00:00Z",
    "dcat_modified": "2016-04-25",
    "guid": "incidencia-delictiva",
    "dcat_publisher_name": "Dirección de Estadística",
    "dcat_publisher_email": "datos@x.gob.mx",
    "publisher_type": "Directora General",
    "temporal_start": "2010-01-01",
    "temporal_end": "2014-12-31",
    "spatial_text": "Nacional",
    "dataDictionary": "http://x.gob.mx/diccionario.csv",
    "quality": "http://x.gob.mx/calidad.pdf",
}


def test_every_extra_becomes_its_field():
    result = read_former_extras({}, FORMER)
    assert result.fields == {
        "issued": "2015-03-01T00:00:00+00:00",
        "modified": "2016-04-25",
        "identifier": "incidencia-delictiva",
        "contact": [
            {"name": "Dirección de Estadística", "position": "Directora General", "email": "datos@x.gob.mx"},
        ],
        "temporal_coverage": [{"start": "2010-01-01", "end": "2014-12-31"}],
        "spatial_coverage": [{"cvegeo": "00", "text": "Nacional"}],
        "documentation": ["http://x.gob.mx/diccionario.csv"],
        "quality_url": "http://x.gob.mx/calidad.pdf",
    }  # fmt: skip
    assert (result.moved, result.originals, result.left) == (set(FORMER), {}, {})


def test_what_was_read_in_part_or_with_doubt_keeps_its_text():
    extras = {"dcat_modified": "03/04/2016", "dcat_publisher_name": "Ana", "dcat_publisher_email": "Ana, ana@x.gob.mx"}
    result = read_former_extras({}, extras)
    assert result.fields["modified"] == "2016-04-03"
    assert result.originals == {"original_dcat_modified": "03/04/2016"}
    assert result.moved == set(extras)


def test_a_field_that_says_something_else_is_never_changed():
    dataset = {"contact": [{"name": "Otra área"}], "issued": "2014-01-01", "identifier": "incidencia-delictiva"}
    extras = {key: FORMER[key] for key in ("dcat_issued", "guid", "dcat_publisher_name")}
    result = read_former_extras(dataset, extras)
    assert result.fields == {}
    assert result.left == {"dcat_issued": "taken", "dcat_publisher_name": "taken"}
    assert result.moved == {"guid"}


def test_what_cannot_be_read_stays_and_blanks_go():
    extras = {"dcat_issued": "ayer", "temporal_start": "2015-01-01", "temporal_end": "2014", "quality": " "}
    result = read_former_extras({}, extras)
    assert result.fields == {}
    assert result.left == {"dcat_issued": "unread", "temporal_start": "unread", "temporal_end": "unread"}
    assert result.moved == {"quality"}


def test_names_of_fields_and_of_ckan_are_none_of_them():
    keys = former_keys()
    assert not keys.keys() & {"title", "author", "metadata_modified", "license_url", "spatial", *fields_of("dataset")}
    assert FORMER.keys() <= keys.keys()
