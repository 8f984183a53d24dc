"""Figures in W3C's Data Quality Vocabulary, held against what that says of its classes and properties."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from ckanext.mxopendata.dashboard import dqv
from ckanext.mxopendata.quality.publication_index import weights
from ckanext.mxopendata.quality.register import REGISTER
from ckanext.mxopendata.quality.values import Value, no_data

W3C = "http://www.w3.org/ns/dqv#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
METHODOLOGY = "https://datos.ejemplo.gob.mx/tablero/metodologia"
NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
# The Working Group Note of 15 December 2016, section 5: classes, and property → (domain, range); None is anything.
CLASSES = {"QualityMeasurement", "Metric", "Dimension", "QualityMeasurementDataset"}
PROPERTIES: dict[str, tuple[str | None, str | None]] = {
    "hasQualityMeasurement": (None, "QualityMeasurement"),
    "isMeasurementOf": ("QualityMeasurement", "Metric"),
    "computedOn": ("QualityMeasurement", None),
    "value": ("QualityMeasurement", None),
    "inDimension": ("Metric", "Dimension"),
    "expectedDataType": ("Metric", None),
}
# What a thing of a class must say, and how often.
ONCE = {"QualityMeasurement": ("isMeasurementOf", "computedOn", "value"), "Metric": ("inDimension", "expectedDataType")}


def _figure(value: float | None, unit: str) -> Value:
    if value is None:
        return no_data(unit)  # pyright: ignore[reportArgumentType]
    return Value(value=value, unit=unit, numerator=None, denominator=None, status="ok")  # pyright: ignore[reportArgumentType]


@pytest.fixture
def document() -> list[Triple]:
    """Definitions and the measurements of one institution put together, as a reader would."""
    measured = dqv.Measured(
        subject="https://datos.ejemplo.gob.mx/organization/1#catalogo",
        page="https://datos.ejemplo.gob.mx/tablero/institucion/salud",
        title="Secretaría de Salud",
        values={
            "mx.datasets": _figure(12, "datasets"),
            "mx.up_to_date": _figure(33.3333, "percent"),
            "mx.open_formats": _figure(0.00001, "percent"),
            "mx.overdue": _figure(0, "datasets"),
            "mx.licensed": _figure(None, "percent"),
        },
        moment=NOW,
    )
    return [*dqv.definitions(METHODOLOGY, REGISTER, weights()), *dqv.measurements(METHODOLOGY, measured)]


def _types(triples: Iterable[Triple]) -> dict[object, set[str]]:
    found: dict[object, set[str]] = {}
    for triple in triples:
        if triple.predicate == TYPE:
            found.setdefault(triple.subject, set()).add(str(getattr(triple.object, "value", "")).removeprefix(W3C))
    return found


def _said(triples: Iterable[Triple], subject: object, name: str) -> list[object]:
    return [each.object for each in triples if each.subject == subject and each.predicate.value == W3C + name]


def test_only_words_of_the_vocabulary_are_used_and_where_they_belong(document: list[Triple]):
    types = _types(document)
    assert {name for names in types.values() for name in names} == CLASSES
    for triple in document:
        if triple.predicate.value.startswith(W3C):
            domain, range_ = PROPERTIES[triple.predicate.value.removeprefix(W3C)]
            assert domain is None or domain in types[triple.subject], triple
            assert range_ is None or range_ in types[triple.object], triple


def test_every_thing_says_what_it_must_once(document: list[Triple]):
    for subject, names in _types(document).items():
        for name in names:
            for property_ in ONCE.get(name, ()):
                assert len(_said(document, subject, property_)) == 1, (subject, property_)


def test_a_value_is_of_the_type_that_its_metric_expects(document: list[Triple]):
    values = {}
    for subject, names in _types(document).items():
        if "QualityMeasurement" in names:
            (value,) = _said(document, subject, "value")
            (metric,) = _said(document, subject, "isMeasurementOf")
            (expected,) = _said(document, metric, "expectedDataType")
            assert isinstance(value, Literal)
            assert value.datatype == expected
            values[str(getattr(metric, "value", "")).partition("#")[2]] = value.value
    assert values == {"mx-datasets": "12", "mx-up_to_date": "33.3333", "mx-open_formats": "0.00001", "mx-overdue": "0"}


def test_every_indicator_is_a_metric_with_both_names_and_a_dimension(document: list[Triple]):
    types = _types(document)
    assert sum("Metric" in names for names in types.values()) == len(REGISTER)
    node = dqv.metric(METHODOLOGY, "mx.up_to_date")
    labels = {
        (each.object.language, each.object.value)
        for each in document
        if isinstance(each.object, Literal) and each.subject == node and each.predicate.value.endswith("prefLabel")
    }
    assert labels == set(REGISTER["mx.up_to_date"].name.items())
    assert _said(document, node, "inDimension") == [NamedNode(f"{METHODOLOGY}#dimension-freshness")]
    other = dqv.metric(METHODOLOGY, "mx.datasets")
    assert _said(document, other, "inDimension") == [NamedNode(f"{METHODOLOGY}#familia-mx")]


@pytest.mark.parametrize(("name", "kind"), [("ttl", RdfFormat.TURTLE), ("jsonld", RdfFormat.JSON_LD)])
def test_both_files_say_the_same(document: list[Triple], name: str, kind: RdfFormat):
    written = dqv.write(document, name)
    assert {quad.triple for quad in parse(written, format=kind)} == set(document)


def test_two_days_can_be_put_together():
    def of(day: int, value: float) -> set[Triple]:
        figures = {"mx.up_to_date": _figure(value, "percent")}
        moment = NOW.replace(day=day)
        return set(dqv.measurements(METHODOLOGY, dqv.Measured("http://x.mx/c", "http://x.mx/p", "X", figures, moment)))

    both = of(21, 10) | of(22, 20)
    nodes = [subject for subject, names in _types(both).items() if "QualityMeasurement" in names]
    assert len(nodes) == 2
    assert {len(_said(both, node, "value")) for node in nodes} == {1}
