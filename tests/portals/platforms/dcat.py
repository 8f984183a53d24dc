"""DCAT in RDF: N-Triples, Turtle, RDF/XML or JSON-LD, in pages as Hydra names them now and named them before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

DCAT, DCT = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
HYDRA = "http://www.w3.org/ns/hydra/core#"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
FORMATS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}
SITE = "https://datos.ejemplo.gob.mx"


class DcatPortal(PlatformPortal):
    """A broken record has no title.

    Attributes:
        form: one of :data:`FORMATS`.
        hydra: ``next`` for ``PartialCollectionView``, ``nextPage`` for the legacy ``PagedCollection``, empty for one
            document of all.
    """

    source_type: ClassVar[str] = "mx_dcat"
    many: ClassVar[int] = 4000
    form = "ttl"
    hydra = "next"

    @property
    def address(self) -> str:
        """The first page's."""
        return f"{self.base}/catalog.{self.form}"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path != f"/catalog.{self.form}":
            return NOT_FOUND
        page = int(query.get("page", ["1"])[0])
        text = pyoxigraph.serialize(self._triples(page), format=FORMATS[self.form]) or b""
        if self.encoding != "utf-8":
            text = text.decode("utf-8").replace('encoding="UTF-8"', f'encoding="{self.encoding}"').encode(self.encoding)
        return Answer(200, FORMATS[self.form].media_type, text)

    def _triples(self, page: int) -> Iterator[Triple]:
        size = self.page_size if self.hydra else len(self.records) or 1
        start = (page - 1) * size
        catalogue = NamedNode(SITE)
        yield Triple(catalogue, TYPE, NamedNode(f"{DCAT}Catalog"))
        # Of the whole catalogue, as portals do: those of other pages are only named.
        for record in self.records[: 3 * size]:
            yield Triple(catalogue, NamedNode(f"{DCAT}dataset"), _node(record))
        if self.hydra:
            view = NamedNode(f"{self.address}?page={page}")
            kind = "PartialCollectionView" if self.hydra == "next" else "PagedCollection"
            yield Triple(view, TYPE, NamedNode(HYDRA + kind))
            yield Triple(view, NamedNode(f"{HYDRA}totalItems"), Literal(len(self.records)))
            if start + size < len(self.records):
                following = NamedNode(f"{self.address}?page={page + 1}")
                yield Triple(view, NamedNode(HYDRA + self.hydra), following)
        for record in self.records[start : start + size]:
            yield from _dataset(record)


def _node(record: Plain) -> NamedNode:
    return NamedNode(f"{SITE}/dataset/{record.identifier}")


def _dataset(record: Plain) -> Iterator[Triple]:
    node = _node(record)

    def said(name: str, value: Any, subject: Any = node, base: str = DCT) -> Triple:
        return Triple(subject, NamedNode(base + name), value if isinstance(value, NamedNode) else Literal(value))

    yield Triple(node, TYPE, NamedNode(f"{DCAT}Dataset"))
    if not record.broken:
        yield said("title", record.title)
    yield said("identifier", record.identifier)
    yield said("description", record.description)
    yield said("modified", record.modified)
    for keyword in record.keywords:
        yield said("keyword", keyword, base=DCAT)
    distribution = BlankNode(f"d{record.identifier}")
    yield Triple(node, NamedNode(f"{DCAT}distribution"), distribution)
    yield said("title", "Archivo", distribution)
    yield said("format", "CSV", distribution)
    yield said("downloadURL", NamedNode(record.file_url), distribution, DCAT)
