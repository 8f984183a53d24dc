"""The quality assessment of data.europa.eu (MQA): 23 metrics, 405 points, five dimensions, four ratings.

Computed over what a graph says of a dataset, whoever wrote it. Of several distributions only the best one counts, as
they are taken for the same content in other forms; a catalogue is the average of its datasets. Whether links answer and
whether the dataset keeps to DCAT-AP are evidence that is passed in: without it a metric is unknown, its points are
nobody's, and ``reachable`` says how many points could be had at all.

Source: issue 8; the method of data.europa.eu, with its lists in ``schemas/mqa.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from ckanext.mxopendata.quality.links import Links

DECIMALS = 4
MAXIMUM = 405
MET, UNMET, UNKNOWN = "1", "0", "?"
_AUTHORITY = "http://publications.europa.eu/resource/authority/"
# Redirects that were not followed count as an answer.
_ANSWERS = range(200, 400)
_LISTED_IN = {
    "formatMediaTypeNonProprietary": "non_proprietary",
    "formatMediaTypeMachineInterpretable": "machine_readable",
    "knownLicence": "licences",
}
_MEDIA_TYPE = re.compile(
    r"https?://www\.iana\.org/assignments/media-types/"
    r"(application|audio|font|haptics|image|message|model|multipart|text|video)/[\w.+!$&^-]+"
)


class Term(NamedTuple):
    """What stands behind a property: an address (or a node without one), or a text."""

    text: str
    is_node: bool


# Property (``dcat:keyword``) -> what is said of it.
Properties = Mapping[str, Sequence[Term]]


class Metric(NamedTuple):
    """One of the 23.

    Attributes:
        id: data.europa.eu's own name.
        dimension: name of its dimension.
        on: ``dataset`` or ``distribution``.
        properties: what is looked at.
        points: what it is worth.
        name: by language.
    """

    id: str
    dimension: str
    on: str
    properties: tuple[str, ...]
    points: int
    name: Mapping[str, str]


@dataclass(frozen=True)
class Score:
    """One dataset, or the average of several.

    Attributes:
        points: points by metric; ``None`` where nobody knows.
    """

    points: Mapping[str, float | None]

    @property
    def total(self) -> float:
        """Points reached for certain."""
        return _rounded(sum(points or 0 for points in self.points.values()))

    @property
    def reachable(self) -> int:
        """The most that the metrics with evidence give: 405 where all are known."""
        return sum(metric.points for metric in metrics() if self.points[metric.id] is not None)

    @property
    def ratings(self) -> tuple[str, str]:
        """The worst and the best rating, by what the unknown metrics may still give."""
        return rating(self.total), rating(self.total + MAXIMUM - self.reachable)

    @property
    def rating(self) -> str | None:
        """The rating; ``None`` where the unknown metrics could still change it."""
        lowest, highest = self.ratings
        return lowest if lowest == highest else None

    def reachable_in(self, dimension: str) -> int:
        """The same as ``reachable`` for one dimension."""
        return sum(
            metric.points
            for metric in metrics()
            if metric.dimension == dimension and self.points[metric.id] is not None
        )

    def of_dimension(self, dimension: str) -> float | None:
        """Points of a dimension; ``None`` where none of its metrics is known."""
        known = [self.points[metric.id] for metric in metrics() if metric.dimension == dimension]
        found = [points for points in known if points is not None]
        return _rounded(sum(found)) if found else None

    def to_dict(self) -> dict[str, Any]:
        """Points by metric and dimension, ``total``, ``reachable`` and ``rating``."""
        return {
            **self.points,
            **{dimension: self.of_dimension(dimension) for dimension in dimensions()},
            "total": self.total,
            "reachable": self.reachable,
            "rating": self.rating,
        }


@dataclass(frozen=True)
class MqaSums:
    """Many datasets, counted by what they meet; counts can be added.

    Attributes:
        codes: datasets by code, see :func:`encode`.
    """

    codes: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: MqaSums) -> MqaSums:
        if not self.codes or not other.codes:
            return self if self.codes else other
        added = dict(self.codes)
        for code, number in other.codes.items():
            added[code] = added.get(code, 0) + number
        return MqaSums(added)

    def counts(self, metric_id: str) -> tuple[int, int]:
        """How many datasets meet a metric, and of how many that is known."""
        position = position_of(metric_id)
        met = sum(number for code, number in self.codes.items() if code[position] == MET)
        return met, met + sum(number for code, number in self.codes.items() if code[position] == UNMET)

    def average(self) -> Score:
        """The same as :func:`average` of its datasets."""
        points: dict[str, float | None] = {}
        for metric in metrics():
            met, known = self.counts(metric.id)
            points[metric.id] = _rounded(metric.points * met / known) if known else None
        return Score(points)


def encode(score: Score) -> str:
    """What one dataset meets, a sign for each metric in their order: ``1`` met, ``0`` not met, ``?`` unknown."""
    points = score.points
    return "".join(
        UNKNOWN if (reached := points[metric.id]) is None else MET if reached else UNMET for metric in metrics()
    )


@cache
def position_of(metric_id: str) -> int:
    """The place of a metric in a code, from 0."""
    return next(place for place, metric in enumerate(metrics()) if metric.id == metric_id)


@cache
def metrics() -> tuple[Metric, ...]:
    """The 23 metrics, in the order of data.europa.eu."""
    return tuple(
        Metric(
            each["id"],
            each["dimension"],
            each["class"],
            tuple(each["properties"]),
            each["points"],
            {"es": each["es"], "en": each["en"]},
        )
        for each in _facts()["metrics"]
    )


def dimensions() -> Mapping[str, Mapping[str, str]]:
    """Names of the five dimensions by id and language."""
    return _facts()["dimensions"]


def rating(points: float) -> str:
    """The rating of a number of points: Excellent from 351, Good from 221, Sufficient from 121, else Bad.

    Averages are judged by their whole points.
    """
    return next(each["id"] for each in _facts()["ratings"] if int(points) >= each["from"])


def rating_name(rating_id: str) -> Mapping[str, str]:
    """The word for a rating, by language."""
    return next(each for each in _facts()["ratings"] if each["id"] == rating_id)


def measure(
    dataset: Properties,
    distributions: Sequence[Properties],
    *,
    links: Links | None = None,
    compliant: bool | None = None,
) -> Score:
    """Measure one dataset.

    Args:
        dataset: what is said of it.
        distributions: what is said of each of its distributions.
        links: what is known of links; one that is not in it was never tried.
        compliant: whether it keeps to DCAT-AP's shapes; ``None`` where nobody looked.
    """
    own = {metric.id: _of_dataset(metric, dataset, compliant) for metric in metrics() if metric.on == "dataset"}
    forms = [_of_distribution(each, links or {}) for each in distributions] or [_of_distribution({}, {})]
    best = max(forms, key=lambda form: (_sum(form), sum(points is not None for points in form.values())))
    found = {**own, **best}
    return Score({metric.id: found[metric.id] for metric in metrics()})


def average(scores: Iterable[Score]) -> Score:
    """A catalogue: by metric, the average over the datasets that are known; of no dataset nothing is known."""
    found = list(scores)
    return Score({metric.id: _mean([score.points[metric.id] for score in found]) for metric in metrics()})


def _mean(points: Sequence[float | None]) -> float | None:
    known = [each for each in points if each is not None]
    return _rounded(sum(known) / len(known)) if known else None


def _of_dataset(metric: Metric, dataset: Properties, compliant: bool | None) -> int | None:
    if metric.id == "dcatApCompliance":
        return None if compliant is None else compliant * metric.points
    values = dataset.get(metric.properties[0], ())
    if metric.id == "accessRightsVocabularyAlignment":
        return metric.points * _listed(values, "access_rights")
    return metric.points * bool(values)


def _of_distribution(distribution: Properties, links: Links) -> dict[str, int | None]:
    return {
        metric.id: None if (met := _is_met(metric.id, metric, distribution, links)) is None else metric.points * met
        for metric in metrics()
        if metric.on == "distribution"
    }


def _is_met(metric_id: str, metric: Metric, distribution: Properties, links: Links) -> bool | None:
    values = distribution.get(metric.properties[0], ())
    if metric_id in ("accessUrlStatusCode", "downloadUrlStatusCode"):
        return _answers(values, links)
    if metric_id == "formatMediaTypeVocabularyAlignment":
        return _is_aligned(values, distribution.get(metric.properties[1], ()))
    list_id = _LISTED_IN.get(metric_id)
    return _listed(values, list_id) if list_id else bool(values)


def _answers(addresses: Sequence[Term], links: Links) -> bool | None:
    """Whether one of the addresses answers; no address answers nothing, one that nobody tried is unknown."""
    tried = [links[each.text] for each in addresses if each.text in links]
    if any(status in _ANSWERS for status in tried if status is not None):
        return True
    return False if len(tried) == len(addresses) else None


def _is_aligned(formats: Sequence[Term], media_types: Sequence[Term]) -> bool:
    """Format and media type are terms of their vocabularies: those that are there, and at least one is."""
    good = (each.is_node and each.text in _addresses("file_types") for each in formats)
    known = (each.is_node and _MEDIA_TYPE.fullmatch(each.text) is not None for each in media_types)
    return bool(formats or media_types) and all(good) and all(known)


def _listed(values: Sequence[Term], list_id: str) -> bool:
    return any(each.is_node and each.text in _addresses(list_id) for each in values)


@cache
def _addresses(list_id: str) -> frozenset[str]:
    facts = _facts()
    scheme = {"licences": "licence/", "access_rights": "access-right/"}.get(list_id, "file-type/")
    found = {f"{_AUTHORITY}{scheme}{code}" for code in facts[list_id]}
    if list_id == "licences":
        found.update(facts["licence_addresses"])
    # The same term is written with either scheme, and with or without a final slash.
    found |= {address.rstrip("/") for address in found}
    return frozenset(found | {f"https{address[4:]}" for address in found} | {f"{address}/" for address in found})


def _sum(points: Mapping[str, int | None]) -> int:
    return sum(each or 0 for each in points.values())


def _rounded(number: float) -> float:
    return int(number) if number == int(number) else round(number, DECIMALS)


@cache
def _facts() -> Mapping[str, Any]:
    return yaml.safe_load((files("ckanext.mxopendata.schemas") / "mqa.yaml").read_text(encoding="utf-8"))
