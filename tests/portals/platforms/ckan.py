"""CKAN's action API: ``package_search``, ``package_list``, ``package_show``."""

from __future__ import annotations

from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

API = "/api/3/action/"


class CkanPortal(PlatformPortal):
    """Searches in pages; a broken record is no object."""

    source_type: ClassVar[str] = "mx_ckan"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path == API + "package_search":
            start = int(query.get("start", ["0"])[0])
            rows = min(int(query.get("rows", ["10"])[0]), self.page_size)
            results = [self._record(record) for record in self.records[start : start + rows]]
            return self.json({"success": True, "result": {"count": len(self.records), "results": results}})
        return NOT_FOUND

    def _record(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        return {
            "id": record.identifier,
            "name": record.identifier.lower(),
            "title": record.title,
            "notes": record.description,
            "metadata_modified": f"{record.modified}T10:00:00",
            "tags": [{"name": keyword} for keyword in record.keywords],
            "resources": [{"id": f"r-{record.identifier}", "name": "Archivo", "url": record.file_url, "format": "CSV"}],
        }
