"""One run from its beginning to its report: read → decide → write → report.

``advance`` does as much as its time allows and can be called again by anybody, in this process or another: what has
been done is in the database, and a step that only one may do at a time is guarded by a lock that ends with the process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ckan import model
from ckan.lib.search import SearchIndexError

from ckanext.mxopendata import config
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import adoption, decide, endings, report, runs, spool, write
from ckanext.mxopendata.harvest.model import DONE, WAITING, Record, Run
from ckanext.mxopendata.harvest.source import dataset_writer, http_settings, load_source
from ckanext.mxopendata.harvest.stock import (
    HarvestGatherError,
)
from ckanext.mxopendata.http import HttpClient
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
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    run_id = run.id
    try:
        return _Step(run, deadline, progress).go()
    except SourceError as error:
        finding = error.finding
    except (OperationalError, SearchIndexError):
        # The database or Solr went away, not the source: the run stays open and is taken up again.
        raise
    except Exception as error:  # a fault of ours must not end the process that serves all other sources
        log.exception("run %s ends for a fault", run_id)
        # The message of an exception may quote a record, and with it a person's name.
        finding = Finding("run_fault", value=type(error).__name__)
    model.Session.rollback()
    fail(runs.get_run(run_id), finding)
    return False


def fail(run: Run, finding: Finding) -> None:
    """End a run that cannot go on; no dataset is touched by it."""
    run.findings = [*run.findings, finding.facts()]
    _document(run).unlink(missing_ok=True)
    spool.clear(run.id)
    model.Session.add(HarvestGatherError(message=finding.to_dict()["message"], harvest_job_id=run.job_id))
    _close(run, "failed")


class _Step:
    """One stretch of work on one run."""

    def __init__(self, run: Run, deadline: float | None, progress: Progress | None) -> None:
        self.run = run
        self.deadline = deadline
        self.progress = progress
        self.source = load_source(run.source_id)

    def go(self) -> bool:
        if self.run.phase in {runs.READING, runs.DECIDING}:
            with runs.run_lock(self.run.id) as mine:
                if not mine:
                    return False
                model.Session.refresh(self.run)
                if self.run.phase == runs.READING and not self._read():
                    return True
                if self.run.phase == runs.DECIDING and not self._decide():
                    return False
        if self.run.phase == runs.WRITING and not self._write():
            return True
        with runs.run_lock(self.run.id) as mine:
            model.Session.refresh(self.run)
            if mine and self.run.status is None and self._all_written():
                self._end()
        return False

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _tell(self, done: int, total: int | None) -> None:
        if self.progress:
            self.progress(self.run, done, total)

    def _read(self) -> bool:
        """Read on; ``True`` when the list is complete."""
        run, source = self.run, self.source
        organization = source.organization.name
        reader = spool.Reader(source.connector, source.settings, organization)
        position = dict(run.position)
        number, page_number = int(position.get("number", 0)), int(position.get("page", 0))
        with HttpClient(http_settings(source.settings), config.harvest_folder()) as client:
            pages = source.connector.pages(client, source.url, position.get("connector", {}), _document(run))
            for page in pages:
                lines = [reader.line(record, number + offset) for offset, record in enumerate(page.records)]
                number += spool.add(run.id, page_number, number, lines)
                page_number += 1
                run.position = {"number": number, "page": page_number, "connector": dict(page.position)}
                run.total = page.total if page.total is not None else run.total
                run.findings = [*run.findings, *(finding.facts() for finding in page.findings)]
                model.repo.commit()
                self._tell(number, run.total)
                if self._late():
                    return False
        if source.connector.repeats_while_paging:
            spool.drop_repeats(run.id)
        run.phase = runs.DECIDING
        model.repo.commit()
        _document(run).unlink(missing_ok=True)
        return True

    def _decide(self) -> bool:
        """Decide; ``False`` where a guard holds the run."""
        run = self.run
        said = [*self.source.settings.notices, *adoption.adopt(run, self.source.connector)]
        decision = decide.decide(run, self.source.settings.absence, self.source.organization.id)
        run.findings = [*run.findings, *(finding.facts() for finding in (*said, *decision.findings))]
        if decision.held:
            first = decision.findings[0].to_dict()["message"]
            model.Session.add(HarvestGatherError(message=first, harvest_job_id=run.job_id))
            _close(run, "held")
            return False
        for row in _bad_records(run.id):
            write.add_stock_error(run, row.identifier, Finding.from_facts(row.findings[0]))
        run.phase = runs.WRITING
        model.repo.commit()
        return True

    def _write(self) -> bool:
        """Write on; ``True`` when nothing is left to take."""
        total = _count(self.run.id, Record.state != "never")
        if not _count(self.run.id, Record.state != DONE):
            return True
        writer = dataset_writer(self.source, self.run)
        while write.write_batch(self.run, writer, config.harvest_batch()):
            self._tell(total - _count(self.run.id, Record.state == WAITING), total)
            if self._late():
                return False
        return True

    def _all_written(self) -> bool:
        return not _count(self.run.id, Record.state != DONE)

    def _end(self) -> None:
        decide.remember_absence(self.run)
        spool.clear(self.run.id)
        report.prune(self.run)
        _close(self.run)


def _close(run: Run, status: str | None = None) -> None:
    report.close(run, status)
    model.repo.commit()
    endings.run_ended(run)


def _document(run: Run) -> Path:
    return config.harvest_folder() / f"{run.id}.json"


def _count(run_id: str, condition: Any) -> int:
    query = sa.select(sa.func.count()).select_from(Record.__table__).where(Record.run_id == run_id, condition)
    return model.Session.execute(query).scalar_one()


def _bad_records(run_id: str) -> list[Any]:
    """Records that were refused before any was written."""
    query = sa.select(Record.identifier, Record.findings).where(
        Record.run_id == run_id, Record.action == "rejected", Record.severity.isnot(None)
    )
    return list(model.Session.execute(query).all())
