"""Whose addresses RDF has: ours come first, in our profile, or the doctor says so."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import Map, Rule

import ckan.plugins.toolkit as tk
from ckan.tests import helpers

from ckanext.mxopendata.doctor import addresses

from .conftest import assert_broken

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


@pytest.fixture
def in_the_app() -> Any:
    """As in the command, which runs within the application."""
    with helpers._get_test_app().flask_app.test_request_context():
        yield


def test_ours_come_first(in_the_app: None):
    assert addresses.rdf_addresses().ok


def test_another_plugin_before_ours_is_an_error(in_the_app: None, monkeypatch: pytest.MonkeyPatch):
    taken = Map([Rule("/catalog.<_format>", endpoint="dcat.read_catalog")])
    monkeypatch.setattr(addresses.current_app._get_current_object(), "url_map", taken)
    words = assert_broken(addresses.rdf_addresses(), "doctor_rdf_addresses")
    assert "/catalog.ttl (dcat.read_catalog), /dataset/a.ttl (–)" in words["message"]
    assert "ckan.plugins = mxopendata" in words["cure"]


def test_another_profile_is_a_warning(in_the_app: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckanext.dcat.rdf.profiles", "euro_dcat_ap_3")
    words = assert_broken(addresses.rdf_addresses(), "doctor_rdf_addresses_profile")
    assert words["severity"] == "warning"


def test_an_address_of_the_operator_s_own_is_asked(in_the_app: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckanext.dcat.catalog_endpoint", "/nadie.{_format}")
    assert "/nadie.ttl" in assert_broken(addresses.rdf_addresses(), "doctor_rdf_addresses")["message"]
