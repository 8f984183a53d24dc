"""One run from its beginning to its report: read → decide → write → report.

``advance`` does as much as its time allows and can be called again by anybody, in this process or another: what has
been done is in the database, and a step that only one may do at a time is guarded by a lock that ends with the process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.garbage import few_collections
from ckanext.mxopendata.harvest import (
    adoption,
    crashes,
    decide,
    endings,
    known,
    lines,
    locks,
    promises,
    report,
    runs,
    secrets,
    sharing,
    spool,
    trouble,
    uploaded,
    write,
)
from ckanext.mxopendata.harvest.answers import Remembered
from ckanext.mxopendata.harvest.connectors.base import Page, Same
from ckanext.mxopendata.harvest.model import DECIDING, DONE, READING, WAITING, WRITING, Record, Run
from ckanext.mxopendata.harvest.source import dataset_writer, http_settings, load_source
from ckanext.mxopendata.harvest.stock import HarvestGatherError
from ckanext.mxopendata.http import HostBusyError, HttpSettings
from ckanext.mxopendata.http_credential import Credential
from ckanext.mxopendata.metadata.findings import Finding

log = logging.getLogger(__name__)

Progress = Callable[[Run, int, "int | None"], None]


def advance(run: Run, seconds: float | None = None, progress: Progress | None = None) -> bool:
    """Go on with a run.

    Args:
        run: an open run.
        seconds: how long this may take, about; ``None`` until the end.
        progress: told the run, how many records are dealt with and how many there are (or ``None``), now and then.

    Returns:
        Whether somebody must call again: ``False`` once the run has ended, or where others see to the rest of it.

    Raises:
        Exception: where a service is away (:func:`.trouble.is_trouble`); the run stays open and is taken up again.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    run_id = run.id
    try:
        with locks.working(run_id), few_collections():
            return _Step(run, deadline, progress).go()
    except SourceError as error:
        finding = error.finding
    except _OvertakenError:
        model.Session.rollback()
        return False
    except Exception as error:  # a fault of ours must not end the process that serves all other sources
        if trouble.is_trouble(error):
            raise
        log.exception("run %s ends for a fault", run_id)
        # The message of an exception may quote a record, and with it a person's name.
        finding = Finding("run_fault", value=type(error).__name__)
    model.Session.rollback()
    runs.fail(runs.get_run(run_id), finding)
    return False


class _OvertakenError(Exception):
    """Somebody else goes on reading, or the run has ended."""


