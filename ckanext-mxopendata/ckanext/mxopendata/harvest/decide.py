"""Decides, in the database, what becomes of each record of a complete list, and whether anything may be touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from ckan import model

from ckanext.mxopendata.harvest import known, matching, promises, sharing
from ckanext.mxopendata.harvest.adoption import UNWRITTEN
from ckanext.mxopendata.harvest.matching import present_in
from ckanext.mxopendata.harvest.model import READ_ACTIONS, WAITING, Record, Run
from ckanext.mxopendata.harvest.settings import Absence
from ckanext.mxopendata.metadata.findings import Finding

_RECORDS = """
INSERT INTO mxopendata_harvest_record
    (run_id, number, identifier, title, title_key, hash, action, state, dataset_id, matched_by, findings, severity,
    version)
SELECT s.run_id, s.number, s.identifier, s.title, s.title_key, s.hash, d.action,
    CASE WHEN d.action IN ('created', 'updated', 'matched', 'restored') THEN 'waiting' ELSE 'done' END,
    CASE WHEN s.repeat = 1 THEN p.id END,
    CASE WHEN d.action = 'matched' THEN 'harvester' WHEN s.repeat = 1 AND p.id IS NOT NULL THEN 'identifier' END,
    CASE WHEN s.repeat > 1 THEN jsonb_build_array(jsonb_build_object('code', 'record_repeated', 'field', 'identifier',
            'location', (s.number + 1)::text, 'value', left(s.identifier, 200), 'details', '{}'::jsonb))
         WHEN d.action = 'excluded' AND s.action IS NULL THEN CAST(:deleted_here AS jsonb)
         WHEN d.action = 'unchanged' THEN i.findings
         ELSE s.findings END,
    CASE WHEN s.repeat > 1 THEN 'error' WHEN d.action = 'unchanged' THEN i.severity
         WHEN d.action = 'excluded' AND s.action IS NULL THEN 'advice' ELSE s.severity END,
    s.version
FROM (
    SELECT *, CASE WHEN action IS NULL
        THEN row_number() OVER (PARTITION BY identifier, action IS NULL ORDER BY number) ELSE 1 END AS repeat
    FROM mxopendata_harvest_spool WHERE run_id = :run
) s
LEFT JOIN mxopendata_harvest_identity i ON i.source_id = :source AND i.identifier = s.identifier
LEFT JOIN package p ON p.id = i.dataset_id
CROSS JOIN LATERAL (SELECT CASE
    WHEN s.action IS NOT NULL THEN s.action
    WHEN s.repeat > 1 THEN 'rejected'
    WHEN p.id IS NULL THEN 'created'
    WHEN p.state <> 'active' AND i.archived_at IS NULL THEN 'excluded'
    WHEN i.archived_at IS NOT NULL THEN 'restored'
    WHEN i.hash = :unwritten THEN 'matched'
    WHEN i.hash = s.hash AND NOT :force THEN 'unchanged'
    ELSE 'updated' END AS action) d
"""

_ABSENT = """
SELECT i.identifier, i.dataset_id, i.title_key, i.hash, i.absent_since, i.absent_runs, p.title, p.state
FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id
WHERE i.source_id = :source AND i.archived_at IS NULL AND p.state = 'active' AND NOT EXISTS (PRESENT)
    AND NOT EXISTS (SELECT 1 FROM mxopendata_harvest_record r
        WHERE r.run_id = :run AND r.previous_identifier = i.identifier)
