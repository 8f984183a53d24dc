"""Where and when: places with INEGI's key and geometry, periods with typed dates."""

from __future__ import annotations

from typing import Any

from pyoxigraph import Literal, NamedNode

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.dcat.terms import DCAT, DCT, GEOSPARQL, LOCN, SKOS
from ckanext.mxopendata.metadata.records import stored_list

# How a period in one text says that it has no beginning or no end.
OPEN = ".."


def add_periods(builder: Builder, owner: NamedNode, value: Any) -> None:
    """``dct:temporal`` for each stored period.

    Args:
        builder: of the dataset.
        owner: the dataset or one of its distributions.
        value: list of ``{"start", "end"}``; one without any readable date says nothing and is left out.
    """
    for position, period in enumerate(stored_list(value), start=1):
        facts = period if isinstance(period, dict) else _interval(period)
        start = builder.date("temporal_coverage.start", facts.get("start"))
        end = builder.date("temporal_coverage.end", facts.get("end"))
        if start is None and end is None:
            continue
        node = builder.part_of(owner, f"periodo-{position}", DCT.PeriodOfTime)
        builder.add(node, DCAT.startDate, start)
        builder.add(node, DCAT.endDate, end)
        builder.add(owner, DCT.temporal, node)


def _interval(value: Any) -> dict[str, str]:
    start, _, end = values.clean_text(value).partition("/")
    return {name: date for name, date in (("start", start), ("end", end)) if date != OPEN}


def add_places(builder: Builder, owner: NamedNode, value: Any) -> None:
    """``dct:spatial`` for each stored place.

    The place itself (INEGI's key, or a URI) is named, for those who join by it; words and geometry, which are this
    dataset's own, stand on a node of its own that points at the place.

    Args:
        builder: of the dataset.
        owner: the dataset or one of its distributions.
        value: list of ``{"cvegeo", "text", "bbox", "geom", "uri"}``, each part optional.
    """
    # Only places with a node of their own are numbered, so that the numbers are the same when it is read and written.
    position = 1
    for place in stored_list(value):
        facts = place if isinstance(place, dict) else _key_or_name(place)
        known = [
            builder.checked(
                "spatial_coverage.cvegeo",
                facts.get("cvegeo"),
                lambda key: nodes.place(builder, key),
                "dcat_unknown_place",
            ),
            builder.iri("spatial_coverage.uri", facts.get("uri")),
        ]
        targets = [node for node in known if node is not None]
        if targets and known[1] is not None:
            builder.add_type(known[1], DCT.Location)
        for node in targets:
            builder.add(owner, DCT.spatial, node)
        position += _add_own_place(builder, owner, facts, position, targets)


def _key_or_name(value: Any) -> dict[str, Any]:
    text = values.clean_text(value)
    return {"cvegeo": text} if text.isascii() and text.isdigit() else {"text": text}


def _add_own_place(
    builder: Builder, owner: NamedNode, facts: dict[str, Any], position: int, targets: list[NamedNode]
) -> bool:
    text = builder.text(facts.get("text"))
    box = _geometry(builder, "spatial_coverage.bbox", facts.get("bbox"))
    geometry = _geometry(builder, "spatial_coverage.geom", facts.get("geom"))
    centroid = _geometry(builder, "spatial_coverage.centroid", facts.get("centroid"))
    # A key and an address are one place only where a node says so.
    if text is None and box is None and geometry is None and centroid is None and len(targets) < 2:
        return False
    node = builder.part_of(owner, f"lugar-{position}", DCT.Location)
    builder.add(owner, DCT.spatial, node)
    builder.add(node, SKOS.prefLabel, text)
    builder.add(node, DCAT.bbox, box)
    builder.add(node, DCAT.centroid, centroid)
    for target in targets:
        builder.add(node, SKOS.exactMatch, target)
    if geometry is not None:
        shape = builder.part_of(node, "geometria", LOCN.Geometry)
        builder.add(shape, GEOSPARQL.asWKT, geometry)
        builder.add(node, LOCN.geometry, shape)
    return True


def _geometry(builder: Builder, field_name: str, value: Any) -> Literal | None:
    def make(stored: Any) -> Literal | None:
        text = values.read_geometry(stored)
        return Literal(text, datatype=GEOSPARQL.wktLiteral) if text else None

    return builder.checked(field_name, value, make, "dcat_invalid_geometry")
