"""A dataset that a harvest wrote in a batch is, table by table and in the index, what CKAN's own actions make of it."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import search

from ckanext.mxopendata.harvest.datasets import DatasetWriter

from .conftest import catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TWIN = "gemelo-de-"
# Tables of CKAN in which a dataset has rows, and the column that says so.
TABLES = {
    "package": "id",
    "package_extra": "package_id",
    "package_member": "package_id",
    "package_tag": "package_id",
    "package_relationship": "subject_package_id",
    "resource": "package_id",
    "member": "table_id",
}
# What only the harvested one has: ckanext-harvest adds it to what it shows and indexes.
OF_THE_HARVEST = ("harvest_object_id", "harvest_source_id", "harvest_source_title")


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, dict[str, Any]]]:
    """What the harvest asks CKAN to create and to update."""
    calls: list[tuple[str, dict[str, Any]]] = []
    create, save = DatasetWriter._create, DatasetWriter._save

    def created(writer: DatasetWriter, row: Any, dataset: dict[str, Any]) -> str:
        given = copy.deepcopy(dataset)
        dataset_id = create(writer, row, dataset)
        name = model.Session.get(model.Package, dataset_id).name
        common = {"name": name, "owner_org": writer.organization_id, "type": "dataset"}
        calls.append(("package_create", {**given, **common}))
        return dataset_id

    def saved(writer: DatasetWriter, dataset: dict[str, Any], existing: Any) -> None:
        calls.append(("package_update", copy.deepcopy(dataset)))
        save(writer, dataset, existing)

    monkeypatch.setattr(DatasetWriter, "_create", created)
    monkeypatch.setattr(DatasetWriter, "_save", saved)
    return calls


def _repeat(calls: list[tuple[str, dict[str, Any]]]) -> None:
    """Do the same to twins of the datasets, one by one and without anything of ours in the context."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    for action, given in calls:
        dataset = copy.deepcopy(given)
        name = dataset["name"]
        dataset["name"] = f"{TWIN}{name}"
        dataset.pop("id", None)
        if action == "package_update":
            twin = tk.get_action("package_show")({"ignore_auth": True, "use_cache": False}, {"id": dataset["name"]})
            own = {resource["url"]: resource["id"] for resource in twin["resources"]}
            dataset["id"] = twin["id"]
            dataset.pop("metadata_modified", None)
            for resource in dataset["resources"]:
                resource.pop("package_id", None)
                if resource.get("id"):
                    resource["id"] = own[resource["url"]]
        tk.get_action(action)({"ignore_auth": True, "user": user}, dataset)
    calls.clear()


def _plain(value: Any) -> Any:
    """A value without what no two datasets share: ids, times, the name."""
    if isinstance(value, dict):
        items = {key: _plain(item) for key, item in sorted(value.items()) if key not in OF_THE_HARVEST}
        # Where nothing else is an extra, only what ckanext-harvest adds makes a list of them.
        return {key: item for key, item in items.items() if (key, item) != ("extras", [])}
    if isinstance(value, list):
        items = [_plain(item) for item in value if not (isinstance(item, dict) and item.get("key") in OF_THE_HARVEST)]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if items else items
    if not isinstance(value, str):
        return "TIME" if hasattr(value, "isoformat") else value
    if value[:1] in ("{", "["):
        return _plain(json.loads(value))
    return UUID.sub("ID", MOMENT.sub("TIME", value.replace(TWIN, "")))


def _rows(dataset_id: str) -> dict[str, Any]:
    """The rows of a dataset, by table."""
    found: dict[str, Any] = {}
    for name, column in TABLES.items():
        table = model.meta.metadata.tables.get(name)
        if table is not None:
            rows = model.Session.execute(sa.select(table).where(table.c[column] == dataset_id)).mappings()
            found[name] = _plain([dict(row) for row in rows])
    tags = model.Session.execute(
        sa.text("SELECT t.name, t.vocabulary_id, pt.state FROM package_tag pt JOIN tag t ON t.id = pt.tag_id"
                " WHERE pt.package_id = :id"),
        {"id": dataset_id},
    ).mappings()  # fmt: skip
    found["tag"] = _plain([dict(row) for row in tags])
    return found


def _document(dataset_id: str) -> dict[str, Any]:
    """The search document of a dataset."""
    (document,) = search.make_connection().search(f'id:"{dataset_id}"', fl="*", rows=2)
    # Solr's own, and what differs as ids and times do.
    own = (
        "_version_",
        "index_id",
        "indexed_ts",
        "indexed_json",
        "extras_harvest_object_id",
        "extras_harvest_source_id",
    )
    return _plain({key: value for key, value in document.items() if key not in (*own, "extras_harvest_source_title")})


def _assert_twins(run: str) -> int:
    compared = 0
    model.Session.expire_all()
    for line in records_of(run):
        name = model.Session.get(model.Package, line.dataset_id).name
        twin = model.Package.by_name(f"{TWIN}{name}")
        assert _rows(line.dataset_id) == _rows(twin.id)
        assert _document(line.dataset_id) == _document(twin.id)
        compared += 1
    return compared


def _file(number: int, **given: Any) -> dict[str, Any]:
    address = f"https://datos.ejemplo.gob.mx/tabla-{number}.csv"
    return {"@type": "dcat:Distribution", "title": f"Tabla {number}", "downloadURL": address, "format": "CSV", **given}


def test_what_is_created_and_what_is_updated_equals_ckans_own(portal, make_source, harvest, asked):
    rich = {
        "theme": ["Transporte", "Una palabra sin catálogo"],
        "keyword": ["agua", "pozos", "Ñandú"],
        "temporal": "2020-01-01/2021-12-31",
        "accrualPeriodicity": "R/P1Y",
        "spatial": "-99.3,19.1,-98.9,19.6",
        "distribution": [_file(1), _file(2, description="Otra", mediaType="text/csv"), _file(3)],
    }
    plain = [record(f"q{number}", f"Registro q{number}", distribution=[_file(10 + number)]) for number in range(3)]
    portal.serve(
        "/data.json", catalogue(record("rico", "Registro rico", **rich), *plain, record("solo", "Sin archivo"))
    )
    source = make_source()
    first = harvest(source)
    assert first["created"] == 5
    _repeat(asked)
    assert _assert_twins(first["run"]) == 5

    # A file goes, one comes, a keyword goes, one comes, texts change.
    rich = {**rich, "keyword": ["agua", "ríos"], "distribution": [_file(1, description="Nueva"), _file(3), _file(4)]}
    changed = [{**one, "description": "Cambiada."} for one in plain]
    portal.serve(
        "/data.json", catalogue(record("rico", "Registro rico", **rich), *changed, record("solo", "Sin archivo"))
    )
    second = harvest(source)
    assert (second["updated"], second["unchanged"]) == (4, 1)
    _repeat(asked)
    assert _assert_twins(second["run"]) == 5
