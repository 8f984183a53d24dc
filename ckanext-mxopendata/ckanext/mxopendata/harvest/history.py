"""How sources did before: their last runs, how often in a row they failed, when one last went well. One query each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.harvest.model import Identity, Run
from ckanext.mxopendata.harvest.report import iso

RECENT = 10
_RECENT = sa.text(
    "SELECT wanted.id AS source_id, run.* FROM unnest(CAST(:ids AS text[])) wanted(id) CROSS JOIN LATERAL"
    " (SELECT id, status, started, read FROM mxopendata_harvest_run WHERE source_id = wanted.id"
    "  ORDER BY started DESC LIMIT :recent) run"
)
# A run that still goes on says nothing either way; one that is held was read, and is no failure.
_FAILURES = sa.text(
    "SELECT wanted.id AS source_id, good.finished, (SELECT count(*) FROM mxopendata_harvest_run r"
    "  WHERE r.source_id = wanted.id AND r.status = 'failed' AND r.started > COALESCE(other.started, '-infinity'))"
    " AS failures FROM unnest(CAST(:ids AS text[])) wanted(id)"
    " LEFT JOIN LATERAL (SELECT finished FROM mxopendata_harvest_run WHERE source_id = wanted.id"
    "  AND status LIKE 'finished%' ORDER BY started DESC LIMIT 1) good ON true"
    " LEFT JOIN LATERAL (SELECT started FROM mxopendata_harvest_run WHERE source_id = wanted.id"
    "  AND status IS NOT NULL AND status <> 'failed' ORDER BY started DESC LIMIT 1) other ON true"
)


def of_sources(source_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What became of sources so far.

    Args:
        source_ids: ids of harvest sources.

    Returns:
        Source id → ``{"datasets", "failures", "last_success", "recent"}``: how many datasets of it are published here;
        how many of its runs failed in a row, up to the last one; when a run last read and wrote all (ISO 8601 or
        ``None``); its last :data:`RECENT` runs, the oldest first, as ``{"run", "status", "started", "read"}``.
    """
    counted = _dataset_counts(source_ids)
    known: dict[str, dict[str, Any]] = {}
    for row in model.Session.execute(_FAILURES, {"ids": list(source_ids)}):
        known[row.source_id] = {
            "datasets": counted.get(row.source_id, 0),
            "failures": row.failures,
            "last_success": iso(row.finished),
            "recent": [],
        }
    for row in model.Session.execute(_RECENT, {"ids": list(source_ids), "recent": RECENT}):
        run = {"run": row.id, "status": row.status or "running", "started": iso(row.started), "read": row.read}
        known[row.source_id]["recent"].insert(0, run)
    return known


def _dataset_counts(source_ids: Sequence[str]) -> dict[str, int]:
    packages, known = PACKAGE, Identity.__table__
    query = (
        sa.select(known.c.source_id, sa.func.count())
        .join(packages, packages.c.id == known.c.dataset_id)
        .where(known.c.source_id.in_(source_ids), packages.c.state == "active", known.c.archived_at.is_(None))
        .group_by(known.c.source_id)
    )
    return {row[0]: row[1] for row in model.Session.execute(query)}


def previous(run: Run) -> Run | None:
    """The last run before this one that read its list to the end: one that failed is nothing to compare with."""
    query = (
        sa.select(Run)
        .where(Run.source_id == run.source_id, Run.started < run.started, Run.status.like("finished%"))
        .order_by(Run.started.desc())
        .limit(1)
    )
    return model.Session.execute(query).scalars().first()
