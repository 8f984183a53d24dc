"""Adapter of our triples for ckanext-dcat: its pages go through the one generator.

Reading RDF in stays with ckanext-dcat's DCAT-AP 3 profile, whose field names the Mexican model uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import rdflib
from pyoxigraph import Literal, NamedNode, Triple

from ckanext.dcat.profiles import EuropeanDCATAP3Profile

from ckanext.mxopendata.dcat.catalogue import render_catalogue
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.site import current_context
from ckanext.mxopendata.dcat.terms import DCAT, PREFIXES, TYPE
from ckanext.mxopendata.dcat.triples import render_dataset

# ckanext-dcat makes one profile for each dataset of a page; what they share lives as long as the page's graph.
_contexts: WeakKeyDictionary[rdflib.Graph, ExportContext] = WeakKeyDictionary()


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
            self.g.add((catalogue, to_rdflib(DCAT.record), to_rdflib(rendering.record)))

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: rdflib.URIRef) -> None:
        """Add the catalogue itself; what it is called comes from the site's configuration."""
        self._add(render_catalogue(self._context()))

    def _context(self) -> ExportContext:
        if self.g not in _contexts:
            _contexts[self.g] = current_context()
            for prefix, base in PREFIXES.items():
                self.g.bind(prefix, rdflib.Namespace(base), replace=True)
        return _contexts[self.g]

    def _add(self, triples: Iterable[Triple]) -> None:
        for triple in triples:
            self.g.add((to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object)))


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
