"""Older text under the names of our fields, read without CKAN."""

from __future__ import annotations

import pytest

from ckanext.mxopendata.metadata.lifting import (
    CORE,
    extra_fields,
    free_key,
    is_lifted,
    lift,
    lifted_from,
    stored_form,
)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("contact", "Juan Pérez <datos@x.gob.mx>", [{"name": "Juan Pérez", "email": "datos@x.gob.mx"}]),
        ("contact", "datos@x.gob.mx", [{"email": "datos@x.gob.mx"}]),
        ("contact", "Dirección de Estadística", [{"name": "Dirección de Estadística"}]),
        (
            "contact",
            "Ana <a@x.mx>, Luis <l@x.mx>",
            [{"name": "Ana", "email": "a@x.mx"}, {"name": "Luis", "email": "l@x.mx"}],
        ),
        ("contact", '{"name": "Ana", "email": "a@x.mx"}', [{"name": "Ana", "email": "a@x.mx"}]),
        ("contact", "{Ana <a@x.mx>,b@x.mx}", [{"name": "Ana", "email": "a@x.mx"}, {"email": "b@x.mx"}]),
        ("creator", "Área de Planeación", [{"name": "Área de Planeación"}]),
        ("theme", "Salud", ["salud"]),
        ("theme", "Salud; Educación", ["salud", "educacion"]),
        ("theme", '["Salud", "Educación"]', ["salud", "educacion"]),
        ("theme", '{salud,"Educación"}', ["salud", "educacion"]),
        ("theme", "Ciencia y tecnología", ["ciencia_tecnologia"]),
        ("language", "español", ["es"]),
        ("language", "es, en", ["es", "en"]),
        ("frequency", "mensual", "R/P1M"),
        ("frequency", '["mensual"]', "R/P1M"),
        ("modified", "15/03/2019", "2019-03-15"),
        ("temporal_coverage", "enero 2015 a marzo 2016", [{"start": "2015-01", "end": "2016-03"}]),
        ("spatial_coverage", "Jalisco", [{"cvegeo": "14", "text": "Jalisco"}]),
        ("spatial_coverage", "Cuenca alta", [{"text": "Cuenca alta"}]),
        ("access_rights", "Público", "public"),
        ("gov_type", "Estatal", "state"),
        ("gov_type", "['Federal']", "federal"),
        ("gov_type", "[u'Federal']", "federal"),
        ("documentation", "https://x.mx/a.pdf https://x.mx/b,c.pdf", ["https://x.mx/a.pdf", "https://x.mx/b,c.pdf"]),
        ("policy_alignment", "sdg:1.1, sdg:2.3", ["sdg:1.1", "sdg:2.3"]),
        ("version_notes", "Con {llaves} y <signos>", "Con {llaves} y <signos>"),
    ],
)
def test_what_is_read_says_all(field, text, value):
    lifting = lift("dataset", {field: text})
    assert (lifting.fields, lifting.originals, lifting.unread) == ({field: value}, {}, ())
    assert is_lifted(extra_fields("dataset")[field], stored_form(value))


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("theme", '["Salud", "Astrología"]', ["salud"]),
        ("theme", "Salud, Astrología", ["salud"]),
        ("creator", '["Área A", "Área B"]', [{"name": "Área A"}]),
        ("modified", "03/04/2019", "2019-04-03"),
        ("frequency", '["mensual", "anual"]', "R/P1M"),
    ],
)
def test_what_is_read_in_part_or_with_doubt_keeps_its_text(field, text, value):
    lifting = lift("dataset", {field: text})
    assert (lifting.fields, lifting.originals, lifting.unread) == ({field: value}, {f"original_{field}": text}, ())


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("theme", "Astrología"),
        ("frequency", "cada eclipse"),
        ("frequency", "bimonthly"),
        ("modified", "ayer"),
        ("temporal_coverage", "desde siempre"),
        ("applicable_legislation", "Ley de algo"),
        ("language", "klingon"),
        ("contact", "[1]"),
    ],
)
def test_what_cannot_be_read_is_kept_word_for_word(field, text):
    lifting = lift("dataset", {field: text})
    assert (lifting.fields, lifting.originals, lifting.unread) == ({}, {f"original_{field}": text}, (field,))


@pytest.mark.parametrize("text", ["", " ", "[]", "{}", "null", None])
def test_nothing_is_nothing(text):
    assert lift("dataset", {"contact": text, "theme": text}) == lift("dataset", {})


def test_ckan_cannot_show_an_empty_text_in_a_repeating_field():
    rows = extra_fields("dataset")
    assert not is_lifted(rows["contact"], "")
    assert is_lifted(rows["theme"], "")


def test_choices_of_the_schema_count_by_value_and_label():
    choices = {"priority_list": {"published": {"es": "Publicado", "en": "Published"}}}
    assert lift("dataset", {"priority_list": "PUBLICADO"}, choices).fields == {"priority_list": "published"}
    assert lift("dataset", {"priority_list": "alta"}, choices).unread == ("priority_list",)


def test_resources_and_institutions():
    resource = lift("resource", {"temporal_coverage": "2015-2018", "license": "https://x.mx/l", "conforms_to": "nada"})
    assert resource.fields == {"temporal_coverage": "2015/2018", "license": "https://x.mx/l"}
    assert resource.unread == ("conforms_to",)
    institution = lift("organization", {"cvegeo": "Guadalajara, Jalisco", "ministry": "sí", "sectors": "Salud"})
    assert institution.fields == {"cvegeo": "14039", "ministry": "true", "sectors": ["salud"]}


def test_every_field_has_a_reader():
    for level in CORE:
        for name in extra_fields(level):
            lifting = lift(level, {name: "algo"})
            assert {*lifting.fields, *lifting.unread} == {name}


def test_a_kept_text_never_overwrites_another():
    assert free_key("original_theme", "b", {}) == "original_theme"
    assert free_key("original_theme", "b", {"original_theme": "a"}) == "original_theme_2"
    assert free_key("original_theme", "b", {"original_theme": "b"}) is None
    assert lifted_from("original_theme_2") == "theme"
    assert lifted_from("original_otra") is None
    assert lifted_from("theme") is None
