"""What an export says of its work: how many datasets, what was left out, dropped and stood in for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Counts:
    """What a dataset in one format adds to the report, or several together.

    Attributes:
        distributions: how many they have.
        dropped: how often a value of a field could not be expressed, by (field, code of the reason).
        filled: how often a field got a stand-in, by field.
    """

    distributions: int
    dropped: Mapping[tuple[str, str], int]
    filled: Mapping[str, int]

    def to_text(self) -> str:
        """As it is kept beside a fragment; equal counts give equal texts."""
        dropped = [[*key, count] for key, count in sorted(self.dropped.items())]
        return json.dumps([self.distributions, dropped, sorted(self.filled.items())], separators=(",", ":"))


@lru_cache(maxsize=10_000)
def read_counts(text: str) -> Counts:
    """The opposite of :meth:`Counts.to_text`; most datasets of a catalogue have the same."""
    return parse_counts(text)


def parse_counts(text: str) -> Counts:
    """The same of several datasets, which hardly any others have."""
    distributions, dropped, filled = json.loads(text)
    return Counts(distributions, {(name, reason): count for name, reason, count in dropped}, dict(filled))


def add_counts(all_counts: Iterable[Counts]) -> Counts:
    """What some datasets add together."""
    distributions = 0
    dropped: Counter[tuple[str, str]] = Counter()
    filled: Counter[str] = Counter()
    for counts in all_counts:
        distributions += counts.distributions
        dropped.update(counts.dropped)
        filled.update(counts.filled)
    return Counts(distributions, dropped, filled)


@dataclass
class ExportReport:
    """What an export did, in one format.

    Attributes:
        datasets: datasets in the file.
        distributions: distributions in the file.
        rendered: datasets that were made anew.
        reused: datasets that were taken from an earlier export.
        left_out: datasets that could not be expressed: ``{"id", "reason"}``.
        dropped: how often a value of a field could not be expressed, by (field, code of the reason).
        filled: how often a field got a stand-in, by field.
    """

    datasets: int = 0
    distributions: int = 0
    rendered: int = 0
    reused: int = 0
    left_out: list[dict[str, str]] = field(default_factory=list)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)

    def leave_out(self, dataset_id: str, error: Exception) -> None:
        """Note a dataset that could not be expressed."""
        self.left_out.append({"id": dataset_id, "reason": f"{type(error).__name__}: {error}"[:200]})

    def count(self, counts: Counts, datasets: int, rendered: int) -> None:
        """Add some datasets, of which some were made anew."""
        self.datasets += datasets
        self.rendered += rendered
        self.reused += datasets - rendered
        self.distributions += counts.distributions
        self.dropped.update(counts.dropped)
        self.filled.update(counts.filled)

    def to_dict(self) -> dict[str, Any]:
        """The counts in the fixed form of the command and the manifest."""
        dropped = sorted(self.dropped.items(), key=lambda entry: (-entry[1], entry[0]))
        filled = sorted(self.filled.items(), key=lambda entry: (-entry[1], entry[0]))
        return {
            "datasets": self.datasets,
            "distributions": self.distributions,
            "rendered": self.rendered,
            "reused": self.reused,
            "left_out": self.left_out,
            "dropped": [{"field": name, "reason": reason, "count": count} for (name, reason), count in dropped],
            "filled": [{"field": name, "count": count} for name, count in filled],
        }
