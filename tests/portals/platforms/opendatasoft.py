"""Opendatasoft's Explore API: 2.1 with its export, 2.0, and the search of 1.0."""

from __future__ import annotations

from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

WINDOW = 10_000


class OpendatasoftPortal(PlatformPortal):
    """A broken record is no object.

    Attributes:
        versions: of the API that it offers.
    """

    source_type: ClassVar[str] = "mx_opendatasoft"
    versions: tuple[str, ...] = ("2.1", "2.0", "1.0")

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if "2.1" in self.versions and path == "/api/explore/v2.1/catalog/datasets":
            return self._page(query, "limit", "offset", "total_count", "results")
        if "2.1" in self.versions and path == "/api/explore/v2.1/catalog/exports/json":
            return self.json([self._record(record) for record in self.records])
        if "2.0" in self.versions and path == "/api/v2/catalog/datasets":
            return self._page(query, "limit", "offset", "total_count", "datasets")
        if "1.0" in self.versions and path == "/api/datasets/1.0/search/":
            return self._page(query, "rows", "start", "nhits", "datasets")
        return NOT_FOUND

    def _page(self, query: Query, limit: str, start: str, count: str, listed: str) -> Answer:
        most, first = int(query.get(limit, ["10"])[0]), int(query.get(start, ["0"])[0])
        if most > 100 or most + first > WINDOW:
            return self.json({"error_code": "InvalidRESTParameterError", "message": "Invalid value"}, 400)
        found = [self._record(record) for record in self.records[first : first + min(most, self.page_size)]]
        if count == "nhits":
            found = [_version_one(item) for item in found]
        elif listed == "datasets":
            found = [{"links": [], "dataset": item} for item in found]
        return self.json({count: len(self.records), listed: found})

    def _record(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        return {
            "dataset_id": record.title.lower().replace(" ", "-"),
            "dataset_uid": f"da_{record.identifier}",
            "has_records": False,
            "features": [],
            "attachments": [],
            "metas": {
                "default": {
                    "title": record.title,
                    "description": f"<p>{record.description}</p>",
                    "keyword": [f" {keyword}" for keyword in record.keywords],
                    "modified": f"{record.modified}T12:18:58+00:00",
                    "references": record.file_url,
                    "records_count": 1,
                    "publisher": None,
                },
                "dcat": {"creator": None},
            },
        }


def _version_one(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    others = {name: value for name, value in item.items() if name not in {"dataset_id", "metas"}}
    return {**others, "datasetid": item["dataset_id"], "metas": item["metas"]["default"]}
