"""Keys of portals: where they are, whose they are, and that a source's configuration holds none."""

from __future__ import annotations

import json

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.secrets import credential
from ckanext.mxopendata.harvest.settings import check_file, parse_config, read_config

NAME = "MXOPENDATA_SECRET_GUADALAJARA"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG"


@pytest.mark.parametrize(
    ("value", "source_type", "header"),
    [
        (f"datos.gdl.ejemplo.mx {TOKEN}", "mx_ckan", TOKEN),
        (f"datos.gdl.ejemplo.mx {TOKEN}", "mx_datajson", f"Bearer {TOKEN}"),
        ("datos.gdl.ejemplo.mx Basic dXNlcjpw", "mx_datajson", "Basic dXNlcjpw"),
        (f"  datos.gdl.ejemplo.mx   {TOKEN}\n", "mx_ckan", TOKEN),
    ],
)
def test_a_key_is_sent_as_its_kind_of_portal_wants_it(monkeypatch, value, source_type, header):
    monkeypatch.setenv(NAME, value)
    found = credential(NAME, CONNECTORS[source_type].authorization)
    assert (found.host, found.value) == ("datos.gdl.ejemplo.mx", header)


def test_a_key_may_go_into_addresses_instead(monkeypatch):
    monkeypatch.setenv(NAME, f"datos.gdl.ejemplo.mx {TOKEN}")
    found = credential(NAME, "?auth_key={key}")
    assert (found.parameter, found.value) == ("auth_key", TOKEN)
    monkeypatch.setenv(NAME, "datos.gdl.ejemplo.mx Basic dXNlcjpw")
    found = credential(NAME, "?auth_key={key}")
    assert (found.parameter, found.value) == (None, "Basic dXNlcjpw")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (NAME, None, "secret_missing"),
        (NAME, " ", "secret_missing"),
        (NAME, TOKEN, "secret_without_host"),
        (NAME, f"https://datos.gdl.ejemplo.mx {TOKEN}", "secret_without_host"),
        (NAME, f"datos.gdl.ejemplo.mx {TOKEN}\r\nX-Otro: 1", "secret_without_host"),
        ("CKAN_SQLALCHEMY_URL", f"datos.gdl.ejemplo.mx {TOKEN}", "secret_name_wrong"),
        ("AWS_SECRET_ACCESS_KEY", f"datos.gdl.ejemplo.mx {TOKEN}", "secret_name_wrong"),
    ],
)
def test_what_is_no_key_of_a_portal_is_refused_and_not_repeated(monkeypatch, name, value, code):
    if value is None:
        monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SourceError) as error:
        credential(name, "{key}")
    assert error.value.finding.code == code
    assert TOKEN not in json.dumps(error.value.finding.to_dict())


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"secret": TOKEN}, "secret"),
        ({"secret": "CKAN_SECRET"}, "secret"),
        ({"secret": ["a"]}, "secret"),
        ({"fixed": {"api_key": TOKEN}}, "fixed.api_key"),
        ({"defaults": {"a": {"accessToken": TOKEN}}}, "defaults.a.accessToken"),
        ({"defaults": {"a": [{"password": 12345678}]}}, "defaults.a.password"),
        ({"fixed": {"url": f"https://alguien:{TOKEN}@datos.ejemplo.mx/"}}, "fixed.url"),
        ({"defaults": {"url": f"https://datos.ejemplo.mx/x?auth_key={TOKEN}"}}, "defaults.url"),
    ],
)
def test_a_configuration_that_holds_one_is_refused_and_not_repeated(config, field):
    findings, _ = read_config(json.dumps(config))
    assert {(finding.field, finding.severity) for finding in findings} == {(field, "error")}
    with pytest.raises(ValueError) as error:  # noqa: PT011 - its words are looked at
        parse_config(json.dumps(config))
    assert TOKEN not in str(error.value)
    assert "12345678" not in str(error.value)


def test_a_name_is_no_secret_and_other_words_are_none():
    config = {
        "secret": NAME,
        "field_map": {"token": "identifier"},
        "defaults": {"tag_string": "secretaría, tokens"},
        "exclude": {"tags": ["password"]},
    }
    assert read_config(json.dumps(config))[0] == []
    assert parse_config(json.dumps(config)).secret == NAME


def test_a_stock_key_keeps_its_notice():
    findings, _ = read_config(json.dumps({"api_key": TOKEN}))
    assert [finding.code for finding in findings] == ["config_stock_api_key"]


def test_a_file_with_a_password_in_its_address_is_refused():
    file = {
        "name": "gob-a",
        "title": "Gobierno",
        "url": f"https://alguien:{TOKEN}@datos.ejemplo.mx/data.json",
        "type": "mx_datajson",
        "institution": "gob",
    }
    findings = check_file(file)
    assert [(finding.code, finding.field) for finding in findings] == [("config_holds_secret", "url")]
    assert TOKEN not in json.dumps(findings[0].to_dict())
