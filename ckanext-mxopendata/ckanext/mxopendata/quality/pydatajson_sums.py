"""The indicators of pydatajson over many datasets that are kept one by one: facts that do not age, and sums of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from ckanext.mxopendata.quality.argentine_profile import (
    FieldUse,
    field_use,
    field_use_of_dataset,
    keeps_to_the_profile,
)
from ckanext.mxopendata.quality.federation_gap import distributions_of
from ckanext.mxopendata.quality.pydatajson import freshness_of, has_data, is_fresh, read_date


@dataclass(frozen=True)
class EntryFacts:
    """One dataset, as its entry of a data.json says it.

    Attributes:
        distributions: how many it has.
        valid: whether it keeps to the profile.
        with_data: whether one of its distributions is in a format of data.
        basis: see :class:`~.pydatajson.EntryFreshness`.
        stale_on: the first day on which it is stale, or ``None``.
        modified: the day of its ``modified``, or ``None``.
        use: of the fields that the profile recommends or allows.
    """

    distributions: int
    valid: bool
    with_data: bool
    basis: str
    stale_on: date | None
    modified: date | None
    use: FieldUse


@dataclass(frozen=True)
class EntrySums:
    """Many datasets; sums can be added.

    Attributes:
        datasets: how many were measured.
        distributions: how many they have.
        valid: datasets that keep to the profile.
        with_data: datasets with a distribution in a format of data.
        fresh: datasets as fresh as they say.
        stale: datasets that are not; those that do not say are neither.
        modified: the newest ``modified``, or ``None``.
        use: of the fields that the profile recommends or allows.
    """

    datasets: int = 0
    distributions: int = 0
    valid: int = 0
    with_data: int = 0
    fresh: int = 0
    stale: int = 0
    modified: date | None = None
    use: FieldUse = FieldUse()

    def __add__(self, other: EntrySums) -> EntrySums:
        return EntrySums(
            self.datasets + other.datasets,
            self.distributions + other.distributions,
            self.valid + other.valid,
            self.with_data + other.with_data,
            self.fresh + other.fresh,
            self.stale + other.stale,
            max(filter(None, (self.modified, other.modified)), default=None),
            self.use + other.use,
        )


def entry_facts(entry: Mapping[str, Any]) -> EntryFacts:
    """Measure one dataset of a data.json."""
    distributions = distributions_of(entry)
    freshness = freshness_of(entry)
    return EntryFacts(
        distributions=len(distributions),
        valid=keeps_to_the_profile(entry),
        with_data=has_data(distributions),
        basis=freshness.basis,
        stale_on=freshness.stale_on,
        modified=read_date(entry.get("modified")),
        use=field_use_of_dataset(entry),
    )


def of_entry(facts: EntryFacts, now: datetime) -> EntrySums:
    """The sums over one dataset; the date of ``now`` counts."""
    fresh = is_fresh(facts.basis, facts.stale_on, now.date())
    return EntrySums(
        datasets=1,
        distributions=facts.distributions,
        valid=int(facts.valid),
        with_data=int(facts.with_data),
        fresh=int(fresh is True),
        stale=int(fresh is False),
        modified=facts.modified,
        use=facts.use,
    )


@cache
def use_of_head() -> FieldUse:
    """The use of fields of a data.json that says nothing of itself but its datasets, as Project Open Data has it."""
    return field_use({"dataset": []})
