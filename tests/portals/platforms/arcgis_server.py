"""ArcGIS Server: the REST directory of services, in two folders, and each service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

ROOT = "/arcgis/rest/services"
FOLDER = "Datos"


class ArcGisServerPortal(PlatformPortal):
    """Every service lies in one folder; of a broken one the server says that it failed."""

    source_type: ClassVar[str] = "mx_arcgis_server"
    many: ClassVar[int] = 2000
    held: ClassVar[int] = 300

    def __init__(self, records: Sequence[Plain]) -> None:
        super().__init__(records)
        self._by_name: dict[str, Plain] = {}

    def file_address(self, record: Plain) -> str:
        """See :meth:`PlatformPortal.file_address`."""
        return f"{self.base}{ROOT}/{FOLDER}/{record.identifier}/FeatureServer"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if query.get("f") != ["json"]:
            return Answer(200, "text/html", b"<html><head><title>Folder: /</title></head></html>")
        if path == ROOT:
            geometry = {"name": "Utilities/Geometry", "type": "GeometryServer"}
            return self.json({"currentVersion": 10.81, "folders": [FOLDER, "Utilities"], "services": [geometry]})
        if path == f"{ROOT}/{FOLDER}":
            listed = [
                {"name": f"{FOLDER}/{record.identifier}", "type": kind}
                for record in self.records
                for kind in ("FeatureServer", "MapServer")
            ]
            return self.json({"currentVersion": 10.81, "folders": [], "services": listed})
        name, _, kind = path.removeprefix(f"{ROOT}/{FOLDER}/").partition("/")
        if len(self._by_name) != len(self.records):
            self._by_name = {record.identifier: record for record in self.records}
        found = self._by_name.get(name)
        return self.json(self._service(found)) if found and kind == "MapServer" else NOT_FOUND

    def _service(self, record: Plain) -> Any:
        if record.broken:
            return {"error": {"code": 500, "message": f"Service {record.identifier} not started", "details": []}}
        return {
            "currentVersion": 10.81,
            "serviceDescription": f"<p>{record.description}</p>",
            "mapName": "Layers",
            "copyrightText": "Dirección de Catastro",
            "layers": [
                {"id": 0, "name": "Grupo", "subLayerIds": [1]},
                {"id": 1, "name": "Capa", "subLayerIds": None},
            ],
            "tables": [],
            "supportedExtensions": "WMSServer, KmlServer",
            "fullExtent": {
                "xmin": -11521611.0,
                "ymin": 2331500.0,
                "xmax": -11488214.0,
                "ymax": 2367000.0,
                "spatialReference": {"wkid": 102100, "latestWkid": 3857},
            },
            "documentInfo": {
                "Title": record.title,
                "Author": "juan.perez",
                "Comments": "",
                "Subject": "",
                "Category": "",
                "Keywords": ",".join(record.keywords),
            },
        }
