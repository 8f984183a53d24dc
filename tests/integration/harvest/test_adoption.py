"""A source of a stock harvester becomes one of ours, and goes back: its datasets stay what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import factories, helpers

from ckanext.harvest.model import HarvestObject

from ckanext.mxopendata.harvest import sources

from .conftest import INSTITUTION, catalogue, records_of
from .stock_portals import (
    KINDS,
    NUMBERS,
    PORTAL,
    as_before_our_schema,
    change_type,
    datasets_of,
    dcat_record,
    extras_of,
    identities,
    package,
    serve_ckan,
    serve_file,
    stock_harvest,
    stored,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("clean_site", "with_request_context", "stock_harvesters"),
]


@pytest.fixture(autouse=True)
def another_portal() -> None:
    """No two tests harvest the same datasets."""
    PORTAL.append(next(NUMBERS))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each of the stock types that ours take over."""
    return request.param


def test_a_changed_type_adopts_the_datasets(portal, make_stock, harvest, kind):
    ours, serve, make = KINDS[kind]
    serve(portal, *(make(number) for number in range(5)))
    source = make_stock(kind)
    stock_harvest(source)
    before = datasets_of(source)
    assert len(before) == 5
    change_type(source, ours)
    run = harvest(source)
    assert (run["read"], run["matched"], run["created"]) == (5, 5, 0)
    assert (run["in_grace"], run["archived"], run["deleted"], run["rejected"]) == (0, 0, 0, 0)
    assert [finding["code"] for finding in run["findings"]] == ["datasets_adopted"]
    after = datasets_of(source)
    assert identities(after) == identities(before)
    assert {dataset["frequency"] for dataset in after.values()} == {"R/P1M"}
    assert {line.matched_by for line in records_of(run["run"])} == {"harvester"}
    assert helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["count"] == 5
    again = harvest(source)
    assert (again["read"], again["unchanged"], again["findings"]) == (5, 5, [])


def test_the_stock_harvesters_go_on_beside_ours(portal, make_stock, app, kind):
    """Also with datasets from before our schema: a changed and a new record are taken in, and nothing is refused."""
    _, serve, make = KINDS[kind]
    serve(portal, make(0), make(1))
    source = make_stock(kind)
    stock_harvest(source)
    before = datasets_of(source)
    for dataset_id in before:
        as_before_our_schema(dataset_id)
    later = {"metadata_modified": "2099-01-01T00:00:00"}
    serve(portal, make(0, title="Cambiado allá", **later), make(1), make(2, **later))
    stock_harvest(source)
    after = datasets_of(source)
    assert len(after) == 3
    assert set(before) < set(after)
    changed = [dataset for dataset in after.values() if dataset["title"] == "Cambiado allá"]
    assert len(changed) == 1
    assert {dataset["language"][0] for dataset in after.values()} == {"es"}
    for dataset in after.values():
        assert app.get(f"/dataset/{dataset['name']}").status_code == 200
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')["results"]
    assert {dataset["title"] for dataset in found} == {dataset["title"] for dataset in after.values()}


def test_datasets_from_before_our_schema_are_adopted(portal, make_stock, harvest, kind):
    ours, serve, make = KINDS[kind]
    serve(portal, make(0), make(1), make(2))
    source = make_stock(kind)
    stock_harvest(source)
    before = datasets_of(source)
    for dataset_id in before:
        as_before_our_schema(dataset_id)
    serve(portal, make(0), make(1))
    change_type(source, ours)
    confirmed = {"absence": {"max_share": 0.5}}
    helpers.call_action("harvest_source_patch", id=source["id"], config=json.dumps(confirmed))
    run = harvest(source, at="2026-11-22T10:00:00+00:00")
    assert (run["matched"], run["created"], run["rejected"], run["in_grace"]) == (2, 0, 0, 1)
    after = datasets_of(source)
    assert identities(after) == identities(before)
    for dataset in after.values():
        extras = extras_of(dataset)
        assert extras["spatial"] == "Jalisco"
        assert not {"frequency", "theme", "language", "contact", "creator", "temporal_coverage"} & set(extras)
    assert {dataset["frequency"] for dataset in after.values()} == {"R/P1M"}
    # The one that is gone is archived although it never had what is mandatory now.
    later = harvest(source, at="2026-12-01T10:00:00+00:00")
    assert (later["unchanged"], later["archived"], later["rejected"]) == (2, 1, 0)


