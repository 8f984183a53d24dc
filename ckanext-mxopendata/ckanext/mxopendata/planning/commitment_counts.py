"""The counts of "open by default" (issue 8, parts 1 and 2): each is a condition, so that its list is the same lines.

Only titles promised for a year are counted otherwise: several lines, one for each resource, may have the same one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP
from ckanext.mxopendata.planning.commitment_model import CommitmentTotal
from ckanext.mxopendata.planning.commitments import (
    EARLY,
    IS_PUBLISHED,
    JOINED,
    LATE,
    LINE,
    OVERDUE,
    PUBLISHED,
    WITHDRAWN,
    day_text,
    status_at,
)
from ckanext.mxopendata.quality.commitments import title_of

# Names of the counts that a list may be asked for.
COUNTS = (
    "lines", "inventoried", "inventory_published", "planned", "committed", "committed_unpublished", "published",
    "published_late", "early", "on_time", "overdue", "withdrawn", "withdrawn_overdue", "access_public",
    "access_restricted", "access_non_public", "late", "in_time", "not_kept", "not_in_time", "inventory_unpublished",
    "committed_this_year",
)  # fmt: skip
# Of them, those that the others are made from.
_COUNTED = COUNTS[:16]
_TOTAL = CommitmentTotal.__table__


def counts_at(today: date) -> Mapping[str, sa.ColumnElement[bool]]:
    """Name of a count → the condition on its lines on a day; the same formulas as ``quality.commitments``.

    ``late`` are those published after the day promised, and those overdue; ``not_kept`` those overdue, or withdrawn
    after they fell due; ``not_in_time`` both together; ``inventory_unpublished`` what is left of ``inventoried``;
    ``committed_this_year`` the lines of the titles that are counted under this name.
    """
    status = status_at(today)
    published, overdue, withdrawn = status == PUBLISHED, status == OVERDUE, status == WITHDRAWN
    late, early = sa.and_(published, LATE), sa.and_(published, EARLY)
    late, early = sa.func.coalesce(late, sa.false()), sa.func.coalesce(early, sa.false())
    given_up = sa.and_(
        withdrawn,
        sa.not_(IS_PUBLISHED),
        sa.func.coalesce(LINE.c.due_on < LINE.c.withdrawn_on, sa.false()),
    )
    on_time = sa.and_(published, LINE.c.due_on.is_not(None), sa.not_(late), sa.not_(early))
    return {
        "lines": sa.true(),
        "inventoried": LINE.c.in_inventory,
        "inventory_published": sa.and_(LINE.c.in_inventory, published),
        "planned": LINE.c.in_plan,
        "committed": sa.and_(LINE.c.in_plan, sa.not_(withdrawn)),
        "committed_unpublished": sa.and_(LINE.c.in_plan, sa.not_(withdrawn), sa.not_(published)),
        "published": published,
        "published_late": late,
        "early": early,
        "on_time": on_time,
        "overdue": overdue,
        "withdrawn": withdrawn,
        "withdrawn_overdue": given_up,
        **{f"access_{name}": LINE.c.access_level == name for name in ("public", "restricted", "non_public")},
        "late": sa.or_(overdue, late),
        "in_time": sa.or_(early, on_time),
        "not_kept": sa.or_(overdue, given_up),
        "not_in_time": sa.or_(overdue, given_up, late),
        "inventory_unpublished": sa.and_(LINE.c.in_inventory, sa.not_(published)),
        "committed_this_year": sa.and_(
            LINE.c.in_plan,
            sa.not_(withdrawn),
            LINE.c.due_on.between(date(today.year, 1, 1), date(today.year, 12, 31)),
        ),
    }


@dataclass(frozen=True)
class Titles:
    """Different titles that the plans of an institution promise for one year.

    Attributes:
        planned: all of them.
        committed: those with a line that was not withdrawn.
    """

    planned: set[str] = field(default_factory=set)
    committed: set[str] = field(default_factory=set)


def promised_titles(
    conditions: Collection[sa.ColumnElement[bool]], year: int | None = None
) -> dict[str, dict[str, Titles]]:
    """What plans promise for each year, as the national portal of 2025 counts it: titles, not lines.

    Args:
        conditions: on lines and institutions; who asks may see what they let through.
        year: only this one.

    Returns:
        Name of the institution → year (``2026``) → titles.
    """
    # They are compared here, as whoever recomputes a figure does: what lower case is depends on the database.
    of_year = sa.func.substr(day_text(LINE.c.due_on), 1, 4).label("year")
    query = (
        sa.select(
            GROUP.c.name.label("institution"),
            of_year,
            LINE.c.title,
            sa.func.bool_or(LINE.c.withdrawn_on.is_(None)).label("committed"),
        )
        .select_from(JOINED)
        .where(*conditions, LINE.c.in_plan, LINE.c.due_on.is_not(None))
        .group_by(GROUP.c.name, of_year, LINE.c.title)
    )
    if year is not None:
        query = query.where(LINE.c.due_on.between(date(year, 1, 1), date(year, 12, 31)))
    found: dict[str, dict[str, Titles]] = defaultdict(lambda: defaultdict(Titles))
    for row in model.Session.execute(query):
        titles, title = found[row.institution][row.year], title_of(row.title)
        titles.planned.add(title)
        if row.committed:
            titles.committed.add(title)
    return found


def commitment_sums(
    conditions: Collection[sa.ColumnElement[bool]], titles: Mapping[str, Mapping[str, Titles]], today: date
) -> dict[str, dict[str, Any]]:
    """The counts for each institution that promised something.

    Args:
        conditions: on lines and institutions; who asks may see what they let through.
        titles: those of this year at least, as :func:`promised_titles` gives them for the same conditions.
        today: the day on which promises are judged.

    Returns:
        Name of the institution → the counts of ``quality.commitments.CommitmentSums`` by name.
    """
    condition = counts_at(today)
    columns = [sa.func.count().filter(condition[name]).label(name) for name in _COUNTED]
    query = sa.select(GROUP.c.name.label("institution"), *columns).select_from(JOINED).where(*conditions)
    rows = model.Session.execute(query.group_by(GROUP.c.name)).mappings()
    found = {}
    for row in rows:
        mine = titles.get(row["institution"], {}).get(f"{today.year:04}", Titles())
        of_this_year = {"planned_this_year": len(mine.planned), "committed_this_year": len(mine.committed)}
        found[row["institution"]] = {**{name: row[name] for name in _COUNTED}, **of_this_year}
    return found


def totals_of(organization_id: str) -> list[dict[str, Any]]:
    """What count files say that an institution committed: ``[{"year", "committed", "source_file", "source_row"}]``."""
    query = sa.select(_TOTAL).where(_TOTAL.c.organization_id == organization_id).order_by(_TOTAL.c.year.desc())
    kept = ("year", "committed", "source_file", "source_row")
    return [{name: row[name] for name in kept} for row in model.Session.execute(query).mappings()]
