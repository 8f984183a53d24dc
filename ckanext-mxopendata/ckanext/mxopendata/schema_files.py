"""Files of ckanext-scheming by their address in the configuration, and two schemas of datasets made one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import yaml

DATASET_SCHEMA = "ckanext.mxopendata.schemas:mx_dataset.yaml"
PRESETS = "ckanext.mxopendata.schemas:presets.yaml"
# The group of the form in which the fields of the other schema stand.
OWN_GROUP = "own"
_OWN_LABEL = {"es": "Campos propios de este portal", "en": "Fields of this portal"}


@dataclass(frozen=True)
class MergedSchema:
    """Our schema with another one's fields.

    Attributes:
        schema: as ckanext-scheming reads it.
        added: fields taken from the other schema; those of resources as ``resources.<field>``.
        ours: fields that both have, for which ours stands.
    """

    schema: dict[str, Any]
    added: list[str]
    ours: list[str]


def read_schema(address: str) -> dict[str, Any] | None:
    """What stands in a schema or a file of presets, or ``None`` where it is not on this machine.

    Args:
        address: ``package:file`` or a ``file:`` address, as ckanext-scheming takes it; also the path of a file.

    Raises:
        ValueError: for a file that is neither YAML nor JSON.
    """
    path = _file_of(address)
    if path is None or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    try:
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return content if isinstance(content, dict) else {}


def _file_of(address: str) -> Path | None:
    if address.startswith("file:"):
        return Path(url2pathname(urlsplit(address).path))
    if Path(address).is_file():
        return Path(address)
    module, _, name = address.partition(":")
    try:
        folders = import_module(module).__path__
    except (ImportError, AttributeError, ValueError):
        return None
    return next((path for path in (Path(folder, name) for folder in folders) if path.is_file()), None)


def merge_schemas(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> MergedSchema:
    """Our schema with the fields that only the other one has, in a group of their own at the end of the form.

    Args:
        ours: the Mexican schema of datasets.
        theirs: another schema of datasets, as its file holds it (presets named, not expanded).
    """
    added: list[str] = []
    both: list[str] = []
    schema = dict(ours)
    for part, group, prefix in (("dataset_fields", OWN_GROUP, ""), ("resource_fields", "more", "resources.")):
        names = {field["field_name"] for field in ours[part]}
        fields = list(ours[part])
        for field in theirs.get(part) or ():
            if field["field_name"] in names:
                both.append(f"{prefix}{field['field_name']}")
                continue
            # our form has one page: its groups open on demand
            fields.append(
                {**{key: value for key, value in field.items() if key != "start_form_page"}, "form_group": group}
            )
            added.append(f"{prefix}{field['field_name']}")
        schema[part] = fields
    if any("." not in name for name in added):
        schema["form_groups"] = [
            *ours["form_groups"],
            {"name": OWN_GROUP, "label": _OWN_LABEL, "help": {"es": "", "en": ""}},
        ]
    for when in ("before_validators", "after_validators"):
        calls = [call for source in (ours, theirs) for call in (source.get(when) or "").split()]
        if calls:
            schema[when] = " ".join(dict.fromkeys(calls))
    return MergedSchema(schema, added, both)
