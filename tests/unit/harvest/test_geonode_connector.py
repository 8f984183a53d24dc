"""GeoNode by its API and by its CSW: the same datasets under the same identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.geonode import GeoNodeConnector, portal_address
from ckanext.mxopendata.harvest.connectors.geonode_record import to_dataset, with_its_page
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from portals.platforms import Answer, Plain
from portals.platforms.base import serving
from portals.platforms.geonode import GeoNodePortal

CONNECTOR = GeoNodeConnector()
# As GeoNode 4 lists it, without what only its own pages need.
ITEM: dict[str, Any] = {
    "pk": "57",
    "uuid": "0f5b2a3e-1c7d-4f0a-9b1e-2d3c4b5a6978",
    "resource_type": "dataset",
    "perms": ["view_resourcebase", "download_resourcebase"],
    "owner": {"pk": 1000, "username": "admin", "first_name": "", "last_name": ""},
    "poc": [{"pk": 7, "username": "aruiz", "first_name": "Ana", "last_name": "Ruiz", "organization": "Catastro"}],
    "keywords": [{"name": "uso de suelo", "slug": "uso-de-suelo"}],
    "tkeywords": [],
    "regions": [{"code": "JAL", "name": "Jalisco"}],
    "category": {"identifier": "planningCadastre"},
    "title": "Uso de suelo",
    "abstract": "<p>Zonas <b>2025</b></p>",
    "raw_abstract": "Zonas 2025",
    "attribution": "Dirección de Catastro",
    "alternate": "geonode:uso_suelo",
    "srid": "EPSG:6372",
    "extent": {"coords": [-105.7, 18.9, -101.5, 22.7], "srid": "EPSG:4326"},
    "date": "2025-03-01T00:00:00Z",
    "date_type": "revision",
    "created": "2024-01-01T00:00:00Z",
    "last_updated": "2026-05-05T00:00:00Z",
    "maintenance_frequency": "annually",
    "license": {"identifier": "odbl"},
    "language": "spa",
    "temporal_extent_start": "2025-01-01T00:00:00Z",
    "temporal_extent_end": None,
    "data_quality_statement": "Fotointerpretación",
    "is_published": True,
    "is_approved": True,
    "detail_url": "https://geo.x.gob.mx/catalogue/#/dataset/57",
    "download_urls": [{"url": "https://geo.x.gob.mx/datasets/geonode:uso_suelo/dataset_download", "default": True}],
    "links": [
        {"link_type": "OGC:WMS", "url": "https://geo.x.gob.mx/geoserver/ows", "name": "OGC WMS", "mime": "text/html"},
        {"link_type": "OGC:WFS", "url": "https://geo.x.gob.mx/geoserver/ows", "name": "OGC WFS", "mime": "text/html"},
        {"link_type": "image", "url": "https://geo.x.gob.mx/thumb.png", "name": "Thumbnail", "mime": "image/png"},
    ],
}


def plain(count: int) -> list[Plain]:
    return [Plain(f"DS-{number:02}", f"Conjunto {number}") for number in range(count)]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[..., list[Page]]]:
    """Reads all pages of a portal, from a position on."""
    with ExitStack() as served:
        hosts: dict[int, str] = {}

        def pages(portal: GeoNodePortal, position: dict[str, Any] | None = None) -> list[Page]:
            if id(portal) not in hosts:
                hosts[id(portal)] = served.enter_context(serving(portal))
            host = hosts[id(portal)]
            with HttpClient(HttpSettings("x", frozenset({host}), retries=0), tmp_path) as client:
                return list(CONNECTOR.pages(client, portal.address, position or {}, tmp_path / "document"))

        yield pages


def identifiers(pages: list[Page]) -> list[str]:
    return [record["identifier"] for page in pages for record in page.records]


def codes(pages: list[Page]) -> list[str]:
    return [finding.code for page in pages for finding in page.findings]


@pytest.mark.parametrize(
    ("list_name", "code"),
    [("datasets", "geonode_by_api"), ("layers", "geonode_by_api"), ("", "geonode_by_csw")],
    ids=["GeoNode 4", "GeoNode 3", "GeoNode 2"],
)
def test_the_identifiers_are_the_same_by_both_ways_and_the_way_is_said(read, list_name, code):
    portal = GeoNodePortal(plain(25))
    portal.list_name = list_name
    pages = read(portal)
    assert identifiers(pages) == [record.identifier for record in portal.records]
    assert codes(pages) == [code]
    assert {page.total for page in pages} == {25}


def test_the_csw_is_gone_on_with_where_it_was_left(read):
    portal = GeoNodePortal(plain(25))
    portal.list_name = ""
    first = read(portal)[0]
    portal.asked.clear()
    assert identifiers(read(portal, dict(first.position))) == [f"DS-{number}" for number in range(10, 25)]
    assert set(portal.asked) == {"POST /catalogue/csw"}


def test_a_server_that_always_sends_the_first_page_is_found_out(read):
    class Stuck(GeoNodePortal):
        def respond(self, method, path, query, body):
            return super().respond(method, path, {**query, "page": ["1"]}, body)

    with pytest.raises(SourceError) as caught:
        read(Stuck(plain(25)))
    assert caught.value.finding.code == "geonode_same_page"


def test_another_json_is_no_geonode(read):
    portal = GeoNodePortal([])
    portal.respond = lambda _method, path, *_: (  # type: ignore[method-assign]
        portal.json({"layers": "ninguna"}) if "/api/" in path else Answer(404, "text/html", b"")
    )
    with pytest.raises(SourceError) as caught:
        read(portal)
    assert caught.value.finding.code == "geonode_shape"


@pytest.mark.parametrize(
    "address",
    [
        "https://geo.x.gob.mx",
        "https://geo.x.gob.mx/",
        "https://geo.x.gob.mx/catalogue/csw?service=CSW",
        "https://geo.x.gob.mx/catalogue/#/search?f=dataset",
        "https://geo.x.gob.mx/api/v2/datasets/?page=2",
        "https://geo.x.gob.mx/layers/geonode:uso_suelo",
    ],
)
def test_any_address_that_somebody_copies_will_do(address):
    assert portal_address(address) == "https://geo.x.gob.mx"
    assert portal_address(address.replace("mx", "mx/geonode", 1)) == "https://geo.x.gob.mx/geonode"


def test_what_the_api_says_becomes_a_dataset():
    result = map_record(to_dataset(ITEM), CONNECTOR.shape, MappingSettings(cvegeo="14"))
    found = result.dataset
    assert found["identifier"] == ITEM["uuid"]
    assert found["notes"] == "Zonas 2025"
    assert found["theme"] == ["territorio"]
    assert found["frequency"] == "R/P1Y"
    assert found["license_id"] == "odbl"
    assert found["language"] == ["es"]
    assert found["contact"] == [{"name": "Catastro"}]
    assert found["creator"] == [{"name": "Dirección de Catastro"}]
    assert (found["issued"][:10], found["modified"][:10]) == ("2024-01-01", "2025-03-01")
    assert [place.get("cvegeo") for place in found["spatial_coverage"]] == ["14", None]
    assert "-105.7" in found["spatial_coverage"][1]["bbox"]
    assert found["temporal_coverage"][0]["start"].startswith("2025-01-01")
    assert found["conforms_to"] == ["http://www.opengis.net/def/crs/EPSG/0/6372"]
    assert found["url"] == ITEM["detail_url"]
    assert [item.get("format") for item in found["resources"][1:]] == ["WMS_SRVC", "WFS_SRVC", "CSV", "GEOJSON", "SHP"]
    left = {finding.code: finding.value for finding in result.findings}
    assert left == {"fields_left_out": "data_quality_statement"}


def test_what_may_not_be_downloaded_is_not_offered():
    found = to_dataset({**ITEM, "perms": ["view_resourcebase"], "download_urls": []})
    assert [item["format"] for item in found["distribution"]] == ["WMS", "WFS"]


@pytest.mark.parametrize("change", [{"is_published": False}, {"is_approved": False}, {"resource_type": "map"}])
def test_maps_and_what_is_not_published_are_left_out(change):
    assert CONNECTOR.not_a_dataset(to_dataset({**ITEM, **change}))
    assert not CONNECTOR.not_a_dataset(to_dataset(ITEM))


def test_the_page_of_a_record_of_the_csw_is_found_among_its_links():
    portal = "https://geo.x.gob.mx"
    file = {"downloadURL": f"{portal}/geoserver/wfs?x", "format": "CSV"}
    record = {"identifier": "a", "distribution": [{"accessURL": f"{portal}/layers/geonode:a"}, file]}
    found = with_its_page(record, portal)
    assert (found["landingPage"], found["distribution"]) == (f"{portal}/layers/geonode:a", [file])
    assert not CONNECTOR.not_a_dataset(found)
    map_of_it = with_its_page({"identifier": "b", "distribution": [{"accessURL": f"{portal}/maps/3"}]}, portal)
    assert CONNECTOR.not_a_dataset(map_of_it)
