"""A vocabulary as a SKOS concept scheme, with the same nodes that the datasets of an export name.

A counterpart abroad that only one of our terms has is its ``skos:exactMatch``. Where several of ours have the same one,
theirs is the wider notion (the EU has one theme for education, culture and sport), hence ``skos:broadMatch``: exact
matches of one thing would make our terms equal to each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode, Triple, serialize

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder, Catalogue, ExportContext
from ckanext.mxopendata.dcat.frames import FORMATS
from ckanext.mxopendata.dcat.terms import DCAT, DCT, IANA_MEDIA_TYPES, OWL, PREFIXES, SKOS, TYPE, XSD
from ckanext.mxopendata.metadata.vocabularies import BROADER_IN, Heading, Term, Vocabulary, vocabulary

# Few, so that the file is about its terms.
_PREFIXES = {name: PREFIXES[name] for name in ("skos", "dct", "dcat", "owl", "xsd")}
_TRUE = Literal("true", datatype=XSD.boolean)


def term_uris(terms: Vocabulary, base: str) -> dict[str, str]:
    """The URI of every term, by id: the one that somebody else coined, else ``<base>/<vocabulary>/<id>``.

    Args:
        terms: the vocabulary.
        base: address below which our terms have their URIs, without a final slash.
    """
    return {term_id: node.value for term_id, node in _nodes(_builder(terms.id, base), terms).items()}


def write_vocabulary(terms: Vocabulary, heading: Heading, base: str, name: str) -> bytes:
    """A vocabulary as a file.

    Args:
        terms: the vocabulary.
        heading: its title and description.
        base: address below which our terms have their URIs, without a final slash.
        name: ``ttl``, ``jsonld``, ``rdf`` or ``nt``.
    """
    triples = vocabulary_triples(terms, heading, base)
    return serialize(triples, format=FORMATS[name], prefixes=None if name == "nt" else _PREFIXES) or b""


def vocabulary_triples(terms: Vocabulary, heading: Heading, base: str) -> list[Triple]:
    """The scheme, then its terms in the order of the vocabulary; arguments as :func:`write_vocabulary`."""
    builder = _builder(terms.id, base)
    scheme = builder.subject
    builder.add(scheme, TYPE, SKOS.ConceptScheme)
    for language in ("es", "en"):
        builder.add(scheme, DCT.title, _literal(heading.title(language), language))
        builder.add(scheme, DCT.description, _literal(heading.description(language), language))
    by_id = _nodes(builder, terms)
    of_themes = any(term.facts.get("themes") for term in terms.terms.values())
    themes = _nodes(builder, vocabulary("themes")) if of_themes else {}
    above = _nodes(builder, vocabulary(BROADER_IN[terms.id])) if terms.id in BROADER_IN else {}
    shared = Counter(uri for term in terms.terms.values() for uri in term.exact_match)
    for term in terms.terms.values():
        node = by_id[term.id]
        _add_term(builder, term, by_id)
        builder.add(node, SKOS.broadMatch, above.get(term.broader))
        _add_themes(builder, node, term, themes)
        for uri in term.exact_match:
            match = SKOS.exactMatch if shared[uri] == 1 else SKOS.broadMatch
            builder.add(node, match, values.make_iri(uri))
        if term.broader not in by_id:
            builder.add(scheme, SKOS.hasTopConcept, node)
    return builder.own_triples()


def _add_term(builder: Builder, term: Term, by_id: Mapping[str, NamedNode]) -> None:
    node = by_id[term.id]
    builder.add(node, TYPE, SKOS.Concept)
    for property_, label in nodes.labels(term, SKOS.prefLabel):
        builder.add(node, property_, label)
    for alias in term.aliases:
        if "//" not in alias:
            builder.add(node, SKOS.hiddenLabel, Literal(alias))
    builder.add(node, SKOS.notation, Literal(term.id))
    builder.add(node, SKOS.inScheme, builder.subject)
    builder.add(node, SKOS.broader, by_id.get(term.broader))
    if term.status == "deprecated":
        builder.add(node, OWL.deprecated, _TRUE)
    builder.add(node, DCT.isReplacedBy, by_id.get(term.replaced_by))
    builder.add(node, DCT.source, _literal(term.source, "es"))
    if media_type := values.read_media_type(term.facts.get("media_type")):
        builder.add(node, DCAT.mediaType, values.make_iri(IANA_MEDIA_TYPES + media_type))


def _add_themes(builder: Builder, node: NamedNode, term: Term, themes: Mapping[str, NamedNode]) -> None:
    """A sector of ADELA and the themes of the national portal: one is close to it, each of several is a part of it.

    To the EU's themes it is related through them.
    """
    found = [theme for theme in term.facts.get("themes", "").split(";") if theme in themes]
    for theme in found:
        builder.add(node, SKOS.closeMatch if len(found) == 1 else SKOS.narrowMatch, themes[theme])
        for uri in vocabulary("themes").terms[theme].exact_match:
            builder.add(node, SKOS.relatedMatch, values.make_iri(uri))


def _builder(vocabulary_id: str, base: str) -> Builder:
    context = ExportContext(Catalogue(uri=base, title=""), vocabulary_base=base)
    return Builder(context, NamedNode(f"{base}/{vocabulary_id}"))


def _nodes(builder: Builder, terms: Vocabulary) -> dict[str, NamedNode]:
    """The node of every term, by id; a deprecated one does not take the URI of the one that replaced it."""
    nodes_by_id: dict[str, NamedNode] = {}
    taken: set[NamedNode] = set()
    for term in sorted(terms.terms.values(), key=lambda term: term.status == "deprecated"):
        coined = values.make_iri(term.uri)
        node = coined if coined and coined not in taken else nodes.own_uri(builder, terms.id, term.id)
        nodes_by_id[term.id] = node
        taken.add(node)
    return nodes_by_id


def _literal(text: str, language: str) -> Literal | None:
    return Literal(text, language=language) if text else None
