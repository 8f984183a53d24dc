"""``ckan mxopendata uninstall``: what it refuses, what it leaves alone, what it says; the rest: ``tests/removal``."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories, helpers

from ckanext.mxopendata.cli.uninstall import uninstall
from ckanext.mxopendata.removal import harvests, leftovers, plan, without
from ckanext.mxopendata.removal.without import Outcome

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _call(*words: str) -> Result:
    return CliRunner().invoke(uninstall, list(words))


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outcome]:
    """What the process without us would say; it is started for real in ``tests/removal``."""
    said = Outcome(datasets=3)
    monkeypatch.setattr(without, "run", lambda ini, changes, write: said)
    yield said
    model.Session.rollback()


@pytest.mark.parametrize("words", [(), ("--yes", "--dry-run"), ("--undo", "--yes")])
def test_without_a_clear_word_nothing_is_done(words: tuple[str, ...]):
    result = _call(*words)
    assert result.exit_code == 2
    assert len(result.output.strip().splitlines()) == 1


def test_a_site_that_does_not_start_without_us_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    def fails(*_: Any) -> Outcome:
        raise without.SiteError("own_plugin needs scheming")

    done: list[Any] = []
    monkeypatch.setattr(without, "run", fails)
    monkeypatch.setattr(harvests, "still", done.append)
    result = _call("--yes")
    assert (result.exit_code, done) == (2, [])
    assert "own_plugin needs scheming" in result.output


def test_what_ckan_would_not_save_is_named(outcome: Outcome):
    outcome.refused.append({"id": "1", "name": "conjunto", "reason": "url: not valid"})
    result = _call("--dry-run")
    assert result.exit_code == 1
    assert "conjunto" in result.output
    assert "url: not valid" in result.output


def test_the_process_says_why_the_site_does_not_start():
    changes = {"ckan.plugins": "no_such_plugin"}
    with pytest.raises(without.SiteError, match="no_such_plugin"):
        without.run(str(Path(tk.config["__file__"]).resolve()), changes, write=False)


def test_commands_and_lines(outcome: Outcome):
    found = plan.look()
    ini = found.ini
    assert found.commands() == [
        "pg_dump --no-owner --table='mxopendata_*' --file=mxopendata-tables.sql \"$CKAN_SQLALCHEMY_URL\"",
        *(
            f"ckan -c {ini} db downgrade -p mxopendata{room}"
            for room in ("_harvest", "_dcat", "_dashboard", "_planning", "")
        ),
        f'ckan config-tool {ini} "ckan.plugins = dcat harvest"',
        f"ckan -c {ini} search-index rebuild",
    ]
    assert found.lines() == [
        "# scheming.dataset_schemas",
        "# scheming.organization_schemas",
        "scheming.presets = ckanext.scheming:presets.json",
        "# ckanext.dcat.rdf.profiles",
    ]
    assert found.unloaded == []
    printed = _call("--yes").output
    assert all(command in printed for command in found.commands())


def test_only_our_keys_and_jobs_go():
    redis = connect_to_redis()
    ours = f"mxopendata:{tk.config['ckan.site_id']}:dashboard:computation-waiting"
    others = ["mxopendata:another_site:dashboard:computation-waiting", "ckan:own"]
    for key in (ours, *others):
        redis.set(key, "1")
    from ckanext.mxopendata.dashboard.jobs import run

    jobs.enqueue(run, title="ours")
    kept = jobs.enqueue(jobs.test_job, ["theirs"])
    left = leftovers.look()
    assert left.keys == [ours]
    left.remove()
    assert [key for key in (ours, *others) if redis.exists(key)] == others
    assert [job.id for queue in jobs.get_all_queues() for job in queue.jobs] == [kept.id]
    assert not leftovers.look().keys
    left.remove()


def test_in_a_folder_of_the_operator_only_our_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.harvest.folder", str(tmp_path))
    monkeypatch.setitem(tk.config, "ckan.storage_path", str(tmp_path / "storage"))
    ours, theirs = tmp_path / f"{uuid.uuid4()}.json", tmp_path / "notas.txt"
    exported = tmp_path / "storage" / "mxopendata" / "volcado"
    exported.mkdir(parents=True)
    for path in (ours, theirs, exported / "catalogo.ttl"):
        path.touch()
    left = leftovers.look()
    assert sorted(left.files) == sorted([ours, exported])
    left.remove()
    assert theirs.exists()
    assert not ours.exists()
    assert not exported.parent.exists()
    assert (tmp_path / "storage").exists()


@pytest.fixture
def source() -> dict[str, Any]:
    organization = factories.Organization(gov_type="municipal", cvegeo="14039")
    return helpers.call_action(
        "harvest_source_create",
        name=f"fuente-{uuid.uuid4().hex[:6]}",
        title="Fuente",
        url="http://municipio.example/data.json",
        source_type="mx_datajson",
        owner_org=organization["name"],
        frequency="WEEKLY",
        config=json.dumps({"rate": 2}),
    )


def test_a_source_keeps_its_schedule_for_coming_back(source: dict[str, Any]):
    harvests.still([one for one in harvests.look() if one.id == source["id"]])
    shown = helpers.call_action("harvest_source_show", id=source["id"])
    assert (shown["frequency"], json.loads(shown["config"])) == ("MANUAL", {"rate": 2, "schedule": "WEEKLY"})
    # Again: what it had is not forgotten.
    harvests.still([one for one in harvests.look() if one.id == source["id"]])
    assert harvests.wake(harvests.look()) == [source["name"]]
    shown = helpers.call_action("harvest_source_show", id=source["id"])
    assert (shown["frequency"], json.loads(shown["config"])) == ("WEEKLY", {"rate": 2})
    assert harvests.wake(harvests.look()) == []


def test_a_source_that_is_off_stays_off(source: dict[str, Any]):
    from ckanext.mxopendata.harvest.stock import HarvestSource

    HarvestSource.get(source["id"]).active = False
    model.Session.commit()
    harvests.still([one for one in harvests.look() if one.id == source["id"]])
    assert HarvestSource.get(source["id"]).active is False
    assert HarvestSource.get(source["id"]).frequency == "WEEKLY"
