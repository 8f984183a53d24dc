"""One row a day for the portal and for each institution: what the trend, the quarter and the past are read from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.dashboard import figures
from ckanext.mxopendata.dashboard.model import Quarter, Snapshot
from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.quality.facts import FORMULA_VERSION
from ckanext.mxopendata.quality.publication_index import dimensions, weights
from ckanext.mxopendata.quality.sums import to_json

PORTAL = "portal"
INSTITUTION = "institution"
# Thirteen months, so that the same month of last year is still there.
KEPT = timedelta(days=396)
# A clock that goes on by more between two computations is not believed at once.
_TRUSTED = timedelta(days=31)
_TABLE = Snapshot.__table__
_NO_INSTITUTION = {
    "scope": PORTAL, "scope_id": "", "name": "", "ranked": False, "gov_type": None, "state": None, "sectors": [],
}  # fmt: skip


def take(now: datetime) -> None:
    """Write the rows of the day of ``now``, again if they are there; the caller commits.

    What a frozen quarter is read from stays as it was frozen, for the rest of that day too.
    """
    day = local_day(now)
    if model.Session.execute(sa.select(Quarter.__table__.c.quarter).where(Quarter.__table__.c.day == day)).first():
        return
    panorama = figures.panorama(now)
    rows = [{**_row(panorama.total, now), **_NO_INSTITUTION, "title": tk.config["ckan.site_title"]}]
    rows += [{**_row(each.figures, now), **_of_institution(each.institution)} for each in panorama.institutions]
    # Anew rather than over the old ones: an institution that is gone since this morning leaves the day's ranking.
    model.Session.execute(sa.delete(_TABLE).where(_TABLE.c.day == day))
    model.Session.execute(sa.insert(_TABLE), rows)


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


def listed(scope_id: str | None, days: tuple[date | None, date | None], offset: int, limit: int) -> dict[str, Any]:
    """A page of the snapshots of an institution (of the portal for ``None``); see ``mxopendata_snapshot_list``."""
    since, until = days
    scope = PORTAL if scope_id is None else INSTITUTION
    conditions = [_TABLE.c.scope == scope, _TABLE.c.scope_id == (scope_id or "")]
    if since is not None:
        conditions.append(_TABLE.c.day >= since)
    if until is not None:
        conditions.append(_TABLE.c.day <= until)
    number = model.Session.execute(sa.select(sa.func.count()).select_from(_TABLE).where(*conditions)).scalar()
    query = sa.select(_TABLE).where(*conditions).order_by(_TABLE.c.day.desc()).offset(offset).limit(limit)
    lines = [
        {
            "day": row["day"].isoformat(),
            "as_of": row["as_of"].isoformat(),
            "formula_version": row["formula_version"],
            "indicators": row["figures"],
            "dimensions": row["dimensions"],
        }
        for row in model.Session.execute(query).mappings()
    ]
    return {"count": number, "results": lines}


def days(until: date) -> list[date]:
    """The days that have snapshots, up to a day, the oldest first."""
    query = sa.select(_TABLE.c.day).where(_TABLE.c.scope == PORTAL, _TABLE.c.day <= until).order_by(_TABLE.c.day)
    return list(model.Session.execute(query).scalars())


def of_day(day: date) -> list[dict[str, Any]]:
    """The institutions as they were on a day, by name: ``{"day", "institution", "title", "gov_type", "state",
    "indicators", "as_of", "formula_version"}``.
    """
    query = sa.select(_TABLE).where(_TABLE.c.scope == INSTITUTION, _TABLE.c.day == day).order_by(_TABLE.c.name)
    copied = ("title", "gov_type", "state", "formula_version")
    return [
        {
            "day": row["day"].isoformat(),
            "institution": row["name"],
            "indicators": row["figures"],
            "as_of": row["as_of"].isoformat(),
            **{name: row[name] for name in copied},
        }
        for row in model.Session.execute(query).mappings()
    ]


def forget(now: datetime) -> None:
    """Remove the snapshots of more than thirteen months ago, but those of frozen quarters; the caller commits.

    Where the figures before these are more than a month old nothing is forgotten yet: a clock may have jumped, and what
    it would take with it cannot be made again.
    """
    today = local_day(now)
    before = model.Session.execute(sa.select(sa.func.max(_TABLE.c.day)).where(_TABLE.c.day < today)).scalar()
    if before is None or today - before > _TRUSTED:
        return
    frozen = sa.select(Quarter.__table__.c.day)
    old = _TABLE.c.day < today - KEPT
    model.Session.execute(sa.delete(_TABLE).where(old, _TABLE.c.day.not_in(frozen)))


def local_day(now: datetime) -> date:
    """The day of a moment where the portal is (``ckan.display_timezone``)."""
    return now.astimezone(tk.h.get_display_timezone()).date()


def _of_institution(one: Institution) -> dict[str, Any]:
    return {
        "scope": INSTITUTION,
        "scope_id": one.id,
        "name": one.name,
        "title": one.title,
        "ranked": one.ranked,
        "gov_type": one.gov_type,
        "state": one.state,
        "sectors": list(one.sectors),
    }


def _row(computed: figures.Figures, now: datetime) -> dict[str, Any]:
    return {
        "day": local_day(now),
        "formula_version": FORMULA_VERSION,
        "sums": to_json(computed.sums),
        "figures": computed.indicators,
        "dimensions": {
            each.id: {"weight": each.weight, "points": each.points, "score": each.score}
            for each in dimensions(computed.indicators, weights())
        },
        "as_of": now,
    }
