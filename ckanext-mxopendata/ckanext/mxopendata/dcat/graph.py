"""RDF that somebody else wrote, indexed by subject: the only form in which the parser sees it.

Nothing is fetched: a remote JSON-LD context makes the document unreadable. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyoxigraph
from pyoxigraph import BlankNode, NamedNode, RdfFormat

from ckanext.mxopendata.dcat.terms import DCT, FOAF, RDF, RDFS, SKOS, TYPE

FORMATS = {
    "ttl": RdfFormat.TURTLE,
    "rdf": RdfFormat.RDF_XML,
    "xml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "nt": RdfFormat.N_TRIPLES,
}
# What names a node, the most particular first.
LABELS = (SKOS.prefLabel, DCT.title, RDFS.label, FOAF.name, RDF.value)
_NUMBERED = re.compile(r"#[a-z-]+-(\d{1,6})$")
_BLANK = "_:"


class NotRdfError(ValueError):
    """The document is not what its format promises, or needs something from elsewhere to be read."""


class Node(str):
    """An IRI, or the name of a blank node within the document."""

    __slots__ = ()

    @property
    def is_blank(self) -> bool:
        """Whether it has no address."""
        return self.startswith(_BLANK)


class Text(NamedTuple):
    """A literal: its text as written, its language in lower case and the IRI of its datatype."""

    value: str
    language: str = ""
    datatype: str = ""


class Graph:
    """Triples by subject and predicate, in the order of the document.

    Attributes:
        language: which of several texts is wanted, a BCP 47 tag.
    """

    def __init__(self, triples: Iterable[tuple[Node, str, Node | Text]], language: str = "es") -> None:
        self.language = language
        self._by_subject: dict[Node, dict[str, dict[Node | Text, None]]] = {}
        for subject, predicate, term in triples:
            self._by_subject.setdefault(subject, {}).setdefault(predicate, {})[term] = None
        self._topics: dict[Node, list[Node]] | None = None

    def objects(self, subject: Node, *predicates: NamedNode) -> list[Node | Text]:
        """What the predicates say of a subject, each once, those of the first predicate first."""
        said = self._by_subject.get(subject, {})
        return list(dict.fromkeys(term for predicate in predicates for term in said.get(predicate.value, ())))

    def nodes(self, subject: Node, *predicates: NamedNode) -> list[Node]:
        """The nodes among the objects."""
        return [term for term in self.objects(subject, *predicates) if isinstance(term, Node)]

    def texts(self, subject: Node, *predicates: NamedNode) -> list[Text]:
        """The literals among the objects."""
        return [term for term in self.objects(subject, *predicates) if isinstance(term, Text)]

    def predicates(self, subject: Node) -> Iterable[str]:
        """IRIs of all that is said of a subject."""
        return self._by_subject.get(subject, {}).keys()

    def instances(self, kind: NamedNode) -> Iterator[Node]:
        """All nodes of a class, each once."""
        wanted = Node(kind.value)
        for subject, said in self._by_subject.items():
            if wanted in said.get(TYPE.value, ()):
                yield subject

    def is_a(self, node: Node, kind: NamedNode) -> bool:
        """Whether a node is said to be of a class."""
        return Node(kind.value) in self._by_subject.get(node, {}).get(TYPE.value, ())

    def written(self, term: Node | Text) -> list[Text]:
        """The words of an object: itself, or the labels of the node by its best property."""
        if isinstance(term, Text):
            return [term]
        for predicate in LABELS:
            if texts := self.texts(term, predicate):
                return texts
        return []

    def text(self, subject: Node, *predicates: NamedNode) -> str:
        """The text of a subject in the wanted language; that of a node where one stands in its place; empty if none."""
        words = [text for term in self.objects(subject, *predicates) for text in self.written(term)]
        best = self.best(words)
        return best[0].value if best else ""

    def best(self, texts: Iterable[Text]) -> list[Text]:
        """Those in the wanted language; else without language, in Spanish, in English, in the first language."""
        by_language: dict[str, list[Text]] = {}
        for text in texts:
            if text.value.strip():
                by_language.setdefault(text.language.partition("-")[0], []).append(text)
        wanted = (self.language.lower().partition("-")[0], "", "es", "en")
        return next((by_language[tag] for tag in (*wanted, *by_language) if tag in by_language), [])

    def topics_of(self, node: Node, predicate: NamedNode, kind: NamedNode) -> list[Node]:
        """The nodes of a class that name this one by a predicate (a dataset's ``dcat:CatalogRecord``)."""
        if self._topics is None:
            self._topics = {}
            for subject in self.instances(kind):
                for topic in self.nodes(subject, predicate):
                    self._topics.setdefault(topic, []).append(subject)
        return self._topics.get(node, [])

    @staticmethod
    def in_order(nodes: Iterable[Node]) -> list[Node]:
        """Nodes that we numbered (``…#contacto-2``) by their numbers, others where they are."""
        return sorted(nodes, key=lambda node: int(found[1]) if (found := _NUMBERED.search(node)) else 0)


def graph_of(triples: Iterable[Any], language: str = "es") -> Graph:
    """A graph of pyoxigraph's triples or quads (of all its named graphs)."""
    return Graph(plain_triples(triples), language)


def plain_triples(triples: Iterable[Any]) -> Iterator[tuple[Node, str, Node | Text]]:
    """Triples or quads of pyoxigraph as :class:`Graph` takes them."""
    for triple in triples:
        subject, term = _node(triple.subject), triple.object
        found = _node(term)
        if found is None and isinstance(term, pyoxigraph.Literal):
            found = Text(term.value, (term.language or "").lower(), term.datatype.value)
        if subject is not None and found is not None:  # triples about triples are no business of ours
            yield subject, triple.predicate.value, found


def _node(term: Any) -> Node | None:
    if isinstance(term, NamedNode):
        return Node(term.value)
    return Node(_BLANK + term.value) if isinstance(term, BlankNode) else None


def read_graph(document: bytes | str, form: str, base: str = "", language: str = "es") -> Graph:
    """The graph of a document.

    Args:
        document: the text.
        form: one of :data:`FORMATS`.
        base: the address it came from, for relative addresses in it.
        language: which of several texts is wanted.

    Raises:
        NotRdfError: where it cannot be read.
    """
    content = document.encode(errors="replace") if isinstance(document, str) else document
    try:
        # Lenient: a blank in somebody's address must not cost the rest of the catalogue.
        quads = list(pyoxigraph.parse(content, format=FORMATS[form], base_iri=base or None, lenient=True))
    except (SyntaxError, ValueError) as error:
        raise NotRdfError(str(error)) from error
    return graph_of(quads, language)
