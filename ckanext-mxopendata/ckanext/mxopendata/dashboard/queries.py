"""SQL over measurements: what counts in public, the verdict of today, sums and distributions.

The verdict is the same formula as :func:`ckanext.mxopendata.quality.freshness.verdict`; a test holds them equal.
Whether a dataset is private is asked of CKAN's own row, so that a dataset hidden a second ago is hidden here too.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.dashboard.model import Measurement
from ckanext.mxopendata.quality import pydatajson
from ckanext.mxopendata.quality.adela import AS_DECLARED, BRONZE, GOLD, MOST_STARS, NO_MEDAL, SILVER, ResourceCounts
from ckanext.mxopendata.quality.argentine_profile import FieldUse
from ckanext.mxopendata.quality.families import FamilySums
from ckanext.mxopendata.quality.freshness import (
    CLOCK_DIFFERENCE,
    DATED,
    FUTURE_DATE,
    OVERDUE,
    UP_TO_DATE,
    VERDICTS,
)
from ckanext.mxopendata.quality.mqa import MqaSums
from ckanext.mxopendata.quality.pydatajson_sums import EntrySums
from ckanext.mxopendata.quality.sums import Sums
from ckanext.mxopendata.quality.years import this_year

MEASURED = Measurement.__table__
PUBLIC = sa.and_(PACKAGE.c.state == "active", PACKAGE.c.private.is_not(True), MEASURED.c.archived.is_(False))
JOINED = MEASURED.join(PACKAGE, PACKAGE.c.id == MEASURED.c.dataset_id)
COMPLETENESS_STEPS = 5
# What happened to a dataset in a year → the years in which it did.
YEARS = {"created": MEASURED.c.created_years, "updated": MEASURED.c.updated_years}
_MEDALS = (NO_MEDAL, BRONZE, SILVER, GOLD)
_STARS = range(1, MOST_STARS + 1)
_FIELDS = tuple(field.name for field in dataclasses.fields(FieldUse))
_ENTRY_COUNTS = ("datasets", "valid", "with_data", "fresh", "stale", "modified")


def verdict_at(now: datetime) -> sa.Case[str]:
    """The verdict on a dataset's freshness at a moment, as an SQL expression."""
    return sa.case(
        (MEASURED.c.freshness_basis != DATED, MEASURED.c.freshness_basis),
        (MEASURED.c.modified > now + CLOCK_DIFFERENCE, FUTURE_DATE),
        (MEASURED.c.late_after > now, UP_TO_DATE),
        else_=OVERDUE,
    )


def of_organizations(organization_ids: Collection[str] | None) -> sa.ColumnElement[bool]:
    """Only datasets of these institutions; of all where it is ``None``."""
    return sa.true() if organization_ids is None else MEASURED.c.owner_org.in_(list(organization_ids))


def sums_by_owner(now: datetime, organization_ids: Collection[str] | None = None) -> dict[str | None, Sums]:
    """The sums over public datasets by id of the organization (``None``: datasets without one)."""
    verdict = verdict_at(now)
    added = {
        name: _sum(MEASURED.c[name])
        for name in ("resources", "points", "points_max", "open_resources", "machine_readable_resources")
    }
    counted = {name: sa.func.count().filter(MEASURED.c[name]) for name in ("licensed", "with_contact")}
    judged = {name: sa.func.count().filter(verdict == name) for name in VERDICTS}
    known = {f"{name}_known": sa.func.count(years) for name, years in YEARS.items()}
    year = {f"{name}_this_year": sa.func.count().filter(in_this_year(name, now)) for name in YEARS}
    columns = [expression.label(name) for name, expression in {**added, **counted, **judged, **known, **year}.items()]
    query = (
        sa.select(MEASURED.c.owner_org.label("owner"), sa.func.count().label("datasets"), *columns)
        .select_from(JOINED)
        .where(PUBLIC, of_organizations(organization_ids))
        .group_by(MEASURED.c.owner_org)
    )
    families = family_sums(now, organization_ids)
    found: dict[str | None, Sums] = {}
    for row in model.Session.execute(query).mappings():
        numbers = {name: _plain(value) for name, value in row.items() if name != "owner"}
        found[row["owner"]] = Sums(**numbers, families=families.get(row["owner"], FamilySums()))
    return found


