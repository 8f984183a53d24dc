"""A key that goes into addresses (Junar): nothing that is stored, indexed, logged, shown or reported has it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import helpers

from ckanext.harvest.model import HarvestSource

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest.cli.sources import sources
from portals.platforms.base import Plain, serving
from portals.platforms.junar import JunarPortal

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

NAME, KEY = "MXOPENDATA_SECRET_JUNAR", "7f9ef43c9132fd3766d69d65a881134cc2ffbfcd"


@pytest.fixture
def guarded(portal: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[JunarPortal]:
    """A portal on Junar that wants a key and repeats it in what it answers."""
    made = JunarPortal([
        Plain(f"clave-{number}", f"Clave {number}", file_url=f"https://clave.gob.mx/{number}.csv?auth_key={KEY}")
        for number in range(12)
    ])  # fmt: skip
    made.key = KEY
    with serving(made) as host:
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [host])
        monkeypatch.setenv(NAME, f"{host} {KEY}")
        yield made


def _stored(word: str = KEY) -> list[str]:
    """The tables of which a row, as text, has a word: the key, if no other."""
    names = sa.inspect(model.Session.get_bind()).get_table_names()
    asked = 'SELECT count(*) FROM "{}" AS line WHERE line::text LIKE :word'
    return [
        name for name in names if model.Session.execute(sa.text(asked.format(name)), {"word": f"%{word}%"}).scalar_one()
    ]


def test_it_is_nowhere_after_a_harvest(guarded, make_source, harvest, caplog, app):
    source = make_source(guarded.address, "mx_junar", secret=NAME, rate=1000)
    with caplog.at_level(logging.DEBUG):
        run = harvest(source)
    assert (run["status"], run["created"], run["rejected"]) == ("finished", 12, 0)
    assert all(f"auth_key={KEY}" in address for address in guarded.asked if "resources" in address)
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"', rows=20)
    urls = {resource["url"] for dataset in found["results"] for resource in dataset["resources"]}
    assert "https://clave.gob.mx/3.csv" in urls
    assert f"{guarded.address}dataviews/1/clave-3" in urls
    paths = [f"/harvest/{source['name']}/corrida/{run['run']}{end}" for end in ("", ".csv", ".json")]
    paths += [f"/harvest/{source['name']}", f"/dataset/{found['results'][0]['id']}"]
    shown = [app.get(path).body for path in paths]
    assert not [text for text in (caplog.text, json.dumps([run, found]), *shown) if KEY in text]
    assert _stored("clave-3"), "the tables are really looked through"
    assert _stored() == []
    # Five a second are what a key may ask.
    pace = config.redis_key(f"pace:{guarded.base.removeprefix('http://')}")
    assert connect_to_redis().hgetall(pace)[b"distance"] == b"250"


def test_nor_after_a_refusal(guarded, make_source, harvest, caplog):
    guarded.key = "otra"
    source = make_source(guarded.address, "mx_junar", secret=NAME)
    with caplog.at_level(logging.DEBUG):
        run = harvest(source)
    assert (run["status"], [finding["code"] for finding in run["findings"]]) == ("failed", ["http_forbidden"])
    job = helpers.call_action("harvest_job_list", source_id=source["id"])[0]
    assert KEY not in caplog.text + json.dumps([run, job])
    assert _stored() == []


def test_an_address_that_holds_it_is_refused_and_not_repeated(guarded, make_source, harvest):
    """As Junar's own pages show it, for copying."""
    url = f"{guarded.address}api/v2/datasets.json?auth_key={KEY}"
    result = CliRunner().invoke(sources, ["add", url, "--type", "mx_junar", "--institution", "x", "--yes"])
    assert result.exit_code == 2
    assert KEY not in result.output
    source = make_source(guarded.address, "mx_junar")
    stored = HarvestSource.get(source["id"])
    stored.url = url
    model.Session.commit()
    run = harvest(source)
    assert (run["status"], [finding["code"] for finding in run["findings"]]) == ("failed", ["config_holds_secret"])
    assert KEY not in json.dumps(run)
    stored.url = guarded.address
    model.Session.commit()


@pytest.mark.parametrize("refuses", [False, True])
def test_nor_by_the_preview_of_a_command(guarded, make_source, refuses):
    source = make_source(guarded.address, "mx_junar", secret=NAME)
    if refuses:
        guarded.respond = lambda *_: guarded.json({"mensaje": f"Clave {KEY}"})  # type: ignore[method-assign]
    result = CliRunner().invoke(sources, ["preview", source["name"], "--json"])
    assert result.exit_code == (2 if refuses else 0), result.output
    assert KEY not in result.output
    assert refuses or '"clave-3"' in result.output
