"""Keeps the search index up to date with what a run writes, while the next batch is already being written."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import sqlalchemy as sa

from ckan import model
from ckan.lib.search import SearchIndexError

from ckanext.mxopendata.harvest import index, lines
from ckanext.mxopendata.harvest.model import DONE, WRITTEN, Record, Run
from ckanext.mxopendata.metadata.findings import Finding

log = logging.getLogger(__name__)

_RECORD = Record.__table__


class Indexing:
    """The written records of one run that Solr has not confirmed yet.

    They stay marked as written until it has, so that whoever takes up the run of a killed process sends them again.
    """

    def __init__(self, run: Run) -> None:
        self._run_id = run.id
        self._sending: index.Sending | None = None
        # Dataset id → number of its record.
        self._numbers: dict[str, int] = {}

    def begin(self, numbers: Mapping[str, int]) -> None:
        """Send committed datasets, without waiting for Solr.

        Args:
            numbers: dataset id → number of its record in the run.

        Raises:
            ckan.lib.search.SearchIndexError: where Solr does not answer.
        """
        self._numbers = dict(numbers)
        self._of_this_process()
        try:
            self._sending = index.Sending(self._numbers)
        except (SearchIndexError, OSError):
            log.exception("run %s: the search index does not answer", self._run_id)
            raise

    def note(self) -> None:
        """Wait for Solr and note, in the current transaction, what it knows now.

        Raises:
            ckan.lib.search.SearchIndexError: where Solr does not answer; the records stay marked as written.
        """
        if self._sending is None:
            return
        sending, self._sending = self._sending, None
        try:
            failed = sending.wait()
        except (SearchIndexError, OSError):
            log.exception("run %s: the search index does not answer", self._run_id)
            raise
        for dataset_id, reason in failed.items():
            lines.add_finding(self._run_id, self._numbers[dataset_id], Finding("record_not_indexed", value=reason))
        model.Session.execute(sa.update(_RECORD).where(*self._sent()).values(state=DONE))

    def take_up(self) -> None:
        """Index what a process that was killed had committed but not sent to Solr."""
        query = sa.select(_RECORD.c.dataset_id, _RECORD.c.number)
        left = query.where(_RECORD.c.run_id == self._run_id, _RECORD.c.state == WRITTEN)
        rows = model.Session.execute(left.with_for_update(skip_locked=True)).all()
        if rows:
            self.begin({row.dataset_id: row.number for row in rows})
            self.note()
        model.repo.commit()

    def _of_this_process(self) -> None:
        """Lock the records on their way until the transaction ends, so that no other process sends them too."""
        model.Session.execute(sa.select(_RECORD.c.number).where(*self._sent()).with_for_update())

    def _sent(self) -> tuple[sa.sql.ColumnElement[bool], ...]:
        return _RECORD.c.run_id == self._run_id, _RECORD.c.number.in_(list(self._numbers.values()))
