"""Clocks that are an hour off, the portal's or ours: nothing is lost, nothing is counted twice, nothing ends early."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from tests.faults.harvest.networks import Portal, at_rest, standing
from tests.integration.harvest.conftest import catalogue, record

from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.harvest import runner
from ckanext.mxopendata.harvest.model import Identity

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


class _AnHourAgo(datetime):
    """The machine's clock, set back."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) - HOUR


@pytest.fixture
def set_back(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets our clock back by an hour."""

    def setting() -> None:
        for module in ("runs", "report"):
            monkeypatch.setattr(f"ckanext.mxopendata.harvest.{module}.datetime", _AnHourAgo)

    return setting


def test_what_is_missing_waits_its_whole_time(portal, make_source, harvest):
    """Our clock is an hour back in the second run that misses it."""
    made = Portal("mx_datajson", "reloj")
    made.publish(1)
    source = make_source(made.serve(portal))
    harvest(source, START.isoformat())
    made.publish(2)
    assert harvest(source, (START + HOUR).isoformat())["in_grace"] == 1
    run = harvest(source, START.isoformat())
    assert (run["in_grace"], run["archived"], run["unchanged"]) == (1, 0, 6)
    known = model.Session.query(Identity).filter(Identity.source_id == source["id"])
    assert {row.absent_since for row in known if row.absent_since} == {START + HOUR}
    week = START + timedelta(days=7)
    assert harvest(source, week.isoformat())["in_grace"] == 1, "an hour is missing"
    assert harvest(source, (week + HOUR).isoformat())["archived"] == 1
    assert standing(source["id"])["active"] == 7
    assert at_rest(source["id"])


def test_runs_keep_their_order_and_none_ends_before_it_began(portal, make_source, harvest, set_back):
    """A clock that is set back does not make an older run the last one: the held one can be confirmed."""
    portal.serve("/data.json", catalogue(*(record(f"orden-{number}") for number in range(4))))
    source = make_source()
    first = harvest(source)
    set_back()
    portal.serve("/data.json", catalogue(record("orden-0")))
    held = harvest(source)
    assert held["status"] == "held"
    assert held["started"] > first["started"]
    listed = helpers.call_action("mxopendata_harvest_run_list", source=source["name"])
    assert [run["run"] for run in listed] == [held["run"], first["run"]]
    confirmed = runner.confirm(held["run"], datetime.now(timezone.utc))
    model.Session.expire_all()
    run = helpers.call_action("mxopendata_harvest_run_show", run=confirmed)
    assert (run["status"], run["in_grace"]) == ("finished", 3)
    assert run["finished"] >= run["started"]
    assert at_rest(source["id"])


@pytest.mark.parametrize("skew", [HOUR, -HOUR], ids=["ahead", "behind"])
@pytest.mark.parametrize("kind", ["mx_datajson", "mx_ckan"])
def test_a_portal_whose_clock_is_off_is_read_whole(portal, make_source, harvest, kind, skew):
    """Its dates, in its records and in its headers, are an hour off; so is what it changed just now."""
    now = datetime.now(timezone.utc)
    there = (now + skew).replace(microsecond=0)
    name = f"desfase-{kind.removeprefix('mx_')}-{'a' if skew > timedelta(0) else 'b'}"

    def publish(moment: datetime, word: str) -> None:
        text = moment.replace(tzinfo=None).isoformat()
        headers = {"Date": format_datetime(moment, usegmt=True), "Last-Modified": format_datetime(moment, usegmt=True)}
        if kind == "mx_datajson":
            records = [record(f"{name}-{number}", modified=f"{text}Z", description=word) for number in range(3)]
            portal.serve("/data.json", catalogue(*records), headers=headers)
            return
        found = [
            {
                "id": f"{name}-{number}",
                "name": f"{name}-{number}",
                "title": f"Desfase {name} {number}",
                "notes": word,
                "metadata_modified": text,
                "metadata_created": text,
            }
            for number in range(3)
        ]
        answer = json.dumps({"success": True, "result": {"count": 3, "results": found}})
        portal.serve("/api/3/action/package_search", answer, headers=headers)

    publish(there, "Antes")
    source = make_source("/data.json" if kind == "mx_datajson" else "/", kind)
    assert harvest(source)["created"] == 3
    assert harvest(source)["unchanged"] == 3
    publish(there + timedelta(seconds=1), "Después")
    run = harvest(source)
    assert (run["updated"], run["created"], run["in_grace"]) == (3, 0, 0)
    assert at_rest(source["id"])
