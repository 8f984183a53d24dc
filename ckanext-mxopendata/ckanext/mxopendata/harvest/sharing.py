"""The same dataset through two sources: one of them stores it, the other reports it.

Which one, :mod:`.standing` says; which dataset, :mod:`.sharing_search`. Who stores it has its identity; the other one
is remembered beside (:class:`.model.Elsewhere`), so that an unchanged record costs nothing the next time, and what was
decided is not decided anew with every title that changes. It is taken over where the other source no longer lists it,
or is no longer harvested: nothing is lost.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE as _PACKAGE
from ckanext.mxopendata.harvest import handover
from ckanext.mxopendata.harvest import sharing_search as search
from ckanext.mxopendata.harvest.handover import TAKEN_OVER
from ckanext.mxopendata.harvest.model import Elsewhere, Identity, Record, Run
from ckanext.mxopendata.harvest.sharing_search import Incoming, Same
from ckanext.mxopendata.harvest.standing import FIRST, ORDER, ORIGIN, Standing, comes_after, standings
from ckanext.mxopendata.metadata.findings import Finding, worst

log = logging.getLogger(__name__)

_ELSEWHERE = Elsewhere.__table__
_IDENTITY = Identity.__table__
_RECORD = Record.__table__
# The field of a dataset that says which other one it may be.
_ASKED = "possible_duplicate_of"
# What two machines' clocks may differ by.
_CLOCKS = timedelta(hours=1)

# Who stores, today, the datasets of the records that were duplicates the last time.
_WRITERS = """
SELECT DISTINCT w.source_id AS writer, e.through, e.reason
FROM mxopendata_harvest_record r
JOIN mxopendata_harvest_elsewhere e ON e.source_id = :source AND e.identifier = r.identifier
JOIN mxopendata_harvest_identity w ON w.dataset_id = e.dataset_id AND w.source_id <> :source
WHERE r.run_id = :run AND r.action = 'created'
"""

# Of two records whose dataset nobody else stores any more, only the first is it.
_KNOWN = """
UPDATE mxopendata_harvest_record r SET
    action = d.action,
    state = CASE WHEN d.action IN ('matched', 'restored') THEN 'waiting' ELSE 'done' END,
    dataset_id = CASE WHEN d.action = 'duplicate' AND d.hidden THEN NULL ELSE d.dataset_id END,
    matched_by = CASE WHEN d.action IN ('matched', 'restored') THEN :taken_over
        WHEN d.action = 'duplicate' THEN 'identifier' END,
    findings = CASE WHEN d.action = 'excluded' THEN CAST(:deleted_here AS jsonb)
        WHEN d.action <> 'duplicate' THEN r.findings
        ELSE r.findings || jsonb_build_array(jsonb_build_object(
            'code', CASE WHEN d.named THEN 'record_elsewhere_' || d.reason ELSE 'record_elsewhere' END,
            'field', NULL, 'location', NULL, 'value', CASE WHEN d.named THEN left(d.title, 200) END,
            'details', CASE WHEN d.named THEN jsonb_build_object('source', d.source_title) ELSE '{}'::jsonb END)) END,
    severity = CASE WHEN d.action = 'excluded' THEN 'advice'
        WHEN d.action <> 'duplicate' THEN r.severity ELSE coalesce(r.severity, 'advice') END
FROM (
    SELECT e.identifier, e.dataset_id, coalesce(nullif(p.title, ''), p.name) AS title, v.title AS source_title,
        row_number() OVER (PARTITION BY e.dataset_id ORDER BY listed.number) AS place,
        p.private AS hidden, v.public AND NOT p.private AS named, v.reason,
        CASE WHEN p.state <> 'active' AND w.archived_at IS NULL THEN 'excluded'
            WHEN v.locked OR NOT v.mine AND w.absent_since IS NULL AND w.archived_at IS NULL THEN 'duplicate'
            WHEN w.archived_at IS NOT NULL THEN 'restored'
            ELSE 'matched' END AS action
    FROM mxopendata_harvest_elsewhere e
    JOIN package p ON p.id = e.dataset_id
    JOIN mxopendata_harvest_record listed
        ON listed.run_id = :run AND listed.identifier = e.identifier AND listed.action = 'created'
    LEFT JOIN mxopendata_harvest_identity w ON w.dataset_id = e.dataset_id AND w.source_id <> :source
    LEFT JOIN jsonb_to_recordset(CAST(:verdicts AS jsonb)) AS v(writer text, through text, old_reason text, reason text,
            mine boolean, locked boolean, title text, public boolean)
        ON v.writer = w.source_id AND v.through = e.through AND v.old_reason = e.reason
    WHERE e.source_id = :source
) d
WHERE r.run_id = :run AND r.action = 'created' AND r.identifier = d.identifier
    AND (d.place = 1 OR d.action NOT IN ('matched', 'restored'))
