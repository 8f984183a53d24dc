"""Gentle to portals: their pace is kept by all processes together, who refuses is left, no reading is endless."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from tests.integration.harvest.conftest import catalogue, record, row_versions

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import helpers

from ckanext.harvest.model import HarvestJob, HarvestSource

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import engine, runs
from ckanext.mxopendata.harvest.model import Spooled
from ckanext.mxopendata.http_pace import SharedPace

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

NAME, TOKEN = "MXOPENDATA_SECRET_PRUEBA", "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.Zm9v"
TAKE = """
import redis, sys
from ckanext.mxopendata import config
from ckanext.mxopendata.http_pace import SharedPace
print(SharedPace(lambda: redis.Redis.from_url(sys.argv[1]), str).take("prueba.mx", 100.0, 1000.0))
"""


def _codes(run: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in run["findings"]]


class TestPace:
    def test_processes_share_it(self):
        """Each takes the moment after the one that another took, and none waits for the other."""
        first = SharedPace(connect_to_redis, str)
        assert first.take("prueba.mx", 100.0, 1000.0) == 0
        url = tk.config["ckan.redis.url"]
        taken = [
            float(subprocess.run([sys.executable, "-c", TAKE, url], capture_output=True, check=True, text=True).stdout)
            for _ in range(2)
        ]
        waits = [*taken, first.take("prueba.mx", 100.0, 1000.0)]
        # Processes take their time to start, and the moments pass meanwhile; the distance between them stays.
        assert waits[0] <= 100
        assert all(later - earlier > 0 for earlier, later in zip(waits, waits[1:], strict=False))
        assert waits[2] > 100
        assert first.take("otra.mx", 20.0) == 0
        assert first.take("prueba.mx", 20.0, 10.0) is None
        assert connect_to_redis().pttl("prueba.mx") > 0, "it is forgotten by itself"

    def test_the_slower_of_two_sources_is_respected(self):
        pace = SharedPace(connect_to_redis, str)
        assert [pace.take("dos.mx", 50.0), pace.take("dos.mx", 1.0)][0] == 0
        wait = pace.take("dos.mx", 50.0, 1000.0)
        assert wait is not None
        assert wait > 55

    def test_a_harvest_keeps_it(self, portal, make_source, harvest):
        portal.serve("/data.json", catalogue(record("ritmo")))
        assert harvest(make_source())["created"] == 1
        assert portal.requests == ["/robots.txt", "/data.json"]
        assert connect_to_redis().hgetall(config.redis_key(f"pace:{portal.host}"))[b"distance"] == b"200"

    def test_a_source_may_say_another(self, portal, make_source, harvest):
        portal.serve("/data.json", catalogue(record("ritmo")))
        harvest(make_source(rate=0.5))
        assert connect_to_redis().hgetall(config.redis_key(f"pace:{portal.host}"))[b"distance"] == b"2000"

    def test_where_too_many_wait_the_run_waits_too_and_goes_on_later(self, portal, make_source, harvest, monkeypatch):
        class Busy:
            def take(self, *_: Any) -> None:
                return None

        portal.serve("/data.json", catalogue(record("espera")))
        source = make_source()
        run = _open(source)
        with monkeypatch.context() as patch:
            patch.setattr("ckanext.mxopendata.http_settings.PACE", Busy())
            patch.setattr("ckanext.mxopendata.http.MAXIMUM_WAIT", 0.05)
            assert engine.advance(run, 1.0), "somebody must go on with it"
        assert (run.status, "/data.json" in portal.requests) == (None, False)
        assert not engine.advance(run)
        assert (run.status, run.created) == ("finished", 1)


class TestRobots:
    def test_rules_for_crawlers_close_no_catalogue(self, portal, make_source, harvest):
        portal.serve("/robots.txt", "User-agent: *\nDisallow: /\n")
        portal.serve("/data.json", catalogue(record("rastreo")))
        assert harvest(make_source())["status"] == "finished"

    def test_a_rule_that_names_us_is_a_refusal(self, portal, make_source, harvest):
        portal.serve("/robots.txt", "User-agent: ckanext-mxopendata\nDisallow: /\n")
        portal.serve("/data.json", catalogue(record("negado")))
        source = make_source()
        frequency = HarvestSource.get(source["id"]).frequency
        run = harvest(source)
        assert (run["status"], _codes(run)) == ("failed", ["http_robots"])
        assert "robots: ignore" in run["findings"][0]["cure"]
        assert "/data.json" not in portal.requests
        kept = HarvestSource.get(source["id"])
        assert (kept.active, kept.frequency) == (True, frequency)
        kept.config = json.dumps({"robots": "ignore"})
        model.Session.commit()
        assert harvest(source)["created"] == 1


class TestReadingHours:
    def test_a_reading_is_given_up_however_many_carriers_read(self, portal, make_source, harvest):
        pages = {"0": ["a", "b"], "2": ["c", "d"], "4": []}

        def search(handler: Any, query: Any) -> None:
            found = [{"id": f"lento-{name}", "title": f"Lento {name}"} for name in pages[query["start"][0]]]
            body = json.dumps({"success": True, "result": {"count": 6, "results": found}}).encode()
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        portal.serve_with("/api/3/action/package_search", search)
        source = make_source("/", "mx_ckan")
        before = row_versions()
        run = _open(source)
        assert engine.advance(run, -1.0)
        assert run.total == 6
        run.started -= timedelta(hours=12, minutes=1)
        model.Session.commit()
        assert not engine.advance(run, -1.0)
        assert (run.status, [facts["code"] for facts in run.findings]) == ("failed", ["run_reading_too_long"])
        assert model.Session.query(Spooled).filter(Spooled.run_id == run.id).count() == 0
        assert row_versions() == before

    def test_its_length_is_an_option(self, portal, make_source, harvest, monkeypatch):
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.reading_hours", 0)
        portal.serve("/data.json", catalogue(record("opcion")))
        assert _codes(harvest(make_source())) == ["run_reading_too_long"]


def test_a_record_that_is_listed_and_cannot_be_read_is_not_gone(portal, make_source, harvest):
    """Read one by one, it is known by its name only: which of the missing datasets it is, nobody can tell."""
    names = ["uno", "dos", "tres", "cuatro", "cinco", "seis"]
    broken: list[str] = []

    def show(handler: Any, query: Any) -> None:
        name = query["id"][0]
        body = json.dumps({"success": True, "result": {"id": f"solo-{name}-id", "name": name, "title": f"Solo {name}"}})
        handler.send_response(404 if name in broken else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body.encode())

    portal.serve("/api/3/action/package_list", json.dumps({"success": True, "result": names}))
    portal.serve_with("/api/3/action/package_show", show)
    source = make_source("/", "mx_ckan", rate=1000)
    assert harvest(source, "2026-03-01T00:00:00+00:00")["created"] == 6
    broken.append("tres")
    for day in ("02", "12", "22"):
        run = harvest(source, f"2026-03-{day}T00:00:00+00:00")
        assert (run["rejected"], run["in_grace"], run["archived"]) == (1, 1, 0)
    broken.clear()
    assert harvest(source, "2026-03-23T00:00:00+00:00")["unchanged"] == 6


class TestSecret:
    @pytest.fixture
    def guarded(self, portal: Any) -> list[str | None]:
        """A portal that shows its catalogue to those with a key only; the headers it saw."""
        seen: list[str | None] = []

        def guard(content: str) -> Any:
            def answer(handler: Any, _query: Any) -> None:
                seen.append(handler.headers["Authorization"])
                allowed = TOKEN in (seen[-1] or "")
                body = content if allowed else json.dumps({"success": False})
                handler.send_response(200 if allowed else 403)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body.encode())

            return answer

        found = {"count": 1, "results": [{"id": "guardado", "title": "Guardado"}]}
        portal.serve_with("/data.json", guard(catalogue(record("guardado-2"))))
        portal.serve_with("/api/3/action/package_search", guard(json.dumps({"success": True, "result": found})))
        return seen

    @pytest.mark.parametrize(
        ("path", "kind", "header"),
        [("/", "mx_ckan", TOKEN), ("/data.json", "mx_datajson", f"Bearer {TOKEN}")],
    )
    def test_a_portal_that_wants_a_key_gets_it_and_nobody_sees_it(
        self, portal, guarded, make_source, harvest, monkeypatch, caplog, app, path, kind, header
    ):
        monkeypatch.setenv(NAME, f"{portal.host} {TOKEN}")
        source = make_source(path, kind, secret=NAME)
        with caplog.at_level(logging.DEBUG):
            run = harvest(source)
        assert (run["status"], run["created"]) == ("finished", 1)
        assert guarded == [header]
        pages = [f"/harvest/{source['name']}/corrida/{run['run']}{end}" for end in ("", ".csv", ".json")]
        shown = [app.get(page).body for page in (*pages, f"/harvest/{source['name']}", "/cosechas")]
        assert not [text for text in (caplog.text, json.dumps(run), *shown) if TOKEN in text]

    def test_without_it_the_run_says_so(self, portal, guarded, make_source, harvest, monkeypatch):
        monkeypatch.delenv(NAME, raising=False)
        run = harvest(make_source(secret=NAME))
        assert (run["status"], _codes(run), portal.requests) == ("failed", ["secret_missing"], [])

    def test_the_key_of_another_host_is_not_sent(self, portal, guarded, make_source, harvest, monkeypatch):
        monkeypatch.setenv(NAME, f"datos.ejemplo.gob.mx {TOKEN}")
        assert _codes(harvest(make_source(secret=NAME))) == ["http_forbidden"]
        assert guarded == [None]

    @pytest.mark.parametrize("config", [{"secret": TOKEN}, {"fixed": {"token": TOKEN}}])
    def test_a_source_with_the_key_itself_is_refused_and_the_key_not_repeated(
        self, portal, make_source, harvest, config
    ):
        with pytest.raises(tk.ValidationError) as error:
            make_source(**config)
        assert TOKEN not in str(error.value.error_dict)
        source = make_source()
        # One from before, or written by hand.
        HarvestSource.get(source["id"]).config = json.dumps(config)
        model.Session.commit()
        run = harvest(source)
        assert (run["status"], _codes(run)) == ("failed", ["source_config_wrong"])
        assert TOKEN not in json.dumps(run)

    def test_a_portal_that_repeats_it_does_not_have_it_printed(self, portal, make_source, harvest, monkeypatch):
        monkeypatch.setenv(NAME, f"{portal.host} {TOKEN}")
        said = json.dumps({"success": False, "error": {"message": f"Clave desconocida: {TOKEN}"}})
        portal.serve("/api/3/action/package_search", said)
        portal.serve("/api/3/action/package_list", said)
        run = harvest(make_source("/", "mx_ckan", secret=NAME))
        assert _codes(run) == ["api_error"]
        assert "Clave desconocida: …" in run["findings"][0]["message"]
        job = helpers.call_action("harvest_job_list", source_id=run_source(run))[0]
        assert TOKEN not in json.dumps([run, job])


def run_source(run: dict[str, Any]) -> str:
    """The id of a run's source."""
    return runs.get_run(run["run"]).source_id


def _open(source: dict[str, Any]) -> Any:
    job = HarvestJob(source_id=source["id"], status="Running")
    job.save()
    return runs.open_run(source["id"], job.id, datetime.now(timezone.utc))
