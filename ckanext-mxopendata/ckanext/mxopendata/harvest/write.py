"""Writes what was decided, in batches of one transaction and one search request each.

A ``ValidationError`` inside ``package_create`` rolls the whole transaction back, savepoints included (stack trap 7).
A batch is therefore tried as a whole; at the first bad record it stops, those before it are written again without it,
the bad one is reported, and the rest goes on: one bad record costs one record.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata import changes
from ckanext.mxopendata.harvest import crashes, handover, index, lines, spool, trouble
from ckanext.mxopendata.harvest.datasets import DatasetWriter, Draft
from ckanext.mxopendata.harvest.indexing import Indexing
from ckanext.mxopendata.harvest.model import DONE, TRIED, WAITING, WRITTEN, Identity, Record, Run
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECT_ERRORS, HARVEST_OBJECTS, make_uuid
from ckanext.mxopendata.metadata.findings import Finding, worst

log = logging.getLogger(__name__)

_RECORD = Record.__table__
_IDENTITY = Identity.__table__
# What is done to a dataset whose record is not in the list any more.
_GONE = frozenset(("archived", "deleted"))
_REPORT_STATUS = {
    "created": "added",
    "updated": "updated",
    "matched": "updated",
    "restored": "updated",
    "archived": "deleted",
    "deleted": "deleted",
}


# CKAN's constraint that no two datasets have one name, and how often in a row a name may be lost to another process.
_ONE_NAME, _RACES = "package_name_key", 5


@dataclass
class _Outcome:
    """What one try at a batch came to."""

    written: list[tuple[Mapping[str, Any], Draft]] = field(default_factory=list)
    lost: list[Mapping[str, Any]] = field(default_factory=list)
    bad: Mapping[str, Any] | None = None
    finding: Finding | None = None
    # Whether another process gave the name of the bad record's dataset to its own, after we had seen it free.
    lost_name: bool = False


class Batches:
    """Writes the waiting records of a run, batch by batch; use as a context manager.

    Several processes may do this for one run at a time: each takes records that no other has locked.

    Args:
        run: the run.
        writer: makes datasets of records.
        size: how many records a batch has at most.
    """

    def __init__(self, run: Run, writer: DatasetWriter, size: int) -> None:
        self._run = run
        self._writer = writer
        self._size = size
        self._indexing = Indexing(run)

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """See the last batch into the search index."""
        if error is None:
            self._settle()

    def write(self, careful: bool = False) -> int:
        """Write the next records and commit; Solr may still be at work on them when this returns.

        Args:
            careful: one record only, marked before it is tried (:mod:`.crashes`).

        Returns:
            How many records were dealt with; 0 where none is left that nobody else works on.

        Raises:
            ckan.lib.search.SearchIndexError: where Solr does not answer.
        """
        rows = _take(self._run, 1 if careful else self._size)
        if rows and careful:
            crashes.mark_tried(self._run, rows[0]["number"])
            self._settle()
            rows = _take(self._run, 1, [rows[0]["number"]])
        if not rows:
            self._settle()
            self._indexing.take_up()
            return 0
        waiting = rows
        while waiting:
            waiting, outcome = self._try(waiting)
            if outcome.bad is None:
                self._commit(outcome)
                break
            self._undo()
            position = waiting.index(outcome.bad)
            before = [row["number"] for row in waiting[:position]]
            _, again = self._try(_take(self._run, position, before))
            if again.bad is not None:
                # What went well a moment ago fails now: not the record's fault, so it is not the record's loss.
                self._undo()
                raise RuntimeError("a batch failed twice at different records")
            self._commit(again)
            self._reject(outcome.bad, outcome.finding)
            numbers = [row["number"] for row in waiting[position + 1 :]]
            waiting = _take(self._run, len(numbers), numbers)
        return len(rows)

    def _try(self, rows: list[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], _Outcome]:
        """Try a batch, once more with other names for each name that another process took meanwhile.

        Returns:
            The records tried, of which somebody else may have taken some in between, and what came of it.
        """
        outcome = _try(self._run, self._writer, rows)
        for _ in range(_RACES):
            if not outcome.lost_name:
                break
            self._undo()
            rows = _take(self._run, len(rows), [row["number"] for row in rows])
            outcome = _try(self._run, self._writer, rows)
        return rows, outcome

    def _commit(self, outcome: _Outcome) -> None:
        """Note what was written in the transaction that writes it; index afterwards."""
        handover.give_up(self._run, outcome.lost)
        _note(self._run, outcome.written)
        _harvest_objects(self._run, outcome.written)
        self._indexing.note()
        created = [draft.dataset_id for row, draft in outcome.written if row["action"] == "created"]
        changes.record_created(created)
        try:
            index.commit()
        except index.RefusedError as error:
            index.forget(created)
            self._commit_singly([row for row, _ in outcome.written], str(error))
            return
        if outcome.written:
            self._indexing.begin({draft.dataset_id: row["number"] for row, draft in outcome.written})

    def _commit_singly(self, rows: Sequence[Mapping[str, Any]], reason: str) -> None:
        """Write records again, each in a transaction of its own, to find the one that the search index refuses."""
        if len(rows) == 1:
            self._reject(rows[0], Finding("record_not_indexed", value=reason))
            return
        for row in rows:
            _, outcome = self._try(_take(self._run, 1, [row["number"]]))
            if outcome.bad is None:
                self._commit(outcome)
            else:
                self._undo()
                self._reject(outcome.bad, outcome.finding)

    def _reject(self, row: Mapping[str, Any], finding: Finding | None) -> None:
        """Report one record that could not be written, in a transaction of its own."""
        self._settle()
        _reject(self._run, row, finding)
        model.repo.commit()

    def _undo(self) -> None:
        """Take back what is not committed; what was sent to Solr before is not part of it."""
        model.Session.rollback()
        self._settle()

    def _settle(self) -> None:
        self._indexing.note()
        model.repo.commit()


def _take(run: Run, size: int, numbers: Sequence[int] | None = None) -> list[Mapping[str, Any]]:
    """Lock waiting records; the lock lasts until the transaction ends, so that a killed process leaves none behind."""
    if (numbers is not None and not numbers) or not _keep_open(run):
        return []
    query = (
        sa.select(_RECORD)
        .where(_RECORD.c.run_id == run.id, _RECORD.c.state.in_((WAITING, TRIED)))
        .order_by(_RECORD.c.number)
        .limit(size)
        .with_for_update(skip_locked=True)
    )
    if numbers is not None:
        query = query.where(_RECORD.c.number.in_(numbers))
    return [dict(row) for row in model.Session.execute(query).mappings()]


def _keep_open(run: Run) -> bool:
    """See that nobody ends a run before this transaction ends; ``False`` where it has ended."""
    query = sa.select(Run.id).where(Run.id == run.id, Run.status.is_(None)).with_for_update(read=True)
    return model.Session.execute(query).first() is not None


def _try(run: Run, writer: DatasetWriter, rows: Sequence[Mapping[str, Any]]) -> _Outcome:
    outcome = _Outcome()
    if not rows:
        return outcome
    # Not to be asked for once a statement has failed.
    run_id = run.id
    outcome.lost = handover.lost(run, rows)
    rows = [row for row in rows if row not in outcome.lost]
    records = spool.records(run.id, [row["number"] for row in rows])
    writer.begin(rows, _source_tags(run, rows))
    for row in rows:
        try:
            outcome.written.append((row, writer.write(row, records.get(row["number"], {}))))
        except tk.ValidationError as error:  # noqa: PERF203 - each fails on its own
            outcome.bad, outcome.finding = row, _refused(error)
            outcome.lost_name = row["action"] == "created" and "name" in error.error_dict
            return outcome
        except Exception as error:  # whatever one record does to the mapping or to CKAN costs only that record
            if trouble.is_trouble(error):
                raise
            log.exception("record %s of run %s cannot be written", row["identifier"], run_id)
            outcome.bad, outcome.finding = row, Finding("record_failed", value=type(error).__name__)
            outcome.lost_name = isinstance(error, IntegrityError) and _ONE_NAME in str(error.orig)
            return outcome
    return outcome


def _source_tags(run: Run, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    ids = [row["dataset_id"] for row in rows if row["dataset_id"]]
    # Those of another source are the source's, not an editor's, where the dataset is taken over from it.
    taken = [row["dataset_id"] for row in rows if row["matched_by"] == handover.TAKEN_OVER]
    mine = _IDENTITY.c.source_id == run.source_id
    query = sa.select(_IDENTITY.c.dataset_id, _IDENTITY.c.source_tags).where(
        _IDENTITY.c.dataset_id.in_(ids), mine | _IDENTITY.c.dataset_id.in_(taken)
    )
    return {row.dataset_id: row.source_tags for row in model.Session.execute(query)} if ids else {}


def _refused(error: tk.ValidationError) -> Finding:
    reasons = "; ".join(f"{key}: {value}" for key, value in sorted(error.error_summary.items()))
    return Finding("record_refused", value=reasons, details={"fields": ", ".join(sorted(error.error_dict))})


_NOTE = sa.text("""
UPDATE mxopendata_harvest_record r
SET state = :state, dataset_id = n.dataset_id, findings = n.findings, severity = n.severity
FROM jsonb_to_recordset(CAST(:notes AS jsonb)) AS n(number int, dataset_id text, findings jsonb, severity text)
WHERE r.run_id = :run AND r.number = n.number
""")


def _note(run: Run, written: Sequence[tuple[Mapping[str, Any], Draft]]) -> None:
    """Say of each record what came of it, and which dataset its identifier means; a few statements for the batch."""
    notes: list[dict[str, Any]] = []
    known: dict[str, dict[str, Any]] = {}
    for row, draft in written:
        found = [Finding.from_facts(facts) for facts in row["findings"]] + list(draft.findings)
        common = {
            "dataset_id": draft.dataset_id,
            "findings": [finding.facts() for finding in found],
            "severity": worst(found),
        }
        notes.append({"number": row["number"], **common})
        if row["action"] not in _GONE:
            of_source = {"hash": row["hash"], "title_key": row["title_key"], "source_tags": draft.source_tags}
            of_source.update(origin=draft.origin, hints=list(draft.hints))
            of_source.update(changes=[change.facts() for change in draft.changes])
            known[row["identifier"]] = {"identifier": row["identifier"], **of_source, **common}
    if notes:
        given = {"state": WRITTEN, "run": run.id, "notes": json.dumps(notes)}
        model.Session.execute(_NOTE, given)
    here = _IDENTITY.c.source_id == run.source_id
    gone = [row["identifier"] for row, _ in written if row["action"] in _GONE]
    if gone:
        statement = sa.update(_IDENTITY).where(here, _IDENTITY.c.identifier.in_(gone))
        model.Session.execute(statement.values(archived_at=run.at))
    before = [row["previous_identifier"] for row, _ in written if row["previous_identifier"]]
    if before:
        model.Session.execute(sa.delete(_IDENTITY).where(here, _IDENTITY.c.identifier.in_(before)))
    _remember(run, list(known.values()))
    handover.take_over(run, [row for row, _ in written if row["matched_by"] == handover.TAKEN_OVER])


def _remember(run: Run, known: Sequence[Mapping[str, Any]]) -> None:
    if not known:
        return
    present = {"archived_at": None, "absent_since": None, "absent_runs": 0}
    first = {"source_id": run.source_id, "first_seen": run.at}
    statement = insert(_IDENTITY).values([{**first, **one, **present} for one in known])
    changed = {name: statement.excluded[name] for name in (*known[0], *present) if name != "identifier"}
    handover.forget(run, [one["identifier"] for one in known])
    index_elements = [_IDENTITY.c.source_id, _IDENTITY.c.identifier]
    model.Session.execute(statement.on_conflict_do_update(index_elements=index_elements, set_=changed))


def _harvest_objects(run: Run, written: Sequence[tuple[Mapping[str, Any], Draft]]) -> None:
    """The stock pages know a dataset's source, and a job's figures, by one current harvest object for each dataset."""
    if not written:
        return
    objects = HARVEST_OBJECTS
    now = sa.func.timezone("utc", sa.func.now())
    ids = [draft.dataset_id for _, draft in written]
    model.Session.execute(
        sa.update(objects).where(objects.c.package_id.in_(ids), objects.c.current.is_(True)).values(current=False)
    )
    rows = [
        {
            "id": make_uuid(),
            "guid": row["identifier"],
            "current": row["action"] != "deleted",
            "package_id": draft.dataset_id,
            "report_status": _REPORT_STATUS[row["action"]],
        }
        for row, draft in written
    ]
    common = {"harvest_job_id": run.job_id, "harvest_source_id": run.source_id, "state": "COMPLETE"}
    times = dict.fromkeys(("gathered", "fetch_started", "fetch_finished", "import_started", "import_finished"), now)
    model.Session.execute(insert(objects).values([{**row, **common, **times, "retry_times": 0} for row in rows]))


def _reject(run: Run, row: Mapping[str, Any], finding: Finding | None) -> None:
    """Report one record that could not be written, in the current transaction."""
    found = finding or Finding("record_failed")
    lines.add_finding(run.id, row["number"], found, action="rejected", state=DONE)
    add_stock_error(run, row["identifier"], found)


def add_stock_error(run: Run, identifier: str, finding: Finding) -> None:
    """Show a rejected record on the pages of ckanext-harvest too, in the current transaction."""
    object_id = make_uuid()
    # Without the mapper: its listener wants the job as an object, which another session may hold.
    broken = {"id": object_id, "guid": identifier, "state": "ERROR", "report_status": "errored"}
    owner = {"harvest_job_id": run.job_id, "harvest_source_id": run.source_id}
    model.Session.execute(insert(HARVEST_OBJECTS).values(**broken, **owner))
    message = {"message": finding.to_dict()["message"], "stage": "Import"}
    model.Session.execute(insert(HARVEST_OBJECT_ERRORS).values(harvest_object_id=object_id, **message))
