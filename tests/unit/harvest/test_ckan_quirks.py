"""CKANs that answer in ways of their own: old ones, those whose search is off, and the national portal of 2025."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector
from ckanext.mxopendata.harvest.connectors.ckan_api import PACKAGES
from ckanext.mxopendata.harvest.detection import detect
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from portals.platforms.base import Answer, Plain, Query, serving
from portals.platforms.ckan import API, CkanPortal

HTML = Answer(200, "text/html", b"<!DOCTYPE html><html><body><h1>Sitio en mantenimiento</h1></body></html>")
NO_BODY = '"Bad request - JSON Error: No request body data"'

Read = Callable[..., list[Page]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads all pages of a portal."""

    def pages(portal: CkanPortal, position: Any = None, at: str = "/") -> list[Page]:
        settings = {"retries": 0}
        with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), **settings), tmp_path) as client:
            return list(CkanConnector().pages(client, f"http://{host}{at}", position or {}, tmp_path / "document"))

    return pages


def _plain(count: int) -> list[Plain]:
    return [Plain(f"DS-{number:04}", f"Conjunto {number}") for number in range(count)]


def _ids(pages: list[Page]) -> list[str]:
    return [record["id"] for page in pages for record in page.records]


def _codes(pages: list[Page]) -> list[str]:
    return [finding.code for page in pages for finding in page.findings]


class ByBodyOnly(CkanPortal):
    """CKAN until 1.8: what is asked stands in the body of a POST."""

    status = 400

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        if method == "GET":
            return Answer(self.status, "text/plain", NO_BODY.encode())
        asked = json.loads(body)
        if not all(isinstance(asked.get(name, 0), int) for name in ("rows", "start")):
            return Answer(409, "application/json", b"{}")
        return super().respond(method, path, {name: [str(value)] for name, value in asked.items()}, body)


@pytest.mark.parametrize("status", [400, 405, 200])
def test_what_an_old_one_wants_in_the_body_is_asked_there(read, status):
    portal = ByBodyOnly(_plain(25))
    portal.status = status
    assert _ids(read(portal)) == [record.identifier for record in portal.records]


def test_a_refusal_of_the_question_itself_is_told_as_it_was_said(read):
    class Refuses(CkanPortal):
        def respond(self, *_: Any) -> Answer:
            return Answer(200, "application/json", NO_BODY.encode())

    with pytest.raises(SourceError) as caught:
        read(Refuses([]))
    assert caught.value.finding.code == "api_error"
    assert "No request body data" in caught.value.finding.to_dict()["message"]


class WithoutSearch(CkanPortal):
    """Its search answers as told; the other lists are there.

    Attributes:
        answer: of the search.
        ways: actions that work.
        heeds: parameters that ``current_package_list_with_resources`` heeds.
    """

    answer: Answer = HTML
    ways: tuple[str, ...] = ("current_package_list_with_resources", "package_list", "package_show")
    heeds: tuple[str, ...] = ("limit", "offset")

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        action = path.removeprefix(API)
        if action not in self.ways:
            return self.answer
        if action == "package_list":
            return self.json({"success": True, "result": [record.identifier for record in self.records]})
        if action == "package_show":
            found = [record for record in self.records if [record.identifier] == query["id"]]
            return self.json({"success": True, "result": self._record(found[0])})
        given = {name: int(query[name][0]) for name in self.heeds}
        limit = given.get("limit", len(self.records))
        start = given.get("offset", (given.get("page", 1) - 1) * limit)
        found = [self._record(record) for record in self.records[start : start + limit]]
        return self.json({"success": True, "result": found})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (HTML, "json_is_html"),
        (Answer(200, "text/plain", b'"Sin permiso"'), "api_error"),
        (Answer(200, "text/plain", b"Sin permiso"), "json_invalid"),
        (Answer(200, "application/json", b""), "json_empty"),
        (Answer(200, "application/json", b'{"success": false, "error": {"__type": "Search Error"}}'), "api_error"),
        (Answer(200, "application/json", b'{"success": true, "result": {"results": ["uno", "dos"]}}'), "api_shape"),
        (Answer(403, "text/html", b"<h1>Access Denied</h1>"), "http_forbidden"),
    ],
    ids=["html", "quoted", "text", "empty", "success-false", "names", "403"],
)
def test_where_its_search_answers_badly_the_list_of_packages_is_read(read, answer, code):
    portal = WithoutSearch(_plain(2 * PACKAGES + 30))
    portal.answer = answer
    pages = read(portal)
    assert _ids(pages) == [record.identifier for record in portal.records]
    assert [(finding.code, finding.value) for page in pages for finding in page.findings] == [("api_by_packages", code)]
    assert _ids(read(portal, json.loads(json.dumps(pages[0].position)))) == _ids(pages[1:])


@pytest.mark.parametrize("heeds", [("limit", "page"), ()], ids=["page-numbers", "neither"])
def test_older_ways_of_paging_are_understood(read, heeds):
    portal = WithoutSearch(_plain(2 * PACKAGES + 30))
    portal.heeds = heeds
    assert _ids(read(portal)) == [record.identifier for record in portal.records]


