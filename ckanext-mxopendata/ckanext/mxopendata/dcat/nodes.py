"""Nodes that many datasets name: terms of vocabularies, licences, formats, media types, documents, institutions.

DCAT-AP asks for the class of each and no vocabulary comes with the file, so each is typed and labelled here. Where the
EU, IANA or the UN coined a URI for a term, that one is the object, because others know it; ours is tied to it by
``skos:exactMatch``. Themes name both. A licence is its legal text's address, which other CKANs match by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.context import Builder, ExportContext, SharedKey
from ckanext.mxopendata.dcat.terms import (
    DCAT,
    DCT,
    EU_AUTHORITY,
    FOAF,
    IANA_MEDIA_TYPES,
    ORG,
    RDFS,
    SKOS,
    TYPE,
)
from ckanext.mxopendata.metadata.names import short_digest, slug
from ckanext.mxopendata.metadata.records import stored_list
from ckanext.mxopendata.metadata.vocabularies import Term

_PLANNED_AVAILABILITY = ("AVAILABLE", "EXPERIMENTAL", "STABLE", "TEMPORARY")
_SDG_BASE = "http://metadata.un.org/sdg/"


def vocabulary_uri(builder: Builder, vocabulary_id: str) -> NamedNode:
    """The address of one of our vocabularies."""
    return NamedNode(f"{builder.context.vocabulary_base}/{vocabulary_id}")


def own_uri(builder: Builder, vocabulary_id: str, term_id: str) -> NamedNode:
    """The URI that we coin for a term: ``<vocabulary_base>/<vocabulary>/<id>``."""
    base = builder.context.vocabulary_base
    return NamedNode(f"{base}/{vocabulary_id}/{quote(values.clean_text(term_id), safe='/:')}")


def find_term(builder: Builder, vocabulary_id: str, value: Any) -> Term | None:
    """The term of a stored value; for a deprecated one the term that replaced it."""
    text = values.clean_text(value)
    terms = builder.context.vocabulary(vocabulary_id)
    term = terms.get(text) or terms.find(text)
    return terms.get(term.replaced_by) or term if term and term.replaced_by else term


def labels(term: Term, property_: NamedNode) -> list[tuple[NamedNode, Literal | None]]:
    """Spanish and English label of a term."""
    english = Literal(term.label_en, language="en") if term.label_en else None
    return [(property_, Literal(term.label_es, language="es")), (property_, english)]


def coined_elsewhere(term: Term, authority: str = EU_AUTHORITY) -> NamedNode | None:
    """The URI that an authority coined for a term, or ``None``."""
    return next((NamedNode(uri) for uri in term.exact_match if uri.startswith(authority)), None)


def _foreign_labels(builder: Builder, node: NamedNode, term: Term) -> list[tuple[NamedNode, Literal | None]]:
    # Several of our terms may map to one of theirs, which then keeps its own name.
    spanish, english = builder.context.labels.get(node.value, (term.label_es, term.label_en))
    return [
        (SKOS.prefLabel, Literal(spanish, language="es")),
        (SKOS.prefLabel, Literal(english, language="en") if english else None),
    ]


def concept(builder: Builder, vocabulary_id: str, term: Term) -> NamedNode:
    """Our own concept, typed, labelled and tied to those of others."""
    node = NamedNode(term.uri) if term.uri else own_uri(builder, vocabulary_id, term.id)
    if builder.is_described(node, SKOS.Concept):
        return node
    scheme = vocabulary_uri(builder, vocabulary_id)
    matches = [(SKOS.exactMatch, NamedNode(uri)) for uri in term.exact_match]
    return builder.share(
        node,
        SKOS.Concept,
        [
            *labels(term, SKOS.prefLabel),
            (SKOS.notation, Literal(term.id)),
            (SKOS.inScheme, scheme),
            *matches,
        ],
    )


def labelled_concept(builder: Builder, node: NamedNode, label: str) -> NamedNode:
    """A concept of which only a name is known."""
    return builder.share(node, SKOS.Concept, [(SKOS.prefLabel, Literal(label, language=builder.language))])


def themes(builder: Builder, field_name: str, value: Any) -> list[NamedNode]:
    """A theme: our concept, and the EU's beside it."""
    key = ("theme", field_name, values.clean_text(value))
    return builder.once(key, lambda scratch: list(_themes(scratch, field_name, value)))


