"""Which datasets of somebody's graph keep to DCAT-AP: each with what it leads to, against our own shapes.

Needs pyshacl: ``pip install 'ckanext-mxopendata[check]'``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pyoxigraph
import rdflib
from rdflib.namespace import DCAT, SH

from ckanext.mxopendata.dcat.check import own_shapes, violations

# Validators grow with the square of the graph.
BATCH = 50
_NOT_PARTS = (DCAT.Dataset, DCAT.Catalog)


def compliant_datasets(triples: Iterable[Any]) -> dict[str, bool]:
    """Whether each dataset of a graph keeps to the shapes.

    Args:
        triples: pyoxigraph's triples or quads.

    Returns:
        By node: its address, or ``_:`` and the name of the blank node, as :class:`~.graph.Node` writes them.
    """
    graph = rdflib.Graph()
    for triple in triples:
        graph.add((_term(triple.subject), _term(triple.predicate), _term(triple.object)))
    shapes = own_shapes()
    found: dict[str, bool] = {}
    datasets = iter(list(dict.fromkeys(graph.subjects(rdflib.RDF.type, DCAT.Dataset))))
    while batch := list(islice(datasets, BATCH)):
        parts = {node: _reach(graph, node) for node in batch}
        wrong = _wrong_nodes(graph, set().union(*parts.values()), shapes)
        found |= {_name(node): not (reached & wrong) for node, reached in parts.items()}
    return found


def _reach(graph: rdflib.Graph, node: Any) -> set[Any]:
    """The dataset and the nodes that describe it, without other datasets and catalogues."""
    reached, waiting = {node}, [node]
    while waiting:
        for other in graph.objects(waiting.pop()):
            if other not in reached and (other, None, None) in graph and not _is_other(graph, other):
                reached.add(other)
                waiting.append(other)
    return reached


def _is_other(graph: rdflib.Graph, node: Any) -> bool:
    return any((node, rdflib.RDF.type, kind) in graph for kind in _NOT_PARTS)


def _wrong_nodes(graph: rdflib.Graph, nodes: set[Any], shapes: rdflib.Graph) -> set[Any]:
    part = rdflib.Graph()
    for node in nodes:
        for triple in graph.triples((node, None, None)):
            part.add(triple)
    report = violations(part, shapes)
    return {report.value(result, SH.focusNode) for result in report.subjects(SH.resultSeverity, SH.Violation)}


def _term(term: Any) -> Any:
    if isinstance(term, pyoxigraph.BlankNode):
        return rdflib.BNode(term.value)
    if isinstance(term, pyoxigraph.Literal):
        datatype = None if term.language else rdflib.URIRef(term.datatype.value)
        return rdflib.Literal(term.value, lang=term.language, datatype=datatype)
    return rdflib.URIRef(getattr(term, "value", str(term)))


def _name(node: Any) -> str:
    return f"_:{node}" if isinstance(node, rdflib.BNode) else str(node)
