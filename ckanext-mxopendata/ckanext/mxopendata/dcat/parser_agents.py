"""People and institutions of a foreign graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.parser_coverage import INEGI
from ckanext.mxopendata.dcat.parser_subject import Subject, first_value, term_words
from ckanext.mxopendata.dcat.terms import DCAT, DCT, FOAF, ORG, SKOS, VCARD
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import fields_of, subfields_of
from ckanext.mxopendata.metadata.records import Found, is_empty
from ckanext.mxopendata.metadata.values import read_single

_CONTACT: Mapping[str, tuple[NamedNode, ...]] = {
    "name": (VCARD.fn, VCARD.hasFN, VCARD["organization-name"], FOAF.name),
    "position": (VCARD.title, VCARD.role),
    "email": (VCARD.hasEmail, VCARD.email, FOAF.mbox),
    "url": (VCARD.hasURL, VCARD.url, FOAF.homepage),
    "phone": (VCARD.telephone, VCARD.hasTelephone, VCARD.tel, FOAF.phone),
}
_SCHEMES = ("mailto:", "tel:")
# CKAN's field, and what a portal says of an institution.
_TEXTS: Mapping[str, tuple[NamedNode, ...]] = {
    "title": (FOAF.name, SKOS.prefLabel, VCARD.fn),
    "name": (DCT.identifier,),
    "acronym": (SKOS.altLabel,),
    "description": (DCT.description,),
    "landing_page": (FOAF.homepage,),
    "portal_url": (FOAF.page,),
    "image_url": (FOAF.logo,),
}


def parse_contacts(subject: Subject) -> list[dict[str, str]]:
    """``[{"name", "position", "email", "url", "phone"}]``, each part where it is stated."""
    rows = subfields_of("dataset", "contact")
    contacts: list[dict[str, str]] = []
    for term in [*subject.nodes(DCAT.contactPoint), *_texts(subject, DCAT.contactPoint)]:
        if isinstance(term, Text):
            raw = {"email" if "@" in term.value else "name": term.value}
        else:
            raw = {name: _said(subject.graph, term, *predicates) for name, predicates in _CONTACT.items()}
        contact = {}
        for name, text in raw.items():
            value = read_single(rows[name], subject.found(text, DCAT.contactPoint), subject.notebook)
            if not is_empty(value):
                contact[name] = value
        if contact and contact not in contacts:
            contacts.append(contact)
    return contacts


def parse_creators(subject: Subject) -> list[dict[str, str]]:
    """The area that made the data, as a list of at most one ``{"name"}``."""
    row = subfields_of("dataset", "creator")["name"]
    terms = [*subject.nodes(DCT.creator), *_texts(subject, DCT.creator)]
    names = [
        term.value if isinstance(term, Text) else _said(subject.graph, term, FOAF.name, VCARD.fn, SKOS.prefLabel)
        for term in terms
    ]
    names = [name for name in dict.fromkeys(names) if name]
    if len(names) > 1:
        subject.notebook.note("rdf_several_values", "creator", subject.found("", DCT.creator), count=len(names))
    name = read_single(row, subject.found(names[0], DCT.creator), subject.notebook) if names else None
    return [{"name": name}] if name else []


def parse_institution(subject: Subject) -> dict[str, Any]:
    """The publisher, as ``organization`` of ``package_show`` and our fields of it; empty where there is none."""
    graph, rows = subject.graph, fields_of("organization")
    terms = subject.objects(DCT.publisher)
    if len(terms) > 1:
        subject.notebook.note("rdf_several_values", "owner_org", subject.found("", DCT.publisher), count=len(terms))
    if not terms:
        return {}
    node = terms[0]
    if isinstance(node, Text):
        return {"title": readers.clean_line(node.value)}
    facts: dict[str, Any] = {
        "id": _institution_id(node),
        "parent_id": next((_institution_id(parent) for parent in graph.nodes(node, ORG.subOrganizationOf)), None),
        "cvegeo": next((_place_key(place) for place in graph.nodes(node, DCT.spatial)), None),
    }
    for name, predicates in _TEXTS.items():
        text = _said(graph, node, *predicates)
        facts[name] = read_single(rows[name], Found(text, "dct:publisher"), subject.notebook)
    for name, predicate in (("gov_type", DCT.type), ("sectors", DCAT.theme)):
        words = [term_words(graph, term, rows[name].vocabulary) for term in graph.objects(node, predicate)]
        known = [value for value in (first_value(rows[name], each) for each in words) if value is not None]
        facts[name] = known if rows[name].cardinality == "list" else next(iter(known), None)
    if not facts["title"]:
        subject.left.add(DCT.publisher.value)
    return {name: value for name, value in facts.items() if not is_empty(value)}


def _texts(subject: Subject, predicate: NamedNode) -> list[Text]:
    return [term for term in subject.objects(predicate) if isinstance(term, Text)]


def _said(graph: Graph, node: Node, *predicates: NamedNode) -> str:
    """The best text or address by the first predicate that has one; vCard may put it on a node as ``hasValue``."""
    for predicate in predicates:
        texts: list[Text] = []
        for term in graph.objects(node, predicate):
            inner = graph.objects(term, VCARD.hasValue, VCARD.value) if isinstance(term, Node) else []
            texts.extend(
                said if isinstance(said, Text) else Text("" if said.is_blank else _bare(said))
                for said in inner or [term]
            )
        if best := graph.best(texts):
            return best[0].value
    return ""


def _bare(address: str) -> str:
    scheme = next((scheme for scheme in _SCHEMES if address.lower().startswith(scheme)), "")
    return unquote(address[len(scheme) :]) if scheme else address


def _institution_id(node: Node) -> str | None:
    before, _, key = node.rpartition("/organization/")
    return key if before and "/" not in key else None


def _place_key(node: Node) -> str | None:
    key = INEGI.search(node)
    return (readers.read_place(key[1]).value or {}).get("cvegeo") if key else None