def _themes(builder: Builder, field_name: str, value: Any) -> Iterable[NamedNode]:
    term = find_term(builder, "themes", value)
    if term is None:
        builder.drop(field_name, "dcat_unknown_term")
        return
    yield concept(builder, "themes", term)
    if foreign := coined_elsewhere(term):
        scheme = NamedNode(EU_AUTHORITY + "data-theme")
        yield builder.share(
            foreign,
            SKOS.Concept,
            [*_foreign_labels(builder, foreign, term), (SKOS.inScheme, scheme)],
        )


def mapped_term(builder: Builder, vocabulary_id: str, field_name: str, value: Any, kind: NamedNode) -> NamedNode | None:
    """A term of which one only may be named: the EU's URI, else ours.

    Args:
        builder: of the dataset.
        vocabulary_id: where the stored id comes from.
        field_name: for the count of what was dropped.
        value: the stored id, or a list that holds it.
        kind: the class that DCAT-AP asks for, for example ``dct:Frequency``.
    """
    text = values.clean_text(next(iter(stored_list(value)), None))
    if not text:
        return None
    key = (vocabulary_id, field_name, text, kind)
    return builder.once(key, lambda scratch: _mapped_term(scratch, vocabulary_id, field_name, text, kind))


def _mapped_term(builder: Builder, vocabulary_id: str, field_name: str, text: str, kind: NamedNode) -> NamedNode | None:
    term = find_term(builder, vocabulary_id, text)
    if term is None:
        builder.drop(field_name, "dcat_unknown_term")
        return None
    own = NamedNode(term.uri) if term.uri else own_uri(builder, vocabulary_id, term.id)
    node = coined_elsewhere(term) or own
    if builder.is_described(node, kind):
        return node
    return builder.share(
        node,
        kind,
        [
            (TYPE, SKOS.Concept),
            *_foreign_labels(builder, node, term),
            (SKOS.notation, Literal(term.id)),
            (SKOS.inScheme, NamedNode(node.value.rsplit("/", 1)[0]) if node != own else None),
            (SKOS.exactMatch, own if own != node else None),
        ],
    )


def licence(builder: Builder, dataset: Mapping[str, Any], value: Any) -> NamedNode | None:
    """A licence as the address of its text; one that we do not know keeps what the dataset says of it."""
    text = values.clean_text(value)
    if not text:
        return None
    # What the dataset says of its licence counts only for that licence.
    stated = ("license_url", "license_title") if text == dataset.get("license_id") else ()
    url, title = (values.clean_text(dataset.get(name)) for name in stated) if stated else ("", "")
    return builder.once(("licence", text, url, title), lambda scratch: _licence(scratch, text, url, title))


def _licence(builder: Builder, text: str, url: str, title: str) -> NamedNode:
    if term := find_term(builder, "licences", text):
        node = values.make_iri(term.uri) or own_uri(builder, "licences", term.id)
        matches = [(SKOS.exactMatch, NamedNode(uri)) for uri in term.exact_match]
        names = labels(term, DCT.title)
        return builder.share(node, DCT.LicenseDocument, [*names, (DCT.identifier, Literal(term.id)), *matches])
    return builder.share(
        values.make_iri(text) or values.make_iri(url) or own_uri(builder, "licences", text),
        DCT.LicenseDocument,
        [(DCT.title, builder.text(title or text)), (DCT.identifier, Literal(text))],
    )


def file_format(builder: Builder, value: Any) -> NamedNode | None:
    """A file format: the EU's file type; one that nobody knows gets a URI of ours and keeps its name."""
    text = values.clean_text(value)
    return builder.once(("format", text), lambda scratch: _file_format(scratch, text)) if text else None


