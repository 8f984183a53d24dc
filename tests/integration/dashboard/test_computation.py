"""Measurements follow the datasets: from the change log, and where that was bypassed, from the tables themselves."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import redis
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import jobs as background
from ckan.tests import factories, helpers

from ckanext.mxopendata.dashboard import computation, figures, jobs, queries, snapshots, stored
from ckanext.mxopendata.dashboard.model import Measurement, Snapshot
from ckanext.mxopendata.dashboard.published import families_of, portal_context
from ckanext.mxopendata.quality.facts import measure
from ckanext.mxopendata.quality.sums import of_datasets

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
TABLE = Measurement.__table__
_CONTACT = [{"name": "Unidad", "email": "datos@ejemplo.gob.mx"}]


def _row(dataset_id: str) -> dict[str, Any] | None:
    model.Session.rollback()
    row = model.Session.execute(sa.select(TABLE).where(TABLE.c.dataset_id == dataset_id)).mappings().one_or_none()
    return dict(row) if row else None


def _value(institution: dict[str, Any], indicator_id: str, now: datetime = NOW) -> Any:
    found = stored.find_institution(institution["id"])
    assert found is not None
    return figures.of_institution(found, now).figures.indicators[indicator_id]["value"]


def test_a_new_dataset_is_measured_and_only_a_changed_one_again(new_institution, new_dataset):
    one = new_institution("cambios")
    kept, changed = new_dataset(one), new_dataset(one)
    computation.compute(NOW)
    assert _value(one, "mx.datasets") == 2
    helpers.call_action("package_patch", id=changed["id"], license_id="libreusomx")
    later = NOW + timedelta(hours=1)
    outcome = computation.compute(later)
    assert (outcome.measured, outcome.changed, outcome.removed) == (1, 1, 0)
    assert _row(kept["id"])["measured_at"] == NOW
    assert _row(changed["id"])["measured_at"] == later
    assert _row(changed["id"])["licensed"] is True
    again = computation.compute(later)
    assert (again.measured, again.changed) == (0, 0)


def test_a_full_computation_measures_all_and_writes_only_what_differs(new_institution, new_dataset):
    dataset = new_dataset(new_institution("completa"))
    computation.compute(NOW)
    outcome = computation.compute(NOW + timedelta(hours=1), full=True)
    assert outcome.measured >= 1
    assert outcome.changed == 0
    assert _row(dataset["id"])["measured_at"] == NOW


def test_private_draft_archived_and_deleted_datasets_are_never_counted(new_institution, new_dataset):
    one = new_institution("privados")
    new_dataset(one)
    new_dataset(one, private=True)
    new_dataset(one, state="draft")
    new_dataset(one, archived_at="2026-01-01T00:00:00")
    helpers.call_action("package_delete", id=new_dataset(one)["id"])
    computation.compute(NOW)
    assert _value(one, "mx.datasets") == 1


def test_a_dataset_hidden_a_moment_ago_is_hidden_before_the_next_computation(new_institution, new_dataset):
    one = new_institution("escondidos")
    dataset = new_dataset(one)
    computation.compute(NOW)
    helpers.call_action("package_patch", id=dataset["id"], private=True)
    assert _value(one, "mx.datasets") == 0


def test_what_bypassed_the_change_log_is_found(new_institution, new_dataset):
    one, other = new_institution("atajo"), new_institution("destino")
    moved, purged, redated = new_dataset(one), new_dataset(one), new_dataset(one)
    computation.compute(NOW)
    packages, changes = model.Package.__table__, sa.table("mxopendata_change")
    model.Session.execute(sa.update(packages).where(packages.c.id == moved["id"]).values(owner_org=other["id"]))
    later = datetime(2026, 11, 22, 9)  # noqa: DTZ001 - CKAN's own column has no zone
    model.Session.execute(sa.update(packages).where(packages.c.id == redated["id"]).values(metadata_modified=later))
    model.Session.commit()
    helpers.call_action("dataset_purge", id=purged["id"])
    model.Session.execute(sa.delete(changes))
    model.Session.commit()
    outcome = computation.compute(NOW)
    assert (outcome.measured, outcome.removed) == (2, 1)
    assert _row(purged["id"]) is None
    assert _row(moved["id"])["owner_org"] == other["id"]


def test_sql_that_leaves_no_trace_is_found_by_the_full_computation(new_institution, new_dataset):
    one = new_institution("sin-huella")
    dataset = new_dataset(one, resources=[{"url": "http://x.mx/a", "format": "PDF"}])
    computation.compute(NOW)
    resources = model.Resource.__table__
    model.Session.execute(sa.update(resources).where(resources.c.package_id == dataset["id"]).values(format="CSV"))
    model.Session.commit()
    assert computation.compute(NOW).measured == 0
    assert computation.compute(NOW, full=True).changed == 1
    assert _row(dataset["id"])["formats"] == {"CSV": 1}


def test_a_renamed_institution_keeps_its_figures_and_a_deleted_one_leaves_the_tables(new_institution, new_dataset):
    one = new_institution("antes")
    dataset = new_dataset(one)
    computation.compute(NOW)
    helpers.call_action("organization_patch", id=one["id"], name="despues", title="Después")
    assert computation.compute(NOW).measured == 1
    assert _value(one, "mx.datasets") == 1
    assert stored.find_institution("antes") is None
    helpers.call_action("package_delete", id=dataset["id"])
    helpers.call_action("organization_delete", id=one["id"])
    computation.compute(NOW)
    assert stored.find_institution("despues") is None
    assert "despues" not in {each.institution.name for each in figures.panorama(NOW).institutions}


def test_the_stored_dataset_is_what_package_show_gives(new_institution, new_dataset):
    one = new_institution("espejo", gov_type="state", cvegeo="14")
    dataset = new_dataset(
        one,
        theme=["salud"],
        contact=_CONTACT,
        frequency="R/P1M",
        modified="2026-11-01",
        temporal_coverage=[{"start": "2020-01-01", "end": "2020-12-31"}],
        tags=[{"name": "uno"}, {"name": "dos"}],
        resources=[
            {"url": "http://x.mx/a.csv", "name": "a", "format": "CSV", "mimetype": "text/csv"},
            {"url": "http://x.mx/u"},
        ],
    )
    shown = helpers.call_action("package_show", id=dataset["id"])
    (read,) = stored.read_datasets([dataset["id"]])
    assert measure(read.content) == measure(shown)
    for field in ("title", "theme", "contact", "frequency", "modified", "temporal_coverage", "license_id"):
        assert read.content.get(field) == shown.get(field), field


def test_sums_in_the_database_are_the_sums_of_the_formulas(new_institution, new_dataset):
    one = new_institution("sumas")
    cases: list[dict[str, Any]] = [
        {"frequency": "R/P1M", "modified": "2026-11-01", "license_id": "cc-by-4.0"},
        {"frequency": "R/P1M", "modified": "2026-10-17T12:00:00Z"},
        {"frequency": "R/P1M", "modified": "2026-10-17T12:00:01Z"},
        {"frequency": "R/P1Y", "modified": "2030-01-01"},
        {"frequency": "R/P1D", "modified": "2026-11-23"},
        {"frequency": "R/P1Y", "contact": _CONTACT},
        {"frequency": "irregular", "modified": "2020-01-01"},
        {"frequency": "realtime"},
        {
            "modified": "2020-01-01",
            "resources": [{"url": "http://x.mx/u", "format": "CSV"}, {"url": "http://x.mx/v", "format": "PDF"}],
        },
    ]
    shown = [helpers.call_action("package_show", id=new_dataset(one, **case)["id"]) for case in cases]
    computation.compute(NOW)
    context = portal_context()
    for moment in (NOW, NOW + timedelta(days=400), NOW - timedelta(days=4000)):
        expected = of_datasets([measure(dataset, families_of(dataset, context)) for dataset in shown], moment)
        counted = queries.sums_by_owner(moment, [one["id"]])[one["id"]]
        assert counted.points == pytest.approx(expected.points)
        assert counted.counts()[3:] == expected.counts()[3:]
        assert counted.counts()[:2] == expected.counts()[:2]


def test_verdicts_age_without_a_computation(new_institution, new_dataset):
    one = new_institution("edad")
    new_dataset(one, frequency="R/P1M", modified="2026-11-01")
    computation.compute(NOW)
    assert _value(one, "mx.up_to_date") == 100
    assert _value(one, "mx.up_to_date", NOW + timedelta(days=30)) == 0


def test_one_snapshot_a_day_for_each_institution_even_an_empty_one(new_institution, new_dataset):
    one = new_institution("fotos")
    computation.compute(NOW)
    computation.compute(NOW + timedelta(hours=2))
    new_dataset(one)
    computation.compute(NOW + timedelta(days=1))
    table = Snapshot.__table__
    query = sa.select(table.c.day).where(table.c.scope_id == one["id"]).order_by(table.c.day)
    days = model.Session.execute(query).scalars().all()
    assert [str(day) for day in days] == ["2026-11-22", "2026-11-23"]
    before = snapshots.on_day(snapshots.INSTITUTION, one["id"], NOW.date())
    after = snapshots.on_day(snapshots.INSTITUTION, one["id"], NOW.date() + timedelta(days=30))
    assert before is not None
    assert after is not None
    assert before["figures"]["mx.datasets"]["value"] == 0
    assert before["figures"]["mx.up_to_date"]["status"] == "no_data"
    assert after["figures"]["mx.datasets"]["value"] == 1
    assert snapshots.on_day(snapshots.INSTITUTION, one["id"], NOW.date() - timedelta(days=1)) is None


def test_the_second_of_two_computations_waits_and_then_sees_everything(new_institution, new_dataset):
    one = new_institution("dos")
    waiting, outcomes = threading.Event(), []

    def second() -> None:
        try:
            outcomes.append(computation.compute(NOW, on_wait=waiting.set))
        finally:
            model.Session.remove()

    with computation.alone(None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(20)
        dataset = new_dataset(one)
        assert not outcomes
    thread.join(30)
    assert not thread.is_alive()
    assert outcomes[0].measured >= 1
    assert _row(dataset["id"]) is not None


class TestJob:
    """The background job after a change."""

    @pytest.fixture(autouse=True)
    def empty_queue(self):
        for queue in background.get_all_queues():
            queue.empty()
        jobs.connect_to_redis().delete(jobs._waiting_key())

    def _waiting(self) -> list[str]:
        return [
            job.meta["title"] for job in background.get_queue().jobs if job.meta["title"].startswith("mxopendata: ind")
        ]

    def test_many_changes_send_one_job(self, new_institution, new_dataset):
        one = new_institution("trabajo")
        for _ in range(3):
            new_dataset(one)
        assert self._waiting() == ["mxopendata: indicators"]

    def test_the_job_measures_and_the_next_change_sends_another(self, new_institution, new_dataset):
        dataset = new_dataset(new_institution("trabajo-dos"))
        jobs.run()
        assert _row(dataset["id"]) is not None
        assert not computation.has_unread_changes()
        helpers.call_action("package_patch", id=dataset["id"], title="Otro")
        assert len(self._waiting()) == 2

    def test_a_change_that_is_undone_sends_nothing(self):
        jobs.want()
        model.Session.execute(sa.text("select 1"))
        model.Session.rollback()
        model.Session.execute(sa.text("select 1"))
        model.Session.commit()
        assert self._waiting() == []

    def test_without_redis_a_dataset_is_saved_all_the_same(self, new_institution, new_dataset, monkeypatch):
        def away() -> None:
            raise redis.ConnectionError("away")

        monkeypatch.setattr(jobs, "connect_to_redis", away)
        dataset = new_dataset(new_institution("sin-redis"))
        assert helpers.call_action("package_show", id=dataset["id"])["state"] == "active"
        computation.compute(NOW)
        assert _row(dataset["id"]) is not None


def test_a_user_of_another_institution_sees_no_more_than_anybody(new_institution, new_dataset):
    one = new_institution("ajena")
    new_dataset(one, private=True)
    user = factories.User()
    new_institution("propia", users=[{"name": user["name"], "capacity": "admin"}])
    computation.compute(NOW)
    report = tk.get_action("mxopendata_institution_report")({"user": user["name"]}, {"id": "ajena"})
    assert report["indicators"]["mx.datasets"]["value"] == 0
    assert report["todo"] == []
