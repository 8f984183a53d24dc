"""The opposite of :mod:`.triples`: RDF in, datasets as the mapping makes them out, with findings for the rest.

It reads what the generator writes without losing a field (``docs/dcat.md`` names what a graph cannot hold), and what
others write as far as the model has a place for it: literals where we write nodes, blank nodes where we write
addresses, terms of the EU, of IANA or of any portal of this suite. Pure: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.parser_agents import parse_contacts, parse_creators, parse_institution
from ckanext.mxopendata.dcat.parser_coverage import parse_periods, parse_places
from ckanext.mxopendata.dcat.parser_distributions import parse_distribution, parse_licence, unread
from ckanext.mxopendata.dcat.parser_subject import Subject, own_id, term_words
from ckanext.mxopendata.dcat.terms import ADMS, DCAT, DCATAP, DCT, DQV, FOAF, PROV, SKOS, TYPE
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import Found, is_empty
from ckanext.mxopendata.metadata.text import fold_uri
from ckanext.mxopendata.metadata.values import Notebook, read_single
from ckanext.mxopendata.metadata.vocabularies import vocabulary

__all__ = ["ParsedDataset", "parse_dataset", "parse_datasets"]

_TECHNICAL = (TYPE, DCAT.distribution)
_TEXTS: Mapping[str, tuple[NamedNode, ...]] = {
    "title": (DCT.title,),
    "identifier": (DCT.identifier,),
    "notes": (DCT.description,),
    "issued": (DCT.issued,),
    "modified": (DCT.modified,),
    "promised_on": (DCT.available,),
    "access_comment": (DCT.rights,),
    "version_notes": (ADMS.versionNotes,),
    "in_series": (DCAT.inSeries,),
    "target_users": (DCT.audience,),
    "provenance": (DCT.provenance,),
    "source_catalog": (DCT.isPartOf,),
}
_UTC = "+00:00"


@dataclass(frozen=True)
class ParsedDataset:
    """One dataset of a graph.

    Attributes:
        uri: its address; empty for a blank node.
        dataset: as ``package_create`` takes it, without ``owner_org``, ``name`` and ``id``; local fields of a portal of
            this suite (``gov_type``, ``policy_alignment``, ``source_*``, …) are in it, a harvest leaves them out.
        organization: what is said of the publisher: fields of our institutions, ``id`` and ``parent_id``.
        resource_uris: addresses of the distributions, in the order of ``dataset["resources"]``.
        findings: what could not be read, was read with doubt, or has no place here.
    """

    uri: str
    dataset: dict[str, Any]
    organization: dict[str, Any]
    resource_uris: list[str]
    findings: list[Finding]


def parse_datasets(graph: Graph, date_order: str | None = "DMY") -> Iterator[ParsedDataset]:
    """All nodes of class ``dcat:Dataset``, in the order of the document; none is left out."""
    for node in list(graph.instances(DCAT.Dataset)):
        yield parse_dataset(graph, node, date_order)


def parse_dataset(graph: Graph, node: Node, date_order: str | None = "DMY") -> ParsedDataset:
    """One dataset; nothing in it makes this fail.

    Args:
        graph: the document, with whatever describes the dataset's terms and parts.
        node: the dataset.
        date_order: how dates are read that allow several orders, see :func:`readers.read_date`.
    """
    notebook = Notebook(date_order)
    subject = Subject(graph, node, "dataset", notebook)
    dataset: dict[str, Any] = {name: subject.text(name, *predicates) for name, predicates in _TEXTS.items()}
    if dataset["notes"] and dataset["notes"] == dataset["title"]:
        # What our own export, among others, writes where there is none.
        notebook.note("rdf_description_repeats_title", "notes", subject.found(dataset.pop("notes"), DCT.description))
    dataset.update(_terms(subject))
    dataset["temporal_coverage"] = parse_periods(subject)
    dataset["spatial_coverage"] = parse_places(subject)
    dataset["contact"] = parse_contacts(subject)
    dataset["creator"] = parse_creators(subject)
    dataset["url"] = subject.address("url", DCAT.landingPage)
    dataset["documentation"] = subject.address_list("documentation", FOAF.page)
    dataset["quality_url"] = subject.address("quality_url", DQV.hasQualityAnnotation)
    dataset["conforms_to"] = subject.address_list("conforms_to", DCT.conformsTo)
    dataset.update(_legislation(subject))
    dataset["source_url"] = subject.address("source_url", PROV.wasDerivedFrom)
    dataset["source_identifier"] = _source_identifier(subject)
    dataset.update(_record(subject))
    organization = parse_institution(subject)
    dataset["gov_type"] = organization.get("gov_type")
    keywords = [*_keywords(subject), *_themes(subject, dataset)]

    kept: dict[str, Any] = {}
    licence = parse_licence(subject, kept)
    licence, kept = (None, {**kept, "license": licence}) if licence and "://" in licence else (licence, kept)
    dataset["license_id"] = licence
    distributions = graph.nodes(node, DCAT.distribution)
    parsed = [
        parse_distribution(graph, distribution, position, notebook, licence or kept.get("license"))
        for position, distribution in enumerate(distributions)
    ]
    for resource, _ in parsed:
        for name, value in kept.items():
            resource.setdefault(name, value)

    dataset = {name: value for name, value in dataset.items() if not is_empty(value)}
    dataset["tags"] = [{"name": name} for name in dict.fromkeys(keywords)]
    dataset["resources"] = [resource for resource, _ in parsed]
    _note_the_rest(subject, [asked for _, asked in parsed])
    uri = "" if node.is_blank else str(node)
    addresses = ["" if address.is_blank else str(address) for address in distributions]
    return ParsedDataset(uri, dataset, organization, addresses, notebook.findings)


def _terms(subject: Subject) -> dict[str, Any]:
    return {
        "frequency": subject.term("frequency", DCT.accrualPeriodicity),
        "access_rights": subject.term("access_rights", DCT.accessRights),
        "language": subject.terms("language", DCT.language),
        "policy_alignment": _policies(subject),
        **_priority(subject),
    }


def _keywords(subject: Subject) -> list[str]:
    words = subject.best_words("tag_string", DCAT.keyword)
    found = subject.found(", ".join(words), DCAT.keyword)
    return subject.notebook.keep(readers.read_keywords(words), "tag_string", found) or []


def _themes(subject: Subject, dataset: dict[str, Any]) -> list[str]:
    """Set ``theme``; returns the words of what is no theme, as keywords, so that they are not lost."""
    graph, themes = subject.graph, vocabulary("themes")
    terms = subject.objects(DCAT.theme)
    words = {term: term_words(graph, term, "themes") for term in terms}
    own = {term: words[term][0] for term in terms if words[term] and themes.get(words[term][0])}
    # Beside our theme stands the EU's, which several of ours may share.
    covered = {fold_uri(uri) for found in own.values() for uri in themes.terms[found].exact_match}
    found_themes: dict[str, None] = {}
    keywords: list[str] = []
    for term in terms:
        if term not in own and isinstance(term, Node) and fold_uri(term) in covered:
            continue
        readings = [reading for word in words[term] if (reading := readers.read_theme(word)).value]
        if readings:
            found_themes.update(dict.fromkeys(readings[0].value))
        elif words[term]:
            subject.notebook.note("theme_unknown", "theme", subject.found(words[term][0], DCAT.theme))
            labels = [text.value for text in graph.best(graph.written(term))]
            keywords.extend(readers.read_keywords(labels).value or [])
    main = [
        found
        for node in subject.nodes(FOAF.primaryTopic)
        if (found := own_id(node, "themes")) and found in found_themes
    ]
    if found_themes:
        dataset["theme"] = list(dict.fromkeys([*main, *found_themes]))
    return keywords


def _policies(subject: Subject) -> list[str]:
    """Goals of public policies; other subjects (of EuroVoc, for example) are none, and a finding says so."""
    policies = []
    for term in subject.objects(DCT.subject):
        words = term_words(subject.graph, term, "policies")
        known = [found.id for word in words if (found := vocabulary("policies").find(word))]
        if known:
            policies.append(known[0])
        elif isinstance(term, Node) and (own := _own_policy(subject.graph, term)):
            policies.append(own)
        else:
            shown = subject.found(next(iter(words), ""), DCT.subject)
            subject.notebook.note("term_unknown", "policy_alignment", shown)
    return list(dict.fromkeys(policies))


def _own_policy(graph: Graph, node: Node) -> str | None:
    """A policy that no vocabulary lists, as a portal of this suite writes it: its words are its label."""
    label = graph.text(node, SKOS.prefLabel)
    is_ours = "/policies/" in node or node.startswith("http://metadata.un.org/sdg/") or label == node
    return readers.clean_line(label) or None if is_ours else None


def _priority(subject: Subject) -> dict[str, Any]:
    """The dataset's place on the national priority list; what else refers to it has no field."""
    listed = [found for node in subject.nodes(DCT.isReferencedBy) if (found := own_id(node, "idmx"))]
    categories = [found for node in subject.nodes(DCT.isReferencedBy) if (found := own_id(node, "themes"))]
    if len(listed) + len(categories) < len(subject.objects(DCT.isReferencedBy)):
        subject.left.add(DCT.isReferencedBy.value)
    terms = vocabulary("idmx").terms
    states = [found for found in listed if terms[found].facts["family"] == "state"]
    return {
        "priority_list": next(iter(states), None),
        "priority_category": next(iter(categories), None),
        "priority_criteria": [found for found in listed if found not in states],
    }


