"""Nothing is removed on the word of one answer; a changed identifier is no new dataset."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest import runner, runs

from .conftest import catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _many(prefix: str, number: int) -> list[dict[str, Any]]:
    return [record(f"{prefix}{index}", f"{prefix} {index}") for index in range(number)]


def _show(dataset_id: str) -> dict[str, Any]:
    return helpers.call_action("package_show", context={"use_cache": False}, id=dataset_id)


def test_a_missing_dataset_is_archived_after_days_and_runs_and_comes_back(portal, make_source, harvest):
    records = _many("a", 10)
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    first = harvest(source, at="2026-11-01T00:00:00+00:00")
    gone = next(line.dataset_id for line in records_of(first["run"]) if line.identifier == "a9")
    portal.serve("/data.json", catalogue(*records[:9]))
    assert (harvest(source, at="2026-11-02T00:00:00+00:00")["in_grace"], _show(gone).get("archived_at")) == (1, None)
    assert harvest(source, at="2026-11-08T00:00:00+00:00")["in_grace"] == 1
    archived = harvest(source, at="2026-11-09T00:00:00+00:00")
    assert (archived["archived"], archived["in_grace"], archived["read"]) == (1, 0, 9)
    dataset = _show(gone)
    assert dataset["archived_at"].startswith("2026-11-09")
    assert dataset["state"] == "active"
    assert harvest(source, at="2026-11-10T00:00:00+00:00")["archived"] == 0
    portal.serve("/data.json", catalogue(*records))
    back = harvest(source, at="2026-11-11T00:00:00+00:00")
    assert (back["restored"], back["unchanged"]) == (1, 9)
    assert _show(gone)["id"] == gone
    assert not _show(gone).get("archived_at")


def test_the_policy_may_be_to_delete_or_to_keep(portal, make_source, harvest):
    for then, counter, state in (("delete", "deleted", "deleted"), ("keep", "in_grace", "active")):
        records = _many(f"b-{then}-", 10)
        portal.serve("/data.json", catalogue(*records))
        source = make_source(absence={"grace_days": 0, "grace_runs": 1, "then": then})
        first = harvest(source)
        portal.serve("/data.json", catalogue(*records[1:]))
        assert harvest(source)[counter] == 1
        assert model.Package.get(records_of(first["run"])[0].dataset_id).state == state


def test_an_empty_catalogue_is_held(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(*_many("c", 3)))
    source = make_source(absence={"grace_days": 0, "grace_runs": 1})
    harvest(source)
    portal.serve("/data.json", catalogue())
    run = harvest(source)
    assert (run["status"], run["archived"]) == ("held", 0)
    assert [finding["code"] for finding in run["findings"]] == ["list_empty"]
    assert helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["count"] == 3


def test_a_shrunken_catalogue_is_held_until_somebody_confirms(portal, make_source, harvest):
    records = _many("d", 10)
    portal.serve("/data.json", catalogue(*records))
    source = make_source(absence={"grace_days": 0, "grace_runs": 1})
    harvest(source)
    portal.serve("/data.json", catalogue(*records[:7], record("d-nuevo", "Nuevo")))
    run = harvest(source)
    assert (run["status"], run["archived"]) == ("held", 0)
    assert "30" in run["findings"][0]["message"]
    assert helpers.call_action("package_search", q="title:Nuevo")["count"] == 0
    runner.confirm(run["run"], datetime.now(timezone.utc))
    model.Session.expire_all()
    confirmed = helpers.call_action("mxopendata_harvest_run_show", run=run["run"])
    assert (confirmed["status"], confirmed["archived"], confirmed["created"]) == ("finished", 3, 1)
    with pytest.raises(runs.NotConfirmableError):
        runner.confirm(run["run"], datetime.now(timezone.utc))


def test_a_new_identifier_under_the_same_title_is_the_same_dataset(portal, make_source, harvest):
    records = _many("e", 6)
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    before = {line.title: line.dataset_id for line in records_of(harvest(source)["run"])}
    renamed = [{**item, "identifier": f"organismo_{item['identifier']}"} for item in records]
    portal.serve("/data.json", catalogue(*renamed))
    run = harvest(source)
    assert (run["matched"], run["created"], run["in_grace"]) == (6, 0, 0)
    assert {line.title: line.dataset_id for line in records_of(run["run"])} == before
    assert _show(before["e 0"])["source_identifier"] == "organismo_e0"
    assert harvest(source)["unchanged"] == 6


def test_several_candidates_make_it_doubtful(portal, make_source, harvest):
    twins = [record("f1", "Padrón"), record("f2", "Padrón"), *_many("f-otro", 10)]
    portal.serve("/data.json", catalogue(*twins))
    source = make_source()
    harvest(source)
    portal.serve("/data.json", catalogue(record("f3", "Padrón"), *twins[2:]))
    run = harvest(source)
    assert (run["created"], run["doubtful"], run["matched"]) == (1, 1, 0)
    line = next(line for line in records_of(run["run"]) if line.identifier == "f3")
    assert _show(line.dataset_id)["possible_duplicate_of"] == line.possible_duplicate_of


def test_the_address_of_a_file_alone_makes_it_doubtful(portal, make_source, harvest):
    records = [record("h1", "Padrón de comercio"), *_many("h-otro", 10)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    before = {line.identifier: line.dataset_id for line in records_of(harvest(source)["run"])}
    renamed = {**records[0], "identifier": "h2", "title": "Directorio comercial"}
    portal.serve("/data.json", catalogue(renamed, *records[1:]))
    run = harvest(source)
    assert (run["created"], run["doubtful"], run["matched"], run["in_grace"]) == (1, 1, 0, 1)
    line = next(line for line in records_of(run["run"]) if line.identifier == "h2")
    assert line.possible_duplicate_of == before["h1"]
    assert _show(line.dataset_id)["possible_duplicate_of"] == before["h1"]


def test_an_address_that_many_share_tells_nothing(portal, make_source, harvest):
    home = [{"title": "Portal", "accessURL": "https://datos.ejemplo.gob.mx/"}]
    records = [record(f"i{number}", f"Conjunto {number}", distribution=home) for number in range(8)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    harvest(source)
    portal.serve("/data.json", catalogue(record("i-nuevo", "Otro", distribution=home), *records[2:]))
    run = harvest(source)
    assert (run["created"], run["doubtful"], run["matched"]) == (1, 0, 0)


def test_a_dataset_moved_to_another_institution_is_matched_by_title_and_address(portal, make_source, harvest):
    records = _many("j", 6)
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    before = {line.identifier: line.dataset_id for line in records_of(harvest(source)["run"])}
    elsewhere = factories.Organization(gov_type="state", cvegeo="14")
    for identifier in ("j0", "j1"):
        helpers.call_action("package_owner_org_update", id=before[identifier], organization_id=elsewhere["id"])
    other_file = [{"title": "Tabla", "downloadURL": "https://datos.ejemplo.gob.mx/otra.csv"}]
    portal.serve(
        "/data.json",
        catalogue(
            {**records[0], "identifier": "j0-nuevo"},
            {**records[1], "identifier": "j1-nuevo", "distribution": other_file},
            *records[2:],
        ),
    )
    run = harvest(source)
    assert (run["matched"], run["created"], run["doubtful"]) == (1, 1, 0)
    lines = {line.identifier: line for line in records_of(run["run"])}
    assert lines["j0-nuevo"].dataset_id == before["j0"]
    assert lines["j1-nuevo"].dataset_id != before["j1"]


ITEM = "https://www.arcgis.com/home/item.html?id=" + "0123456789abcdef" * 2


def test_a_layer_that_comes_and_goes_is_one_identifier(portal, make_source, harvest):
    source = make_source()
    files = [{"title": "Capa", "downloadURL": "https://datos.ejemplo.gob.mx/capa.csv"}]
    for spelling in (f"{ITEM}&sublayer=0", ITEM, f"{ITEM}&sublayer=0"):
        portal.serve("/data.json", catalogue(record(spelling, "Capa", distribution=files), record("otro")))
        run = harvest(source)
        assert run["matched"] == run["in_grace"] == 0
    assert (run["unchanged"], run["created"]) == (2, 0)


def test_layers_of_one_item_stay_apart(portal, make_source, harvest):
    source = make_source()
    layers = [record(f"{ITEM}&sublayer={number}", f"Capa {number}") for number in range(3)]
    portal.serve("/data.json", catalogue(*layers))
    assert harvest(source)["created"] == 3
    assert {line.identifier for line in records_of(harvest(source)["run"])} == {item["identifier"] for item in layers}


def test_a_repeated_identifier_is_reported_and_the_first_is_taken(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(record("g1", "Primero"), record("g1", "Segundo")))
    run = harvest(make_source())
    assert (run["status"], run["created"], run["rejected"], run["read"]) == ("finished_with_errors", 1, 1, 2)
    assert [line.findings[0]["code"] for line in records_of(run["run"]) if line.action == "rejected"] == [
        "record_repeated"
    ]


def test_filters_leave_records_out(portal, make_source, harvest):
    portal.serve(
        "/data.json",
        catalogue(record("h1", "Agua"), record("h2", "Prueba", keyword=["Prueba"]), record("h3", "Aire")),
    )
    run = harvest(make_source(exclude={"keyword": "prueba"}))
    assert (run["created"], run["excluded"], run["read"]) == (2, 1, 3)
