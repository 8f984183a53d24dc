"""``ckan mxopendata doctor``: each check is proven by breaking exactly what it looks at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
import redis
import sqlalchemy as sa
from click.testing import CliRunner

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories, helpers

from ckanext.harvest.logic.action.update import harvest_source_reindex as stock_reindex

from ckanext.mxopendata.cli.doctor import doctor
from ckanext.mxopendata.doctor import CHECKS, Check, installation, queue, search

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


def test_plugin_line_is_the_one_of_test_ini():
    assert tk.config["ckan.plugins"] == installation.PLUGINS.split()


def test_a_site_in_order_passes():
    for check in (installation.versions, installation.plugins, installation.dataset_schema, installation.migrations):
        assert check().ok, check().to_dict()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_speaks_both_languages(check: Callable[[], Check]):
    spanish, english = check().to_dict("es"), check().to_dict("en")
    assert spanish["check"] == check.__name__
    assert spanish["message"]
    assert english["message"]
    assert spanish["ok"] or spanish["cure"] != english["cure"]


def test_a_version_that_was_not_tested_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(installation, "TESTED_CKAN", ("1.8",))
    check = installation.versions()
    assert not check.ok
    assert (check.finding.severity, "1.8" in check.to_dict()["message"]) == ("warning", True)


def test_a_site_without_the_schema_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.plugins", ["mxopendata"])
    assert installation.dataset_schema().finding.code == "doctor_dataset_schema_missing"


def test_another_schema_for_datasets_is_an_error(monkeypatch: pytest.MonkeyPatch):
    stock = {"dataset_fields": [{"field_name": "title"}, {"field_name": "notes"}]}
    monkeypatch.setattr(tk.h, "scheming_get_dataset_schema", lambda _type: stock, raising=False)
    check = installation.dataset_schema()
    assert check.finding.code == "doctor_dataset_schema"
    assert "gov_type" in check.to_dict()["message"]


def test_a_plugin_after_the_stock_ones_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.plugins", ["scheming_datasets", "mxopendata"])
    assert installation.plugins().finding.code == "doctor_plugins"


def test_a_plugin_without_its_partner_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.plugins", ["mxopendata", "mxopendata_dcat", "scheming_datasets"])
    check = installation.plugins()
    assert check.finding.code == "doctor_plugins_missing"
    assert "«dcat»" in check.to_dict()["message"]


def test_a_missing_migration_is_an_error():
    table = sa.table("mxopendata_alembic_version", sa.column("version_num"))
    with model.meta.engine.begin() as connection:
        current = connection.execute(sa.select(table.c.version_num)).scalar_one()
        connection.execute(sa.update(table).values(version_num="0"))
    try:
        check = installation.migrations()
        assert not check.ok
        assert "mxopendata" in check.to_dict()["message"]
    finally:
        with model.meta.engine.begin() as connection:
            connection.execute(sa.update(table).values(version_num=current))


def test_an_english_site_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.locale_default", "en")
    check = installation.locale()
    assert not check.ok
    assert check.finding.severity == "warning"


def test_solr_that_does_not_know_the_language_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    """Asked for words that no stemmer can hold for the same, since the schema of this site is Spanish."""
    monkeypatch.setattr(search, "SAME_WORDS", (("luna", "sol"),))
    check = search.solr_language()
    assert check.finding.code == "doctor_solr_language"
    assert "luna ≠ sol" in check.to_dict()["message"]


def test_this_site_searches_in_spanish():
    assert search.solr_language().ok


def test_solr_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "solr_url", "http://127.0.0.1:9/solr/nothing")
    assert search.solr_language().finding.code == "doctor_solr_language_away"


def test_a_source_that_lost_its_type_is_an_error():
    """The re-index of ckanext-harvest on CKAN 2.12, as it leaves the index (trap 2)."""
    source = helpers.call_action(
        "harvest_source_create",
        name="sin-tipo",
        title="Sin tipo",
        url="http://sin-tipo.example/data.json",
        source_type="mx_datajson",
        owner_org=factories.Organization()["id"],
    )
    assert search.source_type().ok
    # The stock action itself, not ours that is chained before it.
    stock_reindex({"ignore_auth": True, "model": model, "session": model.Session}, {"id": source["id"]})
    check = search.source_type()
    assert not check.ok
    assert "sin-tipo" in check.to_dict()["message"]


@pytest.fixture
def waiting_consumer() -> Iterator[None]:
    """A process that waits for work as ckanext-harvest's consumers do."""
    connection = redis.Redis.from_url(tk.config["ckan.redis.url"])
    thread = Thread(target=connection.blpop, args=("test:doctor:queue",), kwargs={"timeout": 20}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 5
    while not queue._waiting_consumers() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield
    connect_to_redis().rpush("test:doctor:queue", "end")
    thread.join(timeout=5)


def test_no_consumer_is_a_warning_and_one_is_enough(waiting_consumer: None):
    assert queue.consumers().ok


def test_a_short_time_out_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queue, "_waiting_consumers", list)
    host = tk.config["ckan.redis.url"].partition("?")[0]
    monkeypatch.setitem(tk.config, "ckan.redis.url", host + "?socket_timeout=5")
    monkeypatch.setattr("ckan.lib.redis._connection_pool", None)
    check = queue.redis_timeout()
    assert not check.ok
    assert "socket_timeout=86400" in check.to_dict()["cure"]
    assert not queue.consumers().ok


def test_json_is_one_document():
    result = CliRunner().invoke(doctor, ["--json"])
    checks = json.loads(result.stdout)
    assert {check["check"] for check in checks} == {check.__name__ for check in CHECKS}
    assert set(checks[0]) == {"check", "ok", "severity", "message", "cure"}
    assert result.exit_code == int(any(not check["ok"] and check["severity"] == "error" for check in checks))
