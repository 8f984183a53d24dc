"""The MQA as indicators of an institution, a state or the whole portal (family ``mqa``).

A figure is the average over the public datasets of which the metric is known, so that it equals what
``indicators file --family mqa`` gives for the exported catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ckanext.mxopendata.quality import mqa
from ckanext.mxopendata.quality.indicators import Evidence, Indicator
from ckanext.mxopendata.quality.values import Value, no_data

_SOURCE = "data.europa.eu, Metadata Quality Assessment (schemas/mqa.yaml)"
_WHOSE = {
    "dataset": {"es": "los conjuntos de datos", "en": "the datasets"},
    "distribution": {
        "es": "los conjuntos de datos; de sus distribuciones cuenta solo la que reúne más puntos",
        "en": "the datasets; of their distributions only the one with most points counts",
    },
}
_UNCHECKED = {
    "es": " Los conjuntos que nadie ha comprobado no cuentan, ni a favor ni en contra.",
    "en": " Datasets that nobody has checked do not count, neither for nor against.",
}
PREFIX = "mqa."
TOTAL = "mqa.total"


def _points(number: float | None, reachable: int) -> Value:
    if number is None or not reachable:
        return no_data("points")
    return Value(value=number, unit="points", numerator=number, denominator=reachable, status="ok")


def _of_metric(metric: mqa.Metric) -> Callable[[Evidence], Value]:
    def compute(evidence: Evidence) -> Value:
        met, known = evidence.sums.families.mqa.counts(metric.id)
        points = evidence.mqa.points[metric.id]
        if points is None:
            return no_data("points")
        return Value(value=points, unit="points", numerator=met, denominator=known, status="ok")

    return compute


def _of_dimension(dimension: str) -> Callable[[Evidence], Value]:
    return lambda evidence: _points(evidence.mqa.of_dimension(dimension), evidence.mqa.reachable_in(dimension))


def _total(evidence: Evidence) -> Value:
    return _points(evidence.mqa.total, evidence.mqa.reachable)


def _metric(metric: mqa.Metric) -> Indicator:
    properties = ", ".join(metric.properties)
    return Indicator(
        id=f"{PREFIX}{metric.id}",
        name=metric.name,
        formula={
            "es": f"{metric.points} puntos por la proporción de conjuntos que lo cumplen ({properties}), entre "
            f"{_WHOSE[metric.on]['es']}.{_UNCHECKED['es']}",
            "en": f"{metric.points} points times the share of datasets that meet it ({properties}), of "
            f"{_WHOSE[metric.on]['en']}.{_UNCHECKED['en']}",
        },
        unit="points",
        direction="more",
        source=_SOURCE,
        compute=_of_metric(metric),
        criterion=f"{PREFIX}{metric.id}",
    )


def _dimension(dimension: str, name: Mapping[str, str]) -> Indicator:
    worth = sum(metric.points for metric in mqa.metrics() if metric.dimension == dimension)
    return Indicator(
        id=f"{PREFIX}{dimension}",
        name=name,
        formula={
            "es": f"Suma de los puntos de sus métricas, {worth} como máximo. Una métrica sin datos no suma, y se dice "
            "de cuántos puntos es la suma.",
            "en": f"Sum of the points of its metrics, {worth} at most. A metric without data adds nothing, and it is "
            "said of how many points the sum is.",
        },
        unit="points",
        direction="more",
        source=_SOURCE,
        compute=_of_dimension(dimension),
    )


def _definitions() -> Iterator[Indicator]:
    yield Indicator(
        id=TOTAL,
        name={"es": "Puntos en total", "en": "Points in all"},
        formula={
            "es": f"Suma de los puntos de las 23 métricas, {mqa.MAXIMUM} como máximo. Lo que nadie ha comprobado (si "
            "los enlaces responden, si los metadatos cumplen con DCAT-AP) no suma, y se dice de cuántos puntos es la "
            "suma. Excelente desde 351 puntos, buena desde 221, suficiente desde 121; con menos, mala.",
            "en": f"Sum of the points of the 23 metrics, {mqa.MAXIMUM} at most. What nobody has checked (whether links "
            "answer, whether the metadata keep to DCAT-AP) adds nothing, and it is said of how many points the sum is. "
            "Excellent from 351 points, Good from 221, Sufficient from 121; less is Bad.",
        },
        unit="points",
        direction="more",
        source=_SOURCE,
        compute=_total,
    )
    for dimension, name in mqa.dimensions().items():
        yield _dimension(dimension, name)
        yield from (_metric(metric) for metric in mqa.metrics() if metric.dimension == dimension)


INDICATORS: Mapping[str, Indicator] = {indicator.id: indicator for indicator in _definitions()}
