"""Map servers on ArcGIS Server: where their directory is, what is closed, and what a service says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.arcgis_server import ArcGisServerConnector, _box
from ckanext.mxopendata.harvest.connectors.base import Page, Unreadable
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.arcgis_server import ROOT, ArcGisServerPortal
from portals.platforms.base import Answer, Plain, PlatformPortal, serving

RECORDS = [Plain("Predios_2024", "Predios"), Plain("Vialidades", "")]


def read(portal: PlatformPortal, folder: Path, path: str = "/") -> list[Page]:
    with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder) as client:
        return list(ArcGisServerConnector().pages(client, f"http://{host}{path}", {}, folder / "document"))


class Answering(ArcGisServerPortal):
    """Gives some addresses an answer of a test's own."""

    own: dict[str, Any] = {}  # noqa: RUF012 - each test has a class of its own

    def respond(self, method: str, path: str, query: Any, body: bytes) -> Answer:
        return self.json(self.own[path]) if path in self.own else super().respond(method, path, query, body)


@pytest.mark.parametrize(
    "path", ["/", "/arcgis", ROOT, f"{ROOT}/", f"{ROOT}/Datos/Predios_2024/MapServer/1", "/arcgis/rest", "/visor/"]
)
def test_any_address_of_the_server_will_do(tmp_path, path):
    (page,) = read(ArcGisServerPortal(RECORDS), tmp_path, path)
    assert [record["identifier"] for record in page.records] == ["Datos/Predios_2024", "Datos/Vialidades"]


def test_a_service_with_its_interfaces_and_layers_becomes_a_dataset(tmp_path):
    (page,) = read(ArcGisServerPortal(RECORDS), tmp_path)
    mapped = map_record(page.records[0], "datajson")
    dataset = mapped.dataset
    assert dataset["title"] == "Predios"
    assert dataset["creator"] == [{"name": "Dirección de Catastro"}]
    assert [resource["name"] for resource in dataset["resources"]] == ["MapServer", "FeatureServer", "WMS", "Capa"]
    assert "WMSServer?request=GetCapabilities&service=WMS" in dataset["resources"][2]["url"]
    assert "/rest/" not in dataset["resources"][2]["url"]
    (ring,) = json.loads(dataset["spatial_coverage"][0]["bbox"])["coordinates"]
    assert {round(longitude, 1) for longitude, _ in ring} == {-103.5, -103.2}
    assert {round(latitude, 1) for _, latitude in ring} == {20.5, 20.8}
    # Nobody's name is taken over: the author of the document is a person.
    assert "juan.perez" not in repr(mapped)


def test_a_service_without_a_title_goes_by_its_name(tmp_path):
    (page,) = read(ArcGisServerPortal([Plain("Zonas_de_riesgo", "")]), tmp_path)
    assert page.records[0]["title"] == "Zonas de riesgo"


def test_a_closed_folder_is_named_and_left_out(tmp_path):
    class Closed(Answering):
        own = {f"{ROOT}/Datos": {"error": {"code": 499, "message": "Token Required"}}}

    top = {"folders": ["Datos"], "services": [{"name": "Abierto", "type": "MapServer"}]}
    Closed.own |= {ROOT: top, f"{ROOT}/Abierto/MapServer": {"documentInfo": {"Title": "Abierto"}}}
    (page,) = read(Closed(RECORDS), tmp_path)
    assert [record["title"] for record in page.records] == ["Abierto"]
    assert [(finding.code, finding.value) for finding in page.findings] == [("arcgis_folder_closed", "Datos")]


def test_a_folder_that_fails_ends_the_reading(tmp_path):
    """Its services would be taken for gone."""

    class Failing(Answering):
        own = {f"{ROOT}/Datos": {"error": {"code": 500, "message": "Database is down"}}}

    with pytest.raises(SourceError) as caught:
        read(Failing(RECORDS), tmp_path)
    assert (caught.value.finding.code, caught.value.finding.value) == ("api_error", "Database is down")


def test_a_service_that_wants_a_key_could_not_be_read(tmp_path):
    class Closed(Answering):
        own = {f"{ROOT}/Datos/Vialidades/MapServer": {"error": {"code": 403, "message": "Forbidden"}}}

    (page,) = read(Closed(RECORDS), tmp_path)
    (refused,) = [record for record in page.records if isinstance(record, Unreadable)]
    assert (refused.identifier, refused.finding.code) == ("Datos/Vialidades", "http_forbidden")


@pytest.mark.parametrize(
    ("extent", "box"),
    [
        ({"xmin": -99, "ymin": 19, "xmax": -98, "ymax": 20, "spatialReference": {"wkid": 4326}}, "-99,19,-98,20"),
        ({"xmin": 478000, "ymin": 2138000, "xmax": 5e5, "ymax": 2.2e6, "spatialReference": {"wkid": 32614}}, None),
        ({"xmin": "NaN", "ymin": 19, "xmax": -98, "ymax": 20, "spatialReference": {"wkid": 4326}}, None),
        ({"xmin": float("nan"), "ymin": 19, "xmax": 1, "ymax": 20, "spatialReference": {"wkid": 4326}}, None),
        ({"xmin": 0, "ymin": 1e30, "xmax": 0, "ymax": 0, "spatialReference": {"wkid": 3857}}, "0.0,90.0,0.0,0.0"),
        ({"xmin": -99, "ymin": 19, "xmax": -98, "ymax": 20}, None),
        ("todo el estado", None),
    ],
)
def test_extents_are_given_in_degrees_or_not_at_all(extent, box):
    assert _box(extent) == box
