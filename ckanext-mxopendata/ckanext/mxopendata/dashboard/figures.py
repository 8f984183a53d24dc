"""Figures of the portal, its institutions, orders of government and states, made from sums over measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.dashboard import harvests, promises, queries
from ckanext.mxopendata.dashboard.model import Snapshot
from ckanext.mxopendata.dashboard.stored import Institution, read_institutions
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality import commitments
from ckanext.mxopendata.quality.indicators import Evidence, Indicator, compute_all
from ckanext.mxopendata.quality.register import HEADLINES, REGISTER
from ckanext.mxopendata.quality.sums import Sums, total
from ckanext.mxopendata.quality.values import Value, no_data


@dataclass(frozen=True)
class Figures:
    """The figures of one institution, or of many.

    Attributes:
        evidence: what they are made from.
        measured: whether anything was ever computed; where not, every figure is "no data".
    """

    evidence: Evidence
    measured: bool = True

    @property
    def sums(self) -> Sums:
        """The sums over its datasets."""
        return self.evidence.sums

    @cached_property
    def indicators(self) -> dict[str, Value]:
        """The indicators that are told of each of thousands of institutions, by id."""
        return self._computed(HEADLINES)

    @cached_property
    def every_indicator(self) -> dict[str, Value]:
        """All indicators of all families, by id."""
        return self._computed(REGISTER)

    def _computed(self, wanted: Mapping[str, Indicator]) -> dict[str, Value]:
        if not self.measured:
            return {each.id: no_data(each.unit) for each in wanted.values()}
        return compute_all(wanted, self.evidence)


@dataclass(frozen=True)
class InstitutionFigures:
    """One institution, its figures and the state of each of its harvest sources (newest run first).

    ``promised`` is only told where it is the only institution, and somebody keeps promises.
    """

    institution: Institution
    figures: Figures
    sources: tuple[harvests.SourceState, ...]
    promised: promises.Promised | None = None


@dataclass(frozen=True)
class PartFigures:
    """The figures of a part of the portal: an order of government or a state.

    Attributes:
        key: id of the term; ``None`` where the institution does not say.
        label: its name by language.
        institutions: how many institutions belong to it.
        figures: their figures together.
    """

    key: str | None
    label: Mapping[str, str]
    institutions: int
    figures: Figures


@dataclass(frozen=True)
class Panorama:
    """Everything ``/tablero`` shows.

    Attributes:
        total: of all public datasets.
        institutions: every active institution, by title.
        unowned: of public datasets without an active institution; ``None`` where there are none.
        orders: by order of government, in the order of the vocabulary.
        states: by state, in INEGI's order; only those with an institution.
        sources: the state of every public harvest source that was ever run.
    """

    total: Figures
    institutions: list[InstitutionFigures]
    unowned: Figures | None
    orders: list[PartFigures]
    states: list[PartFigures]
    sources: tuple[harvests.SourceState, ...]


_UNSAID = {"es": "No indicado", "en": "Not stated"}


def panorama(now: datetime, *, measured: bool = True) -> Panorama:
    """The figures of everything.

    Args:
        now: the moment they are for.
        measured: whether anything was ever computed; where not, every figure is "no data".
    """
    institutions = read_institutions()
    sums = queries.sums_by_owner(now)
    states = harvests.source_states()
    promised = promises.sums_by_institution(now)

    def of(
        parts: Iterable[Sums], sources: Iterable[harvests.SourceState], owners: Iterable[Institution] = ()
    ) -> Figures:
        runs = tuple(source.evidence for source in sources if source.evidence)
        mine = (
            None
            if promised is None
            else commitments.total(promised[owner.name] for owner in owners if owner.name in promised)
        )
        return Figures(Evidence(total(parts), now, runs, commitments=mine), measured)

    each = [
        InstitutionFigures(
            institution=institution,
            figures=of([sums.get(institution.id, Sums())], states.get(institution.name, ()), [institution]),
            sources=states.get(institution.name, ()),
        )
        for institution in institutions
    ]
    known = {institution.id for institution in institutions}
    strays = [part for owner, part in sums.items() if owner not in known]
    every_source = tuple(source for sources in states.values() for source in sources)
    return Panorama(
        total=of(sums.values(), every_source, institutions),
        institutions=each,
        unowned=of(strays, ()) if strays else None,
        orders=_parts(each, lambda one: one.institution.gov_type, "orders_of_government", of),
        states=_parts(each, lambda one: one.institution.state, "states", of),
        sources=every_source,
    )


def of_institution(institution: Institution, now: datetime, *, measured: bool = True) -> InstitutionFigures:
    """The figures of one institution at a moment."""
    sums = queries.sums_by_owner(now, [institution.id]).get(institution.id, Sums())
    sources = harvests.source_states(institution).get(institution.name, ())
    runs = tuple(source.evidence for source in sources if source.evidence)
    promised = promises.of_institution(institution, now)
    evidence = Evidence(sums, now, runs, commitments=promised.sums if promised else None)
    return InstitutionFigures(institution, Figures(evidence, measured), sources, promised)


def last_computed(now: datetime) -> datetime | None:
    """When figures were last computed, or ``None`` where they never were.

    What a clock that was ahead wrote for later than ``now`` is only told where there is nothing else.
    """
    moment = Snapshot.as_of
    last = sa.func.coalesce(sa.func.max(moment).filter(moment <= now), sa.func.min(moment))
    return model.Session.execute(sa.select(last).where(Snapshot.scope == "portal")).scalar()


def _parts(
    institutions: list[InstitutionFigures],
    key_of: Callable[[InstitutionFigures], str | None],
    vocabulary_id: str,
    of: Callable[[Iterable[Sums], Iterable[harvests.SourceState], Iterable[Institution]], Figures],
) -> list[PartFigures]:
    members: dict[str | None, list[InstitutionFigures]] = {}
    for institution in institutions:
        term = vocabulary(vocabulary_id).find(key_of(institution))
        members.setdefault(term.id if term else None, []).append(institution)
    labels = {term.id: {"es": term.label_es, "en": term.label_en} for term in vocabulary(vocabulary_id).terms.values()}
    return [
        PartFigures(
            key=key,
            label=labels[key] if key else _UNSAID,
            institutions=len(members[key]),
            figures=of(
                (member.figures.sums for member in members[key]),
                (source for member in members[key] for source in member.sources),
                (member.institution for member in members[key]),
            ),
        )
        for key in (*labels, None)
        if key in members
    ]
