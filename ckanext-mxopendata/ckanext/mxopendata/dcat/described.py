"""What a graph says of a dataset and its distributions, as the quality room reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.terms import DCAT, DCT, PREFIXES
from ckanext.mxopendata.dcat.triples import fill_builder
from ckanext.mxopendata.quality.mqa import Properties, Term

_WANTED = (("dcat", PREFIXES["dcat"]), ("dct", PREFIXES["dct"]))


class Described(NamedTuple):
    """One dataset of a graph.

    Attributes:
        node: where it stands in the graph.
        identifier: its ``dct:identifier``, else its address.
        dataset: what is said of it, by property (``dcat:keyword``).
        distributions: the same of each distribution.
    """

    node: Node
    identifier: str
    dataset: Properties
    distributions: Sequence[Properties]


def describe_datasets(graph: Graph) -> Iterator[Described]:
    """Every ``dcat:Dataset`` of a graph, in the order of the document."""
    for node in list(graph.instances(DCAT.Dataset)):
        identifier = graph.text(node, DCT.identifier) or ("" if node.is_blank else str(node))
        forms = [_properties(graph, each) for each in graph.nodes(node, DCAT.distribution)]
        yield Described(node, identifier, _properties(graph, node), forms)


def describe(dataset: Mapping[str, Any], context: ExportContext) -> tuple[Properties, list[Properties]]:
    """What our own triples say of a dataset and of its distributions.

    The same as :func:`describe_datasets` of what :func:`.triples.render_dataset` makes, in a third of the time.

    Args:
        dataset: validated dictionary of ``package_show``.
        context: as for the triples.
    """
    builder = fill_builder(dataset, context)
    statements = builder.statements()
    own = statements[builder.subject]
    forms = [term for predicate, term in own if predicate == DCAT.distribution]
    return _said(own), [_said(statements[node]) for node in forms if isinstance(node, NamedNode)]


def _said(statements: Iterable[tuple[NamedNode, Any]]) -> dict[str, list[Term]]:
    found: dict[str, list[Term]] = {}
    for predicate, term in statements:
        name = _property_name(predicate.value)
        if name is not None:
            kept = Term(term.value.strip(), is_node=isinstance(term, NamedNode))
            found.setdefault(name, []).extend([kept] if kept.text else [])
    return found


@cache
def _property_name(predicate: str) -> str | None:
    return next((f"{prefix}:{predicate[len(base) :]}" for prefix, base in _WANTED if predicate.startswith(base)), None)


def _properties(graph: Graph, node: Node) -> dict[str, list[Term]]:
    found: dict[str, list[Term]] = {}
    for predicate in graph.predicates(node):
        for prefix, base in _WANTED:
            if predicate.startswith(base):
                terms = graph.objects(node, NamedNode(predicate))
                found[f"{prefix}:{predicate[len(base) :]}"] = [kept for term in terms if (kept := _term(term)).text]
    return found


def _term(term: Node | Text) -> Term:
    if isinstance(term, Text):
        return Term(term.value.strip(), is_node=False)
    return Term(str(term), is_node=True)
