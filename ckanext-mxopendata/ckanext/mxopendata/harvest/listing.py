"""The sources of our types as people want to see them: whose, when last, with what result, in what health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE
from ckanext.mxopendata.harvest import history
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.model import ManagedSource, Run
from ckanext.mxopendata.harvest.stock import HARVEST_SOURCES
from ckanext.mxopendata.metadata.text import fold

_MANAGED = ManagedSource.__table__
_RUN = Run.__table__
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
    query = _query().order_by(PACKAGE.c.title)
    wanted = list(names)
    if wanted:
        query = query.where(PACKAGE.c.name.in_(wanted))
    return [_listed(row, _health(row, now)) for row in model.Session.execute(query)]


def search_sources(
    words: str = "",
    health: str | None = None,
    offset: int = 0,
    limit: int | None = None,
    inside: Collection[str] | None = None,
) -> tuple[dict[str, int], int, list[dict[str, Any]]]:
    """The sources of our types with their history, those that need attention first.

    Args:
        words: each of which must stand in the title, name or address of a source or in its institution's title.
        health: only those in this health.
        offset: how many to leave out.
        limit: how many to give; ``None`` for all.
        inside: ids of the institutions whose private sources are shown too; ``None`` for all.

    Returns:
        Health → how many have the words, those that need attention first; how many have the health too; and the wanted
        ones as :func:`list_sources` gives them, with what :func:`.history.of_sources` tells.
    """
    now = datetime.now(timezone.utc)
    query = _query()
    if inside is not None:
        query = query.where(PACKAGE.c.private.is_(False) | PACKAGE.c.owner_org.in_(list(inside)))
    looked_for = fold(words).split()
    found = [
        (_health(row, now), row)
        for row in model.Session.execute(query)
        if not looked_for or _has_words(row, looked_for)
    ]
    amounts = Counter(state for state, _ in found)
    counts = {state: amounts[state] for state in HEALTHS if amounts[state]}
    chosen = [pair for pair in found if health is None or pair[0] == health]
    chosen.sort(key=lambda pair: (HEALTHS.index(pair[0]), (pair[1].title or pair[1].name).casefold()))
    shown = chosen[offset:] if limit is None else chosen[offset : offset + limit]
    known = history.of_sources([row.id for _, row in shown])
    return counts, len(chosen), [{**_listed(row, state), **known[row.id]} for state, row in shown]


def source_ids(names: Iterable[str]) -> dict[str, str]:
    """Name → id of active sources of our types; all of them where no name is given."""
    return {row["name"]: row["id"] for row in list_sources(names) if row["enabled"]}


def _query() -> Any:
    packages, groups, stock = PACKAGE, GROUP, HARVEST_SOURCES
    newest = (
        sa.select(_RUN.c.id, _RUN.c.status, _RUN.c.started, _RUN.c.finished)
        .where(_RUN.c.source_id == packages.c.id)
        .order_by(_RUN.c.started.desc())
        .limit(1)
        .lateral()
    )
    return (
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
        .outerjoin(newest, sa.true())
        .outerjoin(_MANAGED, _MANAGED.c.source_id == packages.c.id)
        .where(packages.c.state == "active", stock.c.type.in_(list(CONNECTORS)))
    )


def _has_words(row: Any, words: Iterable[str]) -> bool:
    text = fold(" ".join(part for part in (row.title, row.name, row.url, row.institution_title) if part))
    return all(word in text for word in words)


def _listed(row: Any, health: str) -> dict[str, Any]:
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
        "health": health,
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
