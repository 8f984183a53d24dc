"""The list of datasets behind every figure: filtered, sorted, paged, always only what is public."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.dashboard.queries import (
    JOINED,
    MEASURED,
    PUBLIC,
    completeness_step,
    entry_is_fresh,
    in_this_year,
    of_organizations,
    rows,
    verdict_at,
)
from ckanext.mxopendata.quality import mqa
from ckanext.mxopendata.quality.adela import AS_DECLARED
from ckanext.mxopendata.quality.freshness import OVERDUE, UP_TO_DATE

_Condition = ColumnElement[bool]
# When it is met and when it is not, at a moment.
_Criterion = tuple[Callable[[datetime], _Condition], Callable[[datetime], _Condition]]


@dataclass(frozen=True)
class Filters:
    """Which datasets are wanted; what is ``None`` does not matter.

    Attributes:
        organization_ids: of these institutions.
        freshness: with this verdict.
        criterion: of an indicator, see :data:`CRITERIA`.
        meets: whether the criterion is met or not.
        file_type: with a resource in this format; ``""`` for one without a known format.
        missing: without this metadata field.
        step: in this fifth of the metadata points, 0 to 4.
    """

    organization_ids: Collection[str] | None = None
    freshness: str | None = None
    criterion: str | None = None
    meets: bool = True
    file_type: str | None = None
    missing: str | None = None
    step: int | None = None


def _freshness_is(verdict: str, other: str) -> _Criterion:
    return (lambda now: verdict_at(now) == verdict), (lambda now: verdict_at(now) == other)


def _column(met: _Condition, unmet: _Condition) -> _Criterion:
    return (lambda _now: met), (lambda _now: unmet)


def _this_year(what: str) -> _Criterion:
    return (lambda now: in_this_year(what, now)), (lambda now: sa.not_(in_this_year(what, now)))


_MEDALS = MEASURED.c.adela_medals


def _mqa(metric_id: str) -> _Criterion:
    sign = sa.func.substr(MEASURED.c.mqa, mqa.position_of(metric_id) + 1, 1)
    return _column(sign == mqa.MET, sign == mqa.UNMET)


def _resources(some: _Condition) -> _Criterion:
    return _column(some, sa.not_(some))


def _owned(*, as_declared: bool) -> _Criterion:
    """A dataset with resources of gold (as declared) or of silver, and one without."""

    def some(now: datetime) -> _Condition:
        kept = verdict_at(now).in_(AS_DECLARED)
        return sa.and_(_MEDALS[3] > 0, kept if as_declared else sa.not_(kept))

    return some, lambda now: sa.not_(some(now))


# A criterion of resources is met by a dataset that has one such resource, and not met by one that has another.
CRITERIA: Mapping[str, _Criterion] = {
    "up_to_date": _freshness_is(UP_TO_DATE, OVERDUE),
    "overdue": _freshness_is(OVERDUE, UP_TO_DATE),
    "complete": _column(MEASURED.c.points >= MEASURED.c.points_max, MEASURED.c.points < MEASURED.c.points_max),
    "open_formats": _column(MEASURED.c.open_resources > 0, MEASURED.c.open_resources < MEASURED.c.resources),
    "machine_readable": _column(
        MEASURED.c.machine_readable_resources > 0, MEASURED.c.machine_readable_resources < MEASURED.c.resources
    ),
    "licensed": _column(MEASURED.c.licensed.is_(True), MEASURED.c.licensed.is_(False)),
    "with_contact": _column(MEASURED.c.with_contact.is_(True), MEASURED.c.with_contact.is_(False)),
    "created_this_year": _this_year("created"),
    "updated_this_year": _this_year("updated"),
    **{f"mqa.{metric.id}": _mqa(metric.id) for metric in mqa.metrics()},
    "adela.sin_medalla": _resources(_MEDALS[1] > 0),
    "adela.bronce": _resources(_MEDALS[2] > 0),
    "adela.plata": _owned(as_declared=False),
    "adela.oro": _owned(as_declared=True),
    "pydatajson.valid": _column(MEASURED.c.entry_valid.is_(True), MEASURED.c.entry_valid.is_(False)),
    "pydatajson.invalid": _column(MEASURED.c.entry_valid.is_(False), MEASURED.c.entry_valid.is_(True)),
    "pydatajson.with_data": _column(MEASURED.c.entry_with_data.is_(True), MEASURED.c.entry_with_data.is_(False)),
    "pydatajson.without_data": _column(MEASURED.c.entry_with_data.is_(False), MEASURED.c.entry_with_data.is_(True)),
    "pydatajson.fresh": (entry_is_fresh, lambda now: sa.not_(entry_is_fresh(now))),
    "pydatajson.stale": (lambda now: sa.not_(entry_is_fresh(now)), entry_is_fresh),
}

_TITLE = sa.func.lower(sa.func.coalesce(PACKAGE.c.title, PACKAGE.c.name))
_SHARE = MEASURED.c.points * 1.0 / sa.func.nullif(MEASURED.c.points_max, 0)
SORTS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "title": (_TITLE,),
    "due": (MEASURED.c.due.asc().nulls_last(),),
    "-due": (MEASURED.c.due.desc().nulls_last(),),
    "points": (_SHARE.asc().nulls_last(),),
    "-points": (_SHARE.desc().nulls_last(),),
    "resources": (MEASURED.c.resources.asc(),),
    "-resources": (MEASURED.c.resources.desc(),),
}


def datasets(
    filters: Filters, now: datetime, *, sort: str = "title", offset: int = 0, limit: int | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """How many public datasets fit, and one page of them.

    Args:
        filters: which are wanted.
        now: the moment of the verdict on freshness.
        sort: a key of :data:`SORTS`.
        offset: how many to leave out.
        limit: how many at most; all where it is ``None``.

    Returns:
        The number of all, and rows with ``name``, ``title``, ``owner_org``, ``verdict`` and the columns of the
        measurement.
    """
    condition = _where(filters, now)
    number = model.Session.execute(sa.select(sa.func.count()).select_from(JOINED).where(condition)).scalar() or 0
    query = (
        sa.select(PACKAGE.c.name, PACKAGE.c.title, verdict_at(now).label("verdict"), *MEASURED.c)
        .select_from(JOINED)
        .where(condition)
        .order_by(*SORTS[sort], _TITLE, PACKAGE.c.name)
        .offset(offset)
        .limit(limit)
    )
    return number, rows(query)


def _where(filters: Filters, now: datetime) -> _Condition:
    conditions: list[_Condition] = [PUBLIC, of_organizations(filters.organization_ids)]
    if filters.freshness is not None:
        conditions.append(verdict_at(now) == filters.freshness)
    if filters.criterion is not None:
        met, unmet = CRITERIA[filters.criterion]
        conditions.append((met if filters.meets else unmet)(now))
    if filters.file_type is not None:
        conditions.append(MEASURED.c.formats.has_key(filters.file_type))
    if filters.missing is not None:
        conditions.append(MEASURED.c.missing.contains([{"field": filters.missing}]))
    if filters.step is not None:
        conditions.append(completeness_step() == filters.step)
    return sa.and_(*conditions)