"""

# Datasets that another record of this list is, or is known to be.
_TAKEN = """
SELECT DISTINCT dataset_id FROM mxopendata_harvest_record
WHERE run_id = :run AND action <> 'created' AND dataset_id = ANY(:datasets)
"""

_THROUGH_ANOTHER = """
UPDATE mxopendata_harvest_elsewhere e SET through = v.writer, reason = v.reason
FROM mxopendata_harvest_identity w, jsonb_to_recordset(CAST(:verdicts AS jsonb))
    AS v(writer text, through text, old_reason text, reason text, mine boolean)
WHERE e.source_id = :source AND w.dataset_id = e.dataset_id AND w.source_id = v.writer AND e.through = v.through
    AND e.reason = v.old_reason AND NOT v.mine AND (v.writer <> v.through OR v.reason <> v.old_reason)
"""

_SETTLED = """
UPDATE mxopendata_harvest_record r SET action = n.action, state = n.state, dataset_id = n.dataset_id,
    matched_by = n.matched_by, findings = n.findings, severity = n.severity,
    possible_duplicate_of = CASE WHEN n.action = 'created'
        THEN coalesce(r.possible_duplicate_of, n.possible_duplicate_of) END
FROM jsonb_to_recordset(CAST(:notes AS jsonb)) AS n(number int, action text, state text, dataset_id text,
    matched_by text, possible_duplicate_of text, findings jsonb, severity text)
WHERE r.run_id = :run AND r.number = n.number
"""


def settle_known(run: Run) -> None:
    """Decide on the records of which another source had the dataset the last time, in a few statements for all.

    Args:
        run: a run whose records were decided on by their identifiers.
    """
    values = {"run": run.id, "source": run.source_id}
    found = model.Session.execute(sa.text(_WRITERS), values).all()
    known = standings({run.source_id, *(row.writer for row in found)})
    verdicts = [_verdict(row, known[run.source_id], known.get(row.writer)) for row in found]
    values["verdicts"] = json.dumps(verdicts)
    said = {"deleted_here": json.dumps([Finding("record_deleted_here").facts()]), "taken_over": TAKEN_OVER}
    model.Session.execute(sa.text(_KNOWN), {**values, **said})
    if verdicts:
        model.Session.execute(sa.text(_THROUGH_ANOTHER), values)


def _verdict(row: Any, mine: Standing, other: Standing | None) -> dict[str, Any]:
    """What becomes of all records whose dataset was, and is, stored through certain sources."""
    reason, takes = row.reason, True
    if other is not None and other.alive:
        # What a record said of its origin holds against the source it was said of, and only there.
        origin = row.reason == ORIGIN and row.writer == row.through
        takes = not origin and mine.place < other.place and not other.yields_nothing
        if row.writer != row.through:
            reason = ORDER if mine.place > other.place else FIRST
    return {
        "writer": row.writer,
        "through": row.through,
        "old_reason": row.reason,
        "reason": reason,
        "mine": takes,
        "locked": other is not None and other.yields_nothing,
        "title": other.title if other else "",
        "public": other is not None and other.public,
    }


def settle_new(run: Run) -> None:
    """Decide on the records that would become new datasets although another source has them.

    Args:
        run: a run whose records were decided on by their identifiers and titles.
    """
    incoming = search.new_records(run)
    if not incoming:
        return
    mine = standings([run.source_id])[run.source_id]
    numbers = [one.number for one in incoming]
    query = sa.select(_RECORD.c.number, _RECORD.c.findings).where(_RECORD.c.run_id == run.id)
    findings = {row.number: row.findings for row in model.Session.execute(query.where(_RECORD.c.number.in_(numbers)))}
    notes: list[dict[str, Any]] = []
    elsewhere: list[dict[str, Any]] = []
    for same in _not_taken(run, search.find(mine, incoming)):
        reason = _stays_away(mine, same)
        notes.append(_note(same, reason, findings[same.incoming.number]))
        if reason and same.alone:
            stored = {"dataset_id": same.row["dataset_id"], "through": same.row["source_id"], "reason": reason}
            elsewhere.append({"source_id": run.source_id, "identifier": same.incoming.identifier, **stored})
    if notes:
        model.Session.execute(sa.text(_SETTLED), {"run": run.id, "notes": json.dumps(notes)})
    handover.remember(elsewhere)


def _not_taken(run: Run, found: list[Same]) -> list[Same]:
    """Two records of one list are never one dataset: where another one is it already, nothing is certain."""
    if not found:
        return []
    values = {"run": run.id, "datasets": [same.row["dataset_id"] for same in found]}
    taken = set(model.Session.execute(sa.text(_TAKEN), values).scalars())
    return [replace(same, alone=False) if same.row["dataset_id"] in taken else same for same in found]


def _stays_away(mine: Standing, same: Same) -> str | None:
    """Why a record's dataset stays with the other source, or ``None`` where the record takes it over."""
    other, row = same.source, same.row
    if other is None or not other.alive:
        return None
    if other.yields_nothing:
        return FIRST
    if row["absent_since"] is not None or row["archived_at"] is not None:
        return None
    return comes_after(mine, other, same.says, same.incoming.addresses)


