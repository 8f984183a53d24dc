"""Versions, plugins, schemas and migrations, each broken."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.exceptions import CkanConfigurationException

from ckanext.scheming.plugins import SchemingDatasetsPlugin, SchemingOrganizationsPlugin

from ckanext.mxopendata import partners
from ckanext.mxopendata.doctor import installation, schemas

from .conftest import assert_broken

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

STOCK_SCHEMA = "ckanext.scheming:ckan_dataset.yaml"
STOCK_ORGANIZATION = "ckanext.scheming:org_with_dept_id.json"


def test_plugin_line_is_the_one_of_test_ini():
    assert tk.config["ckan.plugins"] == partners.PLUGINS.split()


def test_a_site_in_order_passes():
    for check in (
        installation.versions,
        installation.plugins,
        schemas.dataset_schema,
        schemas.organization_schema,
        installation.migrations,
    ):
        assert check().ok, check().to_dict()


@pytest.mark.parametrize("number", ["2.10.4", "2.13.0", "3.0.0a1", "2.1.0"])
def test_a_version_that_was_not_tested_is_a_warning(number: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tk.ckan, "__version__", number)
    words = assert_broken(installation.versions(), "doctor_versions")
    assert words["severity"] == "warning"
    assert number in words["message"]


@pytest.mark.parametrize("number", ["2.11.0", "2.11.6", "2.12.0", "2.12.1"])
def test_tested_versions_pass(number: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tk.ckan, "__version__", number)
    assert installation.versions().ok


def test_a_package_out_of_range_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    """An older ckanext-harvest, as a site has that installed it years ago."""
    real = installation.version
    monkeypatch.setattr(installation, "version", lambda name: "1.4.2" if name == "ckanext-harvest" else real(name))
    words = assert_broken(installation.versions(), "doctor_versions_range")
    assert "ckanext-harvest 1.4.2" in words["message"]
    assert "pip install 'ckanext-harvest" in words["cure"]


def test_a_package_that_is_not_installed_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(installation, "requires", lambda _name: ["no-such-package-of-ours>=1", "pytest>=1; extra=='x'"])
    words = assert_broken(installation.versions(), "doctor_versions_range")
    assert "no-such-package-of-ours –" in words["message"]
    assert "pytest" not in words["message"]


def test_a_plugin_after_the_stock_ones_is_an_error(monkeypatch: pytest.MonkeyPatch):
    loaded = ["activity", "scheming_datasets", "mxopendata", "scheming_organizations"]
    monkeypatch.setitem(tk.config, "ckan.plugins", loaded)
    words = assert_broken(installation.plugins(), "doctor_plugins")
    assert "ckan.plugins = mxopendata activity scheming_datasets scheming_organizations" in words["cure"]


def test_a_room_after_its_stock_partner_is_an_error(monkeypatch: pytest.MonkeyPatch):
    loaded = "mxopendata dcat mxopendata_dcat scheming_datasets scheming_organizations"
    monkeypatch.setitem(tk.config, "ckan.plugins", loaded.split())
    words = assert_broken(installation.plugins(), "doctor_plugins")
    assert "«mxopendata_dcat»" in words["message"]


def test_a_plugin_without_its_partner_is_an_error(monkeypatch: pytest.MonkeyPatch):
    loaded = ["mxopendata", "mxopendata_dcat", "scheming_datasets", "scheming_organizations"]
    monkeypatch.setitem(tk.config, "ckan.plugins", loaded)
    words = assert_broken(installation.plugins(), "doctor_plugins_missing")
    assert "«dcat»" in words["message"]
    assert "mxopendata mxopendata_dcat dcat scheming_datasets scheming_organizations" in words["cure"]


@pytest.mark.parametrize(("room", "partner"), [("mxopendata_harvest", "harvest"), ("mxopendata_dcat", "dcat")])
def test_a_site_that_cannot_start_without_a_partner_says_so_in_a_sentence(room: str, partner: str):
    """The doctor cannot run there: CKAN ends with a traceback about a chained action."""
    with pytest.raises(CkanConfigurationException, match=f"necesita {partner}") as caught:
        partners.require(["mxopendata", room, "activity", "scheming_datasets", "scheming_organizations"])
    assert f"ckan.plugins = mxopendata {room} activity {partner} scheming_datasets" in str(caught.value)
    partners.require(["mxopendata", room, partner])


def test_a_site_without_the_schema_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.plugins", ["mxopendata"])
    assert_broken(schemas.dataset_schema(), "doctor_dataset_schema_missing")
    assert_broken(schemas.organization_schema(), "doctor_organization_schema_missing")


def _with_schemas(plugin: type, option: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ckanext-scheming read its schemas again, as at a start with this line."""
    instance = plugin.instance
    for name in ("_schemas", "_expanded_schemas", "_schema_urls", "_is_fallback"):
        monkeypatch.setattr(instance, name, getattr(instance, name))
    monkeypatch.setitem(tk.config, option, line)
    instance.update_config(tk.config)


