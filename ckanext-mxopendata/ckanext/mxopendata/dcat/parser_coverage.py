"""Periods and places of a foreign graph."""

from __future__ import annotations

import re
from typing import Any

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.graph import Graph, Node, Text
from ckanext.mxopendata.dcat.parser_subject import Subject
from ckanext.mxopendata.dcat.terms import DCAT, DCT, GEOSPARQL, LOCN, RDFS, SKOS, Namespace
from ckanext.mxopendata.metadata import readers

SCHEMA = Namespace("http://schema.org/")
TIME = Namespace("http://www.w3.org/2006/time#")
_MOMENTS = (TIME.inXSDDate, TIME.inXSDDateTimeStamp, TIME.inXSDDateTime, TIME.inXSDgYearMonth, TIME.inXSDgYear)
_ENDS = {
    "start": (DCAT.startDate, SCHEMA.startDate, TIME.hasBeginning),
    "end": (DCAT.endDate, SCHEMA.endDate, TIME.hasEnd),
}
# The address of a place below any portal's vocabularies.
INEGI = re.compile(r"/(?:states|municipalities|localities)/(\d{2}|\d{5}|\d{9})$")
_FIELD = "spatial_coverage"


def parse_periods(subject: Subject) -> list[dict[str, str]]:
    """``[{"start", "end"}]``, each end where it is stated."""
    periods: list[dict[str, str]] = []
    for term in [*subject.nodes(DCT.temporal), *_texts(subject, DCT.temporal)]:
        raw = _period(subject.graph, term)
        found = subject.found(raw, DCT.temporal)
        reading = readers.read_interval(raw, subject.notebook.date_order)
        period = subject.notebook.keep(reading, "temporal_coverage", found)
        if period and period not in periods:
            periods.append(period)
    return periods


def _texts(subject: Subject, predicate: NamedNode) -> list[Text]:
    return [term for term in subject.objects(predicate) if isinstance(term, Text)]


def _period(graph: Graph, term: Node | Text) -> Any:
    if isinstance(term, Text):
        return term.value
    ends = {name: _end(graph, term, predicates) for name, predicates in _ENDS.items()}
    if any(ends.values()):
        return {name: date for name, date in ends.items() if date}
    words = graph.best(graph.written(term))
    return words[0].value if words else "" if term.is_blank else str(term)


def _end(graph: Graph, period: Node, predicates: tuple[NamedNode, ...]) -> str:
    for term in graph.objects(period, *predicates):
        text = term.value if isinstance(term, Text) else graph.text(term, *_MOMENTS)
        if text:
            return text
    return ""


def parse_places(subject: Subject) -> list[dict[str, str]]:
    """``[{"cvegeo", "text", "bbox", "geom", "uri"}]``, each part where it is stated.

    A node that points at another place of the same dataset by ``skos:exactMatch`` is the same place.
    """
    nodes = subject.nodes(DCT.spatial)
    pointed_at = {target for node in nodes for target in subject.graph.nodes(node, SKOS.exactMatch)}
    places: list[dict[str, str]] = []
    for node in nodes:
        if node not in pointed_at or _points_back(subject.graph, node, nodes):
            _append(places, _place(subject, node))
    for text in _texts(subject, DCT.spatial):
        _append(places, _named(subject, text.value))
    return places


def _points_back(graph: Graph, node: Node, nodes: list[Node]) -> bool:
    """Whether two places point at each other: then the first of them speaks for both."""
    targets = [target for target in graph.nodes(node, SKOS.exactMatch) if target in nodes]
    return any(nodes.index(node) < nodes.index(target) for target in targets)


def _append(places: list[dict[str, str]], place: dict[str, str]) -> None:
    if place and place not in places:
        places.append(place)


def _place(subject: Subject, node: Node) -> dict[str, str]:
    graph = subject.graph
    place: dict[str, str] = {}
    for address in (node, *graph.nodes(node, SKOS.exactMatch)):
        if key := INEGI.search(address):
            reading = readers.read_place(key[1])
            read = subject.notebook.keep(reading, _FIELD, subject.found(address, DCT.spatial)) or {}
            place = {**read, **place}
        elif not address.is_blank and not subject.is_part(address) and "uri" not in place:
            found = subject.found(str(address), DCT.spatial)
            if url := subject.notebook.keep(readers.read_url(address), _FIELD, found):
                place["uri"] = url
    # A term of the vocabulary of places has its own name, which is not this dataset's.
    name = "" if INEGI.search(node) else graph.text(node, SKOS.prefLabel, RDFS.label, DCT.title, LOCN.geographicName)
    if name:
        own = node.startswith(subject.part("")) or "cvegeo" in place
        place.update({"text": readers.clean_line(name)} if own else _named(subject, name))
    for part, terms in (
        ("bbox", graph.objects(node, DCAT.bbox)),
        ("geom", _geometries(graph, node)),
    ):
        if shape := _shape(subject, terms):
            place[part] = shape
    if graph.objects(node, DCAT.centroid):
        subject.left.add(DCAT.centroid.value)
    return place


def _named(subject: Subject, name: str) -> dict[str, str]:
    reading = readers.read_place(name, subject.notebook.within)
    return subject.notebook.keep(reading, _FIELD, subject.found(name, DCT.spatial)) or {}


def _geometries(graph: Graph, node: Node) -> list[Node | Text]:
    shapes: list[Node | Text] = []
    for term in graph.objects(node, LOCN.geometry, GEOSPARQL.hasGeometry):
        written = graph.objects(term, GEOSPARQL.asWKT, GEOSPARQL.asGeoJSON) if isinstance(term, Node) else [term]
        shapes.extend(written)
    return shapes


def _shape(subject: Subject, terms: list[Node | Text]) -> str | None:
    """The first geometry that can be read, as GeoJSON; the same one is often written in several ways."""
    texts = [term.value for term in terms if isinstance(term, Text)]
    for text in texts:
        if text.lstrip().startswith("{"):
            shape = (readers.read_place(text).value or {}).get("geom")
        else:
            shape = values.read_well_known_text(text)
        if shape:
            return shape
    if texts:
        subject.notebook.note("place_unreadable", _FIELD, subject.found(texts[0], DCT.spatial))
    return None
