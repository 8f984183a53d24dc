"""The ranking of institutions by their publication index, of a day or of a frozen quarter, read from the snapshots.

Only institutions with ``ranked`` stand in it. Places count among those that were chosen: the third of all
municipalities is the third whatever the states do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.dashboard.model import Quarter, Snapshot
from ckanext.mxopendata.dashboard.snapshots import INSTITUTION, PORTAL
from ckanext.mxopendata.quality.places import Place, places

INDEX = "mx.index"
# With what a day is compared: long enough for a movement to mean something.
COMPARED_AFTER = timedelta(days=30)
_TABLE = Snapshot.__table__
_QUARTER = Quarter.__table__


@dataclass(frozen=True)
class Chosen:
    """Which institutions are wanted; what is ``None`` does not matter."""

    gov_type: str | None = None
    sector: str | None = None
    state: str | None = None


def ranking(chosen: Chosen, today: date, quarter: str | None = None) -> list[dict[str, Any]]:
    """The institutions of a ranking, the best first, those without an index last.

    Args:
        chosen: which institutions.
        today: figures of later days, which a clock that was wrong left behind, are not looked at.
        quarter: a frozen quarter; the last computation where it is ``None``.

    Returns:
        ``[{"position", "tied", "id", "institution", "title", "index", "known", "dimensions": {id: {"weight", "points",
        "score"}}, "previous", "change", "gov_type", "state", "day"}]``; ``index`` and ``position`` are ``None`` without
        an index, ``previous`` (the place then) and ``change`` (of the index, in points) where there is nothing to
        compare with. ``known``: out of how many of the 100 points the index was made.
    """
    day = last_day(today) if quarter is None else _day_of(quarter)
    if day is None:
        return []
    rows = _rows(chosen, day)
    before = _rows(chosen, _day_before(day, quarter))
    now, then = _places(rows), _places(before)
    earlier = {row["scope_id"]: row["index"] for row in before}
    lines = [_line(row, now.get(row["scope_id"]), then.get(row["scope_id"]), earlier) for row in rows]
    return sorted(lines, key=lambda line: (line["position"] is None, line["position"] or 0, line["title"].casefold()))


def last_day(until: date) -> date | None:
    """The last day with figures, up to a day; ``None`` where there is none."""
    query = sa.select(sa.func.max(_TABLE.c.day)).where(_TABLE.c.scope == PORTAL, _TABLE.c.day <= until)
    return model.Session.execute(query).scalar()


def _day_of(quarter: str) -> date | None:
    return model.Session.execute(sa.select(_QUARTER.c.day).where(_QUARTER.c.quarter == quarter)).scalar()


def _day_before(day: date, quarter: str | None) -> date | None:
    if quarter is None:
        return last_day(day - COMPARED_AFTER)
    query = sa.select(sa.func.max(_QUARTER.c.day)).where(_QUARTER.c.quarter < quarter)
    return model.Session.execute(query).scalar()


def _rows(chosen: Chosen, day: date | None) -> Sequence[Mapping[str, Any]]:
    if day is None:
        return []
    table, index = _TABLE, _TABLE.c.figures[INDEX]
    conditions = [table.c.scope == INSTITUTION, table.c.day == day, table.c.ranked]
    if chosen.gov_type is not None:
        conditions.append(table.c.gov_type == chosen.gov_type)
    if chosen.state is not None:
        conditions.append(table.c.state == chosen.state)
    if chosen.sector is not None:
        conditions.append(table.c.sectors.contains([chosen.sector]))
    query = sa.select(
        table.c.scope_id, table.c.name, table.c.title, table.c.gov_type, table.c.state, table.c.day, table.c.dimensions,
        sa.cast(index["value"].astext, sa.Float).label("index"),
        sa.cast(index["denominator"].astext, sa.Integer).label("known"),
    ).where(*conditions)  # fmt: skip
    return [dict(row) for row in model.Session.execute(query).mappings()]


def _places(rows: Sequence[Mapping[str, Any]]) -> dict[str, Place]:
    return places({row["scope_id"]: row["index"] for row in rows})


def _line(
    row: Mapping[str, Any], place: Place | None, then: Place | None, earlier: Mapping[str, float | None]
) -> dict[str, Any]:
    index, before = row["index"], earlier.get(row["scope_id"])
    return {
        "position": place.position if place else None,
        "tied": place.tied if place else False,
        "id": row["scope_id"],
        "institution": row["name"],
        "title": row["title"],
        "index": index,
        "known": row["known"] or 0,
        "dimensions": row["dimensions"],
        "previous": then.position if then else None,
        "change": None if index is None or before is None else round(index - before, 1),
        "gov_type": row["gov_type"],
        "state": row["state"],
        "day": row["day"].isoformat(),
    }
