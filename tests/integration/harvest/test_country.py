"""The sources of the country over a CKAN: created switched off, without asking anybody, and written out again."""

from __future__ import annotations

import json
import socket
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.harvest.stock import HarvestJob, HarvestSource

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _shipped() -> dict[str, dict[str, Any]]:
    folder = Path(str(files("ckanext.mxopendata.harvest_configs")))
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.rglob("*.yaml")]
    return {content["name"]: content for content in contents}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The world outside of this machine cannot be asked."""
    resolve = socket.getaddrinfo

    def local(host: Any, *arguments: Any, **options: Any) -> Any:
        assert host in {"127.0.0.1", "localhost", "::1", None}, f"asked for {host}"
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local)


def test_all_are_created_off_and_come_back_as_their_files_say(cli, no_network, tmp_path):
    shipped = _shipped()
    plain = json.loads(cli.invoke(mxopendata, ["sources", "sync", "--json"]).stdout)
    assert (plain["created"], set(plain["disabled"])) == ([], set(shipped))

    result = cli.invoke(mxopendata, ["sources", "sync", "--disabled", "--json"])
    done = json.loads(result.stdout)
    assert done["invalid"] == []
    assert (result.exit_code, set(done["created"])) == (0, set(shipped))
    listed = {row["name"]: row for row in json.loads(cli.invoke(mxopendata, ["sources", "list", "--json"]).stdout)}
    assert listed.keys() == shipped.keys()
    assert {(row["enabled"], row["health"], row["last_run"]) for row in listed.values()} == {(False, "off", None)}
    assert {source.frequency for source in model.Session.query(HarvestSource)} == {"WEEKLY"}
    helpers.call_action("harvest_jobs_run", context={"user": helpers.call_action("get_site_user")["name"]})
    assert model.Session.query(HarvestJob).count() == 0

    again = json.loads(cli.invoke(mxopendata, ["sources", "sync", "--json"]).stdout)
    assert (again["created"], again["updated"], set(again["unchanged"])) == ([], [], set(shipped))

    assert cli.invoke(mxopendata, ["sources", "export", str(tmp_path)]).exit_code == 0
    exported = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.yaml")}
    assert exported == shipped


def test_what_was_exported_creates_the_same_institution_elsewhere(cli, no_network, tmp_path):
    """A source made by hand, written out: the file says whose it is, so that it can be copied."""
    helpers.call_action(
        "organization_create",
        context={"user": helpers.call_action("get_site_user")["name"], "ignore_auth": True},
        name="gob-tonala",
        title="Ayuntamiento de Tonalá",
        gov_type="municipal",
        cvegeo="14101",
        ranked="true",
    )
    helpers.call_action(
        "harvest_source_create",
        name="a-mano",
        title="A mano",
        url="https://datos.tonala.gob.mx/data.json",
        source_type="mx_datajson",
        owner_org="gob-tonala",
        config='{"license": "cc-by-4.0"}',
    )
    contents = json.loads(cli.invoke(mxopendata, ["sources", "export", "--json"]).stdout)
    (made,) = [content for content in contents if content["name"] == "a-mano"]
    assert made["institution"] == {
        "name": "gob-tonala",
        "title": "Ayuntamiento de Tonalá",
        "gov_type": "municipal",
        "cvegeo": "14101",
        "ranked": True,
    }
    made["name"], made["institution"]["name"] = "de-otro", "gob-otro"
    (tmp_path / "otro.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    done = json.loads(cli.invoke(mxopendata, ["sources", "sync", str(tmp_path), "--json"]).stdout)
    assert (done["created"], done["invalid"]) == (["de-otro"], [])
    assert helpers.call_action("organization_show", id="gob-otro")["cvegeo"] == "14101"
