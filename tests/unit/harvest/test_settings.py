"""What an operator may write about a source, and what is said where it is wrong."""

from __future__ import annotations

import json

import pytest

from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.settings import (
    STOCK_FILTERS,
    STOCK_KEYS,
    Absence,
    check_file,
    parse_config,
    schema,
)

GOOD = {
    "name": "gob-guadalajara",
    "title": "Guadalajara",
    "url": "https://datos.guadalajara.ejemplo.mx/data.json",
    "type": "mx_datajson",
    "institution": "guadalajara",
}


def test_nothing_said_means_the_defaults():
    for text in (None, "", "  ", "{}"):
        settings = parse_config(text)
        assert settings.absence == Absence(7, 2, 0.2, "archive")
        assert (settings.institution, dict(settings.mapping)) == (None, {})


def test_everything_said_is_read():
    settings = parse_config(
        json.dumps(
            {
                "institution": "guadalajara",
                "cvegeo": "14039",
                "license": "libreusomx",
                "date_order": "DMY",
                "defaults": {"language": ["es"]},
                "exclude": {"tags": "prueba"},
                "absence": {"grace_days": 3, "then": "keep"},
                "rate": 2,
            }
        )
    )
    assert settings.institution == "guadalajara"
    assert settings.mapping["cvegeo"] == "14039"
    assert settings.exclude == {"tags": ["prueba"]}
    assert settings.absence == Absence(3, 2, 0.2, "keep")
    assert settings.rate == 2


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{no", "no es JSON"),
        ("[]", "no es correcto"),
        ('{"licencia": "x"}', "No se conoce la clave «licencia»"),
        ('{"date_order": "DDMM"}', "DMY, MDY, YMD"),
        ('{"absence": {"max_share": 7}}', "absence.max_share"),
        ('{"cvegeo": "Jalisco"}', "Clave del INEGI"),
        ('{"secret": "una clave"}', "variable de entorno"),
        ('{"url": "https://x"}', "No se conoce la clave «url»"),
    ],
)
def test_what_is_wrong_is_said_in_spanish(config, words):
    with pytest.raises(ValueError) as error:
        parse_config(config)
    assert words in str(error.value)


def test_a_good_file_has_no_findings():
    assert check_file(GOOD) == []
    assert check_file({**GOOD, "institution": {"name": "gdl", "title": "GDL", "gov_type": "municipal"}}) == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"name": "Con Espacios"}, "config_name_wrong", "name"),
        ({"type": "mx_otro"}, "config_value_not_allowed", "type"),
        ({"url": "file:///etc/passwd"}, "config_value_wrong", "url"),
        ({"institution": {"name": "gdl"}}, "config_key_missing", "institution.title"),
        ({"institution": 7}, "config_value_wrong", "institution"),
        ({"nada": 1}, "config_key_unknown", "nada"),
    ],
)
def test_a_bad_file_says_where(change, code, field):
    findings = check_file({**GOOD, **change})
    assert [(finding.code, finding.field) for finding in findings] == [(code, field)]
    assert findings[0].to_dict("es")["message"]


@pytest.mark.parametrize("key", ["name", "title", "url", "type", "institution"])
def test_a_file_must_name_the_essentials(key):
    content = {name: value for name, value in GOOD.items() if name != key}
    assert [(finding.code, finding.field) for finding in check_file(content)] == [("config_key_missing", key)]


def test_the_schema_knows_exactly_the_types_there_are():
    assert set(schema()["properties"]["type"]["enum"]) == set(CONNECTORS)


def test_keys_of_the_stock_harvester_do_not_make_a_source_unusable():
    settings = parse_config(
        json.dumps(
            {
                "default_extras": {"nota": "x"},
                "api_key": "abc",
                "force_all": True,
                "organizations_filter_include": ["salud", "agua"],
                "groups_filter_exclude": "pruebas",
                "exclude": {"keyword": "borrador"},
                "license": "libreusomx",
            }
        )
    )
    assert settings.include == {"organization.name": ["salud", "agua"]}
    assert settings.exclude == {"groups.name": ["pruebas"], "keyword": ["borrador"]}
    assert settings.mapping == {"license": "libreusomx"}
    said = {notice.field: (notice.code, notice.severity) for notice in settings.notices}
    assert said == {
        "default_extras": ("config_stock_replaced", "warning"),
        "api_key": ("config_stock_api_key", "warning"),
        "force_all": ("config_stock_unneeded", "advice"),
        "organizations_filter_include": ("config_stock_filter", "advice"),
        "groups_filter_exclude": ("config_stock_filter", "advice"),
    }


def test_one_filter_of_the_stock_harvester_and_one_of_ours_for_one_field_are_both_honoured():
    both = {"organizations_filter_exclude": ["a"], "exclude": {"organization.name": ["b"]}}
    assert parse_config(json.dumps(both)).exclude == {"organization.name": ["a", "b"]}


def test_a_wrong_key_beside_stock_keys_is_still_wrong():
    with pytest.raises(ValueError, match="licencia"):
        parse_config('{"force_all": true, "licencia": "x"}')


def test_every_replacement_named_is_a_key_of_ours():
    known = set(schema()["properties"])
    named = {place.split(".")[0] for place in STOCK_KEYS.values() if place}
    assert named | {kind for kind, _ in STOCK_FILTERS.values()} <= known
