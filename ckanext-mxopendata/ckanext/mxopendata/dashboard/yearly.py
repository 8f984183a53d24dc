"""Datasets created, updated and promised in each year, counted as the national portal of 2025 counts them.

That portal's report (AlejandraFranSi/estadisticas_pnda_back): *creados* are datasets with a resource created in the
year, *actualizados* those with a resource created in an earlier year and last modified in this one, *comprometidos*
different datasets of the opening plan. CKAN keeps the last modification only, so that a past year shows what was not
touched since. Years are UTC's.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE, RESOURCE
from ckanext.mxopendata.dashboard.addresses import commitments_url
from ckanext.mxopendata.dashboard.promises import Promised
from ckanext.mxopendata.dashboard.queries import JOINED, MEASURED, PUBLIC
from ckanext.mxopendata.dashboard.stored import Institution

_YEARS_BACK = 6


def per_year(one: Institution, promised: Promised | None, now: datetime) -> list[dict[str, Any]]:
    """The years with something to tell, from six years ago on, the oldest first.

    Args:
        one: the institution.
        promised: what it promised; ``None`` where nobody keeps promises.
        now: the moment.

    Returns:
        ``[{"year", "created", "updated", "committed", "committed_url", "counted", "counted_in"}]``; ``committed`` is
        ``None`` where no plan names the year, ``counted`` (what a count file says, ``counted_in``) where none does.
    """
    created, updated = _created(one.id), _updated(one.id)
    committed = promised.per_year if promised else {}
    counted = {total["year"]: total for total in promised.totals} if promised else {}
    this_year = now.astimezone(timezone.utc).year
    years = {year for year in {*created, *updated, *map(int, committed), *counted} if year >= this_year - _YEARS_BACK}
    return [
        {
            "year": year,
            "created": created.get(year, 0),
            "updated": updated.get(year, 0),
            "committed": committed.get(str(year)),
            "committed_url": _list(one, year) if str(year) in committed else None,
            "counted": counted[year]["committed"] if year in counted else None,
            "counted_in": counted[year]["source_file"] if year in counted else None,
        }
        for year in sorted(years)
    ]


def _list(one: Institution, year: int) -> str | None:
    return commitments_url(institucion=one.name, cuenta="committed", vence=str(year))


def _created(organization_id: str) -> dict[int, int]:
    return _counted(organization_id, sa.extract("year", RESOURCE.c.created), sa.true())


def _updated(organization_id: str) -> dict[int, int]:
    year = sa.extract("year", RESOURCE.c.metadata_modified)
    return _counted(organization_id, year, sa.extract("year", RESOURCE.c.created) < year)


def _counted(organization_id: str, year: Any, condition: Any) -> dict[int, int]:
    query = (
        sa.select(sa.cast(year, sa.Integer).label("year"), sa.func.count(sa.distinct(PACKAGE.c.id)).label("datasets"))
        .select_from(JOINED.join(RESOURCE, RESOURCE.c.package_id == PACKAGE.c.id))
        .where(PUBLIC, MEASURED.c.owner_org == organization_id, RESOURCE.c.state == "active", condition)
        .group_by(sa.text("year"))
    )
    return {row.year: row.datasets for row in model.Session.execute(query) if row.year is not None}