class _Step:
    """One stretch of work on one run."""

    def __init__(self, run: Run, deadline: float | None, progress: Progress | None) -> None:
        self.run = run
        self.deadline = deadline
        self.progress = progress
        self.source = load_source(run.source_id)

    def go(self) -> bool:
        if self.run.phase in {READING, DECIDING}:
            with locks.held(self.run.id) as mine:
                if not mine:
                    return False
                model.Session.refresh(self.run)
                if self.run.status is not None:
                    return False
                if self.run.phase == READING and not self._read_in_turn():
                    return True
                if self.run.phase == DECIDING and not self._decide():
                    return self.run.phase == READING
        if self.run.phase == WRITING and not self._write():
            return True
        with locks.held(self.run.id) as mine:
            model.Session.refresh(self.run, with_for_update=True)
            if mine and self.run.status is None and self._all_written():
                self._end()
            else:
                # Let the run's row go: who ends it waits for that row, and this process then waits for the end.
                model.Session.rollback()
        return False

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _tell(self, done: int, total: int | None) -> None:
        if self.progress:
            self.progress(self.run, done, total)

    def _read_in_turn(self) -> bool:
        """Read on, unless too many others ask the same host: then later, and something else meanwhile."""
        limits = http_settings(self.source.settings, self.source.type)
        try:
            return self._read(limits)
        except HostBusyError:
            return False
        except SourceError as error:
            raise SourceError(secrets.hidden(error.finding, limits.credential)) from error

    def _read(self, limits: HttpSettings) -> bool:
        """Read on; ``True`` when the list is complete."""
        run, source = self.run, self.source
        self._check_patience()
        reader = spool.Reader(source.connector, source.settings, source.organization.name)
        if run.basis is None:
            run.basis = known.basis(source)
            model.repo.commit()
        before = None if run.position.get("full") else known.known_list(run, source)
        position = run.position.get("connector", {})
        with uploaded.client(limits, config.harvest_folder(), source.id) as client:
            for page in source.connector.pages(client, source.url, position, runs.document(run.id), before):
                if page.promises:
                    said = promises.store(page.promises, source.organization.id)
                    page = replace(page, findings=[*page.findings, *said])  # noqa: PLW2901
                try:
                    self._keep(page, reader, before, limits.credential)
                except known.UnreadRecordError:
                    self._read_everything()
                    return False
                if page.reading == known.UNMODIFIED:
                    break  # kept with the end of the reading, or not at all
                model.repo.commit()
                self._tell(int(run.position["number"]), run.total)
                if self._late():
                    return False
                self._check_patience()
        run.reading = run.reading or known.FULL
        run.full_at = run.at if before is None or run.reading == known.FULL else before.full_at
        if source.connector.repeats_while_paging:
            spool.drop_repeats(run.id)
        run.phase = DECIDING
        model.repo.commit()
        runs.document(run.id).unlink(missing_ok=True)
        return True

    def _keep(
        self, page: Page, reader: spool.Reader, before: known.KnownList | None, credential: Credential | None
    ) -> None:
        """Take a page into the spool."""
        run = self.run
        number, page_number = int(run.position.get("number", 0)), int(run.position.get("page", 0))
        self._check_still_mine(page_number)
        findings = [finding.facts() for finding in page.findings]
        if page.reading == known.UNMODIFIED and before is not None:
            number += before.carry_all(run.id)
            findings += before.findings
        read = [record for record in page.records if not isinstance(record, Same)]
        records = [secrets.hidden_in(record, credential) for record in read]
        lines = [reader.line(record, number + offset) for offset, record in enumerate(records)]
        number += spool.add(run.id, page_number, number, lines)
        if before is not None:
            same = [record.version for record in page.records if isinstance(record, Same)]
            number += before.carry(run.id, page_number, number, same)
        full = {"full": True} if run.position.get("full") else {}
        run.position = {"number": number, "page": page_number + 1, "connector": dict(page.position), **full}
        run.total = page.total if page.total is not None else run.total
        run.findings = [*run.findings, *findings]
        run.reading = page.reading
        connector = run.memory.get("connector", {}) if page.memory is None else dict(page.memory)
        run.memory = {"connector": connector, "findings": [*run.memory.get("findings", []), *findings]}

    def _read_everything(self) -> None:
        """Begin anew, and lean on nothing that is known."""
        log.info("run %s: what is known does not suffice, the whole list is read", self.run.id)
        model.Session.rollback()
        run = self.run
        spool.clear(run.id)
        runs.document(run.id).unlink(missing_ok=True)
        run.position, run.findings, run.memory = {"full": True}, [], {}
        run.reading, run.total, run.phase = None, None, READING
        model.repo.commit()

    def _check_patience(self) -> None:
        """Give up a list that drips on within the limits of each answer, however many carriers read it."""
        hours = config.harvest_reading_hours()
        if datetime.now(timezone.utc) - self.run.started > timedelta(hours=hours):
            raise SourceError(Finding("run_reading_too_long", location=self.source.url, value=f"{hours:g}"))

    def _check_still_mine(self, page_number: int) -> None:
        """See, in the transaction that keeps a page, that nobody else has kept it.

        While we wait for a portal, PostgreSQL may be restarted; that ends our lock, and somebody else takes the run up.
        """
        model.Session.refresh(self.run, with_for_update=True)
        run = self.run
        if run.status is not None or run.phase != READING or int(run.position.get("page", 0)) != page_number:
            raise _OvertakenError

    def _decide(self) -> bool:
        """Decide; ``False`` where a guard holds the run, or where the whole list is to be read first."""
        run = self.run
        said = [*self.source.settings.notices, *adoption.adopt(run, self.source.connector)]
        said += uploaded.adopt(run, self.source.organization.id)
        decision = decide.decide(run, self.source.settings.absence, self.source.organization.id)
        if decision.unread:
            self._read_everything()
            return False
        run.findings = [*run.findings, *(finding.facts() for finding in (*said, *decision.findings))]
        if decision.held:
            first = decision.findings[0].to_dict()["message"]
            model.Session.add(HarvestGatherError(message=first, harvest_job_id=run.job_id))
            endings.close(run, "held")
            return False
        for row in _bad_records(run.id):
            write.add_stock_error(run, row.identifier, Finding.from_facts(row.findings[0]))
        run.phase = WRITING
        model.repo.commit()
        return True

    def _write(self) -> bool:
        """Write on; ``True`` when nothing is left to take."""
        total = lines.count(self.run.id, Record.state != "never")
        if not lines.count(self.run.id, Record.state != DONE):
            return True
        writer = dataset_writer(self.source, self.run)
        with Remembered(), write.Batches(self.run, writer, config.harvest_batch()) as batches:
            while batches.write(careful=crashes.is_careful(self.run)):
                self._tell(total - lines.count(self.run.id, Record.state == WAITING), total)
                if self._late():
                    return False
        return True

    def _all_written(self) -> bool:
        return not lines.count(self.run.id, Record.state != DONE)

    def _end(self) -> None:
        sharing.look_again(self.run)
        decide.remember_absence(self.run)
        spool.clear(self.run.id)
        report.prune(self.run)
        endings.close(self.run)


def _bad_records(run_id: str) -> list[Any]:
    """Records that were refused before any was written."""
    query = sa.select(Record.identifier, Record.findings).where(
        Record.run_id == run_id, Record.action == "rejected", Record.severity.isnot(None)
    )
    return list(model.Session.execute(query).all())
