"""Adapter of our triples for ckanext-dcat: its pages go through the one generator, its harvester through the parser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import rdflib
from pyoxigraph import Literal, NamedNode, Triple

import ckan.plugins.toolkit as tk

from ckanext.dcat.profiles import EuropeanDCATAP3Profile

from ckanext.mxopendata.dcat.catalogue import (
    link_datasets,
    link_institutions,
    render_catalogue,
    render_institution_catalogue,
)
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.parser import parse_dataset
from ckanext.mxopendata.dcat.site import current_context
from ckanext.mxopendata.dcat.terms import DCAT, PREFIXES, TYPE
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.metadata.crosswalk import owned_by

# ckanext-dcat makes one profile for each dataset of a page; what they share lives as long as the page's graph.
_contexts: WeakKeyDictionary[rdflib.Graph, ExportContext] = WeakKeyDictionary()
_parsed: WeakKeyDictionary[rdflib.Graph, tuple[int, Graph]] = WeakKeyDictionary()
# Local fields that say what a dataset is, whoever publishes it; the others are for this portal to set.
_LOCAL_BUT_READ = frozenset(("gov_type",))
_OF_THE_PORTAL = frozenset(("metadata_created", "metadata_modified"))


class MexicanDCATAPProfile(EuropeanDCATAP3Profile):
    """DCAT-AP 3.0.1 with the Mexican vocabularies."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: rdflib.URIRef) -> None:
        """Add one dataset to the page's graph.

        Args:
            dataset_dict: as ``package_show`` gives it.
            dataset_ref: the address ckanext-dcat uses, which the plugin makes the same as ours.
        """
        context = self._context()
        rendering = render_dataset(dataset_dict, context)
        self._add(rendering.all_triples())
        catalogue = rdflib.URIRef(context.catalogue.uri)
        if (catalogue, to_rdflib(TYPE), to_rdflib(DCAT.Catalog)) in self.g:
            self._add(link_datasets(context, [rendering]))
            if rendering.institution:
                self._add(link_institutions(context, [rendering.institution]))
                self._add(render_institution_catalogue(context, dataset_dict["organization"]))

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: Any) -> dict[str, Any]:
        """Read one dataset of a document into the dictionary of ckanext-dcat's harvester, and return it.

        Args:
            dataset_dict: gets our fields; ``extras`` with ``uri``, by which the harvester knows the dataset again;
                ``resources``, each with the ``uri`` of its distribution.
            dataset_ref: the dataset's node.
        """
        parsed = parse_dataset(self._graph(), _node(dataset_ref))
        local = owned_by("dataset", "local") - _LOCAL_BUT_READ
        fields = {name: value for name, value in parsed.dataset.items() if name not in local | _OF_THE_PORTAL}
        dataset_dict.update(fields)
        dataset_dict.setdefault("extras", [])
        if parsed.uri:
            dataset_dict["extras"].append({"key": "uri", "value": parsed.uri})
        for resource, uri in zip(dataset_dict["resources"], parsed.resource_uris, strict=True):
            resource.update({"uri": uri} if uri else {})
        return dataset_dict

    def _graph(self) -> Graph:
        # As ckanext-dcat fills the graph before it asks for datasets, a graph that has grown is another page.
        size, graph = _parsed.get(self.g, (-1, None))
        if graph is None or size != len(self.g):
            graph = Graph(_plain(self.g), tk.config.get("ckan.locale_default") or "es")
            _parsed[self.g] = (len(self.g), graph)
        return graph

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: rdflib.URIRef) -> None:
        """Add the catalogue itself; what it is called comes from the site's configuration."""
        self._add(render_catalogue(self._context()))

    def _context(self) -> ExportContext:
        if self.g not in _contexts:
            _contexts[self.g] = current_context(())
            for prefix, base in PREFIXES.items():
                self.g.bind(prefix, rdflib.Namespace(base), replace=True)
        return _contexts[self.g]

    def _add(self, triples: Iterable[Triple]) -> None:
        for triple in triples:
            self.g.add((to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object)))


def _plain(graph: rdflib.Graph) -> Iterator[tuple[Node, str, Node | Text]]:
    for subject, predicate, term in graph.triples((None, None, None)):
        if isinstance(term, rdflib.Literal):
            found = Text(str(term), (term.language or "").lower(), str(term.datatype or ""))
        else:
            found = _node(term)
        yield _node(subject), str(predicate), found


def _node(term: Any) -> Node:
    return Node(f"_:{term}" if isinstance(term, rdflib.BNode) else str(term))


def to_rdflib(term: Any) -> Any:
    """A pyoxigraph IRI or literal as rdflib's."""
    if isinstance(term, NamedNode):
        return _uri(term.value)
    if isinstance(term, Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        datatype = term.datatype.value
        plain = datatype == str(rdflib.XSD.string)
        # As written: rdflib would otherwise rewrite numbers and dates in its own way.
        return rdflib.Literal(term.value, datatype=None if plain else rdflib.URIRef(datatype), normalize=False)
    raise TypeError(f"the export makes no {type(term).__name__}")


@lru_cache(maxsize=2048)
def _uri(address: str) -> rdflib.URIRef:
    return rdflib.URIRef(address)
