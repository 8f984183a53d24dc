"""What follows when a run has ended and that is in the database: the log, and word to the institution."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.harvest import events, mail, report
from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.harvest.needs import needs

log = logging.getLogger(__name__)


def close(run: Run, status: str | None = None) -> None:
    """End a run, commit, and tell it.

    Args:
        run: the run.
        status: see :func:`.report.close`.
    """
    report.close(run, status)
    model.repo.commit()
    run_id = run.id
    try:
        _tell(run)
    except Exception:  # the run itself went well: a fault of telling it must not make it look otherwise
        model.Session.rollback()
        log.exception("the end of run %s could not be told", run_id)


def _tell(run: Run) -> None:
    source = report.sources_by_id([run.source_id]).get(run.source_id)
    if source is None:
        return
    events.tell_end(run, source)
    before = model.Session.execute(
        sa.select(Run.status)
        .where(Run.source_id == run.source_id, Run.status.isnot(None), Run.started < run.started)
        .order_by(Run.started.desc())
        .limit(1)
    ).scalar()
    codes = [finding["code"] for finding in run.findings]
    run.needs = needs(run.status, codes, run.causes or {}, run.doubtful, before)
    model.Session.commit()
    mail.ask_for(run, source["name"])
