"""PostgreSQL, Solr and Valkey are stopped while a harvest writes: it goes on by itself, nothing lost or doubled."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import helpers

from .site import Site, check_whole, harvester_run, open_runs, running_jobs

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]


# As long as a server takes to restart.
SECONDS = 20


@pytest.mark.parametrize("service", ["postgres", "solr"])
def test_a_service_that_is_away_while_writing(service, site, undisturbed):
    source = site.make_source(f"sin-{service}")
    helpers.call_action("harvest_job_create", source_id=source["id"])
    site.until(lambda: site.is_writing(source))
    model.Session.remove()
    with site.without(service):
        time.sleep(SECONDS)
    assert open_runs(source)
    site.until_over(source)
    check_whole(source, undisturbed)


@pytest.mark.parametrize("forgets", [False, True], ids=["with", "without"])
def test_valkey_restarts_with_or_without_what_it_held_while_writing(forgets, site, undisturbed):
    """The consumers end with it; without its data nothing tells them, when they are back, what they were doing."""
    source = site.make_source(f"sin-valkey-{forgets}".lower())
    helpers.call_action("harvest_job_create", source_id=source["id"])
    site.until(lambda: site.is_writing(source))
    with site.without("valkey"):
        if forgets:
            _forget_queues(site)
        time.sleep(SECONDS)
    site.until_over(source)
    check_whole(source, undisturbed)


def test_valkey_restarts_without_a_job_that_nobody_had_begun(site, undisturbed):
    site.kill_consumers()
    source = site.make_source("sin-mensaje")
    job = helpers.call_action("harvest_job_create", source_id=source["id"])
    with site.without("valkey"):
        _forget_queues(site)
    harvester_run()
    assert running_jobs(source) == [job["id"]]
    # Only what was made a minute ago is lost: before that it may be in the hands of a consumer.
    model.Session.execute(
        sa.text("UPDATE harvest_job SET created = created - interval '1 minute' WHERE id = :id"), {"id": job["id"]}
    )
    model.Session.commit()
    site.until_over(source)
    check_whole(source, undisturbed)


def _forget_queues(site: Site) -> None:
    Path(site.settings.home, "valkey", "queues.rdb").unlink(missing_ok=True)