def test_a_list_that_does_not_go_on_is_not_taken_for_a_short_one(read):
    """Half a list would be the end of all other datasets."""
    portal = WithoutSearch(_plain(PACKAGES + 30))
    portal.heeds = ("limit",)
    with pytest.raises(SourceError) as caught:
        read(portal)
    assert caught.value.finding.code == "api_same_page"
    portal.records = _plain(PACKAGES)
    assert len(_ids(read(portal))) == PACKAGES


def test_without_that_list_too_records_are_read_one_by_one(read):
    portal = WithoutSearch(_plain(3))
    portal.ways = ("package_list", "package_show")
    pages = read(portal)
    assert (_ids(pages), _codes(pages)) == (["DS-0000", "DS-0001", "DS-0002"], ["api_without_search"])


def test_a_result_that_is_the_list_itself_is_read(read):
    class Bare(CkanPortal):
        heeds_start = True

        def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
            start = int(query["start"][0]) if self.heeds_start else 0
            found = self.records[start : start + self.page_size] if self.heeds_start else self.records
            return self.json({"success": True, "result": [self._record(record) for record in found]})

    portal = Bare(_plain(25))
    assert len(_ids(read(portal))) == 25
    portal.heeds_start = False
    assert len(_ids(read(portal))) == 25


class TestTheNationalPortal:
    """Rebuilt from what projects that read it use of its answers; no answer of it is at hand."""

    @staticmethod
    def record(**others: Any) -> dict[str, Any]:
        groups = [{"id": "g1", "name": "seguridad", "display_name": "Seguridad", "description": ""}]
        resource = {
            "id": "r1",
            "name": "Incidencia delictiva estatal",
            "description": "Víctimas por mes",
            "url": "https://repodatos.atdt.gob.mx/api_update/sesnsp/incidencia_delictiva/idefc.csv",
            "format": "CSV",
            "created": "2025-09-12T18:21:03.102938",
            "metadata_modified": "2026-02-03T17:00:01.000000",
            "update_frequency": "Mensual",
        }
        return {
            "id": "62513382-3b26-4bc8-9096-40b6ce8383c0",
            "name": "incidencia_delictiva",
            "title": "Incidencia delictiva",
            "notes": "Delitos registrados en averiguaciones previas y carpetas de investigación.",
            "license_id": "CC-BY-4.0",
            "license_title": "Creative Commons Attribution 4.0",
            "maintainer": "Dirección de Estadística",
            "organization": {"name": "sesnsp", "title": "Secretariado Ejecutivo (SESNSP)", "description": ""},
            "groups": groups,
            "tags": [{"name": "delitos"}],
            "metadata_modified": "2026-02-03T17:00:01.000000",
            "resources": [resource, {**resource, "id": "r2", "name": "Diccionario", "update_frequency": "Anual"}],
            **others,
        }

    def test_its_records_are_read(self):
        mapped = map_record(self.record(), "ckan", MappingSettings(gov_type="federal"))
        dataset = mapped.dataset
        assert (dataset["theme"], dataset["license_id"]) == (["seguridad"], "cc-by-4.0")
        assert [resource["frequency"] for resource in dataset["resources"]] == ["R/P1M", "R/P1Y"]
        assert dataset["frequency"] == "R/P1M"
        assert dataset["contact"] == [{"name": "Dirección de Estadística"}]
        assert dataset["resources"][0]["issued"].startswith("2025-09-12")
        assert [finding.code for finding in mapped.findings if finding.severity != "advice"] == []

    def test_an_opening_plan_is_a_dataset_of_its_group(self):
        plan = self.record(
            name="plan_apertura_datos_sesnsp",
            title="Plan de Apertura de Datos SESNSP 2026",
            groups=[{"name": "plan_apertura_datos", "title": "Plan de apertura de datos"}],
        )
        assert not CkanConnector().not_a_dataset(plan)
        dataset = map_record(plan, "ckan").dataset
        assert dataset["theme"] == ["plan_apertura_datos"]

    def test_a_frequency_that_nobody_knows_is_named(self):
        record = self.record()
        record["resources"][0]["update_frequency"] = "Cada luna llena"
        mapped = map_record(record, "ckan")
        assert "frequency" not in mapped.dataset["resources"][0]
        assert "frequency_unknown" in [finding.code for finding in mapped.findings]

    def test_its_former_address_leads_to_it(self, tmp_path):
        """``/busca`` answers 308, and then 404."""

        class Moved(CkanPortal):
            def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
                if path.startswith("/busca"):
                    return Answer(308, "text/html", b"", {"Location": "/conjuntos" + path.removeprefix("/busca")})
                return super().respond(method, path, query, body)

        with serving(Moved(_plain(1))) as host:
            with HttpClient(HttpSettings("x", frozenset({host}), retries=0), tmp_path) as client:
                found = detect(client, f"http://{host}/busca/dataset/incidencia_delictiva")
            assert (found.type, found.url) == ("mx_ckan", f"http://{host}/")
