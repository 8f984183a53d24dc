"""Solr, broken: away, another version's schema, English, out of step, sources without a type."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import search as core_search
from ckan.tests import factories

from ckanext.harvest.logic.action.update import harvest_source_reindex as stock_reindex

from ckanext.mxopendata import solr_schema
from ckanext.mxopendata.doctor import search
from ckanext.mxopendata.doctor.check import look

from .conftest import ago, assert_broken, free_port, set_columns

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


def test_solr_away_is_an_error(monkeypatch: pytest.MonkeyPatch):
    address = f"http://127.0.0.1:{free_port()}/solr/nothing"
    monkeypatch.setitem(tk.config, "solr_url", address.replace("//", "//someone:secret@"))
    words = assert_broken(search.solr_schema(), "doctor_solr_schema_away")
    assert address in words["message"]
    assert_broken(look(search.solr_language), "doctor_unseen_solr")


def test_a_core_that_does_not_exist_is_an_error(loopback: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "solr_url", loopback.url("/solr/nothing"))
    assert "HTTP 404" in assert_broken(search.solr_schema(), "doctor_solr_schema_away")["message"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ckan-2.5", "doctor_solr_schema"),
        ("example", "doctor_solr_schema"),
        ("ckan-2.9", "doctor_solr_schema_older"),
    ],
)
def test_the_schema_of_another_version_is_seen(name: str, code: str, loopback: Any, monkeypatch: pytest.MonkeyPatch):
    """What Solr answers whose core has stayed as it was before an upgrade of CKAN, which works with some of them."""
    loopback.serve("/solr/old/schema", json.dumps({"schema": {"name": name, "version": 1.6}}))
    loopback.serve("/solr/old/select", json.dumps({"response": {"numFound": 0}}))
    monkeypatch.setitem(tk.config, "solr_url", loopback.url("/solr/old"))
    words = assert_broken(search.solr_schema(), code)
    assert name in words["message"]
    assert "mxopendata solr-schema --output schema.xml" in words["cure"]


def test_this_site_has_the_schema_of_its_version_and_searches_in_spanish():
    assert search.solr_schema().ok
    assert search.solr_language().ok


def _english(word: str) -> str:
    """What Solr's English stemmer of CKAN's own schema makes of the three pairs; asked of such a core."""
    return {"escuelas": "escuela", "públicas": "pública", "público": "público"}.get(word.lower(), word.lower())


def test_a_search_in_english_is_a_warning(loopback: Any, monkeypatch: pytest.MonkeyPatch):
    """The answers of a core with CKAN's own schema."""

    def analyse(handler: Any, query: Any) -> None:
        word = parse_qs(urlsplit(handler.path).query)["analysis.fieldvalue"][0]
        stages = ["stemmer", [{"text": _english(word)}]]
        body = json.dumps({"analysis": {"field_types": {"text": {"index": stages}}}}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    loopback.serve_with("/solr/stock/analysis/field", analyse)
    monkeypatch.setitem(tk.config, "solr_url", loopback.url("/solr/stock"))
    words = assert_broken(search.solr_language(), "doctor_solr_language")
    assert words["severity"] == "warning"
    assert "públicas ≠ público" in words["message"]
    assert "escuelas" not in words["message"]


def test_the_schema_given_as_cure_is_another_one_than_ckans_own():
    stock = solr_schema.installed_schema()
    assert solr_schema.spanish_schema(stock) != stock


@pytest.fixture
def settled_dataset() -> dict[str, Any]:
    """A dataset that was written a while ago."""
    dataset = factories.Dataset(type="dataset", owner_org=factories.Organization()["id"])
    set_columns("package", dataset["id"], metadata_modified=ago(hours=2))
    model.Session.execute(sa.text("UPDATE package SET metadata_modified = now() - interval '2 hours'"))
    model.Session.commit()
    return dataset


def test_a_dataset_that_the_search_lacks_is_an_error(settled_dataset: dict[str, Any]):
    assert search.index().ok
    core_search.clear(settled_dataset["id"])
    words = assert_broken(search.index(), "doctor_index")
    assert words["cure"].endswith("search-index rebuild --only-missing")
    core_search.rebuild(settled_dataset["id"])
    core_search.commit()
    assert search.index().ok


def test_a_dataset_that_only_the_search_has_is_an_error(settled_dataset: dict[str, Any]):
    """Purged with SQL, as people do."""
    set_columns("package", settled_dataset["id"], state="deleted")
    words = assert_broken(search.index(), "doctor_index_more")
    assert words["cure"].endswith("search-index clear-orphans")
    set_columns("package", settled_dataset["id"], state="active")


def test_what_was_written_just_now_is_no_fault(settled_dataset: dict[str, Any]):
    dataset = factories.Dataset(type="dataset", owner_org=settled_dataset["owner_org"])
    core_search.clear(dataset["id"])
    assert search.index().ok
    core_search.rebuild(dataset["id"])


def test_a_source_that_lost_its_type_is_an_error(make_source: Callable[..., dict[str, Any]]):
    """The re-index of ckanext-harvest on CKAN 2.12, as it leaves the index (trap 2)."""
    source = make_source()
    assert search.source_type().ok
    if tk.check_ckan_version(min_version="2.12"):
        # The stock action itself, not ours that is chained before it.
        stock_reindex({"ignore_auth": True, "model": model, "session": model.Session}, {"id": source["id"]})
    else:
        # CKAN 2.11 validates what it indexes: the document that 2.12 would have left is written by hand.
        _index_without_type(source["id"])
    words = assert_broken(search.source_type(), "doctor_source_type")
    assert words["cure"].endswith(f"search-index rebuild {source['name']}")
    core_search.rebuild(source["id"])
    assert search.source_type().ok


def _index_without_type(source_id: str) -> None:
    connection = core_search.make_connection()
    document = next(iter(connection.search(q=f"id:{source_id}").docs))
    stored = json.loads(document["validated_data_dict"])
    del stored["source_type"]
    change = {"index_id": document["index_id"], "validated_data_dict": json.dumps(stored)}
    kept = {key: _for_solr(value) for key, value in document.items() if key != "_version_"}
    connection.add([{**kept, **change}], commit=True)


def _for_solr(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def test_solr_answers_what_the_tests_above_play(monkeypatch: pytest.MonkeyPatch):
    """The loopback's answers have the form of the real ones."""
    address = tk.config["solr_url"].rstrip("/")
    assert "name" in requests.get(f"{address}/schema", params={"wt": "json"}, timeout=10).json()["schema"]
