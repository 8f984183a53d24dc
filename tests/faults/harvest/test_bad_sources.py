"""Whatever a portal answers: one clear finding in Spanish, no dataset touched, and the process alive."""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from tests.integration.harvest.conftest import catalogue, record, row_versions

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from ckanext.harvest.model import HarvestSource

from ckanext.mxopendata import config

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]

GOOD = [record("bueno-1", "Uno"), record("bueno-2", "Dos")]
HTML = "<!DOCTYPE html><html><body><h1>Sitio en mantenimiento</h1></body></html>"


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _down(portal: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    port = _closed_port()
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [portal.host, f"127.0.0.1:{port}"])
    return f"http://127.0.0.1:{port}/data.json"


def _not_allowed(portal: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    url = portal.serve("/data.json", catalogue(*GOOD))
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [])
    return url


def _garbage(portal: Any, _: Any) -> str:
    return portal.serve("/data.json", random.Random(1).randbytes(50 * 1024 * 1024))


def _truncated(portal: Any, _: Any) -> str:
    whole = catalogue(*(record(f"corte-{number}") for number in range(50)))
    return portal.serve("/data.json", whole[: len(whole) * 2 // 3])


def _lying_about_length(portal: Any, _: Any) -> str:
    def answer(handler: Any, _query: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b'{"dataset": [')

    return portal.serve_with("/data.json", answer)


def _endless_redirect(portal: Any, _: Any) -> str:
    portal.serve("/otra.json", "", status=302, headers={"Location": portal.url("/data.json")})
    return portal.serve("/data.json", "", status=302, headers={"Location": portal.url("/otra.json")})


def _redirect_to(target: str) -> Callable[[Any, Any], str]:
    return lambda portal, _: portal.serve("/data.json", "", status=302, headers={"Location": target})


def _says_error(portal: Any, _: Any) -> str:
    return portal.serve("/data.json", json.dumps({"error": {"message": "Base de datos fuera de servicio"}}))


def _answer(body: str, status: int = 200) -> Callable[[Any, Any], str]:
    return lambda portal, _: portal.serve("/data.json", body, status=status)


CASES: dict[str, tuple[Callable[[Any, Any], str], str, str]] = {
    "down": (_down, "http_unreachable", "No hubo conexión"),
    "404": (_answer("no", 404), "http_not_found", "No hay nada"),
    "403": (_answer("no", 403), "http_forbidden", "no permite"),
    "500": (_answer("no", 500), "http_server_error", "error 500"),
    "html": (_answer(HTML), "json_is_html", "página web"),
    "empty": (_answer(""), "json_empty", "sin contenido"),
    "truncated": (_truncated, "json_cut_off", "está cortado"),
    "shorter than announced": (_lying_about_length, "http_broken_answer", "interrumpió"),
    "error inside a 200": (_says_error, "json_says_error", "Base de datos fuera de servicio"),
    "no list": (_answer('{"conformsTo": "x", "datasets": {}}'), "json_no_list", "conformsTo, datasets"),
    "50 MB of garbage": (_garbage, "json_invalid", "no es JSON"),
    "endless redirect": (_endless_redirect, "http_too_many_redirects", "redirige"),
    "private address": (_not_allowed, "http_private_address", "no está permitida"),
    "redirect to a link-local address": (
        _redirect_to("http://169.254.169.254/latest/meta-data/"),
        "http_private_address",
        "169.254.169.254",
    ),
    "redirect to a file": (_redirect_to("file:///etc/passwd"), "http_scheme", "solo se lee por http"),
    "file": (lambda *_: "file:///etc/passwd", "http_scheme", "solo se lee por http"),
    "unknown host": (lambda *_: "http://portal.invalid/data.json", "http_unknown_host", "portal.invalid"),
}


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """The source, made once; its address is changed from case to case."""
    return {}


@pytest.fixture
def source(known: dict[str, Any], portal: Any, make_source: Any, harvest: Any) -> dict[str, Any]:
    """A source with two good datasets."""
    if not known:
        known["files"] = set(os.listdir(config.harvest_folder()))
        portal.serve("/data.json", catalogue(*GOOD))
        known.update(make_source())
        assert harvest(known)["created"] == 2
    return known


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_answer_gives_one_clear_finding_and_touches_nothing(case, source, portal, harvest, monkeypatch, app):
    make, code, words = CASES[case]
    _point_to(source, make(portal, monkeypatch))
    before = row_versions()
    began = time.monotonic()
    run = harvest(source)
    assert time.monotonic() - began < 30
    assert (run["status"], run["read"]) == ("failed", 0)
    assert [finding["code"] for finding in run["findings"]] == [code]
    finding = run["findings"][0]
    assert words in finding["message"]
    assert finding["severity"] == "error"
    assert finding["cure"]
    assert row_versions() == before
    page = BeautifulSoup(app.get(f"/harvest/{source['name']}/corrida/{run['run']}").body, "html.parser")
    assert finding["message"] in " ".join(page.get_text().split())
    assert finding["cure"] in " ".join(page.get_text().split())


def test_afterwards_the_source_is_harvested_as_ever(source, portal, harvest):
    _point_to(source, portal.serve("/data.json", catalogue(*GOOD)))
    run = harvest(source)
    assert (run["status"], run["unchanged"]) == ("finished", 2)


def test_an_answer_over_the_limit_is_cut_off(source, portal, harvest, monkeypatch):
    """Also where it is small on the wire and large only after decompression."""
    monkeypatch.setattr("ckanext.mxopendata.config.http_maximum_bytes", lambda: 1024 * 1024)
    bomb = gzip.compress(b" " * 30 * 1024 * 1024)
    assert len(bomb) < 1024 * 1024
    url = portal.serve("/bomba.json", bomb, headers={"Content-Encoding": "gzip"})
    for address in (url, portal.serve("/grande.json", b"[" + b" " * 2 * 1024 * 1024)):
        _point_to(source, address)
        run = harvest(source)
        assert [finding["code"] for finding in run["findings"]] == ["http_too_large"]


def test_a_dripping_portal_is_cut_off(source, portal, harvest, monkeypatch):
    monkeypatch.setattr("ckanext.mxopendata.config.http_total_timeout", lambda: 1.5)

    def drip(handler: Any, _query: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(60):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.2)

    _point_to(source, portal.serve_with("/gotea.json", drip))
    began = time.monotonic()
    run = harvest(source)
    assert time.monotonic() - began < 10
    assert [finding["code"] for finding in run["findings"]] == ["http_too_slow"]


def test_nothing_is_left_in_the_folder_of_downloads(source):
    assert set(os.listdir(config.harvest_folder())) == source["files"]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (json.dumps({"success": False, "error": {"message": "Acceso denegado"}}), 200, "api_error"),
        (HTML, 200, "json_is_html"),
        ('"Bad request - JSON Error"', 200, "api_error"),
        ('{"success": true, "result": {"count": 3, "resu', 200, "json_cut_off"),
        ("no", 404, "http_not_found"),
    ],
)
def test_a_ckan_that_answers_badly_gives_one_finding(portal, make_source, harvest, answer, status, code):
    portal.serve("/api/3/action/package_search", answer, status=status)
    portal.serve("/api/3/action/package_list", answer, status=status)
    run = harvest(make_source("/", source_type="mx_ckan"))
    assert (run["status"], [finding["code"] for finding in run["findings"]]) == ("failed", [code])


def _point_to(source: dict[str, Any], url: str) -> None:
    """Give the source another address, even one that its form refuses."""
    HarvestSource.get(source["id"]).url = url
    model.Session.commit()


def test_stock_pages_tell_why_a_run_failed(source, portal, harvest):
    _point_to(source, portal.serve("/data.json", HTML))
    harvest(source)
    shown = helpers.call_action("harvest_source_show_status", id=source["id"])
    assert "página web" in shown["last_job"]["gather_error_summary"][0]["message"]
