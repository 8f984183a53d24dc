"""GeoNode's API v2, and its CSW below ``/catalogue/csw``."""

from __future__ import annotations

from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query
from portals.platforms.csw import CswPortal


class GeoNodePortal(PlatformPortal):
    """Pages of a list; a broken record is no object.

    Attributes:
        list_name: ``datasets`` (GeoNode 4), ``layers`` (3), or empty: only the CSW answers (2).
        extra: what each item has besides.
    """

    source_type: ClassVar[str] = "mx_geonode"

    def __init__(self, records: list[Plain]) -> None:
        super().__init__(records)
        self.list_name = "datasets"
        self.extra: dict[str, Any] = {}

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if self.list_name and path == f"/api/v2/{self.list_name}/":
            number = int(query.get("page", ["1"])[0])
            size = min(int(query.get("page_size", ["10"])[0]), self.page_size)
            shown = self.records[(number - 1) * size : number * size]
            if number > 1 and not shown:
                return self.json({"detail": "Invalid page."}, 404)
            listed = [self.item(record) for record in shown]
            head = {"links": {"next": None, "previous": None}, "page": number, "page_size": size}
            return self.json({**head, "total": len(self.records), self.list_name: listed})
        if path == "/catalogue/csw":
            service = CswPortal(self.records)
            service.page_size, service.encoding = self.page_size, self.encoding
            return service.respond(method, CswPortal.path, query, body)
        return NOT_FOUND

    def item(self, record: Plain) -> Any:
        """One item of the list."""
        if record.broken:
            return f"DoesNotExist {record.identifier}"
        return {
            "pk": record.identifier,
            "uuid": record.identifier,
            "resource_type": "dataset",
            "title": record.title,
            "abstract": f"<p>{record.description}</p>",
            "raw_abstract": record.description,
            "date": f"{record.modified}T10:00:00Z",
            "date_type": "publication",
            "last_updated": f"{record.modified}T10:00:00Z",
            "keywords": [{"name": keyword, "slug": keyword} for keyword in record.keywords],
            "is_published": True,
            "is_approved": True,
            "detail_url": f"https://geo.ejemplo.gob.mx/catalogue/#/dataset/{record.identifier}",
            "download_urls": [{"url": record.file_url, "ajax_safe": True, "default": True}],
            **self.extra,
        }
