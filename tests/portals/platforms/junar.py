"""Junar's list of resources: in pages, or all of it as a bare array; mostly for those with a key only."""

from __future__ import annotations

from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

SECOND = 1_455_897_663


class JunarPortal(PlatformPortal):
    """A broken record is no object.

    Attributes:
        key: without which it gives nothing, or ``None``.
        pages: whether it gives pages, or all at once whatever is asked.
        facts: identifier → what a resource says besides.
    """

    source_type: ClassVar[str] = "mx_junar"
    key: str | None = None
    pages: bool = True

    def __init__(self, records: Any) -> None:
        super().__init__(records)
        self.facts: dict[str, dict[str, Any]] = {}

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path.rstrip("/") != "/api/v2/resources.json":
            return NOT_FOUND
        if self.key is not None and query.get("auth_key") != [self.key]:
            return self.json({"detail": f"Invalid auth_key {query.get('auth_key')}"}, 401)
        if not self.pages:
            return self.json([self._resource(record) for record in self.records])
        limit, offset = int(query.get("limit", ["50"])[0]), int(query.get("offset", ["0"])[0])
        found = [self._resource(record) for record in self.records[offset : offset + min(limit, self.page_size)]]
        following = f"{self.base}{path}?auth_key={self.key}&limit={limit}&offset={offset + limit}"
        more = offset + len(found) < len(self.records)
        return self.json({
            "count": len(self.records), "next": following if more else None, "previous": None, "results": found
        })  # fmt: skip

    def _resource(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        return {
            "result": None,
            "endpoint": record.file_url,
            "description": record.description,
            "parameters": [],
            "tags": list(record.keywords),
            "timestamp": 1472489817419,
            "created_at": 1449000423,
            "title": record.title,
            "modified_at": f"{record.modified}T16:22:07Z",
            "category_id": "41209",
            "link": f"{self.base}/dataviews/1/{record.identifier}?auth_key={self.key}",
            "user": "juan.perez",
            "guid": record.identifier,
            "category_name": "Energía",
            "type": "ds",
            **self.facts.get(record.identifier, {}),
        }
