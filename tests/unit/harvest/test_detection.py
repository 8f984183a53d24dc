"""Which platform answers: every platform by any of its addresses, every portal of the registry, and never a guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.detection import Detected, detect
from ckanext.mxopendata.harvest.signs import OF_ITSELF, SIGNS, is_catalogue_table
from ckanext.mxopendata.http import HttpClient, HttpSettings
from portals.platforms import PLATFORMS, SOFTWARE, Answer, Plain, PlatformPortal
from portals.platforms.base import Query, serving

RECORDS = [Plain(f"DS-{number}", f"Conjunto {number}: año y región") for number in range(3)]
WMS = b'<?xml version="1.0"?><WMS_Capabilities xmlns="http://www.opengis.net/wms" version="1.3.0"></WMS_Capabilities>'

Detect = Callable[..., Detected]


class At(PlatformPortal):
    """A portal of another platform below a path of its own; other paths answer with a page, as many servers do."""

    def __init__(self, inner: PlatformPortal | None, outside: str, inside: str) -> None:
        super().__init__([])
        self.inner, self.outside, self.inside = inner, outside, inside

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if self.inner is not None and path.startswith(self.outside):
            self.inner.base = self.base
            return self.inner.respond(method, self.inside + path.removeprefix(self.outside), query, body)
        if query.get("service") == ["WMS"] or query.get("SERVICE") == ["WMS"]:
            return Answer(200, "text/xml", WMS)
        return Answer(200, "text/html", b"<!doctype html><html><title>Portal</title><p>dataset csw</p></html>")


@pytest.fixture
def found(tmp_path: Path) -> Detect:
    """Detects at a path of a portal; the address without the port."""

    def detected(portal: PlatformPortal, path: str = "/") -> Detected:
        with serving(portal) as host:
            with HttpClient(HttpSettings("x", frozenset({host}), retries=0), tmp_path) as client:
                what = detect(client, f"http://{host}{path}")
            return Detected(what.type, what.url.removeprefix(f"http://{host}"))

    return detected


def test_there_is_a_sign_of_every_source_type():
    assert {sign.type for sign in (*SIGNS, *OF_ITSELF)} == set(CONNECTORS)


@pytest.mark.parametrize("name", sorted(name for name, portal in PLATFORMS.items() if portal.is_told))
def test_every_platform_is_known_by_its_front_page_and_can_be_read_at_what_is_found(found, name, tmp_path):
    portal = PLATFORMS[name](RECORDS)
    # A file at an address of its own has no front page that tells of it.
    path = urlsplit(portal.address).path if portal.source_type in ("mx_dcat", "mx_table") else "/"
    what = found(portal, path)
    assert what.type == portal.source_type
    with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), tmp_path) as client:
        url = f"http://{host}{what.url.removeprefix(portal.base)}"
        pages = list(CONNECTORS[what.type].pages(client, url, {}, tmp_path / "document"))
    assert sum(len(page.records) for page in pages) == 3


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"ds:identifier;ds:title;rs:title\n", True), ("Cat\u00e1logo\nds:title,rs:title\n".encode("utf-16"), True),
        (b"name,date\nx,y\n", False), (b"Responsable,Nombre del conjunto,Nombre del recurso\n", False),
        (b"PK\x03\x04cut", False), (b"<html>ds:identifier,ds:title", False),
    ],
)  # fmt: skip
def test_a_table_is_a_catalogue_by_its_headings_only(content, is_one):
    assert is_catalogue_table(content) == is_one


@pytest.mark.payloads
def test_the_workbook_of_pydatajson_is_told(shared):
    assert is_catalogue_table((shared / "payloads/harvest/inventory/catalogo-justicia.xlsx").read_bytes())


@pytest.mark.parametrize(
    ("name", "path", "url"),
    [
        ("mx_ckan", "/dataset/conjunto-1?activity_id=x", "/"),
        ("mx_ckan", "/organization/salud", "/"),
        ("mx_geonode", "/catalogue/#/dataset/12", "/"),
        ("mx_opendatasoft", "/explore/dataset/agua/table/", "/"),
        ("mx_arcgis_hub", "/datasets/abc_0/explore?location=1", "/"),
        ("mx_arcgis_server", "/arcgis/rest/services/Datos/DS-1/MapServer", "/arcgis/rest/services"),
        ("mx_socrata", "/d/abcd-1234", "/"),
        ("mx_socrata", "/Tema/Un-conjunto/abcd-1234/data_preview", "/"),
        ("mx_junar", "/dataviews/111743/un-conjunto/", "/"),
        ("mx_csw", "/csw", "/csw"),
        ("mx_datajson", "/data.json", "/data.json"),
    ],
)
def test_any_page_of_a_portal_leads_to_it(found, name, path, url):
    what = found(PLATFORMS[name](RECORDS), path)
    assert (what.type, what.url) == (name, url)


def test_a_ckan_without_search_is_no_dkan(found):
    class Closed(PlatformPortal):
        def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
            answers = {"package_list": ["uno", "dos"], "status_show": {"ckan_version": "2.9.5"}}
            result = answers.get(path.removeprefix("/api/3/action/"))
            return self.json({"success": result is not None, "result": result}, 200 if result else 400)

    assert found(Closed([])).type == "mx_ckan"


def test_the_host_of_an_api_that_wants_a_key_tells_it(tmp_path):
    """Nobody is asked: without the key it would say nothing."""
    with HttpClient(HttpSettings("x", retries=0), tmp_path) as client:
        what = detect(client, "http://cuenta.cloudapi.junar.com/api/v2/datasets/?limit=1")
    assert what == Detected("mx_junar", "http://cuenta.cloudapi.junar.com/")


def test_what_is_not_known_is_said_so(found):
    with pytest.raises(SourceError) as caught:
        found(At(None, "", ""), "/transparencia/datos_abiertos.php")
    assert caught.value.finding.code == "platform_unknown"
    sentences = caught.value.finding.to_dict("es")
    assert "datos_abiertos.php" in sentences["message"]
    assert "--type" in sentences["cure"]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b'{"success": true, "result": []}',
        b'{"dataset": []}',
        b'{"dataset": "agua", "results": [], "total": 3}',
        b'[{"title": "Una noticia", "id": 4}]',
        b'{"features": [], "type": "FeatureCollection"}',
        b'{"count": 0, "next": null, "previous": null, "results": []}',
        b'{"count": 1, "next": null, "previous": null, "results": [{"guid": "a"}]}',
        b'[{"guid": "a", "title": "Una noticia"}]',
        WMS,
        b"<?xml version='1.0'?><rss><channel><title>csw</title></channel></rss>",
        b"<html><p>http://www.w3.org/ns/dcat# Capabilities http://www.opengis.net/cat/csw/2.0.2</p></html>",
    ],
)
def test_an_answer_that_may_be_anything_is_taken_for_nothing(found, document):
    class Says(PlatformPortal):
        def respond(self, *_: Any) -> Answer:
            return Answer(200, "application/json", document)

    with pytest.raises(SourceError) as caught:
        found(Says([]))
    assert caught.value.finding.code == "platform_unknown"


def test_a_server_that_is_not_there_is_asked_once(tmp_path):
    with serving(At(None, "", "")) as host:
        pass
    settings = HttpSettings("x", frozenset({host}), retries=0)
    with HttpClient(settings, tmp_path) as client, pytest.raises(SourceError) as caught:
        detect(client, f"http://{host}/")
    assert caught.value.finding.code == "http_unreachable"


def _served(entry: dict[str, Any]) -> tuple[PlatformPortal, str | None]:
    """A portal of the software that the registry names, at the path it names; its source type, if there is one."""
    software = (entry.get("software") or {}).get("id")
    path = urlsplit(entry["link"]).path.rstrip("/")
    kind = SOFTWARE.get(software)
    if kind is None:
        return At(None, "", ""), None
    inner = PLATFORMS[kind](RECORDS)
    if kind == "mx_csw":
        services = [urlsplit(each["url"]).path for each in entry["endpoints"] if each["type"].startswith("csw")]
        return At(inner, services[0], "/csw"), kind
    if kind == "mx_arcgis_server":
        return At(inner, path, "/arcgis/rest/services"), kind
    return At(inner, path, ""), kind


@pytest.mark.payloads
def test_every_portal_of_the_registry_is_told_or_not_guessed(shared, found):
    registry = json.loads((shared / "payloads" / "mx" / "registro-portales-mx.json").read_text(encoding="utf-8"))
    assert len(registry) == 115
    told: dict[str | None, int] = {}
    for entry in registry:
        portal, expected = _served(entry)
        try:
            got = found(portal, urlsplit(entry["link"]).path or "/").type
        except SourceError as error:
            assert error.finding.code == "platform_unknown", entry["link"]  # noqa: PT017 - most are not known
            got = None
        assert got == expected, entry["link"]
        told[got] = told.get(got, 0) + 1
    assert told == {
        "mx_geonode": 25,
        "mx_ckan": 15,
        "mx_arcgis_server": 11,
        "mx_csw": 6,
        "mx_dkan": 5,
        "mx_arcgis_hub": 3,
        "mx_opendatasoft": 3,
        None: 47,
    }
