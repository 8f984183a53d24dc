"""The publication index of an institution, 0 to 100: what it is made of, and where each lost point went.

The weights are data (``schemas/quality.yaml``, or a ``quality.yaml`` of the operator's). An unknown dimension is
neither zero nor full: it is left out, and the index says out of how many of the 100 points it was made. Issue 8;
weights by dimension that are shown beside the result are the way of the MQA of data.europa.eu.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from ckanext.mxopendata.quality.values import Value, no_data

FILE = "quality.yaml"
DECIMALS = 1
_WHOLE = 100
_folders: list[str | Path] = []


@dataclass(frozen=True)
class Part:
    """What one percentage gives to a dimension.

    Attributes:
        indicator: its id.
        worth: how many of the 100 points it is worth, among the parts of its dimension that are known; 0 where it is
            not known itself.
        points: how many it gives; ``None`` where the percentage is not known.
    """

    indicator: str
    worth: float
    points: float | None


@dataclass(frozen=True)
class Dimension:
    """One dimension of an index.

    Attributes:
        id: its name in the weights.
        label: its name for people, by language.
        weight: how many of the 100 points it is worth.
        points: how many it gives; ``None`` where nothing of it is known.
        parts: what it is made of.
    """

    id: str
    label: Mapping[str, str]
    weight: int
    points: float | None
    parts: tuple[Part, ...]

    @property
    def score(self) -> float | None:
        """The points as a percentage of the weight."""
        return None if self.points is None else round(_WHOLE * self.points / self.weight, DECIMALS)

    @property
    def lost(self) -> float | None:
        """The points that are still to be won."""
        return None if self.points is None else round(self.weight - self.points, DECIMALS)


@dataclass(frozen=True)
class Weights:
    """What the index is made of.

    Attributes:
        least_known: how many of the 100 points must be known for an index.
        dimensions: id → ``{"label", "weight", "indicators": {id: share}}``.
    """

    least_known: int
    dimensions: Mapping[str, Mapping[str, Any]]

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids of all percentages that count."""
        return tuple(name for each in self.dimensions.values() for name in each["indicators"])


def read_weights(folders: Sequence[str | Path] = ()) -> Weights:
    """The weights of the suite, or those of the last folder that has a ``quality.yaml`` with an ``index``.

    Args:
        folders: the operator's (``ckanext.mxopendata.config_dirs``); the later wins.

    Raises:
        ValueError: where the weights do not add up to 100, or a dimension is made of nothing.
    """
    content = yaml.safe_load((files("ckanext.mxopendata.schemas") / FILE).read_text(encoding="utf-8"))["index"]
    for path in (Path(folder, FILE) for folder in folders):
        if path.is_file():
            content = yaml.safe_load(path.read_text(encoding="utf-8")).get("index", content)
    return parse_weights(content)


def use_folders(folders: Sequence[str | Path]) -> None:
    """Take the weights from the operator's folders from now on.

    Raises:
        ValueError: see :func:`read_weights`; at once, so that a wrong file is noticed when the site starts.
    """
    weights.cache_clear()
    _folders[:] = folders
    if folders:
        weights()


@cache
def weights() -> Weights:
    """The weights in use."""
    return read_weights(_folders)


def parse_weights(content: Mapping[str, Any]) -> Weights:
    """Weights from what stands under ``index`` in ``quality.yaml``.

    Raises:
        ValueError: where they do not add up to 100, or a dimension is made of nothing.
    """
    dimensions = content["dimensions"]
    added = sum(each["weight"] for each in dimensions.values())
    if added != _WHOLE:
        raise ValueError(f"the weights of the index add up to {added}, not to {_WHOLE}")
    for name, each in dimensions.items():
        if each["weight"] <= 0 or not each.get("indicators") or min(each["indicators"].values()) <= 0:
            raise ValueError(f"the dimension {name} of the index has no weight or is made of nothing")
    return Weights(int(content["least_known"]), dimensions)


def dimensions(values: Mapping[str, Value], given: Weights) -> tuple[Dimension, ...]:
    """The dimensions of an index, in the order of the weights.

    Args:
        values: at least the percentages that the weights name, by id.
        given: the weights, see :func:`read_weights`.
    """
    return tuple(_dimension(name, each, values) for name, each in given.dimensions.items())


def publication_index(values: Mapping[str, Value], given: Weights) -> Value:
    """The index: points of the known dimensions, out of what they are worth, times 100.

    Returns:
        A value in ``points``: ``numerator`` the points, ``denominator`` what the known dimensions are worth; no data
        where that is less than the weights ask for, or where there is no dataset to judge.
    """
    known = [each for each in dimensions(values, given) if each.points is not None]
    worth = sum(each.weight for each in known)
    points = round(sum(each.points or 0 for each in known), DECIMALS)
    if worth < max(given.least_known, 1):
        return no_data("points", points, worth)
    value = round(_WHOLE * points / worth, DECIMALS)
    return Value(value=value, unit="points", numerator=points, denominator=worth, status="ok")


def _dimension(name: str, content: Mapping[str, Any], values: Mapping[str, Value]) -> Dimension:
    shares: Mapping[str, float] = content["indicators"]
    known = sum(share for indicator, share in shares.items() if values[indicator]["value"] is not None)
    parts = tuple(
        _part(indicator, content["weight"] * share / (known or 1), values[indicator]["value"])
        for indicator, share in shares.items()
    )
    told = [part.points for part in parts if part.points is not None]
    points = round(sum(told), DECIMALS) if told else None
    return Dimension(name, content["label"], content["weight"], points, parts)


def _part(indicator: str, worth: float, percentage: float | None) -> Part:
    if percentage is None:
        return Part(indicator, 0, None)
    return Part(indicator, round(worth, DECIMALS), round(worth * percentage / _WHOLE, DECIMALS))
