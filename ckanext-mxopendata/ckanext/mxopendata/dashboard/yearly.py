"""Datasets created, updated and promised in each year (:mod:`ckanext.mxopendata.quality.years`), for a table.

The column of this year is made from the facts that the figures ``mx.…_this_year`` are made from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ckanext.mxopendata.dashboard import queries
from ckanext.mxopendata.dashboard.addresses import commitments_url, institution_url
from ckanext.mxopendata.dashboard.figures import InstitutionFigures
from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.quality.years import this_year

_YEARS_BACK = 6


def per_year(found: InstitutionFigures, now: datetime) -> list[dict[str, Any]]:
    """The years with something to tell, from six years ago on, the oldest first.

    Args:
        found: the institution with its figures and what it promised.
        now: the moment of the figures.

    Returns:
        ``[{"year", "created", "created_url", "updated", "updated_url", "committed", "committed_url", "counted",
        "counted_in"}]``; ``created`` and ``updated`` are ``None`` where nobody knows, ``committed`` where no plan
        names the year, ``counted`` (what a count file says, ``counted_in``) where none does. Lists of datasets are
        those of this year.
    """
    one, promised = found.institution, found.promised
    datasets = queries.per_year(one.id)
    committed = promised.per_year if promised else {}
    counted = {total["year"]: total for total in promised.totals} if promised else {}
    current = this_year(now)
    named = {*map(int, committed), *counted}.union(*datasets.values())
    known = {what: found.figures.every_indicator[f"mx.{what}_this_year"]["status"] == "ok" for what in datasets}
    return [
        {
            "year": year,
            **{what: numbers.get(year, 0) if known[what] else None for what, numbers in datasets.items()},
            **{f"{what}_url": _datasets(one, what) if year == current else None for what in datasets},
            "committed": committed.get(str(year)),
            "committed_url": _commitments(one, year) if str(year) in committed else None,
            "counted": counted[year]["committed"] if year in counted else None,
            "counted_in": counted[year]["source_file"] if year in counted else None,
        }
        for year in sorted(named)
        if year >= current - _YEARS_BACK
    ]


def _datasets(one: Institution, what: str) -> str:
    return institution_url(one.name, indicador=f"mx.{what}_this_year")


def _commitments(one: Institution, year: int) -> str | None:
    return commitments_url(institucion=one.name, cuenta="committed", vence=str(year))
