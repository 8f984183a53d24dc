"""SQL over promises: who may see them, how they stand today, and the counts that indicators are computed from.

Facts are stored (the day a promise falls due, the dataset that keeps it); how it stands is said when it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE, extra_value
from ckanext.mxopendata.planning.commitment_model import Commitment, CommitmentDate

LINE = Commitment.__table__
WITHDRAWN, PUBLISHED, UNDATED, OVERDUE, PENDING = "withdrawn", "published", "undated", "overdue", "pending"
STATUSES = (PUBLISHED, OVERDUE, PENDING, UNDATED, WITHDRAWN)
_JOINED = LINE.join(GROUP, sa.and_(GROUP.c.id == LINE.c.organization_id, GROUP.c.state == "active")).outerjoin(
    PACKAGE, PACKAGE.c.id == LINE.c.dataset_id
)
_IS_PUBLISHED = sa.func.coalesce(
    sa.and_(
        PACKAGE.c.state == "active",
        PACKAGE.c.private.is_not(True),
        sa.func.coalesce(extra_value(PACKAGE, "archived_at"), "") == "",
    ),
    sa.false(),
)
# What the source says of the day of publication, where it is a day; else when the portal got it.
_ISSUED = sa.func.substr(extra_value(PACKAGE, "issued"), 1, 10)
_PUBLISHED_ON = sa.case(
    (~_IS_PUBLISHED, None),
    (_ISSUED.regexp_match(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), _ISSUED),
    else_=sa.func.to_char(PACKAGE.c.metadata_created, "YYYY-MM-DD"),
)


def _day(column: Any) -> Any:
    return sa.func.to_char(column, "YYYY-MM-DD")


_LATE = sa.and_(_IS_PUBLISHED, _day(LINE.c.due_on) < _PUBLISHED_ON)
_EARLY = sa.and_(_IS_PUBLISHED, _day(LINE.c.due_from) > _PUBLISHED_ON)


def status_at(today: date) -> sa.Case[Any]:
    """How a promise stands on a day: one of ``STATUSES``, as an SQL expression."""
    return sa.case(
        (LINE.c.withdrawn_on.is_not(None), WITHDRAWN),
        (_IS_PUBLISHED, PUBLISHED),
        (LINE.c.due_on.is_(None), UNDATED),
        (LINE.c.due_on < today, OVERDUE),
        else_=PENDING,
    )


def listed(
    conditions: Collection[sa.ColumnElement[bool]], today: date, *, offset: int = 0, limit: int | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """How many promises fit, and one page of them, by institution, date and title.

    Args:
        conditions: on ``LINE`` and CKAN's table of groups; who asks may see what they let through.
        today: the day on which they are judged.
        offset: how many to leave out.
        limit: how many at most; all where it is ``None``.
    """
    where = sa.and_(sa.true(), *conditions)
    number = model.Session.execute(sa.select(sa.func.count()).select_from(_JOINED).where(where)).scalar() or 0
    query = (
        sa.select(
            *LINE.c,
            GROUP.c.name.label("institution"),
            GROUP.c.title.label("institution_title"),
            PACKAGE.c.name.label("dataset"),
            PACKAGE.c.title.label("dataset_title"),
            _IS_PUBLISHED.label("is_published"),
            _PUBLISHED_ON.label("published_on"),
            _LATE.label("late"),
            _EARLY.label("early"),
            status_at(today).label("status"),
        )
        .select_from(_JOINED)
        .where(where)
        .order_by(sa.func.lower(GROUP.c.title), LINE.c.due_on.asc().nulls_last(), LINE.c.title, LINE.c.id)
        .offset(offset)
        .limit(limit)
    )
    return number, [dict(row) for row in model.Session.execute(query).mappings()]


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A promise as the actions give it; a dataset that is not public is not named."""
    plain = (
        "id", "institution", "institution_title", "title", "resource", "description", "area", "frequency",
        "legal_basis", "access_level", "access_reason", "open_to_all", "in_inventory", "in_plan", "promised",
        "withdrawn_reason", "published_on", "status", "source_file", "source_row",
    )  # fmt: skip
    published = row["status"] == PUBLISHED
    timing = "late" if row["late"] else "early" if row["early"] else "on_time" if row["due_on"] else None
    return {
        **{name: row[name] for name in plain},
        **{name: _text(row[name]) for name in ("due_on", "withdrawn_on", "seen_at", "created_at", "modified_at")},
        "timing": timing if published else None,
        "dataset": row["dataset"] if row["is_published"] else None,
        "dataset_title": row["dataset_title"] if row["is_published"] else None,
    }


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def dates_of(commitment_id: str) -> list[dict[str, Any]]:
    """Every date that was promised, the first one first."""
    query = sa.select(CommitmentDate).where(CommitmentDate.commitment_id == commitment_id)
    rows: list[Any] = list(model.Session.execute(query.order_by(CommitmentDate.position)).scalars())
    return [
        {
            "promised": one.promised,
            "recorded_at": _text(one.recorded_at),
            "source_file": one.source_file,
            "source_row": one.source_row,
        }
        for one in rows
    ]


def commitment_sums(
    organization_ids: Collection[str], today: date, *, with_closed: bool = False
) -> dict[str, dict[str, Any]]:
    """The counts of "open by default" for each institution that promised something (issue 8, parts 1 and 2).

    Args:
        organization_ids: of the institutions.
        today: the day on which promises are judged.
        with_closed: whether lines that are not open to all count, too; public figures leave them out.

    Returns:
        Institution id → ``{"inventoried", "committed", "published", "late", "early", "withdrawn", "overdue",
        "by_access_level": {id or "": number}, "committed_per_year": {year: number}}``, numbers of lines. ``committed``
        are lines of a plan that were not withdrawn; ``late`` those published after the day they were promised for,
        and those overdue; a year is that of the promised date.
    """
    wanted = [LINE.c.organization_id.in_(list(organization_ids)), *([] if with_closed else [LINE.c.open_to_all])]
    status = status_at(today)
    year = sa.func.substr(LINE.c.promised, 1, 4)
    stands = {"published": status == PUBLISHED, "withdrawn": status == WITHDRAWN, "overdue": status == OVERDUE}
    counted = {
        "inventoried": LINE.c.in_inventory,
        "committed": sa.and_(LINE.c.in_plan, status != WITHDRAWN),
        **stands,
        "late": sa.or_(status == OVERDUE, sa.and_(status == PUBLISHED, _LATE)),
        "early": sa.and_(status == PUBLISHED, _EARLY),
    }
    columns = [sa.func.count().filter(condition).label(name) for name, condition in counted.items()]
    owner = LINE.c.organization_id
    query = sa.select(owner.label("owner"), *columns).select_from(_JOINED).where(*wanted).group_by(owner)
    found: dict[str, dict[str, Any]] = {}
    for row in model.Session.execute(query).mappings():
        numbers = {name: row[name] for name in counted}
        found[row["owner"]] = {**numbers, "by_access_level": {}, "committed_per_year": {}}
    level = sa.func.coalesce(LINE.c.access_level, "")
    for name, part, condition in (
        ("by_access_level", level, sa.true()),
        ("committed_per_year", year, sa.and_(counted["committed"], LINE.c.promised.is_not(None))),
    ):
        parts = sa.select(owner, part.label("part"), sa.func.count()).select_from(_JOINED).where(*wanted, condition)
        for owner_id, key, number in model.Session.execute(parts.group_by(owner, sa.text("part"))):
            found[owner_id][name][key] = number
    return found
