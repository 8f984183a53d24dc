"""Figures as RDF in W3C's Data Quality Vocabulary (DQV): what is measured, and the measurements; pure.

Metrics and dimensions are described once, at the address of the methodology. A measurement is an observation of a
moment: its address has the day in it, so that documents of several days can be put together. What is not known has no
measurement: DQV has no word for it, and a value would be a lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pyoxigraph import Literal, NamedNode, Triple, serialize

from ckanext.mxopendata.dcat.frames import FORMATS
from ckanext.mxopendata.dcat.terms import DCT, DQV, PREFIXES, SKOS, TYPE, XSD, Namespace
from ckanext.mxopendata.quality.indicators import Indicator
from ckanext.mxopendata.quality.publication_index import Weights
from ckanext.mxopendata.quality.values import Value

QB = Namespace("http://purl.org/linked-data/cube#")
SDMX_ATTRIBUTE = Namespace("http://purl.org/linked-data/sdmx/2009/attribute#")
QUDT_UNIT = Namespace("http://qudt.org/vocab/unit/")
_PREFIXES = {
    **{name: PREFIXES[name] for name in ("dqv", "dct", "skos", "xsd")},
    "qb": QB.base,
    "sdmx-attribute": SDMX_ATTRIBUTE.base,
    "unit": QUDT_UNIT.base,
}
_UNITS = {"percent": QUDT_UNIT.PERCENT, "days": QUDT_UNIT.DAY}
_SHARES = ("percent", "points")
# Family of indicators (what stands before the dot) → what its figures are about, where the index does not say it.
_FAMILIES: Mapping[str, tuple[str, str]] = {
    "mx": ("Publicación", "Publication"),
    "mqa": ("Calidad de los metadatos según data.europa.eu (MQA)", "Metadata quality after data.europa.eu (MQA)"),
    "adela": ("Calificación de ADELA", "Grade of ADELA"),
    "pydatajson": ("Indicadores de la red de Argentina", "Indicators of Argentina's network"),
}


@dataclass(frozen=True)
class Measured:
    """A thing that figures are of.

    Attributes:
        subject: address of the catalogue or dataset, as the RDF of the portal names it.
        page: address of the page that shows the figures; the measurements are parts of it.
        title: its name.
        values: the figures, by indicator.
        moment: what moment they are of, with time zone.
    """

    subject: str
    page: str
    title: str
    values: Mapping[str, Value]
    moment: datetime


def metric(methodology: str, indicator_id: str) -> NamedNode:
    """The address of an indicator: its place in the page of the methodology."""
    return NamedNode(f"{methodology}#{_anchor(indicator_id)}")


def write(triples: Iterable[Triple], name: str) -> bytes:
    """The document, ``ttl`` or ``jsonld``."""
    return serialize(triples, format=FORMATS[name], prefixes=_PREFIXES) or b""


def definitions(methodology: str, indicators: Mapping[str, Indicator], given: Weights) -> Iterator[Triple]:
    """All metrics and the dimensions that they belong to.

    Args:
        methodology: address of the page.
        indicators: the register of indicators, by id.
        given: the weights of the index, which say what belongs to which of its dimensions.
    """
    dimensions: dict[NamedNode, tuple[str, str]] = {}
    for indicator in indicators.values():
        node = metric(methodology, indicator.id)
        dimension, labels = _dimension(methodology, indicator.id, given)
        dimensions[dimension] = labels
        yield Triple(node, TYPE, DQV.Metric)
        yield from _both(node, SKOS.prefLabel, indicator.name)
        yield from _both(node, SKOS.definition, indicator.formula)
        yield Triple(node, SKOS.notation, Literal(indicator.id))
        yield Triple(node, DCT.source, Literal(indicator.source, language="es"))
        yield Triple(node, DQV.expectedDataType, _datatype(indicator.unit))
        yield Triple(node, DQV.inDimension, dimension)
    for dimension, (spanish, english) in dimensions.items():
        yield Triple(dimension, TYPE, DQV.Dimension)
        yield from _both(dimension, SKOS.prefLabel, {"es": spanish, "en": english})


def measurements(methodology: str, measured: Measured) -> Iterator[Triple]:
    """The measurements of one thing, and the collection of them that the document is."""
    page, subject = NamedNode(measured.page), NamedNode(measured.subject)
    moment = Literal(measured.moment.isoformat(), datatype=XSD.dateTime)
    yield Triple(page, TYPE, DQV.QualityMeasurementDataset)
    for language, words in (("es", "Mediciones de calidad de: {}"), ("en", "Quality measurements of: {}")):
        yield Triple(page, DCT.title, Literal(words.format(measured.title), language=language))
    yield Triple(page, DCT.modified, moment)
    for indicator_id, value in measured.values.items():
        if value["value"] is None:
            continue
        node = NamedNode(f"{measured.page}#{_anchor(indicator_id)}-{measured.moment:%Y-%m-%d}")
        yield Triple(subject, DQV.hasQualityMeasurement, node)
        yield Triple(node, TYPE, DQV.QualityMeasurement)
        yield Triple(node, DQV.isMeasurementOf, metric(methodology, indicator_id))
        yield Triple(node, DQV.computedOn, subject)
        yield Triple(node, DQV.value, _literal(value["value"], value["unit"]))
        yield Triple(node, DCT.date, moment)
        yield Triple(node, QB.dataSet, page)
        if unit := _UNITS.get(value["unit"]):
            yield Triple(node, SDMX_ATTRIBUTE.unitMeasure, unit)


def _dimension(methodology: str, indicator_id: str, given: Weights) -> tuple[NamedNode, tuple[str, str]]:
    for name, each in given.dimensions.items():
        if indicator_id in each["indicators"]:
            label = each["label"]
            return NamedNode(f"{methodology}#dimension-{name}"), (label["es"], label.get("en", label["es"]))
    family = indicator_id.partition(".")[0]
    return NamedNode(f"{methodology}#familia-{family}"), _FAMILIES.get(family, (family, family))


def _anchor(indicator_id: str) -> str:
    # As the pages name the places of their figures.
    return indicator_id.replace(".", "-")


def _both(node: NamedNode, predicate: NamedNode, words: Mapping[str, str]) -> Iterator[Triple]:
    for language in ("es", "en"):
        if words.get(language):
            yield Triple(node, predicate, Literal(words[language], language=language))


def _datatype(unit: str) -> NamedNode:
    return XSD.decimal if unit in _SHARES else XSD.integer


def _literal(number: float, unit: str) -> Literal:
    # Never with an exponent, which xsd:decimal does not know.
    return Literal(format(Decimal(repr(number)), "f"), datatype=_datatype(unit))
