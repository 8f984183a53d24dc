"""Checks of what is installed and switched on: versions, plugins and their order, schema, migrations, language."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.doctor.check import Check, failed, passed

DATASET_SCHEMA = "ckanext.mxopendata.schemas:mx_dataset.yaml"
# One place of the docs, docker and tests compares itself with: the line as it stands in test.ini.
PLUGINS = (
    "mxopendata mxopendata_harvest mxopendata_dcat mxopendata_dashboard mxopendata_planning mxopendata_participation "
    "dcat harvest scheming_datasets scheming_organizations"
)
# Fields that only the Mexican schema has.
OWN_FIELDS = frozenset({"gov_type", "policy_alignment", "priority_list"})
TESTED_CKAN = ("2.11", "2.12")
MUST_PRECEDE = {"mxopendata": ("dcat", "harvest", "scheming_datasets", "scheming_organizations")}
PARTNERS = {"mxopendata_dcat": "dcat", "mxopendata_harvest": "harvest", "mxopendata": "scheming_datasets"}


def versions() -> Check:
    """The suite runs on the CKAN versions it is tested with."""
    installed = {"ckan": tk.ckan.__version__}
    for package in ("ckanext-mxopendata", "ckanext-scheming", "ckanext-harvest", "ckanext-dcat"):
        installed[package] = version(package)
    found = ", ".join(f"{name} {number}" for name, number in installed.items())
    if not installed["ckan"].startswith(TESTED_CKAN):
        return failed("versions", found=found, tested=", ".join(TESTED_CKAN))
    return passed("versions", found=found)


def plugins() -> Check:
    """Our plugins stand before the stock ones, whose templates would win otherwise, and no partner is missing."""
    loaded: list[str] = list(tk.config["ckan.plugins"])
    for plugin, partner in PARTNERS.items():
        if plugin in loaded and partner not in loaded:
            return failed("plugins", "missing", plugin=plugin, partner=partner, line=PLUGINS)
    for first, others in MUST_PRECEDE.items():
        for other in others:
            if other in loaded and loaded.index(other) < loaded.index(first):
                return failed("plugins", first=first, other=other, line=PLUGINS)
    return passed("plugins", found=" ".join(loaded))


def dataset_schema() -> Check:
    """Exactly one schema describes datasets, and it is the Mexican one."""
    schema = tk.h.scheming_get_dataset_schema("dataset") if "scheming_datasets" in tk.config["ckan.plugins"] else None
    if schema is None:
        return failed("dataset_schema", "missing", line=DATASET_SCHEMA)
    lacking = OWN_FIELDS - {field["field_name"] for field in schema["dataset_fields"]}
    if lacking:
        return failed("dataset_schema", lacking=", ".join(sorted(lacking)), line=DATASET_SCHEMA)
    return passed("dataset_schema", line=DATASET_SCHEMA)


def migrations() -> Check:
    """Every plugin that brings tables has them, in their newest form."""
    behind = [name for name in tk.config["ckan.plugins"] if _is_behind(name)]
    if behind:
        return failed("migrations", plugins=", ".join(behind))
    return passed("migrations")


def _is_behind(plugin: str) -> bool:
    implementation = p.get_plugin(plugin)
    if implementation is None:
        return False
    folder = _migration_folder(implementation, plugin)
    if folder is None:
        return False
    head = ScriptDirectory(str(folder)).get_current_head()
    table = f"{plugin}_alembic_version"
    if not sa.inspect(model.Session.connection()).has_table(table):
        return True
    return model.Session.scalar(sa.select(sa.column("version_num")).select_from(sa.table(table))) != head


def _migration_folder(implementation: object, plugin: str) -> Path | None:
    """Where CKAN looks for a plugin's migrations: ``ckanext/<extension>/migration/<plugin>``, nested or not."""
    extension = import_module(".".join(type(implementation).__module__.split(".")[:2]))
    folders = (Path(root) / "migration" / plugin for root in extension.__path__)
    return next((folder for folder in folders if (folder / "versions").is_dir()), None)


def locale() -> Check:
    """Spanish is what a visitor sees first; CKAN ships ``es`` (and ``es_AR``), an ``es_MX`` stops it from starting."""
    default = tk.config["ckan.locale_default"]
    if not default.startswith("es"):
        return failed("locale", default=default)
    return passed("locale", default=default)
