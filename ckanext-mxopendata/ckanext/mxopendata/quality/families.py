"""What the families of indicators of others need of one dataset, and sums of it over many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ckanext.mxopendata.quality import mqa
from ckanext.mxopendata.quality.adela import ResourceCounts, ResourceFacts, resource_facts
from ckanext.mxopendata.quality.mqa import MqaSums, Properties
from ckanext.mxopendata.quality.pydatajson_sums import EntryFacts, EntrySums, entry_facts, of_entry


@dataclass(frozen=True)
class FamilyFacts:
    """One dataset.

    Attributes:
        mqa: which metrics it meets, see :func:`.mqa.encode`.
        adela: its resources by medal and stars.
        pydatajson: what its entry of a data.json says.
    """

    mqa: str
    adela: ResourceFacts
    pydatajson: EntryFacts


@dataclass(frozen=True)
class FamilySums:
    """Many datasets; sums can be added.

    Attributes:
        mqa: datasets by the metrics they meet.
        adela: resources by medal and by stars.
        pydatajson: counts of entries of a data.json.
    """

    mqa: MqaSums = field(default_factory=MqaSums)
    adela: ResourceCounts = field(default_factory=ResourceCounts)
    pydatajson: EntrySums = field(default_factory=EntrySums)

    def __add__(self, other: FamilySums) -> FamilySums:
        return FamilySums(self.mqa + other.mqa, self.adela + other.adela, self.pydatajson + other.pydatajson)


def measure_families(
    dataset: Mapping[str, Any],
    described: Properties,
    distributions: Sequence[Properties],
    entry: Mapping[str, Any],
) -> FamilyFacts:
    """Measure one dataset.

    Whether its links answer and whether it keeps to DCAT-AP is evidence that nobody has here: unknown.

    Args:
        dataset: as ``package_show`` gives it, with its resources.
        described: what its triples say of it.
        distributions: what they say of each of its distributions.
        entry: its entry of the data.json.
    """
    return FamilyFacts(mqa.encode(mqa.measure(described, distributions)), resource_facts(dataset), entry_facts(entry))


def of_families(facts: FamilyFacts, verdict: str, now: datetime) -> FamilySums:
    """The sums over one dataset, given the verdict on its freshness."""
    return FamilySums(MqaSums({facts.mqa: 1}), facts.adela.counts(verdict), of_entry(facts.pydatajson, now))
