"""The commands: sources as files, harvests, reports; one JSON document each, and exit codes that mean something."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.harvest import locks, runner, runs
from ckanext.mxopendata.harvest.datasets import DatasetWriter

from .conftest import catalogue, record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


@pytest.fixture
def command(cli: Any):
    """Runs a command; gives its exit code and, with ``--json``, its document."""

    def run(*arguments: str) -> tuple[int, Any]:
        result = cli.invoke(mxopendata, [*arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout) if "--json" in arguments else result.stdout + result.stderr

    return run


def _write(folder: Path, name: str, url: str, **changes: Any) -> Path:
    content = {
        "name": name,
        "title": name.title(),
        "url": url,
        "type": "mx_datajson",
        "schedule": "DAILY",
        "institution": {"name": f"gob-{name}", "title": f"Gobierno {name}", "gov_type": "state", "cvegeo": "14"},
        **changes,
    }
    path = folder / "jalisco" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_files_become_sources_and_stay_so(command, portal, tmp_path):
    url = portal.serve("/sync.json", catalogue(record("c1")))
    _write(tmp_path, "uno", url)
    _write(tmp_path, "apagada", f"{url}?b", enabled=False)
    bad = _write(tmp_path, "mala", "ftp://x")
    code, planned = command("sources", "sync", str(tmp_path), "--dry-run", "--json")
    assert (code, planned["created"]) == (1, ["uno"])
    assert model.Package.get("uno") is None
    code, done = command("sources", "sync", str(tmp_path), "--json")
    assert (code, done["created"], done["updated"]) == (1, ["uno"], [])
    assert "apagada" in done["disabled"]
    assert [item["file"] for item in done["invalid"]] == [str(bad)]
    assert done["invalid"][0]["findings"][0]["field"] == "url"
    source = helpers.call_action("harvest_source_show", id="uno")
    assert (source["source_type"], source["frequency"]) == ("mx_datajson", "DAILY")
    assert helpers.call_action("organization_show", id="gob-uno")["gov_type"] == "state"
    bad.unlink()
    code, again = command("sources", "sync", str(tmp_path), "--json")
    assert (code, again["created"], again["unchanged"]) == (0, [], ["uno"])


def test_a_changed_file_changes_its_source_and_not_its_institution(command, portal, tmp_path):
    url = portal.serve("/sync.json", catalogue(record("c2")))
    _write(tmp_path, "dos", url)
    command("sources", "sync", str(tmp_path), "--json")
    renamed = {"name": "gob-dos", "title": "Otro nombre", "gov_type": "state"}
    _write(tmp_path, "dos", url, title="Segunda", license="libreusomx", institution=renamed)
    _, done = command("sources", "sync", str(tmp_path), "--json")
    assert done["updated"] == ["dos"]
    assert {change["field"] for change in done["changes"]} == {"title", "config"}
    assert helpers.call_action("harvest_source_show", id="dos")["title"] == "Segunda"
    assert helpers.call_action("organization_show", id="gob-dos")["title"] == "Gobierno dos"
    _write(tmp_path, "dos", url, title="Segunda", license="libreusomx", institution=renamed, enabled=False)
    command("sources", "sync", str(tmp_path), "--json")
    _, listed = command("sources", "list", "--json")
    assert next(item for item in listed if item["name"] == "dos")["enabled"] is False


def test_a_source_made_by_hand_is_left_alone(command, portal, make_source, tmp_path):
    source = make_source("/mano.json")
    _write(tmp_path, source["name"], portal.url("/otra.json"))
    code, done = command("sources", "sync", str(tmp_path), "--json")
    assert code == 1
    assert done["invalid"][0]["findings"][0]["code"] == "source_not_ours"
    assert helpers.call_action("harvest_source_show", id=source["id"])["url"] == source["url"]


def test_the_operators_folder_is_read_too(command, portal, tmp_path, monkeypatch):
    folder = tmp_path / "harvest_configs"
    folder.mkdir()
    _write(folder, "tres", portal.url("/tres.json"))
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.config_dirs", [str(tmp_path)])
    assert command("sources", "sync", "--json")[1]["created"] == ["tres"]


def test_harvest_prints_runs_and_says_how_it_went(command, portal, make_source):
    portal.serve("/data.json", catalogue(record("h1"), record("h2")))
    name = make_source()["name"]
    code, runs = command("harvest", name, "--now", "2026-11-22T10:00:00Z", "--json")
    assert (code, len(runs)) == (0, 1)
    assert {"run", "source", "status", "started", "finished", "read", "report_url"} <= runs[0].keys()
    assert (runs[0]["status"], runs[0]["read"], runs[0]["created"]) == ("finished", 2, 2)
    assert "nuevos" in command("harvest", name)[1]
    assert command("run", "show", runs[0]["run"], "--json")[1]["created"] == 2
    records = command("run", "records", runs[0]["run"], "--action", "created", "--json")[1]
    assert [item["identifier"] for item in records["results"]] == ["h1", "h2"]
    portal.serve("/data.json", catalogue(record("h1"), record("h2"), {"identifier": "h3"}))
    assert command("harvest", name, "--json")[0] == 1
    portal.serve("/data.json", "no", status=404)
    code, runs = command("harvest", name, "--json")
    assert (code, runs[0]["status"]) == (2, "failed")


def test_processes_tell_how_far_each_source_is(portal, make_source):
    told: list[tuple[Any, ...]] = []

    class Watcher:
        def tell(self, source_id: str, phase: str, done: int, total: int | None) -> None:
            told.append((source_id, phase, done))

        def end(self, source_id: str) -> None:
            told.append((source_id, "end", 0))

    portal.serve("/data.json", catalogue(record("w1"), record("w2")))
    ids = [make_source()["id"], make_source("/no-hay.json")["id"]]
    begun = runner.harvest_in_parallel(ids, datetime.now(timezone.utc), False, 2, Watcher())
    assert begun.keys() == set(ids)
    assert (ids[0], "reading", 2) in told
    assert (ids[0], "writing", 2) in told
    assert sorted(source for source, phase, _ in told if phase == "end") == sorted(ids)


def test_a_process_without_a_source_helps_another_although_that_begins_late(portal, make_source, monkeypatch, tmp_path):
    write, open_run = DatasetWriter.write, runs.open_run

    def noted(writer: DatasetWriter, row: Any, found: Any) -> Any:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(0.1)
        return write(writer, row, found)

    def late(*arguments: Any) -> Any:
        time.sleep(1.5)
        return open_run(*arguments)

    monkeypatch.setattr("ckanext.mxopendata.config.harvest_batch", lambda: 2)
    monkeypatch.setattr(DatasetWriter, "write", noted)
    monkeypatch.setattr(runs, "open_run", late)
    portal.serve("/data.json", catalogue(*(record(f"ay{number}") for number in range(20))))
    source_id = make_source()["id"]
    begun = runner.harvest_in_parallel([source_id], datetime.now(timezone.utc), False, 2)
    assert runs.get_run(begun[source_id]).created == 20
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_that_its_process_is_about_to_begin_is_not_taken_for_ended(portal, make_source, monkeypatch):
    """Who looks between the opening of a run and the first work on it finds nobody there, and is refused."""
    working = locks.working

    def late(run_id: str) -> Any:
        time.sleep(1)
        return working(run_id)

    monkeypatch.setattr(locks, "working", late)
    portal.serve("/data.json", catalogue(*(record(f"ae{number}") for number in range(3))))
    source_id = make_source()["id"]
    begun = runner.harvest_in_parallel([source_id], datetime.now(timezone.utc), False, 2)
    assert runs.get_run(begun[source_id]).created == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("harvest",),
        ("harvest", "no-hay"),
        ("harvest", "--all", "--now", "ayer"),
        ("harvest", "--confirm-run", "nada"),
        ("run", "show", "nada"),
        ("run", "records", "nada"),
        ("sources", "sync", "/no/hay"),
        ("sources", "preview", "file:///etc/passwd"),
        ("sources", "check", "no-hay"),
    ],
)
def test_what_cannot_be_done_says_why_in_one_line(command, arguments):
    code, output = command(*arguments)
    assert code == 2
    assert len(output.strip().splitlines()) == 1


def test_a_preview_stores_nothing(command, portal):
    url = portal.serve("/data.json", catalogue(record("v1", "Vista"), {"identifier": "v2"}))
    code, shown = command("sources", "preview", url, "--limit", "1", "--json")
    assert (code, shown["platform"], len(shown["records"])) == (0, "datajson", 1)
    assert shown["records"][0]["dataset"]["title"] == "Vista"
    assert shown["records"][0]["points"] > 0
    assert helpers.call_action("package_search", q="title:Vista")["count"] == 0


def test_adding_a_source_finds_out_what_it_is(command, portal):
    url = portal.serve("/portal/data.json", catalogue(record("w1")))
    helpers.call_action(
        "organization_create", context=_sysadmin(), name="gob-alta", title="Alta", gov_type="state", cvegeo="14"
    )
    arguments = ("sources", "add", portal.url("/portal"), "--name", "alta", "--institution", "gob-alta", "--json")
    code, added = command(*arguments)
    assert (code, added["type"], added["saved"]) == (0, "mx_datajson", False)
    assert command(*arguments, "--yes")[1]["saved"] is True
    assert helpers.call_action("harvest_source_show", id="alta")["url"] == url


def _sysadmin() -> dict[str, Any]:
    return {"user": helpers.call_action("get_site_user")["name"], "ignore_auth": True}
