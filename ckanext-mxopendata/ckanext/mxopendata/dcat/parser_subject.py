"""One dataset or distribution of a foreign graph, asked for its fields; what nothing was taken from is remembered.

A value is read by the datatype that its field has in the crosswalk, with the readers of the mapping, so that RDF gives
the same values and findings as the other platforms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.terms import DCT, OWL, PREFIXES, SKOS
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, fields_of
from ckanext.mxopendata.metadata.records import Found
from ckanext.mxopendata.metadata.values import Notebook, read_single, read_value
from ckanext.mxopendata.metadata.vocabularies import vocabulary

# Other names of the same vocabularies that documents use.
_PREFIXES = {**PREFIXES, "schema": "http://schema.org/", "time": "http://www.w3.org/2006/time#"}


class Subject:
    """A node under way.

    Attributes:
        graph: the document.
        node: the dataset or distribution.
        rows: the fields of its level in the crosswalk.
        notebook: where findings are written down.
        prefix: where it stands in the document, for the findings.
        in_other_languages: fields whose text in another language has no place in the model.
        left: predicates of the node from which nothing was taken, though they were looked at.
    """

    def __init__(self, graph: Graph, node: Node, level: str, notebook: Notebook, prefix: str = "") -> None:
        self.graph = graph
        self.node = node
        self.rows = fields_of(level)
        self.notebook = notebook
        self.prefix = prefix
        self.in_other_languages: dict[str, None] = {}
        self.left: set[str] = set()
        self._asked: set[str] = set()

    def objects(self, *predicates: NamedNode) -> list[Node | Text]:
        """What the predicates say of it; they count as taken."""
        self._asked.update(predicate.value for predicate in predicates)
        return self.graph.objects(self.node, *predicates)

    def nodes(self, *predicates: NamedNode) -> list[Node]:
        """The nodes among :meth:`objects`, those that we numbered in their order."""
        return self.graph.in_order(term for term in self.objects(*predicates) if isinstance(term, Node))

    def part(self, name: str) -> Node:
        """The address that the generator gives a node within this one."""
        return Node(f"{self.node}{'-' if '#' in self.node else '#'}{name}")

    def is_part(self, node: Node) -> bool:
        """Whether a node has no address of its own outside this one."""
        return node.is_blank or node.startswith(self.part(""))

    def found(self, raw: Any, predicate: NamedNode) -> Found:
        """A raw value and where it stands."""
        return Found(raw, self.prefix + short_name(predicate.value))

    def words(self, predicate: NamedNode, term: Node | Text) -> list[Text]:
        """The words of an object; of a node without any its address."""
        words = self.graph.written(term)
        if words or isinstance(term, Text):
            return words
        if term.is_blank:
            self.left.add(predicate.value)
            return []
        return [Text(term)]

    def best_words(self, name: str, *predicates: NamedNode) -> list[str]:
        """All texts of a field in the wanted language; that there are others is remembered."""
        texts = [
            text for predicate in predicates for term in self.objects(predicate) for text in self.words(predicate, term)
        ]
        best = self.graph.best(texts)
        if {text.language.partition("-")[0] for text in texts} - {text.language.partition("-")[0] for text in best}:
            self.in_other_languages[name] = None
        return list(dict.fromkeys(text.value for text in best))

    def text(self, name: str, *predicates: NamedNode) -> Any:
        """One text, date or number, or ``None``; of several the first, which a finding says."""
        words = self.best_words(name, *predicates)
        return self.single(name, words, predicates[0])

    def single(self, name: str, raws: Iterable[str], predicate: NamedNode) -> Any:
        """The first of some raw values that the field can hold."""
        raws = list(dict.fromkeys(raws))
        if not raws:
            return None
        if len(raws) > 1:
            self.notebook.note("rdf_several_values", name, self.found(raws[0], predicate), count=len(raws))
        return read_single(self.rows[name], self.found(raws[0], predicate), self.notebook)

    def addresses(self, predicate: NamedNode, leave_out: Collection[str] = ()) -> list[str]:
        """Addresses as written; of a node without one its words."""
        found = []
        for term in self.objects(predicate):
            if isinstance(term, Node) and not self.is_part(term):
                found.append(str(term))
            elif term not in leave_out:
                found.extend(text.value for text in self.graph.best(self.words(predicate, term)))
        return [address for address in dict.fromkeys(found) if address not in leave_out]

    def address(self, name: str, predicate: NamedNode) -> Any:
        """One address, or ``None``."""
        return self.single(name, self.addresses(predicate), predicate)

    def address_list(self, name: str, predicate: NamedNode, leave_out: Collection[str] = ()) -> list[Any]:
        """All addresses that a list field can hold.

        Args:
            name: the field.
            predicate: by which they are stated.
            leave_out: nodes and texts that belong to another field.
        """
        raws = [self.found(raw, predicate) for raw in self.addresses(predicate, leave_out)]
        values = [read_single(self.rows[name], raw, self.notebook) for raw in raws]
        return list(dict.fromkeys(value for value in values if value is not None))

    def terms(self, name: str, predicate: NamedNode) -> list[Any]:
        """The ids of all terms of a vocabulary; a finding for each that it does not know."""
        row = self.rows[name]
        values = []
        for term in self.objects(predicate):
            value = first_value(row, term_words(self.graph, term, row.vocabulary))
            if value is None:
                shown = next(iter(term_words(self.graph, term, row.vocabulary)), "")
                value = read_single(row, self.found(shown, predicate), self.notebook)
            values.append(value)
        return list(dict.fromkeys(value for value in values if value is not None))

    def term(self, name: str, predicate: NamedNode) -> Any:
        """The id of one term, or ``None``."""
        values = self.terms(name, predicate)
        if len(values) > 1:
            self.notebook.note("rdf_several_values", name, self.found(values[0], predicate), count=len(values))
        return values[0] if values else None

    def unread(self, technical: Iterable[NamedNode]) -> list[str]:
        """Short names of what it says and nobody took."""
        known = self._asked - self.left | {predicate.value for predicate in technical}
        return sorted(self.prefix + short_name(name) for name in self.graph.predicates(self.node) if name not in known)


def short_name(predicate: str) -> str:
    """``dct:title`` for the IRI of a property; the IRI where its vocabulary has no prefix here."""
    for prefix, base in _PREFIXES.items():
        if predicate.startswith(base):
            return f"{prefix}:{predicate[len(base) :]}"
    return predicate


def own_id(address: str, vocabulary_id: str) -> str | None:
    """The id of a term by an address that a portal of this suite coined (:meth:`.Vocabulary.coined`)."""
    found = vocabulary(vocabulary_id).coined(address)
    return found.id if found else None


def term_words(graph: Graph, term: Node | Text, vocabulary_id: str) -> list[str]:
    """What a term of a vocabulary may be known by, the surest first: our id, addresses, labels."""
    if isinstance(term, Text):
        return [term.value]
    addresses = [term, *graph.nodes(term, SKOS.exactMatch, OWL.sameAs)]
    ids = [own_id(address, vocabulary_id) for address in addresses]
    names = [text.value for text in graph.texts(term, DCT.identifier)]
    labels = [text.value for text in graph.best(graph.written(term))]
    known = [*filter(None, ids), *(str(node) for node in addresses if not node.is_blank), *names, *labels]
    return list(dict.fromkeys(known))


def first_value(row: CrosswalkField, words: Iterable[str]) -> Any:
    """The value of the first word that has a reading without doubt, or ``None``."""
    for word in words:
        reading = read_value(row, word)
        if reading.value is not None and reading.certain:
            return reading.value
    return None