def family_sums(now: datetime, organization_ids: Collection[str] | None = None) -> dict[str | None, FamilySums]:
    """What the families of others count over public datasets, by id of the organization."""
    as_declared = verdict_at(now).in_(AS_DECLARED)
    without, bronze, owned = (MEASURED.c.adela_medals[place] for place in (1, 2, 3))
    fresh = entry_is_fresh(now)
    entry = MEASURED.c
    columns: dict[str, Any] = {
        f"medal_{NO_MEDAL}": _sum(without),
        f"medal_{BRONZE}": _sum(bronze),
        f"medal_{SILVER}": sa.func.sum(owned).filter(~as_declared),
        f"medal_{GOLD}": sa.func.sum(owned).filter(as_declared),
        **{f"stars_{number}": _sum(entry.adela_stars[number]) for number in _STARS},
        "datasets": sa.func.count(),
        "distributions": _sum(entry.entry_distributions),
        "valid": sa.func.count().filter(entry.entry_valid),
        "with_data": sa.func.count().filter(entry.entry_with_data),
        "fresh": sa.func.count().filter(fresh),
        "stale": sa.func.count().filter(sa.not_(fresh)),
        "modified": sa.func.max(entry.entry_modified),
        **{name: _sum(entry.entry_fields[place]) for place, name in enumerate(_FIELDS, start=1)},
    }
    codes: dict[str | None, dict[str, int]] = defaultdict(dict)
    found: dict[str | None, FamilySums] = {}
    owner, condition = MEASURED.c.owner_org, sa.and_(PUBLIC, of_organizations(organization_ids))
    each = sa.select(owner, MEASURED.c.mqa, sa.func.count()).select_from(JOINED)
    for owner_id, code, number in model.Session.execute(
        each.where(condition, MEASURED.c.mqa.is_not(None)).group_by(owner, MEASURED.c.mqa)
    ):
        codes[owner_id][code] = number
    labelled = (column.label(name) for name, column in columns.items())
    query = sa.select(owner.label("owner"), *labelled).select_from(JOINED)
    for row in model.Session.execute(query.where(condition, MEASURED.c.mqa.is_not(None)).group_by(owner)).mappings():
        medals = {medal: int(row[f"medal_{medal}"]) for medal in _MEDALS if row[f"medal_{medal}"]}
        stars = {number: int(row[f"stars_{number}"]) for number in _STARS if row[f"stars_{number}"]}
        found[row["owner"]] = FamilySums(
            MqaSums(codes[row["owner"]]),
            ResourceCounts(medals, stars),
            EntrySums(
                use=FieldUse(*(int(row[name]) for name in _FIELDS)),
                **{name: row[name] for name in _ENTRY_COUNTS},
                distributions=int(row["distributions"]),
            ),
        )
    return found


def entry_is_fresh(now: datetime) -> sa.ColumnElement[bool]:
    """The same as :func:`.pydatajson.is_fresh` as an SQL expression; unknown where the dataset says nothing."""
    basis = MEASURED.c.entry_basis
    return sa.case(
        (basis == pydatajson.DATED, MEASURED.c.entry_stale_on > now.date()),
        (basis == pydatajson.FRESH, sa.true()),
        (basis == pydatajson.STALE, sa.false()),
    )


def in_this_year(what: str, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a dataset was ``created`` or ``updated`` in the year of a moment; unknown where its years are."""
    return YEARS[what].any(this_year(now))


def per_year(organization_id: str) -> dict[str, dict[int, int]]:
    """How many public datasets of an institution were ``created`` and ``updated`` in each year."""
    parts = (
        sa.select(sa.literal(what, sa.Text).label("what"), sa.func.unnest(years).label("year"))
        .select_from(JOINED)
        .where(PUBLIC, MEASURED.c.owner_org == organization_id)
        for what, years in YEARS.items()
    )
    each = sa.union_all(*parts).subquery()
    found: dict[str, dict[int, int]] = {what: {} for what in YEARS}
    query = sa.select(each.c.what, each.c.year, sa.func.count()).group_by(each.c.what, each.c.year)
    for what, year, number in model.Session.execute(query):
        found[what][year] = number
    return found


def _sum(column: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(column), 0)


def formats(organization_ids: Collection[str] | None = None) -> dict[str, int]:
    """Resources of public datasets by format id, the commonest first; unknown formats under ``""``."""
    each = sa.func.jsonb_each(MEASURED.c.formats).table_valued("key", sa.column("value", JSONB), name="each_format")
    number = sa.func.sum(sa.cast(each.c.value, sa.Integer)).label("number")
    query = (
        sa.select(each.c.key, number)
        .select_from(JOINED.join(each, sa.true()))
        .where(PUBLIC, of_organizations(organization_ids))
        .group_by(each.c.key)
        .order_by(number.desc(), each.c.key)
    )
    return {key: int(value) for key, value in model.Session.execute(query)}


def completeness_steps(organization_ids: Collection[str] | None = None) -> list[int]:
    """How many public datasets have 0-19 %, 20-39 %, … 80-100 % of their metadata points."""
    step = completeness_step().label("step")
    query = (
        sa.select(step, sa.func.count().label("number"))
        .select_from(JOINED)
        .where(PUBLIC, MEASURED.c.points_max > 0, of_organizations(organization_ids))
        .group_by(step)
    )
    counted = {row.step: row.number for row in model.Session.execute(query)}
    return [counted.get(number, 0) for number in range(COMPLETENESS_STEPS)]


def completeness_step() -> sa.ColumnElement[int]:
    """In which fifth of the metadata points a dataset is, 0 to 4; all points count with the last."""
    reached = MEASURED.c.points * COMPLETENESS_STEPS / sa.func.nullif(MEASURED.c.points_max, 0)
    return sa.cast(sa.func.least(reached, COMPLETENESS_STEPS - 1), sa.Integer)


def _plain(number: Any) -> Any:
    """A sum as JSON takes it: PostgreSQL adds up to exact decimals."""
    return int(number) if number == int(number) else float(number)


def rows(query: sa.Select[Any]) -> list[dict[str, Any]]:
    """All rows of a query as dictionaries."""
    return [dict(row) for row in model.Session.execute(query).mappings()]
