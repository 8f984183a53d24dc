"""Plan against fact: what an institution promised on a line of time, and what is due month by month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.dashboard import promises, snapshots
from ckanext.mxopendata.dashboard.addresses import (
    commitment_url,
    commitments_url,
    dataset_url,
    filtered_url,
    institution_url,
)
from ckanext.mxopendata.dashboard.queries import JOINED, MEASURED, PUBLIC, rows, verdict_at
from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.dashboard.timeline import timeline
from ckanext.mxopendata.quality.freshness import JUDGED

MONTHS = 12
NAMED = 5
_KEPT = (
    "id", "title", "resource", "promised", "due_from", "due_on", "published_on", "withdrawn_on", "withdrawn_reason",
    "status", "timing", "dates",
)  # fmt: skip


def plan_against_fact(one: Institution, now: datetime, limit: int | None = None) -> dict[str, Any]:
    """What an institution promised against what it published, and what is due next.

    Args:
        one: the institution.
        now: the moment.
        limit: how many promises the line of time holds, and how many each month names of a kind; 24 and 5 without it.

    Returns:
        ``{"count", "list_url", "timeline": {"ticks", "today", "lines": [{"id", "title", "promised", "former",
        "published_on", "status", "timing", "url", …}]}, "calendar": [{"month", "commitments", "datasets",
        "commitment_count", "dataset_count", "list_url"}]}``; the timeline holds those due nearest to today.
        Without the planning room ``count`` is ``None`` and only updates of datasets are due.
    """
    today, named = snapshots.local_day(now), limit or NAMED
    if not promises.is_there():
        nothing = {"count": None, "list_url": None, "timeline": timeline([], today)}
        return {**nothing, "calendar": _calendar(one, now, named, promised=False)}
    found = promises.nearest(one, now, limit or promises.SHOWN_ON_THE_TIMELINE)
    lines = [_line(each) for each in found["results"]]
    return {
        "count": found["count"],
        "list_url": commitments_url(institucion=one.name),
        "timeline": timeline(lines, today),
        "calendar": _calendar(one, now, named, promised=found["count"] > 0),
    }


def _line(each: Mapping[str, Any]) -> dict[str, Any]:
    line = {name: each[name] for name in _KEPT if name != "dates"}
    former = [date_["promised"] for date_ in each["dates"][:-1] if date_["promised"]]
    return {**line, "former": former, "url": commitment_url(each["id"])}


def _calendar(one: Institution, now: datetime, named: int, *, promised: bool) -> list[dict[str, Any]]:
    pending = commitments_url(institucion=one.name, estado="pending")
    updates = institution_url(one.name, ordenar="vence")
    months = {month: _empty(month, pending, updates) for month in _months(snapshots.local_day(now))}
    last = max(months)
    due = promises.due_in(one, now, list(months), named) if promised else {}
    for month, found in due.items():
        months[month]["commitment_count"] = found["count"]
        months[month]["commitments"] = [
            {**{name: each[name] for name in ("id", "title", "promised")}, "url": commitment_url(each["id"])}
            for each in found["results"]
        ]
    for row in _updates_due(one, now, last, named):
        found = months[row["month"]]
        found["dataset_count"] = row["datasets"]
        line = {"dataset": row["name"], "title": row["title"] or row["name"], "due": row["day"]}
        found["datasets"].append({**line, "url": dataset_url(row["name"])})
    return list(months.values())


def _updates_due(one: Institution, now: datetime, last: str, number: int) -> list[dict[str, Any]]:
    """The first datasets of each month whose update is due in it: ``name, title, day, month``, ``datasets`` in all.

    What is overdue already stands in the list of datasets; here is what comes.
    """
    local = sa.func.timezone(str(tk.h.get_display_timezone()), MEASURED.c.due)
    month = sa.func.to_char(local, "YYYY-MM")
    each = (
        sa.select(
            PACKAGE.c.name,
            PACKAGE.c.title,
            sa.func.to_char(local, "YYYY-MM-DD").label("day"),
            month.label("month"),
            sa.func.count().over(partition_by=month).label("datasets"),
            sa.func.row_number().over(partition_by=month, order_by=(MEASURED.c.due, PACKAGE.c.name)).label("number"),
        )
        .select_from(JOINED)
        .where(
            PUBLIC,
            MEASURED.c.owner_org == one.id,
            verdict_at(now).in_(JUDGED),
            MEASURED.c.due >= now,
            month <= last,
        )
        .subquery()
    )
    query = sa.select(each).where(each.c.number <= number).order_by(each.c.month, each.c.number)
    return rows(query)


def _months(today: date) -> list[str]:
    first = today.year * 12 + today.month - 1
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(first, first + MONTHS)]


def _empty(month: str, promised: str | None, updates: str) -> dict[str, Any]:
    return {
        "month": month,
        "commitments": [],
        "commitment_count": 0,
        "commitments_url": filtered_url(promised, vence=month) if promised else None,
        "datasets": [],
        "dataset_count": 0,
        "datasets_url": updates,
    }
