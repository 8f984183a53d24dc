"""Sums over measured datasets: all that the indicators of an institution, a state or the whole portal need."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ckanext.mxopendata.quality.facts import DatasetFacts
from ckanext.mxopendata.quality.families import FamilySums, of_families
from ckanext.mxopendata.quality.freshness import VERDICTS
from ckanext.mxopendata.quality.years import this_year


@dataclasses.dataclass(frozen=True)
class Sums:
    """Counts that can be added up: the sums of a state are the sums of its institutions, added.

    Attributes:
        datasets: datasets measured.
        resources: their resources.
        points: metadata points they have.
        points_max: metadata points they could have.
        open_resources: resources in an open format.
        machine_readable_resources: resources in a machine readable format.
        licensed: datasets with a known licence.
        with_contact: datasets with a contact one can reach.
        up_to_date: datasets younger than their declared period allows.
        overdue: datasets older than that.
        irregular: datasets declared as irregular: no date is due.
        realtime: datasets declared as real time: a date says nothing about a stream.
        no_frequency: datasets without a known frequency.
        no_date: datasets without a readable date of modification.
        future_date: datasets whose date of modification lies in the future.
        created_known: datasets of which is known when their resources were created.
        created_this_year: of them, those with a resource of this year.
        updated_known: datasets of which is known when their resources were created and last modified.
        updated_this_year: of them, those with a resource of an earlier year last modified in this one.
        families: what the families of others count; of the datasets that were measured for them.
    """

    datasets: int = 0
    resources: int = 0
    points: float = 0
    points_max: int = 0
    open_resources: int = 0
    machine_readable_resources: int = 0
    licensed: int = 0
    with_contact: int = 0
    up_to_date: int = 0
    overdue: int = 0
    irregular: int = 0
    realtime: int = 0
    no_frequency: int = 0
    no_date: int = 0
    future_date: int = 0
    created_known: int = 0
    created_this_year: int = 0
    updated_known: int = 0
    updated_this_year: int = 0
    families: FamilySums = dataclasses.field(default_factory=FamilySums)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(mine + theirs for mine, theirs in zip(self.counts(), other.counts(), strict=True)))

    def counts(self) -> tuple[Any, ...]:
        """The counts in the order of the fields."""
        return tuple(getattr(self, name) for name in FIELDS)

    @property
    def judged(self) -> int:
        """Datasets whose age can be compared with a declared period."""
        return self.up_to_date + self.overdue


FIELDS = tuple(field.name for field in dataclasses.fields(Sums))


def to_json(sums: Sums) -> dict[str, Any]:
    """Sums as JSON has them: keys are texts, days are of ISO 8601."""
    found = dataclasses.asdict(sums)
    families = found["families"]
    for counts in ("medals", "stars"):
        families["adela"][counts] = {str(key): number for key, number in families["adela"][counts].items()}
    newest = families["pydatajson"]["modified"]
    families["pydatajson"]["modified"] = newest.isoformat() if newest else None
    return found


def total(parts: Iterable[Sums]) -> Sums:
    """All parts added."""
    return sum(parts, start=Sums())


def of_dataset(facts: DatasetFacts, now: datetime) -> Sums:
    """The sums over one dataset at the moment ``now`` (with time zone)."""
    state, year, years = facts.freshness.verdict(now), this_year(now), facts.years
    return Sums(
        datasets=1,
        resources=facts.resources,
        points=facts.completeness.points,
        points_max=facts.completeness.maximum,
        open_resources=facts.open_resources,
        machine_readable_resources=facts.machine_readable_resources,
        licensed=int(facts.licensed),
        with_contact=int(facts.with_contact),
        created_known=int(years.created is not None),
        created_this_year=int(year in (years.created or ())),
        updated_known=int(years.updated is not None),
        updated_this_year=int(year in (years.updated or ())),
        families=of_families(facts.families, state, now) if facts.families else FamilySums(),
        **{name: int(name == state) for name in VERDICTS},
    )


def of_datasets(datasets: Iterable[DatasetFacts], now: datetime) -> Sums:
    """The sums over datasets at the moment ``now``; archived ones are left out."""
    return total(of_dataset(facts, now) for facts in datasets if not facts.archived)
