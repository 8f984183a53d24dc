"""In which years a dataset got resources, and in which its older ones were changed.

The report of the national portal of 2025 (AlejandraFranSi/estadisticas_pnda_back) counts so: *creados* are datasets
with a resource created in the year, *actualizados* those with a resource created in an earlier year and last modified
in this one. CKAN keeps the last modification only, so that a past year shows what was not touched since. Years are
UTC's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ckanext.mxopendata.moments import read_moment

PORTAL_OF_2025 = "Estadísticas del portal nacional de datos abiertos, 2025 (AlejandraFranSi/estadisticas_pnda_back)"


@dataclass(frozen=True)
class YearFacts:
    """The years of one dataset, the first one first.

    Attributes:
        created: those in which a resource was created; ``None`` where there are resources and none says when.
        updated: those in which a resource of an earlier year was last modified; ``None`` where there are resources and
            none says both.
    """

    created: tuple[int, ...] | None = None
    updated: tuple[int, ...] | None = None


def this_year(now: datetime) -> int:
    """The year of a moment with time zone, where everybody is."""
    return now.astimezone(timezone.utc).year


def year_facts(dataset: Mapping[str, Any]) -> YearFacts:
    """The years of a dataset.

    Args:
        dataset: as ``package_show`` gives it; CKAN's own dates may be moments. Where a resource has none of CKAN's
            (``created``, ``metadata_modified``), because it stands in a file, what its source says counts (``issued``,
            ``modified``).
    """
    resources = dataset.get("resources") or ()
    read = [(_year(each, "created", "issued"), _year(each, "metadata_modified", "modified")) for each in resources]
    created = {first for first, _ in read if first is not None}
    both = [(first, last) for first, last in read if first is not None and last is not None]
    updated = {last for first, last in both if first < last}
    return YearFacts(
        tuple(sorted(created)) if created or not resources else None,
        tuple(sorted(updated)) if both or not resources else None,
    )


def _year(resource: Mapping[str, Any], of_the_portal: str, of_the_source: str) -> int | None:
    written = resource.get(of_the_portal) or resource.get(of_the_source)
    moment = written if isinstance(written, datetime) else read_moment(written)
    if moment is None:
        return None
    try:
        return this_year(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))
    except OverflowError:
        return None
