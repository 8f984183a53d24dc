"""``kill -9``: what was begun is ended by others, by itself, and nothing is lost or doubled."""

from __future__ import annotations

import psutil
import pytest

from ckan.tests import helpers

from .site import LONGEST_SECONDS, RECORDS, check_whole, kill, open_runs, running_jobs

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]


def test_consumers_killed_while_writing(site, undisturbed):
    assert (undisturbed["status"], undisturbed["created"]) == ("finished", RECORDS)
    source = site.make_source("consumidores")
    helpers.call_action("harvest_job_create", source_id=source["id"])
    site.until(lambda: site.is_writing(source))
    site.kill_consumers("fetch")
    assert open_runs(source)
    site.until_over(source)
    check_whole(source, undisturbed)


@pytest.mark.parametrize("phase", ["reading", "writing"])
def test_a_killed_command(phase, site, undisturbed):
    source = site.make_source(f"orden-{phase}")
    go = site.serve_late(source)
    command = site.start("mxopendata", "harvest", source["name"])
    site.until(
        lambda: open_runs(source) and len(site.portal.requests) and source["url"].endswith(site.portal.requests[-1])
    )
    if phase == "writing":
        go.set()
        site.until(lambda: site.is_writing(source))
    kill(command)
    go.set()
    assert open_runs(source)
    assert running_jobs(source)
    site.until_over(source)
    check_whole(source, undisturbed)


def test_two_commands_and_the_queue_at_one_time(site, undisturbed):
    """One of them harvests, the others are refused, and their jobs end."""
    source = site.make_source("simultaneas")
    go = site.serve_late(source)
    commands = [site.start("mxopendata", "harvest", source["name"]) for _ in range(2)]
    helpers.call_action("harvest_job_create", source_id=source["id"])
    site.until(lambda: open_runs(source) and sum(command.poll() is not None for command in commands) >= 1)
    go.set()
    site.until_over(source)
    codes = sorted(command.wait() for command in commands)
    assert codes in ([0, 2], [2, 2])
    check_whole(source, undisturbed)


def test_a_killed_worker_of_a_command(site, undisturbed):
    """The others end its run, and the command ends; before, it waited for ever."""
    sources = [site.make_source(name) for name in ("obrero-1", "obrero-2")]
    gates = [site.serve_late(source) for source in sources]
    command = site.start("mxopendata", "harvest", *(source["name"] for source in sources), "--workers", "2")
    site.until(lambda: all(f"/{source['name']}.json" in site.portal.requests for source in sources))
    psutil.Process(command.pid).children()[0].kill()
    for gate in gates:
        gate.set()
    assert command.wait(LONGEST_SECONDS) == 0
    for source in sources:
        site.until_over(source)
        check_whole(source, undisturbed)
