"""How an institution stands: its index with the reason of each lost point, its place, trend, the median of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.dashboard import ranking
from ckanext.mxopendata.dashboard.addresses import institution_url
from ckanext.mxopendata.dashboard.model import Snapshot
from ckanext.mxopendata.dashboard.recent import recent, state_of_figures
from ckanext.mxopendata.dashboard.snapshots import INSTITUTION, KEPT
from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.publication_index import Dimension, dimensions, weights
from ckanext.mxopendata.quality.values import DECIMALS, Value

TREND = ("mx.index", "mx.datasets", "mx.up_to_date", "mx.completeness", "mx.open_formats")
# The figures of institutions of different sizes can only be compared as shares.
COMPARED = tuple(each.id for each in INDICATORS.values() if each.unit in ("percent", "points"))
_MOVED = 5
_TABLE = Snapshot.__table__


def index_parts(
    values: Mapping[str, Value], spoken: str, list_url: Callable[[str], str | None] | None = None
) -> list[dict[str, Any]]:
    """The dimensions of an index, each with the points it gives and those still to be won.

    Args:
        values: the indicators, by id.
        spoken: language of the names.
        list_url: id of an indicator → address of the datasets that do not meet it.

    Returns:
        ``[{"id", "label", "weight", "points", "score", "lost", "parts": [{"indicator", "name", "value", "worth",
        "points", "lost", "list_url"}]}]``; ``None`` for what is not known.
    """
    return [_dimension(each, values, spoken, list_url) for each in dimensions(values, weights())]


def place(one: Institution, today: date) -> dict[str, Any]:
    """``{"position", "tied", "of", "previous"}`` among the ranked institutions of its order of government."""
    if not one.ranked:
        return {"position": None, "tied": False, "of": None, "previous": None}
    asked = ("ranking", one.gov_type, today)
    lines = recent(asked, state_of_figures(), lambda: ranking.ranking(ranking.Chosen(gov_type=one.gov_type), today))
    mine = next((line for line in lines if line["id"] == one.id), None)
    counted = sum(line["position"] is not None for line in lines)
    found = {name: mine[name] if mine else None for name in ("position", "previous")}
    return {**found, "tied": bool(mine and mine["tied"]), "of": counted if found["position"] else None}


def medians(gov_type: str | None, today: date) -> dict[str, float | None]:
    """The medians of the institutions of an order of government that have data, by indicator, when last computed."""
    return recent(("medians", gov_type, today), state_of_figures(), lambda: _medians(gov_type, today))


def _medians(gov_type: str | None, today: date) -> dict[str, float | None]:
    day = ranking.last_day(today)
    columns = [
        sa.func.percentile_cont(0.5).within_group(sa.cast(_TABLE.c.figures[name]["value"].astext, sa.Float)).label(name)
        for name in COMPARED
    ]
    same = _TABLE.c.gov_type.is_(None) if gov_type is None else _TABLE.c.gov_type == gov_type
    query = sa.select(*columns).where(_TABLE.c.scope == INSTITUTION, _TABLE.c.day == day, same)
    row = model.Session.execute(query).mappings().one()
    return {name: None if row[name] is None else round(row[name], DECIMALS) for name in COMPARED}


def trend(scope: str, scope_id: str, today: date) -> list[dict[str, Any]]:
    """The last figures of each month of thirteen, the oldest first: ``[{"day", <indicator>: value or None}]``."""
    month = sa.func.date_trunc("month", _TABLE.c.day)
    columns = [_TABLE.c.figures[name]["value"].astext.label(name) for name in TREND]
    query = (
        sa.select(_TABLE.c.day, *columns)
        .distinct(month)
        .where(_TABLE.c.scope == scope, _TABLE.c.scope_id == scope_id)
        .where(_TABLE.c.day > today - KEPT, _TABLE.c.day <= today)
        .order_by(month, _TABLE.c.day.desc())
    )
    return [
        {"day": row["day"].isoformat(), **{name: None if row[name] is None else float(row[name]) for name in TREND}}
        for row in model.Session.execute(query).mappings()
    ]


def movement(today: date) -> dict[str, list[dict[str, Any]]]:
    """The ranked institutions whose index moved most since a month ago.

    Returns:
        ``{"better", "worse"}``: at most five each, ``{"institution", "title", "index", "change", "url"}``.
    """
    moved: list[dict[str, Any]] = []
    for line in ranking.ranking(ranking.Chosen(), today):
        if line["change"]:
            told = {name: line[name] for name in ("institution", "title", "index", "change")}
            moved.append({**told, "url": institution_url(line["institution"])})
    moved.sort(key=lambda line: -line["change"])
    better = [line for line in moved if line["change"] > 0]
    worse = [line for line in reversed(moved) if line["change"] < 0]
    return {"better": better[:_MOVED], "worse": worse[:_MOVED]}


def _dimension(
    each: Dimension,
    values: Mapping[str, Value],
    spoken: str,
    list_url: Callable[[str], str | None] | None,
) -> dict[str, Any]:
    parts = [
        {
            "indicator": part.indicator,
            "name": INDICATORS[part.indicator].name.get(spoken, INDICATORS[part.indicator].name["es"]),
            "value": values[part.indicator]["value"],
            "worth": part.worth,
            "points": part.points,
            "lost": None if part.points is None else round(part.worth - part.points, 1),
            "list_url": list_url(part.indicator) if list_url else None,
        }
        for part in each.parts
    ]
    return {
        "id": each.id,
        "label": each.label.get(spoken, each.label["es"]),
        "weight": each.weight,
        "points": each.points,
        "score": each.score,
        "lost": each.lost,
        "parts": parts,
    }
