"""What an indicator is, and the register of all of them (rule 7: one number, one formula, one list)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from ckanext.mxopendata.quality import mqa
from ckanext.mxopendata.quality.commitments import CommitmentSums
from ckanext.mxopendata.quality.sums import Sums
from ckanext.mxopendata.quality.values import Unit, Value


@dataclass(frozen=True)
class HarvestRun:
    """The evidence of one harvest run.

    Attributes:
        finished: when it ended, with time zone.
        with_findings: records with a warning or rejected, or ``None`` where the run does not say.
        read: records read.
    """

    finished: datetime
    with_findings: int | None
    read: int


@dataclass(frozen=True)
class Evidence:
    """All that the figures of one institution (or of many) are made from.

    Attributes:
        sums: sums over measured datasets.
        now: the moment the figures are for, with time zone.
        runs: the last finished run of each harvest source.
        commitments: counts of what was promised; ``None`` where nobody keeps promises.
    """

    sums: Sums
    now: datetime
    runs: tuple[HarvestRun, ...] = ()
    commitments: CommitmentSums | None = None

    @cached_property
    def mqa(self) -> mqa.Score:
        """The average by the method of data.europa.eu, made once for all of its indicators."""
        return self.sums.families.mqa.average()


@dataclass(frozen=True)
class Indicator:
    """One named figure.

    Attributes:
        id: ``<family>.<name>``, fixed for ever.
        name: Spanish and English name.
        formula: Spanish and English formula in words.
        unit: of the value.
        direction: whether more or less is better, or neither.
        source: whose idea it is: a norm, a guide, another portal.
        compute: from the evidence to a value.
        criterion: name of the criterion that the datasets of its list meet, or ``None`` where that is all datasets.
    """

    id: str
    name: Mapping[str, str]
    formula: Mapping[str, str]
    unit: Unit
    direction: Literal["more", "less", "neutral"]
    source: str
    compute: Callable[[Evidence], Value] = field(repr=False)
    criterion: str | None = None

    def to_dict(self, language: str = "es") -> dict[str, Any]:
        """Its definition for people and programs: id, name, formula, unit, direction, source."""
        return {
            "id": self.id,
            "name": self.name.get(language, self.name["es"]),
            "formula": self.formula.get(language, self.formula["es"]),
            "unit": self.unit,
            "direction": self.direction,
            "source": self.source,
        }


def compute_all(indicators: Mapping[str, Indicator], evidence: Evidence) -> dict[str, Value]:
    """The value of every indicator, by id, in the order of the register."""
    return {indicator_id: indicator.compute(evidence) for indicator_id, indicator in indicators.items()}