def _legislation(subject: Subject) -> dict[str, Any]:
    """Laws by their address, and the words of one that has none."""
    graph, row = subject.graph, subject.rows["legal_basis_text"]
    described = [
        node
        for node in subject.nodes(DCATAP.applicableLegislation)
        if subject.is_part(node) and not graph.written(node) and graph.texts(node, DCT.description)
    ]
    words = [graph.text(node, DCT.description) for node in described]
    literals = [term.value for term in subject.objects(DCATAP.applicableLegislation) if isinstance(term, Text)]
    texts = [*words, *(text for text in literals if readers.read_url(text).value is None)]
    if len(texts) > 1:
        found = subject.found(texts[0], DCATAP.applicableLegislation)
        subject.notebook.note("rdf_several_values", "legal_basis_text", found, count=len(texts))
    found = subject.found(texts[0], DCATAP.applicableLegislation) if texts else None
    laws = subject.address_list("applicable_legislation", DCATAP.applicableLegislation, leave_out=[*described, *texts])
    return {
        "applicable_legislation": laws,
        "legal_basis_text": read_single(row, found, subject.notebook) if found else None,
    }


def _source_identifier(subject: Subject) -> str | None:
    raws = [
        term.value if isinstance(term, Text) else subject.graph.text(term, SKOS.notation) or str(term)
        for term in subject.objects(ADMS.identifier)
    ]
    return subject.single("source_identifier", raws, ADMS.identifier)


def _record(subject: Subject) -> dict[str, Any]:
    """When the catalogue that the document comes from took the dataset in and last wrote it, as CKAN stores it."""
    facts: dict[str, Any] = {}
    for record in subject.graph.topics_of(subject.node, FOAF.primaryTopic, DCAT.CatalogRecord)[:1]:
        for name, predicate in (
            ("metadata_created", DCT.issued),
            ("metadata_modified", DCT.modified),
            ("harvested_at", PROV.generatedAtTime),
        ):
            moment = readers.read_date(subject.graph.text(record, predicate)).value
            facts[name] = moment.removesuffix(_UTC) if moment else None
    return facts


def _note_the_rest(subject: Subject, distributions: list[Subject]) -> None:
    others = {name: None for asked in (subject, *distributions) for name in asked.in_other_languages}
    if others:
        subject.notebook.note("rdf_other_languages", None, Found(", ".join(others), ""), count=len(others))
    left = subject.unread(_TECHNICAL)
    # Of 500 distributions the same thing is said once.
    left += [name.partition(".")[2] for asked in distributions for name in unread(asked)]
    if left:
        names = list(dict.fromkeys(left))
        subject.notebook.note("fields_left_out", None, Found(", ".join(names), ""), count=len(names))
