"""What the dictionary of columns says is in CKAN's DataStore, too: with a real one, in a database of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.tests import factories, helpers

from ckanext.datastore.cli import permissions_sql

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("datastore")]
READER = "datastore_reader"
COLUMNS = [{"id": "municipio", "type": "text"}, {"id": "habitantes", "type": "int"}]
SCHEMA = {
    "fields": [
        {"name": "municipio", "type": "string", "title": "Municipio", "description": "Nombre según el INEGI"},
        {"name": "habitantes", "type": "integer", "unit": "personas"},
        {"name": "otra", "type": "string", "description": "No está en la tabla"},
    ]
}


@pytest.fixture(scope="module")
def addresses(clean_site: None) -> dict[str, str]:
    """A database for the DataStore, as ``ckan datastore set-permissions`` leaves it: option → address."""
    address = sa.engine.make_url(tk.config["sqlalchemy.url"])
    name = "datastore_of_a_test"
    ours = address.set(database=name)
    reader = ours.set(username=READER, password="only-for-tests")  # noqa: S106 - of a database that ends with the test
    with sa.create_engine(address, isolation_level="AUTOCOMMIT").connect() as server:
        for statement in (
            f"DROP DATABASE IF EXISTS {name}",
            f"CREATE DATABASE {name}",
            f"DROP ROLE IF EXISTS {READER}",
            f"CREATE ROLE {READER} LOGIN PASSWORD 'only-for-tests'",
        ):
            server.exec_driver_sql(statement)
    user = str(address.username)
    script = permissions_sql(str(address.database), name, user, user, READER)
    with sa.create_engine(ours, isolation_level="AUTOCOMMIT").connect() as server:
        # The driver itself, which takes no percent sign for a parameter where there are none.
        commands = "\n".join(line for line in script.splitlines() if not line.startswith("\\"))
        server.connection.cursor().execute(commands)
    options = {"ckan.datastore.write_url": ours, "ckan.datastore.read_url": reader}
    return {option: url.render_as_string(hide_password=False) for option, url in options.items()}


@pytest.fixture
def datastore(addresses: dict[str, str], ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin, loaded for one test."""
    for option, url in addresses.items():
        monkeypatch.setitem(ckan_config, option, url)
    p.load("datastore")
    yield
    p.unload("datastore")


@pytest.fixture
def resource() -> dict[str, Any]:
    """A resource whose table is in the DataStore, where somebody has written a note by hand."""
    dataset = factories.Dataset(owner_org=factories.Organization()["id"])
    made = helpers.call_action("resource_create", package_id=dataset["id"], name="M", url="https://x.mx/m.csv")
    records = [{"municipio": "Asientos", "habitantes": 51536}]
    fields = [{**COLUMNS[0], "info": {"notes": "De antes", "type_override": "text"}}, COLUMNS[1]]
    helpers.call_action("datastore_create", resource_id=made["id"], fields=fields, records=records, force=True)
    return helpers.call_action("resource_show", id=made["id"])


def dictionary(resource: dict[str, Any]) -> dict[str, Any]:
    fields = helpers.call_action("datastore_info", id=resource["id"])["fields"]
    return {field["id"]: field.get("info") for field in fields}


def test_what_is_said_of_a_column_is_said_there_too(resource: dict[str, Any]) -> None:
    helpers.call_action("resource_patch", id=resource["id"], schema=json.dumps(SCHEMA))
    assert dictionary(resource) == {
        "municipio": {"label": "Municipio", "notes": "Nombre según el INEGI", "type_override": "text"},
        "habitantes": {"unit": "personas"},
    }
    found = helpers.call_action("datastore_search", id=resource["id"])
    assert [record["municipio"] for record in found["records"]] == ["Asientos"]


def test_a_table_without_dictionary_keeps_its_own(resource: dict[str, Any]) -> None:
    helpers.call_action("resource_patch", id=resource["id"], description="Otra")
    assert dictionary(resource)["municipio"]["notes"] == "De antes"


def test_a_resource_is_saved_where_its_table_is_gone(resource: dict[str, Any]) -> None:
    helpers.call_action("datastore_delete", id=resource["id"], force=True)
    saved = helpers.call_action("resource_patch", id=resource["id"], schema=json.dumps(SCHEMA), datastore_active=True)
    assert json.loads(saved["schema"]) == SCHEMA
