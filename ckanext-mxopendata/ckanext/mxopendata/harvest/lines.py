"""The lines of a run under way: how many there are, and what is said of one afterwards."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.harvest.model import Record
from ckanext.mxopendata.metadata.findings import Finding, worst

_RECORD = Record.__table__


def count(run_id: str, condition: Any) -> int:
    """How many lines of a run meet a condition on the columns of :class:`.model.Record`."""
    query = sa.select(sa.func.count()).select_from(_RECORD).where(_RECORD.c.run_id == run_id, condition)
    return model.Session.execute(query).scalar_one()


def add_finding(run_id: str, number: int, finding: Finding, **changes: Any) -> None:
    """Say something more of a record, in the current transaction.

    Args:
        run_id: id of the run.
        number: of the record.
        finding: what is to be said; the line's severity follows.
        changes: other columns of the line.
    """
    where = (_RECORD.c.run_id == run_id, _RECORD.c.number == number)
    row = model.Session.execute(sa.select(_RECORD.c.findings).where(*where)).one()
    facts = [*row.findings, finding.facts()]
    severity = worst(Finding.from_facts(item) for item in facts)
    model.Session.execute(sa.update(_RECORD).where(*where).values(findings=facts, severity=severity, **changes))