def test_it_goes_back_and_comes_again(portal, make_stock, harvest, kind):
    """The stock harvester finds what ours wrote, also what ours created; ours then find what it wrote meanwhile."""
    ours, serve, make = KINDS[kind]
    serve(portal, make(0), make(1))
    source = make_stock(kind)
    stock_harvest(source)
    change_type(source, ours)
    serve(portal, make(0), make(1), make(2))
    assert (run := harvest(source))["created"] == 1, run
    before = datasets_of(source)
    change_type(source, kind)
    later = {"title": "Cambiado allá"} | ({"metadata_modified": "2099-01-01T00:00:00"} if kind == "ckan" else {})
    serve(portal, make(0), make(1, **later), make(2, **later), make(3, metadata_modified="2099-01-01T00:00:00"))
    stock_harvest(source)
    between = datasets_of(source)
    assert len(between) == 4
    assert set(before) < set(between)
    assert {dataset["state"] for dataset in between.values()} == {"active"}
    change_type(source, ours)
    run = harvest(source)
    assert (run["read"], run["created"], run["in_grace"], run["rejected"]) == (4, 0, 0, 0)
    after = datasets_of(source)
    assert identities(after) == identities(between)
    assert {dataset["source_identifier"] for dataset in after.values()} == {
        item["guid"] for item in map(_stock_keys, after.values())
    }
    assert harvest(source)["unchanged"] == 4


def _stock_keys(dataset: dict[str, Any]) -> dict[str, str]:
    """What the stock harvesters find a dataset by again."""
    query = sa.select(HarvestObject.guid).where(
        HarvestObject.package_id == dataset["id"], HarvestObject.current.is_(True)
    )
    return {"guid": model.Session.execute(query).scalar_one()}


def test_what_is_gone_deleted_or_private_stays_so(portal, make_stock, harvest, kind):
    ours, serve, make = KINDS[kind]
    serve(portal, *(make(number) for number in range(10)))
    source = make_stock(kind)
    stock_harvest(source)
    by_title = {dataset["title"]: dataset for dataset in datasets_of(source).values()}
    gone, removed, hidden = (by_title[make(number)["title"]] for number in (0, 1, 2))
    helpers.call_action("package_delete", id=removed["id"])
    helpers.call_action("package_patch", id=hidden["id"], private=True)
    before = datasets_of(source)
    serve(portal, *(make(number) for number in range(1, 10)))
    change_type(source, ours)
    run = harvest(source, at="2026-11-22T10:00:00+00:00")
    assert (run["status"], run["read"], run["created"], run["matched"], run["excluded"]) == ("finished", 9, 0, 8, 1)
    assert (run["in_grace"], run["archived"], run["deleted"]) == (1, 0, 0)
    after = datasets_of(source)
    assert identities(after) == identities(before)
    assert after[removed["id"]]["state"] == "deleted"
    assert after[hidden["id"]]["private"] is True
    assert after[gone["id"]]["metadata_modified"] == before[gone["id"]]["metadata_modified"]
    later = harvest(source, at="2026-12-01T10:00:00+00:00")
    assert (later["unchanged"], later["archived"]) == (8, 1)
    archived = stored(gone["id"])
    assert (archived["state"], archived["name"]) == ("active", gone["name"])
    assert archived["archived_at"]


def test_what_editors_did_and_what_the_harvester_left_survives(portal, make_stock, harvest, kind):
    ours, serve, make = KINDS[kind]
    serve(portal, make(0))
    source = make_stock(kind)
    stock_harvest(source)
    (dataset,) = datasets_of(source).values()
    extras = extras_of(dataset)
    assert extras
    helpers.call_action(
        "package_patch",
        id=dataset["id"],
        tags=[*({"name": tag["name"]} for tag in dataset["tags"]), {"name": "añadida aquí"}],
        policy_alignment=["sdg:6"],
        extras=[*({"key": key, "value": value} for key, value in extras.items()), {"key": "nota", "value": "De aquí"}],
    )
    tags = {"tags": [{"name": "agua"}]} if kind == "ckan" else {"keyword": ["agua"]}
    serve(portal, make(0, **tags))
    change_type(source, ours)
    assert harvest(source)["matched"] == 1
    (after,) = datasets_of(source).values()
    assert {"agua", "añadida aquí"} <= {tag["name"] for tag in after["tags"]}
    assert not {"riego", "drenaje"} & {tag["name"] for tag in after["tags"]}
    assert after["policy_alignment"] == ["sdg:6"]
    assert extras_of(after) == {**extras, "nota": "De aquí"}
    shown = helpers.call_action("package_show", id=dataset["id"])
    assert extras_of(shown)["harvest_source_id"] == source["id"]


