"""Sites on ArcGIS Hub: which way they are read, and what their search says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.arcgis_hub import ArcGisHubConnector
from ckanext.mxopendata.harvest.identity import FIRST_LAYER
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.arcgis_hub import HubPortal, HubWithoutFeed
from portals.platforms.base import Plain, PlatformPortal, serving

RECORDS = [Plain(f"{number:032x}", f"Capa {number}") for number in range(25)]


def read(portal: PlatformPortal, folder: Path, path: str = "/") -> list[Any]:
    with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder) as client:
        return list(ArcGisHubConnector().pages(client, f"http://{host}{path}", {}, folder / "document"))


@pytest.mark.parametrize("path", ["/", "/search?groupIds=1", "/datasets/abc/explore", "/api/feed/dcat-us/1.1.json"])
def test_any_address_of_the_site_will_do(tmp_path, path):
    (page,) = read(HubPortal(RECORDS), tmp_path, path)
    assert len(page.records) == 25


def test_without_a_feed_the_search_is_read_and_the_report_says_so(tmp_path):
    portal = HubWithoutFeed(RECORDS)
    pages = read(portal, tmp_path)
    assert [len(page.records) for page in pages] == [10, 10, 5]
    assert [finding.code for page in pages for finding in page.findings] == ["hub_feed_off"]
    assert [address.partition("?")[0] for address in portal.asked[:3]] == [
        "GET /api/feed/dcat-us/1.1.json",
        "GET /data.json",
        "GET /api/search/v1/collections/dataset/items",
    ]


def test_a_dataset_is_called_the_same_by_both_ways(tmp_path):
    found = []
    for kind in (HubPortal, HubWithoutFeed):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        records = [record for page in read(kind(RECORDS), folder) for record in page.records]
        found.append([record["identifier"].removesuffix(FIRST_LAYER) for record in records])
    assert found[0] == found[1]


def test_what_the_search_says_becomes_a_dataset(tmp_path):
    (page,) = read(HubWithoutFeed(RECORDS[:1]), tmp_path)
    dataset = map_record(page.records[0], "datajson").dataset
    assert dataset["issued"][:10] == "2021-01-29"
    assert dataset["modified"][:10] == "2022-12-20"
    assert dataset["language"] == ["es"]
    assert dataset["access_rights"] == "public"
    assert dataset["spatial_coverage"][0]["bbox"]
    assert [resource["format"] for resource in dataset["resources"]] == ["HTML", "CSV"]


def test_a_service_and_its_page_are_its_files(tmp_path):
    service = "https://sig.ejemplo.gob.mx/arcgis/rest/services/Agua/Pozos/FeatureServer/0"
    (page,) = read(HubWithoutFeed([Plain("a" * 32, "Pozos", file_url=service)]), tmp_path)
    files = page.records[0]["distribution"]
    assert [file["format"] for file in files] == ["Web Page", "ArcGIS GeoServices REST API"]
    assert files[1]["accessURL"] == service


def test_where_neither_answers_the_feed_is_named(tmp_path):
    class Closed(HubWithoutFeed):
        def respond(self, *_: Any) -> Any:
            return super().respond("GET", "/nada", {}, b"")

    with pytest.raises(SourceError) as caught:
        read(Closed(RECORDS), tmp_path)
    assert caught.value.finding.code == "http_not_found"
    assert str(caught.value.finding.location).endswith("/api/feed/dcat-us/1.1.json")


@pytest.mark.payloads
@pytest.mark.parametrize(
    ("name", "datasets", "distributions"),
    [
        ("carroll-county.20230210", 34, 180),
        ("carroll-county.20230212", 34, 172),
        ("detroit.20230202", 176, 907),
        ("evian", 8, 34),
        ("vacio.20230307", 0, 0),
    ],
)
def test_real_feeds_are_read_whole(shared, tmp_path, name, datasets, distributions):
    content = (shared / "payloads" / "harvest" / "arcgis_hub" / f"{name}.dcat-us-1.1.json").read_bytes()

    class Real(HubPortal):
        def respond(self, method: str, path: str, query: Any, body: bytes) -> Any:
            answer = super().respond(method, path, query, body)
            return type(answer)(200, "application/json", content) if path.endswith("1.1.json") else answer

    records = [record for page in read(Real([]), tmp_path) for record in page.records]
    assert (len(records), sum(len(record["distribution"]) for record in records)) == (datasets, distributions)
