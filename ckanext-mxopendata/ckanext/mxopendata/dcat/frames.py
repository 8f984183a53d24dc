"""How a file of many parts is put together: what stands before the parts, between and after them, by format.

A dataset is serialised by itself, once, and afterwards only copied. That works because in all our formats a document is
a frame around statements whose order says nothing: prefixes in Turtle, one element in RDF/XML, one list in JSON-LD.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from ckanext.mxopendata.dcat.terms import PREFIXES

FORMATS: Mapping[str, RdfFormat] = {
    "ttl": RdfFormat.TURTLE,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "nt": RdfFormat.N_TRIPLES,
}
CONTENT_TYPES: Mapping[str, str] = {
    "ttl": "text/turtle; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
}


@dataclass(frozen=True)
class Frame:
    """What a file is made of besides its parts.

    Attributes:
        head: before the first part.
        between: between two parts.
        tail: after the last one.
    """

    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""

    def around(self, parts: Iterable[bytes]) -> bytes:
        """A whole document; empty parts do not count."""
        return self.head + self.between.join(part for part in parts if part) + self.tail


@cache
def frame(name: str) -> Frame:
    """The frame of a format of RDF: ``ttl``, ``rdf``, ``jsonld`` or ``nt``."""
    if name == "nt":
        return Frame()
    if name == "jsonld":
        return Frame(b"[", b",\n", b"]\n")
    node = NamedNode("http://example.org/")
    document = _serialize(name, [Triple(node, node, node)])
    # The serialiser takes the prefixes in another order in each process: sorted, the same page has the same ETag.
    if name == "ttl":
        return Frame(b"".join(sorted(line for line in document.splitlines(True) if line.startswith(b"@prefix "))))
    opening, *rest = document.partition(b">\n\t")[0].split(b" xmlns:")
    return Frame(b" xmlns:".join([opening, *sorted(rest)]) + b">\n", b"", b"</rdf:RDF>\n")


def to_part(name: str, triples: Iterable[Triple]) -> bytes:
    """Triples as a part of a file; empty where there are none.

    Args:
        name: ``ttl``, ``rdf``, ``jsonld`` or ``nt``.
        triples: those of one subject together.
    """
    document = _serialize(name, triples)
    if name == "nt" or not document:
        return document
    if name == "jsonld":
        return document[1:-1]
    around = frame(name)
    return document[len(around.head) : len(document) - len(around.tail.rstrip())]


def _serialize(name: str, triples: Iterable[Triple]) -> bytes:
    return serialize(triples, format=FORMATS[name], prefixes=None if name == "nt" else PREFIXES) or b""
