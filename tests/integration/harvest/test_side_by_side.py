"""Several processes on one run do not wait for each other for ever."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import sqlalchemy as sa

from ckan import model

from ckanext.harvest.model import HarvestJob

from ckanext.mxopendata.harvest import engine, locks, runs
from ckanext.mxopendata.harvest.model import WRITING, Run

from .conftest import catalogue, record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def test_who_does_not_end_a_run_keeps_its_row_from_nobody(portal, make_source):
    portal.serve("/data.json", catalogue(record("a1")))
    source = make_source()
    job = HarvestJob(source_id=source["id"], status="Running")
    job.save()
    run = runs.open_run(source["id"], job.id, datetime.now(timezone.utc))
    run.phase = WRITING
    model.Session.commit()
    row = sa.select(Run.id).where(Run.id == run.id).with_for_update(nowait=True)
    with locks.held(run.id):  # as the process that is about to end it
        assert not engine.advance(run)
        with model.meta.engine.begin() as another:
            assert another.execute(row).scalar_one() == run.id
    assert not engine.advance(run)
    assert run.status == "finished"