def _file_format(builder: Builder, text: str) -> NamedNode:
    term = find_term(builder, "file_types", text)
    if term is None:
        node = own_uri(builder, "file_types", text)
        return builder.share(
            node, DCT.MediaTypeOrExtent, [(RDFS.label, Literal(text)), (DCT.identifier, Literal(text))]
        )
    own = own_uri(builder, "file_types", term.id)
    node = coined_elsewhere(term) or own
    return builder.share(
        node,
        DCT.MediaTypeOrExtent,
        [
            *labels(term, RDFS.label),
            (DCT.identifier, Literal(term.id)),
            (SKOS.exactMatch, own if own != node else None),
        ],
    )


def media_type(builder: Builder, field_name: str, value: Any) -> NamedNode | None:
    """A media type as IANA's URI."""
    text = values.clean_text(value)
    if not text:
        return None
    return builder.once(("media type", field_name, text), lambda scratch: _media_type(scratch, field_name, text))


def _media_type(builder: Builder, field_name: str, text: str) -> NamedNode | None:
    name = values.read_media_type(text)
    if name is None:
        builder.drop(field_name, "dcat_invalid_media_type")
        return None
    return builder.share(
        NamedNode(IANA_MEDIA_TYPES + quote(name, safe="/+.-_!$&")),
        DCT.MediaType,
        [(RDFS.label, Literal(name))],
    )


def document(builder: Builder, field_name: str, value: Any) -> NamedNode | None:
    """A page or file somewhere, typed as ``foaf:Document``."""
    node = builder.iri(field_name, value)
    builder.add_type(node, FOAF.Document)
    return node


def policy(builder: Builder, value: Any) -> NamedNode | None:
    """A goal or target of a public policy: the UN's URI for the Sustainable Development Goals, else one of ours."""
    text = values.clean_text(value)
    if not text:
        return None
    if term := find_term(builder, "policies", text):
        return concept(builder, "policies", term)
    family, _, key = text.partition(":")
    if family.lower() == "sdg" and key:
        node = NamedNode(_SDG_BASE + quote(key, safe="."))
    else:
        node = values.make_iri(text) or own_uri(builder, "policies", text)
    return labelled_concept(builder, node, text)


def availability(builder: Builder, owner: NamedNode, value: Any) -> NamedNode | None:
    """How long a distribution will be there: the EU's term, or the words that were written."""
    text = values.clean_text(value)
    if not text:
        return None
    if text.upper() in _PLANNED_AVAILABILITY:
        node = NamedNode(f"{EU_AUTHORITY}planned-availability/{text.upper()}")
        spanish, english = builder.context.labels.get(node.value, (text, ""))
        names = [Literal(spanish, language="es"), Literal(english, language="en") if english else None]
        return builder.share(node, SKOS.Concept, [(SKOS.prefLabel, name) for name in names])
    node = builder.part_of(owner, "disponibilidad", SKOS.Concept)
    builder.add(node, SKOS.prefLabel, builder.text(text))
    return node


def place(builder: Builder, cvegeo: Any) -> NamedNode | None:
    """A place by INEGI's key: 00 the nation, 2 digits a state, 5 a municipality, 9 a locality."""
    key = values.clean_text(cvegeo)
    return builder.once(("place", key), lambda scratch: _place(scratch, key))


def _place(builder: Builder, key: str) -> NamedNode | None:
    vocabulary_id = {2: "states", 5: "municipalities", 9: "localities"}.get(len(key))
    if vocabulary_id is None or not key.isdigit() or not key.isascii():
        return None
    node = own_uri(builder, vocabulary_id, key)
    term = builder.context.vocabulary(vocabulary_id).get(key) if vocabulary_id != "localities" else None
    return builder.share(
        node,
        DCT.Location,
        [
            *(labels(term, SKOS.prefLabel) if term else []),
            (DCT.identifier, Literal(key)),
        ],
    )


