"""Template helpers of the harvest room."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.harvest import report
from ckanext.mxopendata.harvest.model import Identity, Run

__all__ = ["mxopendata_harvest_origin"]


def mxopendata_harvest_origin(dataset_id: str) -> dict[str, Any] | None:
    """Where a dataset was harvested from, for its page.

    Args:
        dataset_id: id of the dataset.

    Returns:
        ``{"source", "source_title", "identifier", "absent_since", "last_read", "run"}`` (times with time zone, or
        ``None``), or ``None`` for a dataset that no source of ours wrote.
    """
    row = model.Session.execute(
        sa.select(Identity.source_id, Identity.identifier, Identity.absent_since)
        .where(Identity.dataset_id == dataset_id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    source = report.sources_by_id([row.source_id]).get(row.source_id)
    if source is None:
        return None
    last = model.Session.execute(
        sa.select(Run.id, Run.finished)
        .where(Run.source_id == row.source_id, Run.status.like("finished%"))
        .order_by(Run.started.desc())
        .limit(1)
    ).one_or_none()
    return {
        "source": source["name"],
        "source_title": source["title"],
        "identifier": row.identifier,
        "absent_since": row.absent_since,
        "last_read": last.finished if last else None,
        "run": last.id if last else None,
    }
