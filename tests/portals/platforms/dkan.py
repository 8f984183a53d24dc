"""DKAN: ``data.json`` and the metastore of DKAN 2, the CKAN-like actions of DKAN 1."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

API = "/api/3/action/"
DAYS = ("Lun", "Mar", "Mié", "Jue", "Vie", "Sáb", "Dom")


class DkanPortal(PlatformPortal):
    """A broken record is no object.

    Attributes:
        ways: what it offers: ``data.json``, ``metastore``, ``packages`` (many whole records at once), ``single``.
    """

    source_type: ClassVar[str] = "mx_dkan"
    ways: tuple[str, ...] = ("data.json", "metastore")

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path == "/data.json" and "data.json" in self.ways:
            return self.json({"@type": "dcat:Catalog", "dataset": [self._pod(record) for record in self.records]})
        if path == "/api/1/metastore/schemas/dataset/items" and "metastore" in self.ways:
            return self.json([self._pod(record) for record in self.records])
        if path == API + "current_package_list_with_resources" and "packages" in self.ways:
            start, limit = (int(query[name][0]) for name in ("offset", "limit"))
            limit = min(limit, self.page_size)
            return self._result([[self._package(record) for record in self.records[start : start + limit]]])
        if "single" in self.ways and path == API + "package_list":
            return self._result([record.identifier for record in self.records])
        if "single" in self.ways and path == API + "package_show":
            found = [record for record in self.records if record.identifier == query["id"][0]]
            return self._result([self._package(found[0])]) if found else NOT_FOUND
        return NOT_FOUND

    def _result(self, result: Any) -> Answer:
        return self.json({"success": True, "result": result})

    def _pod(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        return {
            "@type": "dcat:Dataset",
            "identifier": record.identifier,
            "title": record.title,
            "description": f"<p>{record.description}</p>",
            "accessLevel": "public",
            "modified": record.modified,
            "keyword": list(record.keywords),
            "distribution": [{"title": "Archivo", "downloadURL": record.file_url, "mediaType": "text/csv"}],
        }

    def _package(self, record: Plain) -> Any:
        if record.broken:
            return None
        day = date.fromisoformat(record.modified)
        written = f"{DAYS[day.weekday()]}, {day:%m/%d/%Y} - 12:47"
        return {
            "id": record.identifier,
            "name": record.title.lower().replace(" ", "-"),
            "title": record.title,
            "notes": f"<p>{record.description}</p>",
            "state": "Active",
            "private": True,
            "type": "Dataset",
            "metadata_created": written,
            "metadata_modified": written,
            "revision_timestamp": written,
            "url": f"{self.base}/dataset/{record.identifier}",
            "tags": [{"id": "1", "vocabulary_id": "2", "name": keyword} for keyword in record.keywords],
            "resources": [
                {
                    "id": f"r-{record.identifier}",
                    "name": "Archivo",
                    "url": record.file_url,
                    "format": "csv",
                    "size": "1.2 MB",
                    "state": "Active",
                    "last_modified": f"Date changed  {written}",
                }
            ],
        }
