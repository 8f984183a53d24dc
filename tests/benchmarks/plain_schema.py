"""A scheming schema with the fields of ours, made of ckanext-scheming's own presets only: what rule 14 compares with.

A site of "CKAN + scheming" that holds the same datasets needs the same fields; what it does not have is anything of
this suite: its readers, its vocabularies, its plugins. ``python -m benchmarks.plain_schema FILE`` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.vocabularies import vocabulary

KEPT_PRESETS = frozenset(("title", "dataset_slug", "dataset_organization", "resource_url_upload"))
# What holds a moment, which scheming's preset of a date refuses.
_MOMENTS = frozenset(("harvested_at", "archived_at"))


def plain_schema() -> dict[str, Any]:
    """The schema: as many fields and subfields as ``mx_dataset.yaml``, under the same names."""
    ours = yaml.safe_load((files("ckanext.mxopendata.schemas") / "mx_dataset.yaml").read_text(encoding="utf-8"))
    rows = {(row.level, row.field, row.subfield): row for row in crosswalk()}
    return {
        "scheming_version": 2,
        "dataset_type": "dataset",
        "about": "The fields of ckanext-mxopendata with the presets of ckanext-scheming",
        "about_url": "https://ckanext-mxopendata.readthedocs.io/",
        **{
            part: [_field(field, level, rows) for field in ours[part]]
            for part, level in (("dataset_fields", "dataset"), ("resource_fields", "resource"))
        },
    }


def _field(field: Mapping[str, Any], level: str, rows: Mapping[Any, Any]) -> dict[str, Any]:
    name = field["field_name"]
    plain: dict[str, Any] = {"field_name": name, "label": name}
    if "repeating_subfields" in field:
        plain["repeating_subfields"] = [
            {"field_name": inner["field_name"], "label": inner["field_name"]} for inner in field["repeating_subfields"]
        ]
    elif field.get("preset") in KEPT_PRESETS:
        plain["preset"] = field["preset"]
    elif name == "tag_string":
        plain["preset"] = "tag_string_autocomplete"
    elif name == "format":
        plain["preset"] = "resource_format_autocomplete"
    else:
        plain |= _preset(field, rows.get((level, name, "")))
    return plain


def _preset(field: Mapping[str, Any], row: Any) -> dict[str, Any]:
    cardinality, datatype = (row.cardinality, row.datatype) if row is not None else ("single", "line")
    choices = field.get("vocabulary")
    if choices and cardinality == "list":
        return {"preset": "multiple_checkbox", "choices": _choices(choices)}
    if choices:
        return {"preset": "select", "choices": _choices(choices)}
    if cardinality == "list":
        return {"preset": "multiple_text"}
    if datatype == "date" and field["field_name"] not in _MOMENTS:
        return {"preset": "date"}
    return {"preset": "markdown"} if datatype in ("markdown", "text") else {}


def _choices(vocabulary_id: str) -> list[dict[str, str]]:
    return [{"value": term.id, "label": term.label("es")} for term in vocabulary(vocabulary_id).active()]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(yaml.safe_dump(plain_schema(), allow_unicode=True), encoding="utf-8")