def test_a_file_is_known_by_its_place(portal, make_stock, harvest, kind):
    """Address and name of a file have changed; its number stayed."""
    ours, serve, make = KINDS[kind]
    serve(portal, make(0))
    source = make_stock(kind)
    stock_harvest(source)
    before = datasets_of(source)
    moved = make(0)
    (file,) = moved.get("resources") or moved["distribution"]
    file.update({"name" if kind == "ckan" else "title": "Otro nombre"})
    file.update({"url" if kind == "ckan" else "downloadURL": "https://nuevo.ejemplo.gob.mx/datos.csv"})
    serve(portal, moved)
    change_type(source, ours)
    harvest(source)
    after = datasets_of(source)
    assert identities(after) == identities(before)
    assert [item["url"] for dataset in after.values() for item in dataset["resources"]] == [
        "https://nuevo.ejemplo.gob.mx/datos.csv"
    ]


def test_datasets_of_one_record_are_left_but_one(portal, make_stock, harvest, kind):
    ours, serve, make = KINDS[kind]
    serve(portal, make(0), make(1))
    source = make_stock(kind)
    job = stock_harvest(source)
    copy = factories.Dataset(owner_org=INSTITUTION, title="Copia de antes", frequency="R/P1M")
    guid = next(harvested.guid for harvested in job.objects)
    double = HarvestObject(guid=guid, job=job, package_id=copy["id"], current=True, content=json.dumps(make(0)))
    double.gathered = sa.func.timezone("utc", sa.func.now() - sa.text("interval '1 year'"))
    double.save()
    before = stored(copy["id"])
    change_type(source, ours)
    run = harvest(source)
    assert (run["status"], run["matched"], run["created"], run["in_grace"]) == ("finished_with_warnings", 2, 0, 0)
    assert {finding["code"] for finding in run["findings"]} == {"datasets_adopted", "datasets_not_adopted"}
    assert copy["name"] in str(run["findings"])
    assert stored(copy["id"]) == before


def test_what_dcat_json_removed_comes_back_as_the_same_dataset(portal, make_stock, harvest):
    serve_file(portal, dcat_record(1), dcat_record(2))
    source = make_stock("dcat_json")
    stock_harvest(source)
    before = datasets_of(source)
    serve_file(portal, dcat_record(1))
    stock_harvest(source)
    serve_file(portal, dcat_record(1), dcat_record(2))
    change_type(source, "mx_datajson")
    run = harvest(source)
    assert (run["created"], run["matched"], run["restored"]) == (0, 1, 1)
    assert identities(datasets_of(source)) == identities(before)


def test_what_dcat_json_removed_of_ours_comes_back_too(portal, make_stock, harvest):
    """The source was ours, went back for a while, and is ours again."""
    serve_file(portal, dcat_record(1), dcat_record(2))
    source = make_stock("dcat_json")
    change_type(source, "mx_datajson")
    assert harvest(source)["created"] == 2
    before = {(key, dataset["name"]) for key, dataset in datasets_of(source).items()}
    change_type(source, "dcat_json")
    serve_file(portal, dcat_record(1))
    stock_harvest(source)
    assert sorted(dataset["state"] for dataset in datasets_of(source).values()) == ["active", "deleted"]
    change_type(source, "mx_datajson")
    serve_file(portal, dcat_record(1), dcat_record(2))
    run = harvest(source)
    assert (run["created"], run["matched"], run["restored"]) == (0, 1, 1)
    assert {(key, dataset["name"]) for key, dataset in datasets_of(source).items()} == before


def test_datasets_of_a_source_without_history_are_known_too(portal, make_stock, harvest, kind):
    """ckanext-harvest can forget all jobs of a source and leaves its datasets."""
    ours, serve, make = KINDS[kind]
    serve(portal, make(0), make(1))
    source = make_stock(kind)
    stock_harvest(source)
    before = datasets_of(source)
    site_user = helpers.call_action("get_site_user")["name"]
    context = {"user": site_user, "ignore_auth": True, "model": model, "session": model.Session}
    helpers.call_action("harvest_source_job_history_clear", context=context, id=source["id"], keep_current=False)
    assert datasets_of(source) == {}
    person = factories.User()
    of_a_person = factories.Dataset(
        owner_org=INSTITUTION,
        user=person,
        title="De una persona",
        frequency="R/P1M",
        extras=[{"key": "guid", "value": make(2).get("identifier", "")}],
        **({"id": make(2)["id"]} if kind == "ckan" else {}),
    )
    model.Session.query(model.Package).filter_by(id=of_a_person["id"]).update({"creator_user_id": person["id"]})
    model.Session.commit()
    serve(portal, make(0), make(1), make(2))
    change_type(source, ours)
    run = harvest(source)
    assert (run["matched"], run["created"], run["in_grace"]) == (2, 1, 0)
    after = datasets_of(source)
    assert identities({key: value for key, value in after.items() if key in before}) == identities(before)
    assert of_a_person["id"] not in after


