"""The catalogue node itself, and what ties datasets to it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from pyoxigraph import Literal, NamedNode, Triple

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder, Catalogue, ExportContext, Rendering
from ckanext.mxopendata.dcat.terms import DCAT, DCT, EU_AUTHORITY, FOAF, SKOS, TYPE

DEFAULT_DESCRIPTION = "Catálogo de datos abiertos de {title}."


@cache
def foreign_labels() -> Mapping[str, tuple[str, str]]:
    """(Spanish, English) labels of the EU's terms that several of ours map to, from ``schemas/eu_labels.csv``."""
    text = (files("ckanext.mxopendata.schemas") / "eu_labels.csv").read_text(encoding="utf-8")
    return {row["uri"]: (row["label_es"], row["label_en"]) for row in csv.DictReader(text.splitlines())}


def catalogue_node(catalogue: Catalogue) -> NamedNode:
    """The subject of the catalogue."""
    return NamedNode(catalogue.uri)


def render_catalogue(context: ExportContext) -> list[Triple]:
    """Triples of the catalogue, its publisher, its language and its themes, without any dataset."""
    catalogue = context.catalogue
    node = catalogue_node(catalogue)
    builder = Builder(context, node)
    title = builder.text(catalogue.title) or builder.text(catalogue.uri)
    name = title.value if title else catalogue.uri
    builder.add(node, TYPE, DCAT.Catalog)
    builder.add(node, DCT.title, title)
    builder.add(node, DCT.description, _description(builder, name))
    publisher = builder.part("editor", FOAF.Agent)
    builder.add(publisher, FOAF.name, builder.text(catalogue.publisher) or title)
    builder.add(node, DCT.publisher, publisher)
    homepage = values.make_iri(catalogue.homepage or catalogue.uri)
    builder.add_type(homepage, FOAF.Document)
    builder.add(node, FOAF.homepage, homepage)
    builder.add(node, DCT.issued, builder.date("issued", catalogue.issued, utc=True))
    builder.add(node, DCT.modified, builder.date("modified", catalogue.modified, utc=True))
    language = nodes.mapped_term(builder, "languages", "language", catalogue.language, DCT.LinguisticSystem)
    builder.add(node, DCT.language, language)
    for scheme, scheme_title in (
        (nodes.vocabulary_uri(builder, "themes"), "Temas de la Plataforma Nacional de Datos Abiertos"),
        (NamedNode(EU_AUTHORITY + "data-theme"), "Temas de datos de la Unión Europea"),
    ):
        builder.add(scheme, TYPE, SKOS.ConceptScheme)
        builder.add(scheme, DCT.title, Literal(scheme_title, language="es"))
        builder.add(node, DCAT.themeTaxonomy, scheme)
    return [*builder.own_triples(), *(triple for shared in builder.shared.values() for triple in shared)]


def _description(builder: Builder, name: str) -> Literal | None:
    written = builder.context.catalogue.description
    return builder.text(written) or builder.text(DEFAULT_DESCRIPTION.format(title=name))


def link_datasets(catalogue: Catalogue, renderings: list[Rendering]) -> Iterator[Triple]:
    """``dcat:dataset`` and ``dcat:record`` for datasets that were rendered."""
    node = catalogue_node(catalogue)
    for rendering in renderings:
        yield Triple(node, DCAT.dataset, rendering.subject)
    for rendering in renderings:
        yield Triple(node, DCAT.record, rendering.record)
