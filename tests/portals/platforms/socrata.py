"""Socrata's Discovery API, which answers for all its portals and counts to its window; and what it says of a view."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

WINDOW = 10_000
STRANGER = "datos.otro-gobierno.gob.mx"


class SocrataPortal(PlatformPortal):
    """A broken record is no object.

    Attributes:
        strangers: assets of another portal, which are listed too unless one portal is asked for, or federates them.
        federates: whether they are listed in any case.
        facts: identifier → what an asset says besides, in its ``resource``.
        own_fields: identifier → the portal's own fields of an asset.
        orders: whether the list can be ordered.
        views: identifier → what the portal says of an asset itself.
    """

    source_type: ClassVar[str] = "mx_socrata"

    def __init__(self, records: Sequence[Plain]) -> None:
        super().__init__(records)
        self.strangers: list[Plain] = []
        self.federates = False
        self.orders = True
        self.facts: dict[str, dict[str, Any]] = {}
        self.own_fields: dict[str, dict[str, str]] = {}
        self.views: dict[str, Any] = {}
        self.visits = 0

    def file_address(self, record: Plain) -> str:
        """See :meth:`PlatformPortal.file_address`."""
        return f"{self.base}/api/views/{record.identifier}/rows.csv?accessType=DOWNLOAD"

    @property
    def domain(self) -> str:
        """How the portal is called."""
        return self.base.removeprefix("http://")

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path.startswith("/api/views/"):
            found = self.views.get(path.removeprefix("/api/views/").removesuffix(".json"))
            return NOT_FOUND if found is None else self.json(found)
        if path != "/api/catalog/v1":
            return NOT_FOUND
        limit, offset = int(query.get("limit", ["100"])[0]), int(query.get("offset", ["0"])[0])
        if limit + offset > WINDOW:
            return self.json({"status": 500, "message": "offset + limit"}, 500)
        listed = [(record, self.domain) for record in self.records]
        if self.federates or query.get("domains") != [self.domain]:
            listed += [(record, STRANGER) for record in self.strangers]
        if query.get("scroll_id") or query.get("order") == ["dataset_id"] and self.orders:
            listed.sort(key=lambda pair: pair[0].identifier)
        if scroll := query.get("scroll_id"):
            offset = bisect_right([record.identifier for record, _ in listed], scroll[0])
        found = listed[offset : offset + min(limit, self.page_size)]
        results = [self._asset(record, domain) for record, domain in found]
        return self.json({"results": results, "resultSetSize": min(len(listed), WINDOW), "timings": {}, "warnings": []})

    def _asset(self, record: Plain, domain: str) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        self.visits += 1
        own = [{"key": key, "value": value} for key, value in self.own_fields.get(record.identifier, {}).items()]
        return {
            "resource": {
                "id": record.identifier,
                "name": record.title,
                "description": record.description,
                "type": "dataset",
                "lens_view_type": "tabular",
                "parent_fxf": [],
                "createdAt": "2011-09-27T20:18:55.000Z",
                "updatedAt": f"{record.modified}T10:00:00.000Z",
                "data_updated_at": f"{record.modified}T10:00:00.000Z",
                "metadata_updated_at": "2024-06-18T19:22:48.000Z",
                "page_views": {"page_views_total": self.visits},
                "download_count": self.visits,
                "hide_from_data_json": False,
                "provenance": "official",
                "columns_name": ["Año", "Región"],
                "columns_field_name": ["a_o", ":@computed_region_x"],
                "columns_datatype": ["Number", "Number"],
                "columns_description": ["", ""],
                **self.facts.get(record.identifier, {}),
            },
            "classification": {"categories": [], "domain_tags": list(record.keywords), "domain_metadata": own},
            "metadata": {"domain": domain, "license": "Creative Commons Attribution 4.0"},
            "permalink": f"https://{domain}/d/{record.identifier}",
            "link": f"https://{domain}/Tema/{record.identifier}",
            "owner": {"id": "abcd-1234", "display_name": "Juan Pérez"},
            "creator": {"id": "abcd-1234", "display_name": "Juan Pérez"},
        }
