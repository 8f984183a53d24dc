"""Project Open Data's ``data.json``: one file."""

from __future__ import annotations

from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query


class DataJsonPortal(PlatformPortal):
    """One document; a broken record is no object."""

    source_type: ClassVar[str] = "mx_datajson"

    @property
    def address(self) -> str:
        """The file's."""
        return f"{self.base}/data.json"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path != "/data.json":
            return NOT_FOUND
        conforms = "https://project-open-data.cio.gov/v1.1/schema"
        return self.json({"conformsTo": conforms, "dataset": [self._record(record) for record in self.records]})

    def _record(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        return {
            "identifier": record.identifier,
            "title": record.title,
            "description": record.description,
            "modified": record.modified,
            "keyword": list(record.keywords),
            "distribution": [{"title": "Archivo", "downloadURL": record.file_url, "format": "CSV"}],
        }
