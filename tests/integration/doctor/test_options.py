"""The configuration file, broken in every way that the doctor knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.doctor import options

from .conftest import PUBLIC, assert_broken

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

GOOD = "x9Vq-Uw2hT0sN7bKcE4rLmZ8dYpFgJ1a"


def test_a_mistyped_option_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.batchs", "20")
    words = assert_broken(options.options(), "doctor_options_unknown")
    assert words["cure"].endswith("ckanext.mxopendata.harvest.batch = 20")


def test_an_option_like_none_of_ours_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.zzz", "1")
    assert_broken(options.options(), "doctor_options_unknown_far")


@pytest.mark.parametrize("value", ["muchos", 0, -3])
def test_a_number_that_is_none_is_an_error(value: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.carriers", value)
    words = assert_broken(options.options(), "doctor_options_number")
    assert words["cure"].endswith("ckanext.mxopendata.harvest.carriers = 2")


def test_a_folder_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.config_dirs", [str(tmp_path), str(tmp_path / "nada")])
    words = assert_broken(options.options(), "doctor_options_folder")
    assert str(tmp_path / "nada") in words["cure"]


def test_options_in_order_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.config_dirs", [str(tmp_path)])
    assert options.options().ok


def test_a_site_without_https_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.site_url", "http://datos.ejemplo.gob.mx")
    words = assert_broken(options.site_url(), "doctor_site_url_http")
    assert words["cure"].endswith(f"ckan.site_url = {PUBLIC}")


def test_a_site_url_with_a_path_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.site_url", f"{PUBLIC}/datos")
    words = assert_broken(options.site_url(), "doctor_site_url_path")
    assert words["cure"].endswith(f"ckan.site_url = {PUBLIC}  y  ckan.root_path = /datos/{{{{LANG}}}}")


def test_a_public_site_with_the_address_of_this_machine_is_a_warning(
    local_site: None, make_source: Callable[..., dict[str, Any]]
):
    assert options.site_url().finding.code == "doctor_site_url_ok_local"
    make_source(url="https://datos.jalisco.gob.mx/data.json")
    words = assert_broken(options.site_url(), "doctor_site_url_local")
    assert "https://datos.jalisco.gob.mx/data.json" in words["message"]


def test_an_encrypted_public_site_passes(public_site: None):
    assert options.site_url().ok


def test_an_english_site_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.locale_default", "en")
    assert assert_broken(options.locale(), "doctor_locale")["severity"] == "warning"


def test_the_language_that_keeps_ckan_from_starting_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.locale_default", "es_MX")
    words = assert_broken(options.locale(), "doctor_locale_absent")
    assert words["severity"] == "error"


def test_a_language_that_ckan_does_not_bring_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.locales_offered", ["es", "es_MX"])
    assert "es_MX" in assert_broken(options.locale(), "doctor_locale_missing")["message"]


def test_a_first_language_that_is_not_offered_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.locales_offered", ["en"])
    words = assert_broken(options.locale(), "doctor_locale_not_offered")
    assert words["cure"].endswith("ckan.locales_offered = es en")


@pytest.fixture
def good_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets as a site should have them."""
    for key in ("SECRET_KEY", "WTF_CSRF_SECRET_KEY"):
        monkeypatch.setitem(tk.config, key, GOOD)
    for key in options.SIGNING:
        monkeypatch.setitem(tk.config, key, f"string:{GOOD}")


def test_secrets_of_an_example_are_a_warning():
    """Those of test.ini."""
    assert "SECRET_KEY" in assert_broken(options.secrets(), "doctor_secrets")["message"]


@pytest.mark.usefixtures("good_secrets")
def test_good_secrets_pass(monkeypatch: pytest.MonkeyPatch):
    assert options.secrets().ok
    monkeypatch.setitem(tk.config, "SECRET_KEY", "corto")
    words = assert_broken(options.secrets(), "doctor_secrets")
    assert "SECRET_KEY" in words["message"]
    assert "corto" not in words["message"].replace("cortos", "") + words["cure"]


@pytest.mark.usefixtures("good_secrets")
def test_tokens_that_cannot_be_read_are_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, options.SIGNING[1], f"string:{GOOD}2")
    assert assert_broken(options.secrets(), "doctor_secrets_differ")["severity"] == "error"


@pytest.mark.usefixtures("good_secrets")
def test_the_password_of_the_example_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "sqlalchemy.url", "postgresql://ckan_default:pass@127.0.0.1/ckan_default")
    assert "password ckan_default" in assert_broken(options.secrets(), "doctor_secrets_database")["cure"]


def test_doors_left_open_are_an_advice(make_source: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch):
    make_source(url="http://10.9.8.7:8080/data.json")
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", ["10.9.8.7:8080"])
    assert options.private_hosts().ok
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", ["10.9.8.7:8080", "10.0.0.1:80"])
    words = assert_broken(options.private_hosts(), "doctor_private_hosts")
    assert words["severity"] == "advice"
    assert words["message"].endswith("10.0.0.1:80.")
    assert words["cure"].endswith("ckanext.mxopendata.http.allowed_private = 10.9.8.7:8080")
