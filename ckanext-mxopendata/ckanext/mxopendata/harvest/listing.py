"""The sources of our types as people want to see them: whose, when last, with what result, in what health."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.model import Identity, ManagedSource, Run
from ckanext.mxopendata.harvest.stock import HARVEST_SOURCES

_MANAGED = ManagedSource.__table__
_EVERY_DAYS = {"ALWAYS": 1, "DAILY": 1, "WEEKLY": 7, "BIWEEKLY": 14, "MONTHLY": 31}
# What needs attention first.
HEALTHS = ("failed", "held", "errors", "late", "running", "never", "ok", "off")
_HEALTH = {
    "finished": "ok",
    "finished_with_warnings": "ok",
    "finished_with_errors": "errors",
    "held": "held",
    "failed": "failed",
}


def list_sources(names: Iterable[str] = (), now: datetime | None = None) -> list[dict[str, Any]]:
    """The sources of our types, with their last run.

    Args:
        names: only these; all where empty.
        now: the present, to tell which are late.

    Returns:
        ``[{"name", "title", "type", "url", "institution", "institution_title", "enabled", "schedule", "next_run",
        "last_run", "last_status", "health", "file"}]``, by title; ``health`` is one of ``ok errors held failed late
        running never off``.
    """
    now = now or datetime.now(timezone.utc)
    packages, groups, stock = PACKAGE, GROUP, HARVEST_SOURCES
    newest = sa.select(Run).distinct(Run.source_id).order_by(Run.source_id, Run.started.desc()).subquery()
    query = (
        sa.select(
            packages.c.id,
            packages.c.name,
            packages.c.title,
            packages.c.private,
            packages.c.owner_org,
            stock.c.type,
            stock.c.url,
            stock.c.active,
            stock.c.frequency,
            stock.c.next_run,
            groups.c.name.label("institution"),
            groups.c.title.label("institution_title"),
            newest.c.id.label("run"),
            newest.c.status,
            newest.c.started,
            newest.c.finished,
            _MANAGED.c.file,
        )
        .join(stock, stock.c.id == packages.c.id)
        .outerjoin(groups, groups.c.id == packages.c.owner_org)
        .outerjoin(newest, newest.c.source_id == packages.c.id)
        .outerjoin(_MANAGED, _MANAGED.c.source_id == packages.c.id)
        .where(packages.c.state == "active", stock.c.type.in_(list(CONNECTORS)))
        .order_by(packages.c.title)
    )
    wanted = list(names)
    if wanted:
        query = query.where(packages.c.name.in_(wanted))
    return [_listed(row, now) for row in model.Session.execute(query)]


def dataset_counts() -> dict[str, int]:
    """Source id → how many datasets of it are published here."""
    packages, known = PACKAGE, Identity.__table__
    query = (
        sa.select(known.c.source_id, sa.func.count())
        .join(packages, packages.c.id == known.c.dataset_id)
        .where(packages.c.state == "active", known.c.archived_at.is_(None))
        .group_by(known.c.source_id)
    )
    return {row[0]: row[1] for row in model.Session.execute(query)}


def source_ids(names: Iterable[str]) -> dict[str, str]:
    """Name → id of active sources of our types; all of them where no name is given."""
    return {row["name"]: row["id"] for row in list_sources(names) if row["enabled"]}


def _listed(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title or row.name,
        "type": row.type,
        "url": row.url,
        "private": row.private,
        "institution_id": row.owner_org,
        "institution": row.institution,
        "institution_title": row.institution_title,
        "enabled": bool(row.active),
        "schedule": row.frequency,
        "next_run": row.next_run.replace(tzinfo=timezone.utc).isoformat() if row.next_run else None,
        "last_run": row.run,
        "last_status": row.status or ("running" if row.run else None),
        "last_finished": row.finished.astimezone(timezone.utc).isoformat() if row.finished else None,
        "health": _health(row, now),
        "file": row.file,
    }


def _health(row: Any, now: datetime) -> str:
    if not row.active:
        return "off"
    if row.run is None:
        return "never"
    if row.status is None:
        return "running"
    every = _EVERY_DAYS.get(row.frequency)
    health = _HEALTH[row.status]
    # Twice its interval without a run: nobody harvests it, whatever the last one came to.
    if health == "ok" and every and now - row.started > timedelta(days=2 * every):
        return "late"
    return health
