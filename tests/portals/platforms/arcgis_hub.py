"""ArcGIS Hub: the feed of DCAT-US, and the site's search as OGC API Records."""

from __future__ import annotations

from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

OWNER = "gobierno_ejemplo"


class HubPortal(PlatformPortal):
    """Gives its feed."""

    source_type: ClassVar[str] = "mx_arcgis_hub"
    has_feed: ClassVar[bool] = True

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path == "/api/feed/dcat-us/1.1.json" and self.has_feed:
            conforms = "https://project-open-data.cio.gov/v1.1/schema"
            return self.json({"conformsTo": conforms, "dataset": [self._entry(record) for record in self.records]})
        if path == "/api/search/v1/collections/dataset/items":
            start = int(query.get("startindex", ["1"])[0]) - 1
            limit = min(int(query.get("limit", ["10"])[0]), self.page_size)
            found = self.records[start : start + limit]
            features = [self._feature(record) for record in found]
            counts = {"numberMatched": len(self.records), "numberReturned": len(features)}
            return self.json({"type": "FeatureCollection", "features": features, **counts})
        return NOT_FOUND

    def _entry(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        page = {"title": "ArcGIS Hub Dataset", "format": "Web Page", "accessURL": f"{self.base}/datasets/x"}
        return {
            "identifier": f"https://www.arcgis.com/home/item.html?id={record.identifier}&sublayer=0",
            "title": record.title,
            "description": f"<p>{record.description}</p>",
            "modified": f"{record.modified}T10:00:00.000Z",
            "keyword": list(record.keywords),
            "contactPoint": {"fn": OWNER, "hasEmail": "mailto: datos@ejemplo.gob.mx"},
            "accessLevel": "public",
            "license": "",
            "spatial": "-103.5,20.5,-103.2,20.8",
            "distribution": [page, {"title": "CSV", "format": "CSV", "accessURL": record.file_url}],
        }

    def _feature(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        facts = {
            "id": record.identifier,
            "owner": OWNER,
            "created": 1611934478000,
            "modified": 1671554653000,
            "title": record.title,
            "type": "CSV",
            "description": f"<p>{record.description}</p>",
            "tags": list(record.keywords),
            "categories": [],
            "licenseInfo": None,
            "culture": "es-mx",
            "access": "public",
            "url": record.file_url,
            "extent": {"type": "envelope", "coordinates": [[-103.5, 20.5], [-103.2, 20.8]]},
        }
        return {"id": record.identifier, "type": "Feature", "geometry": None, "properties": facts}


class HubWithoutFeed(HubPortal):
    """Has switched its feeds off."""

    has_feed: ClassVar[bool] = False