def institution(
    builder: Builder, organization: Mapping[str, Any], gov_type: Any = None
) -> tuple[NamedNode, dict[SharedKey, list[Triple]]]:
    """The publisher: an agent with its name, order of government, place and page.

    Args:
        builder: of the dataset.
        organization: the ``organization`` of a dataset; the context completes it.
        gov_type: the dataset's order of government, for an institution that states none.

    Returns:
        The agent, and what describes it and the terms it names.
    """
    key = ("institution", organization["id"], gov_type)
    return builder.apart(key, lambda scratch: _institution(scratch, organization, gov_type))


def publisher_name(builder: Builder, organization: Mapping[str, Any]) -> str:
    """What stands in for a name that is missing: the institution's as it is now, else the catalogue's publisher."""
    facts = builder.context.organization(organization) if organization.get("id") else organization
    catalogue = builder.context.catalogue
    return institution_name(facts) or values.clean_text(catalogue.publisher or catalogue.title)


def _institution(builder: Builder, organization: Mapping[str, Any], gov_type: Any) -> NamedNode:
    node = organization_uri(builder.context, organization["id"])
    facts = builder.context.organization(organization)
    order = find_term(builder, "orders_of_government", facts.get("gov_type") or gov_type)
    homepage = values.make_iri(facts.get("landing_page"))
    portal = values.make_iri(facts.get("portal_url"))
    parent = facts.get("parent_id")
    sectors = [find_term(builder, "sectors", value) for value in stored_list(facts.get("sectors"))]
    return builder.share(
        node,
        FOAF.Agent,
        [
            (TYPE, ORG.Organization),
            (FOAF.name, builder.text(institution_name(facts))),
            (SKOS.altLabel, builder.plain(facts.get("acronym"))),
            (DCT.identifier, builder.plain(facts.get("name"))),
            (DCT.description, builder.text(facts.get("description"))),
            (DCT.type, concept(builder, "orders_of_government", order) if order else None),
            (DCT.spatial, place(builder, facts.get("cvegeo"))),
            *((DCAT.theme, concept(builder, "sectors", sector)) for sector in sectors if sector),
            (FOAF.homepage, builder.share(homepage, FOAF.Document, []) if homepage else None),
            (FOAF.page, builder.share(portal, FOAF.Document, []) if portal else None),
            (FOAF.logo, values.make_iri(facts.get("image_display_url") or facts.get("image_url"))),
            (ORG.subOrganizationOf, organization_uri(builder.context, parent) if parent else None),
        ],
    )


def series(builder: Builder, organization: Mapping[str, Any], value: Any) -> NamedNode | None:
    """The series that a dataset belongs to, which is its institution's: ``<institution>#serie-<name>``.

    DCAT-AP 3.0.1 asks for title and description of a series, of which only the name is known.

    Args:
        builder: of the dataset.
        organization: the ``organization`` of the dataset; without one the series is the catalogue's.
        value: its name; ckanext-dcat's field of the same name holds a list of ids or addresses, whose first counts.
    """
    name = values.clean_text(next(iter(stored_list(value)), None))
    if not name:
        return None
    owner = organization_uri(builder.context, organization["id"]).value if organization.get("id") else ""
    return builder.once(("series", owner, name), lambda scratch: _series(scratch, owner, name))


def _series(builder: Builder, owner: str, name: str) -> NamedNode:
    own = builder.part_of(
        NamedNode(owner or builder.context.catalogue.uri), f"serie-{slug(name) or short_digest(name)}"
    )
    return builder.share(
        values.make_iri(name) or own,
        DCAT.DatasetSeries,
        [
            (DCT.title, builder.text(name)),
            # Without the institution's name: a new one would make all its series anew.
            (DCT.description, Literal(f"Serie de conjuntos de datos «{name}».", language="es")),
        ],
    )


def organization_uri(context: ExportContext, organization_id: str) -> NamedNode:
    """The subject of an institution: never its name, which changes."""
    return NamedNode(f"{context.catalogue.uri}/organization/{quote(organization_id, safe='')}")


def institution_name(organization: Mapping[str, Any]) -> str:
    """What an institution is called; its key where it has no other name."""
    return (
        values.clean_text(organization.get("title"))
        or values.clean_text(organization.get("name"))
        or values.clean_text(organization.get("id"))
    )
