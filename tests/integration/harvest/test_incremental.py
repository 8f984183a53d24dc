"""Of a source only what has changed is read, and the run is as complete as if all of it had been."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from typing import Any
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.mxopendata.harvest import datasets as writing
from ckanext.mxopendata.harvest import engine, known, runs
from ckanext.mxopendata.harvest.connectors import ckan_changes
from ckanext.mxopendata.harvest.connectors.ckan_changes import version
from portals.governments import government
from portals.server import PortalServer

from .conftest import catalogue, record, records_of, row_versions

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]
DAY = date(2026, 11, 22)
LAST_MODIFIED = "Sun, 01 Nov 2026 08:00:00 GMT"
FIGURES = ("read", "created", "updated", "unchanged", "matched", "restored", "excluded", "rejected", "in_grace")


@pytest.fixture(autouse=True)
def read_everything() -> None:
    """Not here: as by default, every seven days."""


class ConditionalServer:
    """A data.json of a server that knows ``ETag`` and ``Last-Modified``, or says it does."""

    def __init__(self, portal: Any) -> None:
        self.answers: list[int] = []
        self.lies = False
        self.body = b""
        self.tag = ""
        portal.serve_with("/data.json", self._answer)

    def serve(self, *records: dict[str, Any], tag: str | None = None) -> None:
        self.body = catalogue(*records).encode()
        self.tag = f'"{hash(self.body)}"' if tag is None else tag

    def _answer(self, handler: Any, _: Any) -> None:
        asked = handler.headers.get("If-None-Match")
        fresh = bool(asked) and (asked == self.tag or self.lies)
        self.answers.append(304 if fresh else 200)
        handler.send_response(self.answers[-1])
        if self.tag:
            handler.send_header("ETag", self.tag)
        handler.send_header("Last-Modified", LAST_MODIFIED)
        if not fresh:
            handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(b"" if fresh else self.body)


@pytest.fixture
def server(portal: Any) -> ConditionalServer:
    return ConditionalServer(portal)


def figures(run: dict[str, Any], *names: str) -> dict[str, int]:
    return {name: run[name] for name in names or FIGURES if run[name] or name in names}


def many(prefix: str, count: int) -> list[dict[str, Any]]:
    return [record(f"{prefix}{number}", f"{prefix} {number}") for number in range(count)]


def test_an_unmodified_catalogue_is_not_read_and_touches_nothing(server, make_source, harvest, indexed):
    server.serve(*many("a", 4), {"identifier": "sin-titulo"}, record("a0", "Repetido"), record("fuera", keyword=["x"]))
    source = make_source(exclude={"keyword": "x"})
    first = harvest(source)
    assert first["reading"] == "full"
    rows, objects = row_versions(), model.Session.query(HarvestObject).filter_by(state="COMPLETE").count()
    before = [(line.identifier, line.title, line.hash, line.findings) for line in records_of(first["run"])]
    indexed.clear()
    again = harvest(source)
    assert server.answers == [200, 304]
    assert (again["reading"], again["status"]) == ("unmodified", "finished_with_errors")
    assert figures(again) == {"read": 7, "unchanged": 4, "rejected": 2, "excluded": 1}
    assert [(line.identifier, line.title, line.hash, line.findings) for line in records_of(again["run"])] == before
    assert row_versions() == rows
    assert not indexed
    assert model.Session.query(HarvestObject).filter_by(state="COMPLETE").count() == objects
    assert figures(harvest(source)) == figures(again)


def test_an_equal_file_with_another_etag_is_not_decided_anew(server, make_source, harvest):
    server.serve(*many("b", 3), tag='"uno"')
    source = make_source()
    harvest(source)
    server.tag = '"dos"'
    again = harvest(source)
    assert (again["reading"], again["unchanged"], server.answers) == ("unmodified", 3, [200, 200])
    assert harvest(source)["reading"] == "unmodified"
    assert server.answers[-1] == 304


def test_what_is_said_of_the_list_is_said_again(portal, make_source, harvest):
    portal.serve("/data.json", json.dumps({"dataset": [record("c1")], "license": "cc-by-4.0"}))
    source = make_source()
    codes = [[finding["code"] for finding in harvest(source)["findings"]] for _ in range(3)]
    assert codes == [["catalogue_values_inherited"]] * 3


def test_absent_datasets_go_on_waiting_while_the_catalogue_is_unmodified(server, make_source, harvest, monkeypatch):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.full_days", 30)
    records = many("d", 6)
    server.serve(*records)
    source = make_source()
    harvest(source, at="2026-11-01T10:00:00+00:00")
    server.serve(*records[1:])
    second = harvest(source, at="2026-11-02T10:00:00+00:00")
    assert (second["reading"], second["in_grace"]) == ("full", 1)
    for moment in ("2026-11-04T10:00:00+00:00", "2026-11-09T09:59:00+00:00"):
        waiting = harvest(source, at=moment)
        assert (waiting["reading"], figures(waiting)) == ("unmodified", {"read": 5, "unchanged": 5, "in_grace": 1})
    last = harvest(source, at="2026-11-09T10:01:00+00:00")
    assert (last["reading"], last["archived"], last["unchanged"]) == ("unmodified", 1, 5)
    after = harvest(source, at="2026-11-10T10:01:00+00:00")
    assert (after["reading"], figures(after)) == ("unmodified", {"read": 5, "unchanged": 5})


def test_a_dataset_that_comes_back_is_restored(server, make_source, harvest):
    records = many("r", 6)
    server.serve(*records)
    source = make_source(absence={"grace_days": 0, "grace_runs": 1})
    harvest(source)
    server.serve(*records[1:])
    assert harvest(source)["archived"] == 1
    assert harvest(source)["reading"] == "unmodified"
    server.serve(*records)
    run = harvest(source)
    assert (run["reading"], run["restored"], run["unchanged"]) == ("full", 1, 5)
    assert figures(harvest(source)) == {"read": 6, "unchanged": 6}


@pytest.mark.parametrize("reason", ["force", "config", "days", "never"])
def test_a_server_that_says_unmodified_is_not_always_believed(server, make_source, harvest, monkeypatch, reason):
    server.serve(*many("e", 3))
    source = make_source()
    harvest(source, at="2026-11-01T10:00:00+00:00")
    server.lies = True
    server.serve(*many("e", 2), record("e2", "e 2", description="Cambió"))
    if reason != "never":
        assert harvest(source, at="2026-11-01T11:00:00+00:00")["unchanged"] == 3
    if reason == "config":
        config = json.dumps({"license": "cc-by-4.0"})
        helpers.call_action("harvest_source_patch", id=source["id"], config=config)
    if reason == "never":
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.full_days", 0)
    day = 9 if reason == "days" else 2
    run = harvest(source, at=f"2026-11-0{day}T10:00:00+00:00", force=reason == "force")
    assert (run["reading"], run["updated"], server.answers[-1]) == ("full", 3 if reason == "force" else 1, 200)


def test_after_a_run_that_did_not_end_everything_is_read(server, make_source, harvest):
    server.serve(*many("f", 6))
    source = make_source()
    harvest(source)
    body = server.body
    server.body, server.tag = b"<html>", '"roto"'
    assert harvest(source)["status"] == "failed"
    server.body, server.tag = body, '"otra"'
    assert (harvest(source)["reading"], server.answers) == ("full", [200, 200, 200])
    server.serve(record("f0", "f 0"))
    assert harvest(source)["status"] == "held"
    assert (harvest(source)["reading"], server.answers[-1]) == ("full", 200)


def test_a_record_that_ckan_refused_is_tried_again(server, make_source, harvest, monkeypatch):
    server.serve(*many("g", 3))
    source = make_source()
    create = writing.DatasetWriter._create

    def sabotaged(self: Any, row: Any, dataset: Any) -> Any:
        if row["identifier"] == "g1":
            dataset["tags"] = [{"name": "x" * 300}]
        return create(self, row, dataset)

    with monkeypatch.context() as patch:
        patch.setattr(writing.DatasetWriter, "_create", sabotaged)
        assert harvest(source)["rejected"] == 1
    again = harvest(source)
    assert (again["reading"], figures(again)) == ("full", {"read": 3, "created": 1, "unchanged": 2})
    assert harvest(source)["reading"] == "unmodified"


def test_a_dataset_removed_here_by_hand_stays_excluded(server, make_source, harvest):
    server.serve(*many("h", 3))
    source = make_source()
    dataset_id = records_of(harvest(source)["run"])[0].dataset_id
    helpers.call_action("package_delete", id=dataset_id)
    for _ in range(2):
        run = harvest(source)
        assert (run["reading"], figures(run)) == ("unmodified", {"read": 3, "unchanged": 2, "excluded": 1})
    helpers.call_action("package_patch", id=dataset_id, state="active")
    assert figures(harvest(source)) == {"read": 3, "unchanged": 3}


def test_where_what_is_known_changed_meanwhile_everything_is_read(server, make_source, harvest, monkeypatch):
    """An identity goes while the run is under way: its record is needed although the portal says unmodified."""
    server.serve(*many("i", 3))
    source = make_source()
    harvest(source)
    carry_all = known.KnownList.carry_all

    def and_forget(self: Any, run_id: str) -> int:
        number = carry_all(self, run_id)
        forget = sa.text("DELETE FROM mxopendata_harvest_identity WHERE source_id = :id AND identifier = 'i1'")
        model.Session.execute(forget, {"id": source["id"]})
        return number

    monkeypatch.setattr(known.KnownList, "carry_all", and_forget)
    run = harvest(source)
    assert server.answers == [200, 304, 200]
    assert (run["reading"], figures(run)) == ("full", {"read": 3, "created": 1, "unchanged": 2})
    dataset_id = next(line.dataset_id for line in records_of(run["run"]) if line.identifier == "i1")
    assert helpers.call_action("package_show", id=dataset_id)["notes"] == "Datos de prueba"


def test_the_report_says_what_was_read(server, make_source, harvest, app):
    server.serve(*many("j", 2))
    source = make_source()
    for words in ("la lista completa", "nada: según el portal"):
        run = harvest(source)
        address = f"/harvest/{source['name']}/corrida/{run['run']}"
        assert f"Qué se leyó: {words}" in app.get(address).body
        assert json.loads(app.get(f"{address}.json").body)["reading"] == run["reading"]


# A portal on CKAN.


@pytest.fixture
def jalisco(portal: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalServer]:
    """A portal of the demonstration with its first twelve datasets."""
    served = PortalServer(government("jalisco"), 0, DAY)
    del served.portal.entries[12:]
    host = served.url.removeprefix("http://")
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [host])
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture
def source(jalisco: PortalServer, make_source: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return make_source(jalisco.url, "mx_ckan")


@pytest.fixture
def at(jalisco: PortalServer, source: dict[str, Any], harvest: Any) -> Callable[..., dict[str, Any]]:
    """Harvests the portal at a day and hour of November; gives the run with what it asked for."""

    def run(moment: str = "01T10", force: bool = False) -> dict[str, Any]:
        jalisco.portal.asked.clear()
        found = harvest(source, at=f"2026-11-{moment}:00:00+00:00", force=force)
        asked = [parse_qs(line.partition("?")[2]) for line in jalisco.portal.asked]
        pairs = sum("fl" in query for query in asked)
        records = [query.get("fq", [""])[0].count('"') // 2 for query in asked if "fl" not in query]
        return {**found, "pairs": pairs, "records": records, "requests": len(asked)}

    return run


def touch(entry: dict[str, Any], moment: str = "2026-11-20T08:00:00.123456", **fields: Any) -> None:
    entry.update(fields, metadata_modified=moment)


def test_of_a_ckan_only_what_changed_is_fetched(jalisco, at, indexed):
    first = at()
    assert (first["reading"], first["created"], first["pairs"]) == ("full", 12, 0)
    entries = jalisco.portal.entries
    touch(entries[5], notes="Otra descripción")
    touch(entries[7])
    entries.append({**entries[0], "id": "nuevo", "name": "nuevo", "title": "Nuevo", "extras": []})
    rows = row_versions()
    indexed.clear()
    run = at("02T10")
    assert (run["reading"], run["pairs"], run["records"]) == ("changes", 2, [3])
    assert figures(run) == {"read": 13, "created": 1, "updated": 1, "unchanged": 11}
    after = row_versions()
    changed = {row[0] for row in after["package"]} - {row[0] for row in set(after["package"]) & set(rows["package"])}
    assert len(changed) == len(set(indexed)) == 2
    run = at("03T10")
    assert (run["reading"], run["records"], figures(run)) == ("changes", [], {"read": 13, "unchanged": 13})


def test_a_reading_of_changes_goes_on_from_page_to_page(jalisco, source, at, monkeypatch):
    """As carriers do: each takes a page, and the list of pairs is not asked for anew."""
    monkeypatch.setattr(ckan_changes, "RECORDS", 5)
    at()
    touch(jalisco.portal.entries[1], title="Cambió")
    jalisco.portal.asked.clear()
    job = HarvestJob(source_id=source["id"], status="Running")
    job.save()
    run = runs.open_run(source["id"], job.id, datetime(2026, 11, 2, 10, tzinfo=timezone.utc))
    run_id, steps = run.id, 0
    while engine.advance(runs.get_run(run_id), 0.0):
        model.Session.remove()
        steps += 1
    found = helpers.call_action("mxopendata_harvest_run_show", run=run_id)
    assert (found["reading"], figures(found)) == ("changes", {"read": 12, "updated": 1, "unchanged": 11})
    assert steps >= 4
    assert len(jalisco.portal.asked) == 3


def test_a_record_that_is_not_known_any_more_is_read_with_all_others(jalisco, source, at, monkeypatch):
    at()
    among = known.KnownList.among

    def and_forget(self: Any, versions: Any) -> set[str]:
        found = among(self, versions)
        model.Session.execute(
            sa.text(
                "DELETE FROM mxopendata_harvest_identity WHERE identifier = (SELECT min(identifier) FROM"
                " mxopendata_harvest_identity WHERE source_id = :id)"
            ),
            {"id": source["id"]},
        )
        return found

    monkeypatch.setattr(known.KnownList, "among", and_forget)
    run = at("02T10")
    assert (run["reading"], run["status"] == "failed", run["read"], run["unchanged"]) == ("full", False, 12, 12)


def test_a_dataset_that_a_ckan_removed_is_seen_and_fetched_when_it_is_back(jalisco, make_source, harvest):
    source = make_source(jalisco.url, "mx_ckan", absence={"grace_days": 0, "grace_runs": 2})
    harvest(source)
    gone = jalisco.portal.entries.pop(9)
    seen = harvest(source)
    assert (seen["reading"], figures(seen)) == ("changes", {"read": 11, "unchanged": 11, "in_grace": 1})
    assert harvest(source)["archived"] == 1
    jalisco.portal.entries.append(gone)
    jalisco.portal.asked.clear()
    back = harvest(source)
    assert (back["reading"], figures(back)) == ("changes", {"read": 12, "restored": 1, "unchanged": 11})
    assert [line for line in jalisco.portal.asked if "fq=" in line] != []
    assert len(jalisco.portal.asked) == 3
    dataset_id = next(line.dataset_id for line in records_of(back["run"]) if line.action == "restored")
    assert helpers.call_action("package_show", id=dataset_id)["notes"] == gone["notes"]


def test_the_clock_of_a_portal_does_not_matter(jalisco, at):
    """Its clock is an hour late, and a change bears a date before that of the last run and of the last change."""
    at()
    touch(jalisco.portal.entries[3], "2026-11-01T09:30:00", title="Cambió mientras se leía")
    later = at("01T11")
    assert (later["reading"], later["updated"]) == ("changes", 1)
    touch(jalisco.portal.entries[3], "2020-01-01T00:00:00", title="Cambió otra vez")
    assert at("01T12")["updated"] == 1


def test_a_portal_that_ignores_the_list_of_fields_is_read_in_full(jalisco, at, monkeypatch):
    from portals.ckan import ActionApi

    search = ActionApi._search
    monkeypatch.setattr(ActionApi, "_search", lambda self, query: search(self, {**query, "fl": ""}))
    at()
    run = at("02T10")
    assert (run["reading"], run["pairs"], figures(run)) == ("full", 1, {"read": 12, "unchanged": 12})


def test_a_portal_that_takes_no_filter_of_ids_shows_each(jalisco, at, monkeypatch):
    from portals.ckan import ActionApi, ActionError

    search = ActionApi._search

    def refusing(self: Any, query: dict[str, str]) -> Any:
        if "fq" in query:
            raise ActionError(409, "Search Query Error", "fq")
        return search(self, query)

    monkeypatch.setattr(ActionApi, "_search", refusing)
    at()
    touch(jalisco.portal.entries[0], title="Cambió")
    run = at("02T10")
    assert (run["reading"], run["requests"]) == ("changes", 4)
    assert figures(run) == {"read": 12, "updated": 1, "unchanged": 11}


def test_the_whole_list_of_a_ckan_is_read_at_intervals_and_where_most_has_changed(jalisco, at, monkeypatch):
    at()
    jalisco.portal.entries[4]["title"] = "Cambió, y el portal no lo dice"
    assert figures(at("07T10"), "updated", "unchanged") == {"updated": 0, "unchanged": 12}
    weekly = at("08T10")
    assert (weekly["reading"], weekly["updated"], weekly["pairs"]) == ("full", 1, 0)
    monkeypatch.setattr(ckan_changes, "ASKED_AT_ONCE", 2)
    for entry in jalisco.portal.entries[:3]:
        touch(entry)
    run = at("09T10")
    assert (run["reading"], run["pairs"], run["unchanged"]) == ("full", 2, 12)
    assert at("10T10")["reading"] == "changes"


def test_what_the_source_leaves_out_is_not_fetched_again(jalisco, make_source, harvest):
    name = jalisco.portal.entries[0]["organization"]["name"]
    source = make_source(jalisco.url, "mx_ckan", include={"organization.name": name})
    first = harvest(source)
    stored = first["read"] - first["excluded"]
    assert first["excluded"] > 0
    assert stored > 0
    jalisco.portal.asked.clear()
    again = harvest(source)
    assert (again["excluded"], again["unchanged"], again["created"]) == (first["excluded"], stored, 0)
    assert len(jalisco.portal.asked) == 2


def test_the_index_of_a_real_ckan_tells_versions_as_its_datasets_do(server, make_source, harvest):
    """What the pairs lean on, against the CKAN these tests run on."""
    server.serve(*many("z", 3))
    harvest(make_source())
    search = {"fq": "dataset_type:dataset", "sort": "id asc"}
    pairs = helpers.call_action("package_search", fl="id,metadata_modified", **search)["results"]
    whole = helpers.call_action("package_search", **search)["results"]
    assert [sorted(pair) for pair in pairs] == [["id", "metadata_modified"]] * len(whole)
    assert [version(pair) for pair in pairs] == [version(dataset) for dataset in whole]
    ids = {dataset["id"] for dataset in whole[:2]}
    wanted = " OR ".join(f'"{one}"' for one in sorted(ids))
    found = helpers.call_action("package_search", fq=f"id:({wanted})")["results"]
    assert {dataset["id"] for dataset in found} == ids
