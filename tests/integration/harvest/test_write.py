"""What a harvest writes: a changed record keeps its dataset, local fields stay, a bad record costs only itself."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import helpers

from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.harvest import datasets as writing
from ckanext.mxopendata.metadata.names import dataset_name

from .conftest import catalogue, file_address, record, records_of, row_versions

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _dataset(run: dict[str, Any], identifier: str) -> dict[str, Any]:
    line = next(line for line in records_of(run["run"]) if line.identifier == identifier)
    return helpers.call_action("package_show", context={"use_cache": False}, id=line.dataset_id)


def _search(name: str) -> dict[str, Any]:
    return helpers.call_action("package_search", q=f"name:{name}")


def test_a_new_record_becomes_a_dataset_of_the_institution(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("a1", "Consumo de agua")))
    source = make_source()
    run = harvest(source, at="2026-11-22T10:00:00+00:00")
    dataset = _dataset(run, "a1")
    assert (run["status"], run["read"], run["created"]) == ("finished", 1, 1)
    assert dataset["name"] == "consumo-de-agua"
    assert dataset["organization"]["name"] == "ayuntamiento-de-prueba"
    assert dataset["frequency"] == "R/P1M"
    assert dataset["source_identifier"] == "a1"
    assert dataset["harvested_at"].startswith("2026-11-22T10:00:00")
    assert dataset["resources"][0]["url"] == file_address("a1")
    assert _search("consumo-de-agua")["count"] == 1


def test_a_changed_record_keeps_id_name_and_resource_ids(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("b1", "Pozos"), record("b2", "Presas")))
    source = make_source()
    first = harvest(source)
    before, other = _dataset(first, "b1"), _dataset(first, "b2")
    new_file = {"title": "Otra", "downloadURL": "https://datos.ejemplo.gob.mx/otra.csv", "format": "CSV"}
    changed = record("b1", "Pozos de agua potable", description="Otra descripción")
    changed["distribution"].insert(0, new_file)
    portal.serve("/data.json", catalogue(changed, record("b2", "Presas")))
    second = harvest(source)
    after = _dataset(second, "b1")
    assert (second["updated"], second["unchanged"]) == (1, 1)
    assert (after["id"], after["name"]) == (before["id"], "pozos")
    assert (after["title"], after["notes"]) == ("Pozos de agua potable", "Otra descripción")
    assert [item["url"] for item in after["resources"]] == [new_file["downloadURL"], before["resources"][0]["url"]]
    assert after["resources"][1]["id"] == before["resources"][0]["id"]
    assert after["metadata_modified"] > before["metadata_modified"]
    assert _dataset(first, "b2")["metadata_modified"] == other["metadata_modified"]
    assert _search("pozos")["results"][0]["title"] == "Pozos de agua potable"


def test_an_unchanged_catalogue_touches_no_row(portal, make_source, harvest, indexed):
    portal.serve("/data.json", catalogue(*(record(f"c{number}") for number in range(5))))
    source = make_source()
    harvest(source)
    before = row_versions()
    objects = model.Session.query(HarvestObject).count()
    indexed.clear()
    again = harvest(source)
    assert (again["status"], again["unchanged"], again["updated"]) == ("finished", 5, 0)
    assert row_versions() == before
    assert not indexed
    assert model.Session.query(HarvestObject).count() == objects


def test_lines_of_unchanged_records_are_kept_for_the_last_run_only(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("l1"), record("l2"), {"identifier": "l3"}))
    source = make_source()
    harvest(source)
    second, third = harvest(source), harvest(source)
    assert (second["unchanged"], third["unchanged"]) == (2, 2)
    assert [line.action for line in records_of(second["run"])] == ["rejected"]
    assert len(records_of(third["run"])) == 3


def test_the_order_of_keys_and_keywords_is_no_change(portal, make_source, harvest):
    one = record("d1")
    portal.serve("/data.json", catalogue(one))
    source = make_source()
    harvest(source)
    turned = {key: one[key] for key in reversed(one)} | {"keyword": list(reversed(one["keyword"]))}
    portal.serve("/data.json", catalogue(turned))
    assert harvest(source)["unchanged"] == 1


def test_local_fields_and_added_tags_survive(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("e1", "Luminarias", keyword=["alumbrado", "calles"])))
    source = make_source()
    run = harvest(source)
    dataset = _dataset(run, "e1")
    helpers.call_action(
        "package_patch",
        id=dataset["id"],
        policy_alignment=["sdg:11"],
        provenance="Entregado por la Dirección de Obras",
        tags=[*({"name": tag["name"]} for tag in dataset["tags"]), {"name": "ciudad"}],
    )
    portal.serve("/data.json", catalogue(record("e1", "Luminarias", keyword=["alumbrado"], description="Cambió")))
    after = _dataset(harvest(source), "e1")
    assert after["notes"] == "Cambió"
    assert after["policy_alignment"] == ["sdg:11"]
    assert after["provenance"] == "Entregado por la Dirección de Obras"
    assert sorted(tag["name"] for tag in after["tags"]) == ["alumbrado", "ciudad"]


def test_a_value_the_source_takes_away_goes(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("f1", issued="2020-05-01")))
    source = make_source()
    assert _dataset(harvest(source), "f1")["issued"].startswith("2020-05-01")
    portal.serve("/data.json", catalogue(record("f1")))
    assert not _dataset(harvest(source), "f1").get("issued")


def test_a_bad_record_costs_only_itself(portal, make_source, harvest, monkeypatch):
    """CKAN refuses one and our code fails at another, both amid a batch: the others are written, once each."""
    portal.serve("/data.json", catalogue(*(record(f"g{number}", f"Registro g{number}") for number in range(8))))
    source = make_source()
    create = writing.DatasetWriter._create

    def sabotaged(self, row, dataset):
        if row["identifier"] == "g3":
            dataset["frequency"] = object()
        if row["identifier"] == "g5":
            dataset["tags"] = [{"name": "x" * 300}]
        return create(self, row, dataset)

    monkeypatch.setattr(writing.DatasetWriter, "_create", sabotaged)
    run = harvest(source)
    assert (run["status"], run["created"], run["rejected"], run["read"]) == ("finished_with_errors", 6, 2, 8)
    rejected = {line.identifier: line for line in records_of(run["run"]) if line.action == "rejected"}
    assert set(rejected) == {"g3", "g5"}
    assert {line.severity for line in rejected.values()} == {"error"}
    found = helpers.call_action("package_search", fq="source_identifier:(g0 OR g1 OR g2 OR g3 OR g4 OR g5 OR g6 OR g7)")
    assert found["count"] == 6
    job = model.Session.query(HarvestJob).filter_by(source_id=source["id"]).one()
    stats = helpers.call_action("harvest_job_show", id=job.id)["stats"]
    assert (stats["added"], stats["errored"]) == (6, 2)
    monkeypatch.undo()
    portal.serve("/data.json", catalogue(*(record(f"g{number}", f"Registro g{number}") for number in range(8))))
    monkeypatch.setitem(__import__("ckan.plugins.toolkit").plugins.toolkit.config, *_allow(portal))
    healed = harvest(source)
    assert (healed["created"], healed["unchanged"], healed["status"]) == (2, 6, "finished")


def _allow(portal) -> tuple[str, list[str]]:
    return "ckanext.mxopendata.http.allowed_private", [portal.host]


def test_text_that_no_database_holds_costs_nothing_else(portal, make_source, harvest):
    """NUL, its escape written out, and half a surrogate pair: in a title, in values that are noticed, in no record."""
    dirty = "\x00 \\u0000 \ud800"
    records = [
        record("n1", f"Registro {dirty}", accrualPeriodicity=f"a veces {dirty}", issued=f"ayer {dirty}"),
        record(f"n2 {dirty}", "Otro registro", contactPoint={"fn": dirty, "hasEmail": dirty}),
        f"ni siquiera un registro {dirty}",
    ]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    run = harvest(source)
    assert (run["created"], run["rejected"], run["read"]) == (2, 1, 3)
    refused = next(line for line in records_of(run["run"]) if line.action == "rejected")
    assert "\\u0000" in refused.findings[0]["value"]
    assert "\x00" not in refused.findings[0]["value"]
    again = harvest(source)
    assert (again["unchanged"], again["rejected"]) == (2, 1)


def test_equal_titles_get_different_names(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("h1", "Presupuesto"), record("h2", "Presupuesto")))
    run = harvest(make_source())
    names = [_dataset(run, identifier)["name"] for identifier in ("h1", "h2")]
    assert run["created"] == 2
    assert names[0] == "presupuesto"
    assert names[1].startswith("presupuesto-")


@pytest.mark.parametrize("moment", ["before it is validated", "when it is stored"])
def test_a_name_that_another_process_takes_meanwhile_is_not_taken_twice(
    portal, make_source, harvest, monkeypatch, moment
):
    name = dataset_name(f"Padrón {moment}")
    taken: list[str] = []

    def take(*_: Any) -> None:
        # As two processes with datasets of one title meet.
        if not taken:
            taken.append(name)
            with model.meta.engine.begin() as other:
                other.execute(sa.insert(PACKAGE).values(id=name, name=name, type="dataset"))

    def take_of_new(session: Any, *_: Any) -> None:
        if any(getattr(one, "name", "") == name for one in session.new):
            take()

    if moment == "when it is stored":
        sa.event.listen(model.Session, "before_flush", take_of_new)
    else:
        begin = writing.DatasetWriter.begin
        monkeypatch.setattr(writing.DatasetWriter, "begin", lambda *given: (begin(*given), take()))
    portal.serve("/data.json", catalogue(record("j1", "Tianguis"), record("j2", f"Padrón {moment}")))
    try:
        run = harvest(make_source())
    finally:
        if moment == "when it is stored":
            sa.event.remove(model.Session, "before_flush", take_of_new)
    assert taken
    assert (run["status"], run["created"], run["rejected"]) == ("finished", 2, 0)
    assert _dataset(run, "j2")["name"].startswith(f"{name}-")


def test_every_written_dataset_has_one_current_harvest_object(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("i1")))
    source = make_source()
    dataset_id = records_of(harvest(source)["run"])[0].dataset_id
    portal.serve("/data.json", catalogue(record("i1", description="Cambió")))
    harvest(source)
    objects = model.Session.query(HarvestObject).filter_by(package_id=dataset_id).order_by(HarvestObject.gathered).all()
    assert [(item.current, item.report_status, item.state) for item in objects] == [
        (False, "added", "COMPLETE"),
        (True, "updated", "COMPLETE"),
    ]
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')
    assert [item["id"] for item in found["results"]] == [dataset_id]


def test_a_dataset_removed_by_hand_is_not_published_again(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("j1")))
    source = make_source()
    dataset_id = records_of(harvest(source)["run"])[0].dataset_id
    helpers.call_action("package_delete", id=dataset_id)
    portal.serve("/data.json", catalogue(record("j1", description="Cambió")))
    run = harvest(source)
    assert (run["excluded"], run["created"], run["updated"]) == (1, 0, 0)
    assert records_of(run["run"])[0].findings[0]["code"] == "record_deleted_here"


def test_force_writes_what_did_not_change(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("k1")))
    source = make_source()
    harvest(source)
    assert harvest(source, force=True)["updated"] == 1
