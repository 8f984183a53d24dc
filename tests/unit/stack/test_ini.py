"""CKAN's configuration of an installation: that of ``test.ini``, for another place."""

from __future__ import annotations

import configparser
import re
import stat
from pathlib import Path

import pytest

from local import site, state
from local.settings import ROOT, Settings

ADDRESSES = {
    "sqlalchemy.url": "postgresql://ckan:se%40creto@127.0.0.1:1/ckan",
    "solr_url": "http://127.0.0.1:2/solr/ckan",
    "ckan.redis.url": "redis://127.0.0.1:3/0",
}


def read(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return parser["app:main"]


@pytest.fixture
def ini(settings: Settings) -> configparser.SectionProxy:
    site.write_ini(settings, 5001, ADDRESSES)
    return read(settings.ini)


def test_plugins_schemas_and_languages_are_those_of_the_test_ini(ini: configparser.SectionProxy) -> None:
    tested = read(ROOT / "test.ini")
    for option in ("ckan.plugins", "scheming.dataset_schemas", "scheming.presets", "ckan.locale_default"):
        assert ini[option] == tested[option]


def test_the_plugin_line_stands_in_one_file_only() -> None:
    line = read(ROOT / "test.ini")["ckan.plugins"]
    others = [path for path in (ROOT / "docker").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert others
    for path in others:
        named = re.findall(r"^\s*ckan\.plugins\s*=\s*(.+)$", path.read_text(errors="replace"), re.MULTILINE)
        assert all(found == line for found in named), path


def test_addresses_are_those_given(ini: configparser.SectionProxy) -> None:
    # A percent sign of a password survives the reader that CKAN uses.
    assert {key: ini[key] for key in ADDRESSES} == ADDRESSES
    assert ini["ckan.site_url"] == "http://127.0.0.1:5001"


def test_it_is_no_site_of_tests(ini: configparser.SectionProxy) -> None:
    assert "testing" not in ini
    secrets = [ini[name] for name in ("SECRET_KEY", "WTF_CSRF_SECRET_KEY", "api_token.jwt.encode.secret")]
    assert len(set(secrets)) == 3
    assert not any("only-for-tests" in secret for secret in secrets)
    assert ini["api_token.jwt.decode.secret"] == ini["api_token.jwt.encode.secret"]


def test_writing_it_again_changes_nothing(settings: Settings, ini: configparser.SectionProxy) -> None:
    before = settings.ini.read_text()
    site.write_ini(settings, 5001, ADDRESSES)
    assert settings.ini.read_text() == before
    assert stat.S_IMODE(settings.ini.stat().st_mode) == 0o600


def test_added_options_stay(settings: Settings) -> None:
    state.add_options(settings, {"ckanext.mxopendata.http.allowed_private": "127.0.0.1:9"})
    site.write_ini(settings, 5001, ADDRESSES)
    site.write_ini(settings, 5002, ADDRESSES)
    assert read(settings.ini)["ckanext.mxopendata.http.allowed_private"] == "127.0.0.1:9"
