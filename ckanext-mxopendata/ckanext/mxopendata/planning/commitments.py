"""SQL over promises: how they stand today, and lists of them; the counts are in ``commitment_counts``.

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
JOINED = LINE.join(GROUP, sa.and_(GROUP.c.id == LINE.c.organization_id, GROUP.c.state == "active")).outerjoin(
    PACKAGE, PACKAGE.c.id == LINE.c.dataset_id
)
IS_PUBLISHED = sa.func.coalesce(
    sa.and_(
        PACKAGE.c.state == "active",
        PACKAGE.c.private.is_not(True),
        sa.func.coalesce(extra_value(PACKAGE, "archived_at"), "") == "",
    ),
    sa.false(),
)
# What the source says of the day of publication, where it is a day; else when the portal got it.
_ISSUED = sa.func.substr(extra_value(PACKAGE, "issued"), 1, 10)
PUBLISHED_ON = sa.case(
    (~IS_PUBLISHED, None),
    (_ISSUED.regexp_match(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), _ISSUED),
    else_=sa.func.to_char(PACKAGE.c.metadata_created, "YYYY-MM-DD"),
)


def day_text(column: Any) -> Any:
    """A day as text, which compares as days do."""
    return sa.func.to_char(column, "YYYY-MM-DD")


LATE = sa.and_(IS_PUBLISHED, day_text(LINE.c.due_on) < PUBLISHED_ON)
EARLY = sa.and_(IS_PUBLISHED, day_text(LINE.c.due_from) > PUBLISHED_ON)


def status_at(today: date) -> sa.Case[Any]:
    """How a promise stands on a day: one of ``STATUSES``, as an SQL expression."""
    return sa.case(
        (LINE.c.withdrawn_on.is_not(None), WITHDRAWN),
        (IS_PUBLISHED, PUBLISHED),
        (LINE.c.due_on.is_(None), UNDATED),
        (LINE.c.due_on < today, OVERDUE),
        else_=PENDING,
    )


def listed(
    conditions: Collection[sa.ColumnElement[bool]],
    today: date,
    *,
    nearest: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[int, list[dict[str, Any]]]:
    """How many promises fit, and one page of them, by institution, date and title.

    Args:
        conditions: on ``LINE`` and CKAN's table of groups; who asks may see what they let through.
        today: the day on which they are judged.
        nearest: whether those whose date is nearest to that day come first, those without one last.
        offset: how many to leave out.
        limit: how many at most; all where it is ``None``.
    """
    where = sa.and_(sa.true(), *conditions)
    number = model.Session.execute(sa.select(sa.func.count()).select_from(JOINED).where(where)).scalar() or 0
    if not number:
        return 0, []
    order = (sa.func.lower(GROUP.c.title), LINE.c.due_on.asc().nulls_last(), LINE.c.title, LINE.c.id)
    if nearest:
        order = (sa.func.abs(LINE.c.due_on - sa.cast(today, sa.Date)).asc().nulls_last(), *order)
    query = (
        sa.select(
            *LINE.c,
            GROUP.c.name.label("institution"),
            GROUP.c.title.label("institution_title"),
            PACKAGE.c.name.label("dataset"),
            PACKAGE.c.title.label("dataset_title"),
            IS_PUBLISHED.label("is_published"),
            PUBLISHED_ON.label("published_on"),
            LATE.label("late"),
            EARLY.label("early"),
            status_at(today).label("status"),
        )
        .select_from(JOINED)
        .where(where)
        .order_by(*order)
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
    days = ("due_from", "due_on", "withdrawn_on", "seen_at", "created_at", "modified_at")
    published = row["status"] == PUBLISHED
    timing = "late" if row["late"] else "early" if row["early"] else "on_time" if row["due_on"] else None
    return {
        **{name: row[name] for name in plain},
        **{name: _text(row[name]) for name in days},
        "timing": timing if published else None,
        "dataset": row["dataset"] if row["is_published"] else None,
        "dataset_title": row["dataset_title"] if row["is_published"] else None,
    }


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def dates_of(commitment_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Every date that was promised, by id of the promise, the first one first."""
    if not commitment_ids:
        return {}
    query = sa.select(CommitmentDate).where(CommitmentDate.commitment_id.in_(list(commitment_ids)))
    found: dict[str, list[dict[str, Any]]] = {one: [] for one in commitment_ids}
    rows: list[Any] = list(model.Session.execute(query.order_by(CommitmentDate.position)).scalars())
    for one in rows:
        found[one.commitment_id].append(
            {
                "promised": one.promised,
                "recorded_at": _text(one.recorded_at),
                "source_file": one.source_file,
                "source_row": one.source_row,
            }
        )
    return found
