"""The catalogue node itself, and what ties datasets to it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from pyoxigraph import Literal, NamedNode, Triple

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder, Catalogue, ExportContext, record_uri
from ckanext.mxopendata.dcat.terms import DCAT, DCT, EU_AUTHORITY, FOAF, SKOS, TYPE

DEFAULT_DESCRIPTION = "Catálogo de datos abiertos de {title}."
INSTITUTION_TITLE = "Datos abiertos de {name}"


class Link(Protocol):
    """A dataset as its catalogues name it: its id, and its institution's (empty without one)."""

    @property
    def dataset_id(self) -> str:
        """The dataset's id."""
        ...

    @property
    def institution(self) -> str:
        """The id of its institution, or empty."""
        ...


@cache
def foreign_labels() -> Mapping[str, tuple[str, str]]:
    """(Spanish, English) labels of the EU's terms that several of ours map to, from ``schemas/eu_labels.csv``."""
    text = (files("ckanext.mxopendata.schemas") / "eu_labels.csv").read_text(encoding="utf-8")
    return {row["uri"]: (row["label_es"], row["label_en"]) for row in csv.DictReader(text.splitlines())}


def catalogue_node(catalogue: Catalogue) -> NamedNode:
    """The subject of the catalogue."""
    return NamedNode(catalogue.uri)


def institution_catalogue_node(context: ExportContext, organization_id: str) -> NamedNode:
    """The subject of an institution's catalogue, below the institution itself."""
    return NamedNode(f"{nodes.organization_uri(context, organization_id).value}#catalogo")


def render_catalogue(context: ExportContext) -> list[Triple]:
    """Triples of the catalogue, its publisher, its language and its themes, without any dataset."""
    catalogue = context.catalogue
    node = catalogue_node(catalogue)
    builder = Builder(context, node)
    title = builder.text(catalogue.title) or builder.text(catalogue.uri)
    name = title.value if title else catalogue.uri
    builder.add(node, TYPE, DCAT.Catalog)
    builder.add(node, DCT.title, title)
    builder.add(node, DCT.description, _description(builder, catalogue.description, name))
    publisher = builder.part("editor", FOAF.Agent)
    builder.add(publisher, FOAF.name, builder.text(catalogue.publisher) or title)
    builder.add(node, DCT.publisher, publisher)
    homepage = values.make_iri(catalogue.homepage or catalogue.uri)
    builder.add_type(homepage, FOAF.Document)
    builder.add(node, FOAF.homepage, homepage)
    builder.add(node, DCT.issued, builder.date("issued", catalogue.issued, utc=True))
    builder.add(node, DCT.modified, builder.date("modified", catalogue.modified, utc=True))
    builder.add(node, DCT.language, _language(builder))
    for scheme, scheme_title in _taxonomies(builder):
        builder.add(scheme, TYPE, SKOS.ConceptScheme)
        builder.add(scheme, DCT.title, Literal(scheme_title, language="es"))
        builder.add(node, DCAT.themeTaxonomy, scheme)
    return [*builder.own_triples(), *(triple for shared in builder.shared.values() for triple in shared)]


def render_institution_catalogue(context: ExportContext, organization: Mapping[str, Any]) -> list[Triple]:
    """Triples of an institution's catalogue without any dataset.

    What it names is described elsewhere: its publisher with its datasets, language and schemes with the catalogue.

    Args:
        context: the catalogue that this one is a part of.
        organization: the ``organization`` of a dataset; the context completes it.
    """
    facts = context.organization(organization)
    node = institution_catalogue_node(context, organization["id"])
    builder = Builder(context, node)
    name = nodes.institution_name(facts)
    builder.add(node, TYPE, DCAT.Catalog)
    builder.add(node, DCT.title, builder.text(INSTITUTION_TITLE.format(name=name)))
    builder.add(node, DCT.description, _description(builder, facts.get("description"), name))
    builder.add(node, DCT.publisher, nodes.organization_uri(context, organization["id"]))
    site = context.catalogue.homepage or f"{context.catalogue.uri}/"
    page = values.make_iri(f"{site}organization/{facts.get('name') or organization['id']}")
    builder.add_type(page, FOAF.Document)
    builder.add(node, FOAF.homepage, page)
    builder.add(node, DCT.isPartOf, catalogue_node(context.catalogue))
    builder.add(node, DCT.language, _language(builder))
    for scheme, _ in _taxonomies(builder):
        builder.add(node, DCAT.themeTaxonomy, scheme)
    return builder.own_triples()


def _language(builder: Builder) -> NamedNode | None:
    catalogue = builder.context.catalogue
    return nodes.mapped_term(builder, "languages", "language", catalogue.language, DCT.LinguisticSystem)


def _taxonomies(builder: Builder) -> tuple[tuple[NamedNode, str], ...]:
    """The schemes that themes are taken from, and their Spanish titles."""
    return (
        (nodes.vocabulary_uri(builder, "themes"), "Temas de la Plataforma Nacional de Datos Abiertos"),
        (NamedNode(EU_AUTHORITY + "data-theme"), "Temas de datos de la Unión Europea"),
    )


def _description(builder: Builder, written: Any, name: str) -> Literal | None:
    return builder.text(written) or builder.text(DEFAULT_DESCRIPTION.format(title=name))


def link_datasets(context: ExportContext, links: Iterable[Link], *, of_institution: bool = False) -> Iterator[Triple]:
    """``dcat:dataset`` and ``dcat:record`` of the catalogue, and ``dcat:dataset`` of the institutions'.

    Args:
        context: the catalogue.
        links: some of its datasets.
        of_institution: whether the file is an institution's: only its own catalogue lists datasets there.
    """
    by_catalogue: dict[NamedNode, list[NamedNode]] = {}
    whole = catalogue_node(context.catalogue)
    for link in links:
        subject = context.dataset_uri(link.dataset_id)
        if link.institution:
            its_own = institution_catalogue_node(context, link.institution)
            by_catalogue.setdefault(its_own, []).append(subject)
        if not of_institution or not link.institution:
            by_catalogue.setdefault(whole, []).append(subject)
    for node, subjects in by_catalogue.items():
        for subject in subjects:
            yield Triple(node, DCAT.dataset, subject)
        if node == whole or of_institution:
            for subject in subjects:
                yield Triple(node, DCAT.record, record_uri(subject))


def link_institutions(context: ExportContext, institutions: Iterable[str]) -> Iterator[Triple]:
    """``dcat:catalog`` and ``dct:hasPart`` for the institutions whose catalogues stand in a file, by their ids."""
    node = catalogue_node(context.catalogue)
    parts = [institution_catalogue_node(context, institution) for institution in institutions]
    for property_ in (DCAT.catalog, DCT.hasPart):
        for part in parts:
            yield Triple(node, property_, part)
