"""What the harvest room tells about the institutions' sources, asked through its actions as an anonymous visitor.

Without the harvest room, or without a run, there is nothing to tell, which is not the same as zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.moments import read_moment
from ckanext.mxopendata.quality.indicators import HarvestRun

HARVEST_PLUGIN = "mxopendata_harvest"
_SOURCES_LOOKED_AT = 1000
_RUNS_OF_ONE = 20
_UNREAD = ("failed", "held")


@dataclass(frozen=True)
class Run:
    """One harvest run, for people.

    Attributes:
        id: its id.
        institution: name of the source's institution, or ``None``.
        source: name of the source.
        source_title: the source for people.
        status: as the harvest room names it.
        finished: when it ended, with time zone, or ``None`` while it runs.
        report_url: the page that tells everything about it.
        counts: its counts by name (``read``, ``created``, …).
        findings: what is wrong with the whole, each a Finding in the visitor's language.
    """

    id: str
    institution: str | None
    source: str
    source_title: str
    status: str
    finished: datetime | None
    report_url: str
    counts: Mapping[str, int]
    findings: Sequence[Mapping[str, Any]]

    @property
    def evidence(self) -> HarvestRun | None:
        """What indicators need of it; ``None`` while it runs or where it took nothing in."""
        if self.finished is None or self.status in _UNREAD:
            return None
        findings = self.counts.get("warnings", 0) + self.counts.get("rejected", 0)
        return HarvestRun(self.finished, findings, self.counts.get("read", 0))


@dataclass(frozen=True)
class SourceState:
    """Where a harvest source stands.

    Attributes:
        run: its newest run, whatever became of it.
        evidence: of its newest run that took records in; ``None`` where there is none among the newest.
    """

    run: Run
    evidence: HarvestRun | None


def source_states(institution: Institution | None = None) -> dict[str, tuple[SourceState, ...]]:
    """The states of the public sources that were ever run, the newest run first, by name of their institution.

    Args:
        institution: only of this one.
    """
    wanted = {"institution": institution.name} if institution else {}
    by_institution: dict[str, tuple[SourceState, ...]] = {}
    for run in _runs({**wanted, "last": True, "limit": _SOURCES_LOOKED_AT}):
        if run.institution is not None:
            state = SourceState(run, run.evidence or _older_evidence(run.source))
            by_institution[run.institution] = (*by_institution.get(run.institution, ()), state)
    return by_institution


def _older_evidence(source: str) -> HarvestRun | None:
    runs = _runs({"source": source, "limit": _RUNS_OF_ONE})
    return next((run.evidence for run in runs if run.evidence), None)


def recent_runs(institution: Institution) -> list[Run]:
    """The newest runs of the public sources of an institution."""
    return _runs({"institution": institution.name, "limit": _RUNS_OF_ONE})


def _runs(data_dict: dict[str, Any]) -> list[Run]:
    if not p.plugin_loaded(HARVEST_PLUGIN):
        return []
    # Public figures are what everybody may see: not more for those who may see more.
    found = tk.get_action("mxopendata_harvest_run_list")({"user": ""}, data_dict)
    return [_run(each) for each in found]


def _run(each: Mapping[str, Any]) -> Run:
    return Run(
        id=each["run"],
        institution=each.get("institution"),
        source=each["source"],
        source_title=each.get("source_title") or each["source"],
        status=each["status"],
        finished=read_moment(each.get("finished")),
        report_url=each.get("report_url") or "",
        counts={name: value for name, value in each.items() if isinstance(value, int) and not isinstance(value, bool)},
        findings=each.get("findings") or [],
    )
