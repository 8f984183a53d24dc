"""Distributions of a foreign graph as resources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat.coverage import OPEN
from ckanext.mxopendata.dcat.distributions import CODE_LIST
from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.parser_coverage import parse_periods, parse_places
from ckanext.mxopendata.dcat.parser_subject import Subject, term_words
from ckanext.mxopendata.dcat.table_schema import parse_table_schema
from ckanext.mxopendata.dcat.terms import (
    CNT,
    CSVW,
    DCAT,
    DCATAP,
    DCT,
    EU_AUTHORITY,
    IANA_MEDIA_TYPES,
    SPDX,
    TYPE,
)
from ckanext.mxopendata.dcat.values import read_checksum
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.records import Found, is_empty
from ckanext.mxopendata.metadata.resources import read_licence
from ckanext.mxopendata.metadata.values import Notebook, read_single

_TECHNICAL = (TYPE,)
_TEXTS: Mapping[str, tuple[NamedNode, ...]] = {
    "name": (DCT.title,),
    "description": (DCT.description,),
    "issued": (DCT.issued,),
    "modified": (DCT.modified,),
    "promised_on": (DCT.available,),
    "size": (DCAT.byteSize,),
    "rights": (DCT.rights,),
    "encoding": (CNT.characterEncoding,),
    "tools": (DCT.requires,),
}
_AVAILABILITY = EU_AUTHORITY + "planned-availability/"
# Where the EU and IANA had media types before.
_MEDIA_TYPE_BASES = (
    IANA_MEDIA_TYPES,
    IANA_MEDIA_TYPES.replace("https://", "http://"),
    "http://www.iana.org/assignments/media-types/",
)


def parse_distribution(
    graph: Graph, node: Node, position: int, notebook: Notebook, licence: str | None
) -> tuple[dict[str, Any], Subject]:
    """One resource, and what was asked of its node.

    Args:
        graph: the document.
        node: the distribution.
        position: its place among those of the dataset, for the findings.
        notebook: of the dataset.
        licence: the dataset's; a distribution that states the same has none of its own.
    """
    subject = Subject(graph, node, "resource", notebook, f"resources[{position}].")
    resource: dict[str, Any] = _addresses(subject)
    resource.update({name: subject.text(name, *predicates) for name, predicates in _TEXTS.items()})
    resource["format"] = _format(subject)
    resource["mimetype"] = _media_type(subject)
    resource["frequency"] = subject.term("frequency", DCT.accrualPeriodicity)
    resource["hash"] = _checksum(subject)
    resource["availability"] = _availability(subject)
    resource["temporal_coverage"] = _interval(subject)
    resource["spatial_coverage"] = _place(subject)
    _add_standards(subject, resource)
    subject.objects(CSVW.tableSchema)
    # A service is described by what its distribution says: its address is the distribution's.
    subject.objects(DCAT.accessService)
    if schema := parse_table_schema(graph, node):
        resource["schema"] = json.dumps(schema, ensure_ascii=False)
    stated = parse_licence(subject, resource)
    if stated and stated != licence:
        resource["license"] = stated
    return {name: value for name, value in resource.items() if name == "url" or not is_empty(value)}, subject


def unread(subject: Subject) -> list[str]:
    """What a distribution says and nobody took."""
    return subject.unread(_TECHNICAL)


def _addresses(subject: Subject) -> dict[str, Any]:
    """As the mapping does: ``url`` is the file where there is one, ``access_url`` a page where it differs."""
    download = subject.address("download_url", DCAT.downloadURL)
    # A distribution that names itself has no address: the export's stand-in.
    pages = [page for page in subject.addresses(DCAT.accessURL) if page != subject.node]
    others = [page for page in pages if page != download]
    access = subject.single("access_url", others or pages, DCAT.accessURL)
    url = download or access or ""
    if not url:
        subject.notebook.note("resource_without_url", "url", Found(subject.node, subject.prefix[:-1]))
    return {"url": url, "download_url": download, "access_url": access if access != url else None}


def _format(subject: Subject) -> str | None:
    """A file type of the vocabulary; one that nobody knows keeps its name."""
    row = subject.rows["format"]
    for term in subject.objects(DCT["format"]):
        words = term_words(subject.graph, term, row.vocabulary)
        for word in words:
            if value := readers.read_format(word).value:
                return value
        if words:
            found = subject.found(words[-1], DCT["format"])
            # Nothing to read, but a word worth keeping.
            subject.notebook.keep(readers.read_format(words[-1]), "format", found)
            return readers.clean_line(words[-1])
    return None


def _media_type(subject: Subject) -> str | None:
    raws = []
    for term in subject.objects(DCAT.mediaType):
        base = next((base for base in _MEDIA_TYPE_BASES if str(getattr(term, "value", term)).startswith(base)), "")
        address = str(term.value if isinstance(term, Text) else term)
        labels = [] if isinstance(term, Text) else [text.value for text in subject.graph.written(term)]
        raws.append(address[len(base) :] if base else next(iter(labels), address))
    return subject.single("mimetype", raws, DCAT.mediaType)


def _checksum(subject: Subject) -> str | None:
    for term in subject.objects(SPDX.checksum):
        digits = subject.graph.text(term, SPDX.checksumValue) if isinstance(term, Node) else term.value
        if found := read_checksum(digits):
            return found[1]
    return None


def _availability(subject: Subject) -> str | None:
    for term in subject.objects(DCATAP.availability):
        if isinstance(term, Node) and term.startswith(_AVAILABILITY):
            return term[len(_AVAILABILITY) :].lower()
    return subject.text("availability", DCATAP.availability)


def _interval(subject: Subject) -> str | None:
    periods = ["/".join((period.get("start", OPEN), period.get("end", OPEN))) for period in parse_periods(subject)]
    if len(periods) > 1:
        found = subject.found(periods[0], DCT.temporal)
        subject.notebook.note("rdf_several_values", "temporal_coverage", found, count=len(periods))
    return next(iter(periods), None)


def _place(subject: Subject) -> str | None:
    places = [place.get("text") or place.get("cvegeo") or place.get("uri") for place in parse_places(subject)]
    names = [place for place in places if place]
    if len(names) > 1:
        found = subject.found(names[0], DCT.spatial)
        subject.notebook.note("rdf_several_values", "spatial_coverage", found, count=len(names))
    return next(iter(names), None)


def _add_standards(subject: Subject, resource: dict[str, Any]) -> None:
    graph, code_list = subject.graph, subject.part(CODE_LIST)
    if code_list in subject.objects(DCT.conformsTo):
        name = graph.text(code_list, DCT.title)
        link = next(iter(graph.nodes(code_list, DCT.references)), None)
        for key, raw in (("codelist", name), ("codelist_link", link)):
            found = subject.found(str(raw or ""), DCT.conformsTo)
            resource[key] = read_single(subject.rows[key], found, subject.notebook)
    resource["conforms_to"] = subject.address_list("conforms_to", DCT.conformsTo, leave_out=[code_list])


def parse_licence(subject: Subject, kept: dict[str, Any]) -> str | None:
    """The licence that a dataset or distribution states.

    Args:
        subject: which states it.
        kept: gets, as ``rights``, the words of a licence that has neither id nor address.

    Returns:
        The id of the vocabulary; of an unknown licence its address, or ``None``.
    """
    terms = subject.objects(DCT.license)
    if len(terms) > 1:
        subject.notebook.note("rdf_several_values", "license_id", subject.found("", DCT.license), count=len(terms))
    for term in terms[:1]:
        words = term_words(subject.graph, term, "licences")
        for word in words:
            if value := readers.read_licence(word).value:
                return value
        # An address below a portal's vocabularies is a name in disguise.
        names = [word for word in words if "/licences/" not in word]
        raw = next(iter(names or words), "")
        row = fields_of("resource")["license"]
        return read_licence(row, subject.found(raw, DCT.license), subject.notebook, kept) if raw else None
    return None
