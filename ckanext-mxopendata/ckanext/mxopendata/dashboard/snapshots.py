"""One row a day for the portal and for each institution: what the trend, the quarter and the past are read from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.dashboard import figures
from ckanext.mxopendata.dashboard.model import Snapshot
from ckanext.mxopendata.quality.facts import FORMULA_VERSION

PORTAL = "portal"
INSTITUTION = "institution"
_TABLE = Snapshot.__table__


def take(now: datetime) -> None:
    """Write the rows of the day of ``now``, again if they are there; the caller commits."""
    panorama = figures.panorama(now)
    rows = [_row((PORTAL, ""), tk.config["ckan.site_title"], "", panorama.total, now)]
    rows += [
        _row((INSTITUTION, each.institution.id), each.institution.title, each.institution.name, each.figures, now)
        for each in panorama.institutions
    ]
    statement = insert(_TABLE)
    kept = ("name", "title", "formula_version", "sums", "figures", "as_of")
    statement = statement.on_conflict_do_update(
        index_elements=[_TABLE.c.scope, _TABLE.c.scope_id, _TABLE.c.day],
        set_={name: statement.excluded[name] for name in kept},
    )
    model.Session.execute(statement, rows)


def on_day(scope: str, scope_id: str, day: date) -> Mapping[str, Any] | None:
    """The snapshot of a day, or the last one before it.

    Args:
        scope: :data:`PORTAL` or :data:`INSTITUTION`.
        scope_id: id of the institution; empty for the portal.
        day: the day asked for.

    Returns:
        The row, or ``None`` where nothing was measured by then.
    """
    query = (
        sa.select(_TABLE)
        .where(_TABLE.c.scope == scope, _TABLE.c.scope_id == scope_id, _TABLE.c.day <= day)
        .order_by(_TABLE.c.day.desc())
        .limit(1)
    )
    row = model.Session.execute(query).mappings().one_or_none()
    return dict(row) if row is not None else None


def local_day(now: datetime) -> date:
    """The day of a moment where the portal is (``ckan.display_timezone``)."""
    return now.astimezone(tk.h.get_display_timezone()).date()


def _row(scope: tuple[str, str], title: str, name: str, computed: figures.Figures, now: datetime) -> dict[str, Any]:
    return {
        "scope": scope[0],
        "scope_id": scope[1],
        "day": local_day(now),
        "name": name,
        "title": title,
        "formula_version": FORMULA_VERSION,
        "sums": dataclasses.asdict(computed.sums),
        "figures": computed.indicators,
        "as_of": now,
    }