def test_a_second_schema_after_ours_is_an_error(monkeypatch: pytest.MonkeyPatch):
    line = f"{schemas.DATASET_SCHEMA} {STOCK_SCHEMA}"
    _with_schemas(SchemingDatasetsPlugin, "scheming.dataset_schemas", line, monkeypatch)
    words = assert_broken(schemas.dataset_schema(), "doctor_dataset_schema")
    assert words["severity"] == "error"
    assert STOCK_SCHEMA in words["message"]
    assert "gov_type" in words["message"]
    assert f"scheming.dataset_schemas = {schemas.DATASET_SCHEMA} " in words["cure"]


def test_a_second_schema_before_ours_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    line = f"{STOCK_SCHEMA} {schemas.DATASET_SCHEMA}"
    _with_schemas(SchemingDatasetsPlugin, "scheming.dataset_schemas", line, monkeypatch)
    words = assert_broken(schemas.dataset_schema(), "doctor_dataset_schema_second")
    assert words["severity"] == "warning"
    assert f"olvida los campos de {STOCK_SCHEMA}" in words["message"]


def test_a_schema_of_another_type_beside_ours_is_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    other = tmp_path / "mapa.yaml"
    other.write_text("scheming_version: 2\ndataset_type: mapa\ndataset_fields:\n- {field_name: title}\n")
    line = f"{schemas.DATASET_SCHEMA} file://{other}"
    _with_schemas(SchemingDatasetsPlugin, "scheming.dataset_schemas", line, monkeypatch)
    assert schemas.dataset_schema().ok


def test_another_schema_for_institutions_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    other = tmp_path / "org.json"
    other.write_text(
        '{"scheming_version": 2, "organization_type": "organization", "fields": [{"field_name": "title"}]}'
    )
    _with_schemas(SchemingOrganizationsPlugin, "scheming.organization_schemas", f"file://{other}", monkeypatch)
    words = assert_broken(schemas.organization_schema(), "doctor_organization_schema")
    assert "cvegeo" in words["message"]
    assert words["cure"].endswith(f"scheming.organization_schemas = {schemas.ORGANIZATION_SCHEMA}")


@pytest.fixture
def change_version():
    """Writes another version into a plugin's version table, and puts the old one back."""
    old: dict[str, str] = {}

    def change(table: str, number: str | None) -> None:
        # A transaction that has read the table would have the change wait for ever.
        model.Session.rollback()
        versions = sa.table(table, sa.column("version_num"))
        with model.meta.engine.begin() as connection:
            old.setdefault(table, connection.execute(sa.select(versions.c.version_num)).scalar_one())
            if number is None:
                connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_away"))
            else:
                connection.execute(sa.update(versions).values(version_num=number))

    yield change
    model.Session.rollback()
    for table, number in old.items():
        with model.meta.engine.begin() as connection:
            if sa.inspect(connection).has_table(f"{table}_away"):
                connection.execute(sa.text(f"ALTER TABLE {table}_away RENAME TO {table}"))
            connection.execute(sa.update(sa.table(table, sa.column("version_num"))).values(version_num=number))


@pytest.mark.parametrize("plugin", ["mxopendata", "mxopendata_harvest", "mxopendata_dashboard", "harvest"])
def test_missing_tables_are_an_error(plugin: str, change_version):
    change_version(f"{plugin}_alembic_version", None)
    words = assert_broken(installation.migrations(), "doctor_migrations")
    assert words["cure"].endswith(f" db upgrade -p {plugin}")
    assert words["message"] == f"Faltan tablas o cambios en las tablas de: {plugin}."


def test_tables_of_an_older_version_are_an_error(change_version):
    """Harvest's first migration without its second, as after an upgrade of the package alone."""
    change_version("harvest_alembic_version", "3b4894672727")
    words = assert_broken(installation.migrations(), "doctor_migrations")
    assert "harvest" in words["message"]


def test_tables_of_a_newer_version_are_an_error(change_version):
    change_version("mxopendata_alembic_version", "ffffffffffff")
    words = assert_broken(installation.migrations(), "doctor_migrations_ahead")
    assert "mxopendata" in words["message"]
