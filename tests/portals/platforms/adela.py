"""ADELA: a list of institutions, a ``catalogo.json`` of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query


class AdelaPortal(PlatformPortal):
    """So many datasets in each catalogue as others give on a page; a broken record is no object.

    Attributes:
        missing: institutions that are listed and have no catalogue.
    """

    source_type: ClassVar[str] = "mx_adela"
    missing: tuple[str, ...] = ()

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        slugs = {f"institucion-{number:03}": number for number in range(-(-len(self.records) // self.page_size))}
        if path == "/api/v1/catalogs":
            return self.json([self._institution(slug) for slug in (*slugs, *self.missing)])
        slug, _, name = path.strip("/").partition("/")
        if name != "catalogo.json" or slug not in slugs:
            return NOT_FOUND
        start = slugs[slug] * self.page_size
        return self._catalogue(slug, self.records[start : start + self.page_size])

    def _institution(self, slug: str) -> dict[str, Any]:
        return {"title": f"Institución {slug[-3:]} ", "slug": slug, "description": "", "gov_type": "federal"}

    def _catalogue(self, slug: str, records: Sequence[Plain]) -> Answer:
        return self.json({
            "title": f"Catálogo de datos abiertos de {slug}",
            "license": "https://datos.gob.mx/libreusomx/",
            "dataset": [self._record(record) for record in records],
        })  # fmt: skip

    def _record(self, record: Plain) -> Any:
        if record.broken:
            return f"NullPointerException {record.identifier}"
        return {
            "id": 7,
            "identifier": record.identifier,
            "title": record.title,
            "description": record.description,
            "modified": record.modified,
            "keyword": list(record.keywords),
            "language": "es",
            "govType": "federal",
            "public": True,
            "publisher": {"name": "Persona", "position": "Enlace", "mbox": "enlace@ejemplo.gob.mx"},
            "contactPoint": "http://adela.datos.gob.mx/api/v1/datasets/7/contact_point.vcf",
            "distribution": [{"title": "Archivo", "downloadURL": record.file_url, "mediaType": "text/csv"}],
        }
