"""What the generator of triples needs to know beyond a dataset, and what it says about its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.terms import TYPE
from ckanext.mxopendata.metadata.vocabularies import Vocabulary, vocabulary

Term = NamedNode | Literal
Made = TypeVar("Made")
MAXIMUM_KNOWN = 5000
# A shared node in one of its classes: the same address may be one dataset's page and another's licence.
SharedKey = tuple[NamedNode, NamedNode]


@dataclass(frozen=True)
class Catalogue:
    """The catalogue that the datasets are exported in.

    Attributes:
        uri: address of the catalogue, without a final slash; datasets are ``<uri>/dataset/<id>``.
        title: its name.
        description: what it holds, in a sentence.
        homepage: the page people open.
        publisher: name of whoever runs the portal.
        language: BCP 47 tag of the texts, for example ``es``.
        issued: when its first dataset was taken in, ISO 8601, UTC.
        modified: when one of its datasets was last written, ISO 8601, UTC.
    """

    uri: str
    title: str
    description: str = ""
    homepage: str = ""
    publisher: str = ""
    language: str = "es"
    issued: str = ""
    modified: str = ""


def _no_organization(organization: Mapping[str, Any]) -> Mapping[str, Any]:
    return organization


@dataclass(frozen=True)
class ExportContext:
    """Everything outside a dataset that its triples depend on; made at the edge, one for a page or a file.

    Attributes:
        catalogue: the catalogue node.
        vocabulary_base: address below which our terms have their URIs, without a final slash.
        organization: completes the short ``organization`` of a dataset with the institution's own fields.
        vocabulary: looks up a vocabulary by its id.
        labels: (Spanish, English) labels of terms that others coined, by URI.
        known: descriptions of shared nodes made so far (:meth:`Builder.once`).
    """

    catalogue: Catalogue
    vocabulary_base: str
    organization: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _no_organization
    vocabulary: Callable[[str], Vocabulary] = vocabulary
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    known: dict[tuple[Any, ...], tuple[Any, dict[SharedKey, list[Triple]], Counter[tuple[str, str]]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def dataset_uri(self, dataset_id: str) -> NamedNode:
        """The subject of a dataset: never its name, which changes."""
        return NamedNode(f"{self.catalogue.uri}/dataset/{quote(dataset_id, safe='')}")


def record_uri(dataset: NamedNode) -> NamedNode:
    """The catalogue's record of a dataset."""
    return NamedNode(f"{dataset.value}#registro")


@dataclass
class Rendering:
    """The triples of one dataset, in the two parts that a file treats differently.

    Attributes:
        dataset_id: the dataset's id.
        institution: the id of its institution; empty without one.
        triples: its own triples, each subject's together, the dataset first.
        shared: what describes terms that other datasets name too, by IRI and class; a file writes each once.
        publisher: what describes its institution and the terms that this one names; empty without an institution.
        distributions: how many distributions it has.
        dropped: how often a value of a field could not be expressed, by (field, code of the reason).
        filled: how often a field got a stand-in that is not stored, by field.
    """

    dataset_id: str
    institution: str
    triples: list[Triple]
    shared: dict[SharedKey, list[Triple]]
    publisher: dict[SharedKey, list[Triple]]
    distributions: int
    dropped: Counter[tuple[str, str]]
    filled: Counter[str]

    def all_triples(self) -> Iterable[Triple]:
        """Own triples, then what describes the shared nodes: a graph that stands alone."""
        yield from self.triples
        yield from self.shared_triples()

    def shared_triples(self) -> Iterable[Triple]:
        """What describes the shared nodes and the institution."""
        for description in {**self.shared, **self.publisher}.values():
            yield from description


