"""What the planning room tells about the institutions' promises, asked through its actions as an anonymous visitor.

Without the planning room there is nothing to tell, which is not the same as zero. What only members see is asked apart,
by the page, and is in no figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.quality.commitments import FIELDS, CommitmentFacts, CommitmentSums

PLANNING_PLUGIN = "mxopendata_planning"
_AT_ONCE = 1000
SHOWN_ON_THE_TIMELINE = 24


def is_there() -> bool:
    """Whether anybody keeps promises here."""
    return p.plugin_loaded(PLANNING_PLUGIN)


@dataclass(frozen=True)
class Promised:
    """What an institution promised, counted.

    Attributes:
        sums: the counts of its public promises.
        per_year: year → different titles that plans promise for it, without those withdrawn.
        totals: what count files say, as ``mxopendata_commitment_sums`` gives it.
    """

    sums: CommitmentSums
    per_year: Mapping[str, int]
    totals: Sequence[Mapping[str, Any]]


def of_institution(institution: Institution, now: datetime) -> Promised | None:
    """What one institution promised, judged on the day of ``now`` (UTC); ``None`` without the planning room."""
    if not is_there():
        return None
    found = _ask("mxopendata_commitment_sums", now, institution=institution.id)
    sums = found["institutions"].get(institution.name)
    return Promised(_sums(sums) if sums else CommitmentSums(), found["committed_per_year"], found["totals"])


def sums_by_institution(now: datetime) -> dict[str, CommitmentSums] | None:
    """The counts of public promises by name of the institution; ``None`` without the planning room."""
    if not is_there():
        return None
    found = _ask("mxopendata_commitment_sums", now)["institutions"]
    return {name: _sums(line) for name, line in found.items()}


def _sums(line: Mapping[str, Any]) -> CommitmentSums:
    return CommitmentSums(**{field: line[field] for field in FIELDS})


def facts(now: datetime) -> Iterator[tuple[str, CommitmentFacts]] | None:
    """Name of the institution and facts of every public promise; ``None`` without the planning room."""
    if not is_there():
        return None
    return ((line["institution"], _facts(line)) for line in _lines(now))


def nearest(institution: Institution, now: datetime, limit: int) -> dict[str, Any]:
    """The promises due nearest to today, each with every date it ever had, as ``mxopendata_commitment_list`` gives."""
    return _ask(
        "mxopendata_commitment_list",
        now,
        institution=institution.id,
        nearest=True,
        history=True,
        limit=limit,
    )


def due_in(institution: Institution, now: datetime, months: Sequence[str], limit: int) -> dict[str, dict[str, Any]]:
    """The promises that fall due in some months.

    Args:
        institution: whose.
        now: promises are judged on its day (UTC).
        months: as ``2026-12``.
        limit: how many lines each month has at most.

    Returns:
        Month → ``{"count", "results"}``, the first due first.
    """
    asked = {"institution": institution.id, "status": "pending"}
    first = _ask("mxopendata_commitment_list", now, **asked, limit=_AT_ONCE)
    if first["count"] > _AT_ONCE:
        # Too many to be read for one page: each month is asked for by itself.
        return {month: _ask("mxopendata_commitment_list", now, **asked, due=month, limit=limit) for month in months}
    by_month: dict[str, list[dict[str, Any]]] = {month: [] for month in months}
    for line in first["results"]:
        by_month.get((line["due_on"] or "")[:7], []).append(line)
    return {month: {"count": len(lines), "results": lines[:limit]} for month, lines in by_month.items()}


def for_members(name: str) -> dict[str, Any] | None:
    """What only members of an institution see; ``None`` for everybody else. It is in no figure and in no report.

    Args:
        name: of the institution.

    Returns:
        ``{"private": private datasets, "closed": promises that are not public, "url": the page that lists both}``.
    """
    if not is_there() or not tk.h.check_access("mxopendata_commitment_sums", {"institution": name, "closed": True}):
        return None
    sums = [
        tk.get_action("mxopendata_commitment_sums")({}, {"institution": name, "closed": closed})["institutions"]
        for closed in (True, False)
    ]
    everything, public = (found.get(name, {}).get("lines", 0) for found in sums)
    hidden = {"fq": f'organization:"{name}" +capacity:private', "include_private": True, "rows": 0}
    return {
        "private": tk.get_action("package_search")({}, hidden)["count"],
        "closed": everything - public,
        "url": tk.url_for("mxopendata_commitments_of.page", name=name),
    }


def _lines(now: datetime, **asked: Any) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        page = _ask("mxopendata_commitment_list", now, **asked, offset=offset, limit=_AT_ONCE)
        yield from page["results"]
        offset += _AT_ONCE
        if offset >= page["count"]:
            return


def _facts(line: dict[str, Any]) -> CommitmentFacts:
    named = {name: line[name] for name in CommitmentFacts.__dataclass_fields__}
    return CommitmentFacts(**named)


def _ask(action: str, now: datetime, **asked: Any) -> Any:
    # Public figures are what everybody may see: not more for those who may see more.
    day = now.astimezone(timezone.utc).date().isoformat()
    return tk.get_action(action)({"user": ""}, {**asked, "as_of": day})