def _note(same: Same, reason: str | None, findings: list[dict[str, Any]]) -> dict[str, Any]:
    """What the line of a record says from now on."""
    row = same.row
    note = {
        "number": same.incoming.number,
        "action": "created",
        "state": "waiting",
        "dataset_id": None,
        "matched_by": None,
        "possible_duplicate_of": None,
        "findings": findings,
        "severity": worst(map(Finding.from_facts, findings)),
    }
    if not same.alone:
        # A choice, which nobody makes for a person.
        return {**note, "possible_duplicate_of": row["dataset_id"]}
    if reason is None:
        action = "restored" if row["archived_at"] is not None else "matched"
        return {**note, "action": action, "dataset_id": row["dataset_id"], "matched_by": TAKEN_OVER}
    found = [*map(Finding.from_facts, findings), _finding(same, reason)]
    return {
        **note,
        "action": "duplicate",
        "state": "done",
        "dataset_id": row["dataset_id"],
        "matched_by": "origin" if same.says else "title",
        "findings": [finding.facts() for finding in found],
        "severity": worst(found),
    }


def _finding(same: Same, reason: str) -> Finding:
    if same.source is None or not same.source.public:
        return Finding("record_elsewhere")
    named = same.row["title"] or same.row["name"]
    return Finding(f"record_elsewhere_{reason}", value=named, details={"source": same.source.title})


def look_again(run: Run) -> None:
    """Find datasets that another source made while this run made the same ones, and ask somebody about them.

    Two runs at a time do not see each other's new datasets when they decide. The one that ends last does. Which of the
    two datasets is asked about does not depend on which run that is.

    Args:
        run: a run that has written everything.
    """
    since = run.started.astimezone(timezone.utc).replace(tzinfo=None) - _CLOCKS
    incoming = search.new_records(run, since)
    if not incoming:
        return
    mine = standings([run.source_id])[run.source_id]
    for same in search.find(mine, incoming, since):
        one = same.incoming
        if not same.alone or same.source is None or one.dataset_id is None or one.dataset_id == same.row["dataset_id"]:
            continue
        reason = _stays_away(mine, same)
        if reason == FIRST:
            # Each run would say this of the other.
            reason = FIRST if (mine.id, one.dataset_id) > (same.source.id, same.row["dataset_id"]) else None
        if reason:
            _ask(run.source_id, one.dataset_id, same.row["dataset_id"])
        else:
            _ask(same.source.id, same.row["dataset_id"], one.dataset_id)


def _ask(source_id: str, dataset_id: str, other_id: str) -> None:
    runs = sa.select(Run.id).where(Run.source_id == source_id)
    where = (_RECORD.c.run_id.in_(runs), _RECORD.c.dataset_id == dataset_id, _RECORD.c.action == "created")
    asked = model.Session.execute(sa.select(_RECORD.c.possible_duplicate_of).where(*where)).scalars().all()
    if not asked or any(asked):
        return
    try:
        tk.get_action("package_patch")({"ignore_auth": True}, {"id": dataset_id, _ASKED: other_id})
    except tk.ValidationError:
        # The report says it all the same; the page of doubtful datasets cannot.
        log.exception("dataset %s cannot say that it may be %s", dataset_id, other_id)
    model.Session.execute(sa.update(_RECORD).where(*where).values(possible_duplicate_of=other_id))
    model.repo.commit()


def preview(mine: Standing, incoming: Sequence[Incoming]) -> dict[int, str]:
    """Number of each record that would be a duplicate → the name of its dataset; nothing is stored.

    Args:
        mine: standing of the source, which need not be saved.
        incoming: the records.
    """
    known = {one.identifier: one.number for one in incoming}
    query = (
        sa.select(_ELSEWHERE.c.identifier, _PACKAGE.c.name)
        .join(_PACKAGE, _PACKAGE.c.id == _ELSEWHERE.c.dataset_id)
        .where(_ELSEWHERE.c.source_id == mine.id, _ELSEWHERE.c.identifier.in_(list(known)))
        .join(_IDENTITY, _IDENTITY.c.dataset_id == _ELSEWHERE.c.dataset_id)
        .where(_PACKAGE.c.private.is_(False), _IDENTITY.c.absent_since.is_(None), _IDENTITY.c.archived_at.is_(None))
    )
    names = {known[row.identifier]: row.name for row in model.Session.execute(query)}
    for same in search.find(mine, [one for one in incoming if one.number not in names]):
        if same.alone and _stays_away(mine, same):
            names[same.incoming.number] = same.row["name"]
    return names
