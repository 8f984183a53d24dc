"""Checks of the forms: which schemas of ckanext-scheming describe datasets and institutions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.schema_files import DATASET_SCHEMA, read_schema

ORGANIZATION_SCHEMA = "ckanext.mxopendata.schemas:mx_organization.yaml"
# Fields that only the Mexican schemas have.
OWN_FIELDS = frozenset({"gov_type", "policy_alignment", "priority_list"})
OWN_ORGANIZATION_FIELDS = frozenset({"gov_type", "cvegeo", "sectors"})


def dataset_schema() -> Check:
    """Exactly one schema describes datasets, and it is the Mexican one."""
    schema = tk.h.scheming_get_dataset_schema("dataset") if _loaded("scheming_datasets") else None
    if schema is None:
        return failed("dataset_schema", "missing", line=DATASET_SCHEMA)
    configured = tk.config.get("scheming.dataset_schemas", "").split()
    rivals = [address for address in configured if _type_of(address, "dataset_type") == "dataset"]
    # Of two, ckanext-scheming takes the last one, without a word.
    line = " ".join([*(address for address in configured if address not in rivals), DATASET_SCHEMA])
    lacking = _lacking(OWN_FIELDS, schema["dataset_fields"])
    if lacking:
        return failed("dataset_schema", lacking=lacking, used=rivals[-1] if rivals else "?", line=line)
    if len(rivals) > 1:
        others = ", ".join(rivals[:-1])
        return failed("dataset_schema", "second", others=others, used=rivals[-1], line=line)
    return passed("dataset_schema", line=rivals[-1] if rivals else DATASET_SCHEMA)


def organization_schema() -> Check:
    """The Mexican schema describes institutions: order of government, sector, place."""
    schema = tk.h.scheming_get_organization_schema("organization") if _loaded("scheming_organizations") else None
    if schema is None:
        return failed("organization_schema", "missing", line=ORGANIZATION_SCHEMA)
    configured = tk.config.get("scheming.organization_schemas", "").split()
    others = [address for address in configured if _type_of(address, "organization_type") != "organization"]
    lacking = _lacking(OWN_ORGANIZATION_FIELDS, schema["fields"])
    if lacking:
        return failed("organization_schema", lacking=lacking, line=" ".join([*others, ORGANIZATION_SCHEMA]))
    return passed("organization_schema")


def _loaded(plugin: str) -> bool:
    return plugin in tk.config["ckan.plugins"]


def _lacking(own: frozenset[str], fields: Iterable[Any]) -> str:
    return ", ".join(sorted(own - {field["field_name"] for field in fields}))


def _type_of(address: str, key: str) -> str | None:
    """What a configured schema describes, or ``None`` where it cannot be read from this machine.

    Args:
        address: ``package:file`` or a ``file:`` address, as ckanext-scheming takes it.
        key: ``dataset_type`` or ``organization_type``.
    """
    return (read_schema(address) or {}).get(key)