def test_a_dataset_of_another_source_is_not_taken(portal, make_stock, make_source, harvest):
    serve_file(portal, dcat_record(1))
    source = make_stock("dcat_json")
    job = stock_harvest(source)
    (dataset_id,) = datasets_of(source)
    portal.serve("/otro.json", catalogue(dcat_record(9)))
    other = make_source("/otro.json", "dcat_json")
    stock_harvest(other)
    stranger = HarvestObject(
        guid=dcat_record(9)["identifier"],
        job=job,
        package_id=next(iter(datasets_of(other))),
        current=False,
        content="{}",
    )
    stranger.save()
    change_type(source, "mx_datajson")
    run = harvest(source)
    assert (run["matched"], run["in_grace"]) == (1, 0)
    assert [line.dataset_id for line in records_of(run["run"])] == [dataset_id]


def test_a_file_takes_over_a_stock_source(portal, make_stock, harvest, kind, tmp_path):
    """``sources sync`` with the address of a stock source: the source stays the same one, under the file's name."""
    ours, serve, make = KINDS[kind]
    serve(portal, make(0), make(1))
    source = make_stock(kind, **({"force_all": True} if kind == "ckan" else {}))
    stock_harvest(source)
    before = datasets_of(source)
    content = {"name": f"archivo-{kind}", "title": "Del archivo", "type": ours, "institution": INSTITUTION}
    path = tmp_path / "fuente.yaml"
    path.write_text(json.dumps({**content, "url": source["url"].rstrip("/"), "enabled": False}))
    assert sources.sync([str(tmp_path)]).updated == []
    path.write_text(json.dumps({**content, "url": source["url"].rstrip("/")}))
    planned = sources.sync([str(tmp_path)], dry_run=True)
    assert (planned.created, planned.updated) == ([], [content["name"]])
    changes = {change["field"]: (change["old"], change["new"]) for change in planned.changes}
    assert changes["source_type"] == (kind, ours)
    assert changes["name"] == (source["name"], content["name"])
    assert helpers.call_action("harvest_source_show", id=source["id"])["source_type"] == kind
    assert sources.sync([str(tmp_path)]).updated == [content["name"]]
    assert helpers.call_action("harvest_source_show", id=content["name"])["id"] == source["id"]
    run = harvest(source)
    assert (run["matched"], run["created"]) == (2, 0)
    assert identities(datasets_of(source)) == identities(before)
    again = sources.sync([str(tmp_path)])
    assert (again.unchanged, again.updated, again.invalid) == ([content["name"]], [], [])


STOCK_CONFIG = {
    "default_tags": [{"name": "federal"}],
    "default_extras": {"nota": "x"},
    "override_extras": True,
    "remote_orgs": "only_local",
    "force_all": True,
    "read_only": True,
    "clean_tags": True,
    "api_version": 2,
    "organizations_filter_include": ["dependencia"],
}


def test_keys_of_the_stock_configuration_are_explained_and_filters_honoured(portal, make_stock, harvest):
    elsewhere = package(9, organization={"name": "otra", "title": "Otra"})
    serve_ckan(portal, package(0), package(1))
    source = make_stock("ckan", **STOCK_CONFIG)
    stock_harvest(source)
    before = datasets_of(source)
    serve_ckan(portal, package(0), package(1), elsewhere)
    change_type(source, "mx_ckan")
    run = harvest(source)
    assert (run["status"], run["matched"], run["created"], run["excluded"]) == ("finished_with_warnings", 2, 0, 1)
    said = {finding["field"]: finding for finding in run["findings"] if finding["field"]}
    assert set(said) == set(STOCK_CONFIG)
    assert "«defaults.tag_string»" in said["default_tags"]["cure"]
    assert said["remote_orgs"]["severity"] == "warning"
    after = datasets_of(source)
    assert identities(after) == identities(before)
    # What the operator had it add stays.
    assert all({"name": "federal"} in [{"name": tag["name"]} for tag in item["tags"]] for item in after.values())
    assert {extras_of(item)["nota"] for item in after.values()} == {"x"}