ORDER BY i.identifier
"""

_UNREADABLE = """
SELECT EXISTS (SELECT 1 FROM mxopendata_harvest_spool WHERE run_id = :run AND action = 'rejected' AND hash = '')
"""


@dataclass(frozen=True)
class Decision:
    """What was decided on a list as a whole.

    Attributes:
        held: whether a guard wants somebody to confirm before anything is touched.
        findings: why.
        unread: whether it needs a record that was not read, since it seemed to be what it was: nothing was decided, and
            the whole list is to be read.
    """

    held: bool
    findings: list[Finding]
    unread: bool = False


def decide(run: Run, absence: Absence, organization_id: str) -> Decision:
    """Give every record of a run its action, and hear the guards.

    Writes the run's records in the current transaction; no dataset is touched.

    Args:
        run: a run whose list was read to its end.
        absence: what its source wants done with datasets that are gone.
        organization_id: the source's institution.
    """
    values = {"run": run.id, "source": run.source_id}
    session = model.Session
    session.execute(sa.text("DELETE FROM mxopendata_harvest_record WHERE run_id = :run"), {"run": run.id})
    matching.unify_spellings(run)
    deleted_here = [Finding("record_deleted_here").facts()]
    statement = sa.text(_RECORDS).bindparams(sa.bindparam("deleted_here", deleted_here, type_=JSONB))
    session.execute(statement, {**values, "force": bool(run.force), "unwritten": UNWRITTEN})
    if known.lacks_records(run):
        return Decision(held=False, findings=[], unread=True)
    sharing.settle_known(run)
    matching.match(run, organization_id)
    sharing.settle_new(run)
    absent = session.execute(present_in(_ABSENT), values).mappings().all()
    _add_absent(run, absence, [dict(row) for row in absent])
    newly_absent = sum(row["absent_since"] is None for row in absent)
    return _guards(run, absence, newly_absent)


def _guards(run: Run, absence: Absence, newly_absent: int) -> Decision:
    session = model.Session
    read = session.execute(
        sa.text("SELECT count(*) FROM mxopendata_harvest_record WHERE run_id = :run AND action = ANY(:read)"),
        {"run": run.id, "read": list(READ_ACTIONS)},
    ).scalar_one()
    datasets = session.execute(
        sa.text(
            "SELECT count(*) FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id"
            " WHERE i.source_id = :source AND i.archived_at IS NULL AND p.state = 'active'"
        ),
        {"source": run.source_id},
    ).scalar_one()
    findings: list[Finding] = []
    # What somebody has looked at and confirmed is not said again. A list of promises has no records.
    held = not run.confirmed and read == 0 and (datasets > 0 or not promises.hold(run.findings))
    if held:
        findings.append(Finding("list_empty", details={"known": datasets}))
    elif not run.confirmed and datasets and newly_absent / datasets > absence.max_share:
        held = True
        share = {"absent": newly_absent, "known": datasets, "percent": round(100 * newly_absent / datasets)}
        findings.append(Finding("list_shrunken", details={**share, "limit": round(100 * absence.max_share)}))
    if run.total is not None and read < run.total:
        findings.append(Finding("list_incomplete", details={"read": read, "total": run.total}))
    return Decision(held, findings)


def _add_absent(run: Run, absence: Absence, absent: list[dict[str, Any]]) -> None:
    """Lines for the datasets that are gone; they come after those of the list and are no part of ``read``."""
    last = model.Session.execute(
        sa.text("SELECT coalesce(max(number), -1) FROM mxopendata_harvest_record WHERE run_id = :run"), {"run": run.id}
    ).scalar_one()
    # A record that was listed but could not be read may be any of them: none goes in this run.
    unreadable = model.Session.execute(sa.text(_UNREADABLE), {"run": run.id}).scalar_one()
    rows = []
    for number, row in enumerate(absent, start=last + 1):
        due = absent_action(run.at, row["absent_since"], row["absent_runs"], absence)
        action = "in_grace" if unreadable else due
        rows.append(
            {
                "run_id": run.id,
                "number": number,
                "identifier": row["identifier"],
                "title": row["title"],
                "title_key": row["title_key"],
                "hash": row["hash"],
                "action": action,
                "state": "done" if action == "in_grace" else WAITING,
                "dataset_id": row["dataset_id"],
                "findings": [],
            }
        )
    if rows:
        model.Session.execute(sa.insert(Record.__table__), rows)


def absent_action(now: datetime, absent_since: datetime | None, absent_runs: int, absence: Absence) -> str:
    """What becomes of a dataset that a complete list no longer holds.

    Args:
        now: the time of the run.
        absent_since: when a run first missed it, or ``None`` where this is the first.
        absent_runs: how many complete runs in a row missed it before this one.
        absence: the source's rules.

    Returns:
        ``in_grace``, ``archived`` or ``deleted``.
    """
    waited = absent_since is not None and now - absent_since >= timedelta(days=absence.grace_days)
    waited = waited or absence.grace_days == 0
    if absence.then == "keep" or not waited or absent_runs + 1 < absence.grace_runs:
        return "in_grace"
    return "deleted" if absence.then == "delete" else "archived"


def remember_absence(run: Run) -> None:
    """Note, when a run ends, which datasets it missed, and forget it for those that are back."""
    values = {"run": run.id, "source": run.source_id, "now": run.at}
    seen = """
        UPDATE mxopendata_harvest_identity i SET absent_since = NULL, absent_runs = 0
        WHERE i.source_id = :source AND i.absent_since IS NOT NULL AND EXISTS (PRESENT)
    """
    missed = """
        UPDATE mxopendata_harvest_identity i
        SET absent_since = coalesce(i.absent_since, :now), absent_runs = i.absent_runs + 1
        FROM mxopendata_harvest_record r
        WHERE r.run_id = :run AND r.action IN ('in_grace', 'archived', 'deleted')
            AND i.source_id = :source AND i.identifier = r.identifier
    """
    model.Session.execute(present_in(seen), values)
    model.Session.execute(sa.text(missed), values)
