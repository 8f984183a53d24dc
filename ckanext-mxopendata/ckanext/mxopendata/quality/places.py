"""Places in a ranking: equal values share a place and the next ones are as many further (1, 2, 2, 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A place in a ranking.

    Attributes:
        position: from 1.
        tied: whether somebody else has the same.
    """

    position: int
    tied: bool


def places(values: Mapping[str, float | None]) -> dict[str, Place]:
    """The places of what has a value, more is better; what has none has no place.

    Args:
        values: key → value as it is shown, so that what looks equal is equal.
    """
    known = {key: value for key, value in values.items() if value is not None}
    counted = Counter(known.values())
    first: dict[float, int] = {}
    before = 0
    for value in sorted(counted, reverse=True):
        first[value] = before + 1
        before += counted[value]
    return {key: Place(first[value], counted[value] > 1) for key, value in known.items()}