class Builder:
    """Collects triples by subject, so that a subject's triples stay together however the fields come."""

    def __init__(self, context: ExportContext, subject: NamedNode) -> None:
        self.context = context
        self.subject = subject
        self.language = context.catalogue.language
        self.dropped: Counter[tuple[str, str]] = Counter()
        self.filled: Counter[str] = Counter()
        self.shared: dict[SharedKey, list[Triple]] = {}
        self.publisher: dict[SharedKey, list[Triple]] = {}
        # The inner dictionary is an ordered set: a keyword written twice is one triple.
        self._own: dict[NamedNode, dict[tuple[NamedNode, Term], None]] = {subject: {}}

    def add(self, subject: NamedNode, predicate: NamedNode, term: Term | None) -> None:
        """One triple of a subject that belongs to this dataset alone; nothing for ``None``."""
        if term is not None:
            self._own.setdefault(subject, {})[(predicate, term)] = None

    def share(
        self, node: NamedNode, kind: NamedNode, description: Iterable[tuple[NamedNode, Term | None]]
    ) -> NamedNode:
        """Describe a node that other datasets name too, as a member of one class; the first description holds."""
        if (node, kind) not in self.shared:
            triples = [Triple(node, predicate, term) for predicate, term in description if term is not None]
            self.shared[(node, kind)] = [Triple(node, TYPE, kind), *triples]
        return node

    def once(self, key: tuple[Any, ...], make: Callable[[Builder], Made]) -> Made:
        """Make a shared node the first time that any dataset names it; afterwards take it from memory.

        Args:
            key: everything that the node and its description depend on.
            make: gets a builder of its own, whose shared nodes and counts of dropped values are kept.
        """
        made, shared = self.apart(key, make)
        self.shared.update(shared)
        return made

    def apart(
        self, key: tuple[Any, ...], make: Callable[[Builder], Made]
    ) -> tuple[Made, dict[SharedKey, list[Triple]]]:
        """As :meth:`once`, but the shared nodes are given back instead of being added to the dataset's."""
        known = self.context.known
        if key not in known:
            if len(known) >= MAXIMUM_KNOWN:
                known.clear()  # thousands of misspelt formats must not cost more and more memory
            scratch = Builder(self.context, self.subject)
            known[key] = (make(scratch), scratch.shared, scratch.dropped)
        made, shared, dropped = known[key]
        if dropped:
            self.dropped.update(dropped)
        return made, shared

    def add_type(self, node: NamedNode | None, kind: NamedNode) -> None:
        """Say of which class a node is that somebody else's site describes."""
        if node is not None:
            self.add(node, TYPE, kind)

    def is_described(self, node: NamedNode, kind: NamedNode) -> bool:
        """Whether a shared node has its description as a member of a class."""
        return (node, kind) in self.shared

    def part(self, name: str, *types: NamedNode) -> NamedNode:
        """A node of the dataset's own, ``<dataset>#<name>``: a stable address where others use a blank node."""
        return self.part_of(self.subject, name, *types)

    def part_of(self, owner: NamedNode, name: str, *types: NamedNode) -> NamedNode:
        """A node within another one, ``<owner>#<name>``, or ``<owner>-<name>`` where the owner is such a part."""
        node = NamedNode(f"{owner.value}{'-' if '#' in owner.value else '#'}{name}")
        for kind in types:
            self.add(node, TYPE, kind)
        return node

    def text(self, value: Any) -> Literal | None:
        """A text in the catalogue's language, or ``None`` where it is empty."""
        if not value:
            return None
        text = values.clean_text(value)
        return Literal(text, language=self.language) if text else None

    def plain(self, value: Any) -> Literal | None:
        """A text without language: names, keys, codes."""
        if value is None:
            return None
        text = values.clean_text(value)
        return Literal(text) if text else None

    def drop(self, field_name: str, reason: str) -> None:
        """Count a value that could not be expressed."""
        self.dropped[(field_name, reason)] += 1

    def fill(self, field_name: str) -> None:
        """Count a stand-in."""
        self.filled[field_name] += 1

    def checked(self, field_name: str, value: Any, make: Callable[[Any], Made | None], reason: str) -> Made | None:
        """Make something of a value; an empty one is nothing, one of which nothing can be made is counted."""
        if not value and value != 0:
            return None
        made = make(value)
        if made is None and (isinstance(value, (dict, list)) or values.clean_text(value)):
            self.drop(field_name, reason)
        return made

    def iri(self, field_name: str, value: Any) -> NamedNode | None:
        """An address; counted as dropped where it is none."""
        return self.checked(field_name, value, values.make_iri, "dcat_invalid_address")

    def date(self, field_name: str, value: Any, utc: bool = False) -> Literal | None:
        """A date; counted as dropped where it is none."""
        if not value:
            return None
        return self.checked(field_name, value, lambda text: values.make_date(text, utc), "dcat_invalid_date")

    def statements(self) -> Mapping[NamedNode, Iterable[tuple[NamedNode, Term]]]:
        """What was added, by subject, the dataset first: predicate and term."""
        return self._own

    def own_triples(self) -> list[Triple]:
        """What was added, the dataset first."""
        return [
            Triple(subject, predicate, term)
            for subject, predicates in self._own.items()
            for predicate, term in predicates
        ]
