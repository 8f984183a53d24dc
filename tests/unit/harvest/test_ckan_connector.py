"""The CKAN connector against a server that answers as portals do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Unreadable
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector, _api_address
from ckanext.mxopendata.harvest.connectors.one_by_one import REFUSALS
from ckanext.mxopendata.http import HttpClient, HttpSettings

API = "/api/3/action"


def _send(handler: Any, document: Any, status: int = 200) -> None:
    body = json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def client(loopback, tmp_path):
    settings = HttpSettings(user_agent="x", allowed_private=frozenset({loopback.host}), retries=0)
    with HttpClient(settings, tmp_path) as made:
        yield made


def _portal(loopback: Any, total: int, cap: int) -> None:
    """A search that gives at most ``cap`` records at a time, whatever is asked for, as servers do."""

    def search(handler: Any, query: Any) -> None:
        start = int(query["start"][0])
        found = [{"id": f"{number:03}"} for number in range(total)][start : start + cap]
        _send(handler, {"success": True, "result": {"count": total, "results": found}})

    loopback.serve_with(f"{API}/package_search", search)


def _read(client: HttpClient, loopback: Any, position: dict[str, Any] | None = None) -> list[Any]:
    pages = CkanConnector().pages(client, loopback.url("/"), position or {}, None)
    return [record for page in pages for record in page.records]


def test_the_list_is_read_to_its_end_though_the_server_gives_less_than_asked(client, loopback):
    _portal(loopback, total=25, cap=10)
    assert [record["id"] for record in _read(client, loopback)] == [f"{number:03}" for number in range(25)]
    assert len(loopback.requests) == 3


def test_reading_goes_on_at_the_last_page(client, loopback):
    _portal(loopback, total=25, cap=10)
    assert len(_read(client, loopback, {"mode": "search", "start": 20})) == 5


def test_a_portal_that_announces_more_than_it_gives_comes_to_an_end(client, loopback):
    loopback.serve(f"{API}/package_search", json.dumps({"success": True, "result": {"count": 9, "results": []}}))
    assert _read(client, loopback) == []
    assert len(loopback.requests) == 1


def test_without_search_the_records_are_read_one_by_one(client, loopback):
    loopback.serve(f"{API}/package_search", "no", status=404)
    loopback.serve(f"{API}/package_list", json.dumps({"success": True, "result": ["b", "a", "roto", "a"]}))

    def show(handler: Any, query: Any) -> None:
        name = query["id"][0]
        if name == "roto":
            _send(handler, {"success": False, "error": {"message": "No encontrado"}}, status=404)
        else:
            # DKAN answers with a list of one.
            _send(handler, {"success": True, "result": [{"id": name}]})

    loopback.serve_with(f"{API}/package_show", show)
    pages = list(CkanConnector().pages(client, loopback.url("/"), {}, None))
    records = [record for page in pages for record in page.records]
    assert records[:2] == [{"id": "a"}, {"id": "b"}]
    assert isinstance(records[2], Unreadable)
    assert records[2].finding.code == "http_not_found"
    assert [finding.code for finding in pages[0].findings] == ["api_without_search"]


def _list(loopback: Any, names: list[str], show: Any) -> None:
    loopback.serve(f"{API}/package_search", "no", status=404)
    loopback.serve(f"{API}/package_list", json.dumps({"success": True, "result": names}))
    loopback.serve_with(f"{API}/package_show", show)


@pytest.mark.parametrize(("status", "code"), [(429, "http_too_many_requests"), (403, "http_forbidden")])
def test_a_portal_that_begins_to_refuse_is_not_asked_for_every_record(client, loopback, status, code):
    """Nor do its records count as bad ones, and so their datasets as gone."""
    shown: list[str] = []

    def show(handler: Any, query: Any) -> None:
        shown.append(query["id"][0])
        refuses = len(shown) > 30
        _send(handler, {"success": not refuses, "result": {"id": shown[-1]}}, status if refuses else 200)

    _list(loopback, [f"{number:03}" for number in range(100)], show)
    with pytest.raises(SourceError) as error:
        _read(client, loopback)
    assert error.value.finding.code == code
    assert len(shown) <= 30 + REFUSALS


def test_a_slow_portal_gives_short_pages(client, loopback, monkeypatch):
    """So that a carrier, which has little time, keeps what it read."""
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.one_by_one.PAGE_SECONDS", -1.0)
    _list(
        loopback,
        ["a", "b", "c"],
        lambda handler, query: _send(handler, {"success": True, "result": {"id": query["id"][0]}}),
    )
    pages = list(CkanConnector().pages(client, loopback.url("/"), {}, None))
    assert [(len(page.records), page.position["done"]) for page in pages] == [(1, 1), (1, 2), (1, 3)]
    assert _read(client, loopback, {"mode": "single", "done": 2}) == [{"id": "c"}]


def test_where_nothing_answers_the_first_reason_is_given(client, loopback):
    loopback.serve(f"{API}/package_search", json.dumps({"success": False, "error": {"message": "Solr caído"}}))
    loopback.serve(f"{API}/package_list", "no", status=404)
    with pytest.raises(SourceError) as error:
        _read(client, loopback)
    assert (error.value.finding.code, error.value.finding.value) == ("api_error", "Solr caído")


@pytest.mark.parametrize(
    "url",
    [
        "https://datos.ejemplo.mx",
        "https://datos.ejemplo.mx/",
        "https://datos.ejemplo.mx/dataset",
        "https://datos.ejemplo.mx/dataset/?q=agua",
        "https://datos.ejemplo.mx/api",
        "https://datos.ejemplo.mx/api/3/action/package_search?rows=5",
    ],
)
def test_any_address_of_the_portal_will_do(url):
    assert _api_address(url) == "https://datos.ejemplo.mx/api/3/action"


@pytest.mark.parametrize(
    ("record", "other"),
    [
        ({"type": "dataset", "state": "active"}, False),
        ({}, False),
        ({"type": "Dataset", "state": "Active"}, False),
        ({"type": "harvest"}, True),
        ({"state": "deleted"}, True),
        ({"state": "draft"}, True),
    ],
)
def test_what_is_no_dataset_is_known(record, other):
    assert CkanConnector().not_a_dataset(record) is other
