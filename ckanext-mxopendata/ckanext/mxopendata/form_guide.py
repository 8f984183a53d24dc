"""What the dataset's form says while somebody fills it in: points, what to fill in next, how far each step is.

The points are those of the server (``schemas/quality.yaml``), counted for what stands in the form as it will be stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.scheming.plugins import expand_form_composite

from ckanext.mxopendata.form_start import fresh_context
from ckanext.mxopendata.metadata import validation
from ckanext.mxopendata.metadata.crosswalk import fields_of, owned_by
from ckanext.mxopendata.metadata.records import is_empty, loads

# The site fills it in where nobody does (docs/metadata.md, "What is refused").
_FOLLOWS = "identifier"
Fields = Mapping[str, Mapping[str, Any]]


def guide(form: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Points of what stands in the form, and what to fill in next.

    Args:
        form: the fields as the form sends them (``contact-0-email``) or as ``package_show`` gives them.
        context: CKAN's, of the person who fills in the form.

    Returns:
        ``{"points", "max", "next": [{"field", "label", "points", "mandatory"}], "groups": {name: {"filled", "of"}}}``;
        next is what is mandatory in the order of the form, then the rest by what it is worth. Labels are in the
        person's language.
    """
    fields = {field["field_name"]: field for field in tk.h.scheming_get_dataset_schema("dataset")["dataset_fields"]}
    dataset = _as_stored(form, fields, context)
    reached, most = validation.points(dataset)
    groups: dict[str, dict[str, int]] = {}
    for name in validation.field_points()["dataset"]:
        counted = groups.setdefault(_group(fields, name), {"filled": 0, "of": 0})
        counted["of"] += 1
        counted["filled"] += validation.is_filled(dataset, name)
    lacking = list(_lacking(dataset, fields))
    mandatory = [item for item in lacking if item["mandatory"]]
    others = sorted((item for item in lacking if not item["mandatory"]), key=lambda item: -item["points"])
    return {"points": reached, "max": most, "next": mandatory + others, "groups": groups}


def _group(fields: Fields, name: str) -> str:
    return fields.get(name, {}).get("form_group", "record")


def _lacking(dataset: Mapping[str, Any], fields: Fields) -> Iterator[dict[str, Any]]:
    """What a person can still fill in here, in the order of the form."""
    worth = validation.field_points()["dataset"]
    # What a source writes is mended there.
    elsewhere = owned_by("dataset", "source") if dataset.get("source_identifier") else frozenset()
    codes = {finding.code for finding in validation.validate_dataset(dataset)}
    for name in fields:
        asked = name in worth and f"missing_{name}" in codes and name != _FOLLOWS
        reason = name == "access_comment" and "reason_missing" in codes
        if (asked or reason) and name not in elsewhere and _group(fields, name) != "record":
            yield {
                "field": name,
                "label": tk.h.scheming_language_text(fields[name]["label"]),
                "points": worth.get(name, 0),
                "mandatory": reason or fields_of("dataset")[name].requirement == "mandatory",
            }


def _as_stored(form: Mapping[str, Any], fields: Fields, context: Context) -> dict[str, Any]:
    """The form's fields as saving would store them, blanks left out."""
    dataset = dict(form)
    groups = {name for name, field in fields.items() if "repeating_subfields" in field}
    # What was typed wins over what is stored, which CKAN lays beside it when the form comes back with errors.
    for name in {str(key).split("-")[0] for key in dataset if "-" in str(key)} & groups:
        dataset.pop(name, None)
    expand_form_composite(dataset, groups)
    dataset = {key: value for key, raw in dataset.items() if not is_empty(value := _without_blanks(loads(raw)))}
    if "name" in dataset:
        dataset.setdefault(_FOLLOWS, dataset["name"])
    if "owner_org" in dataset and "gov_type" not in dataset:
        dataset["gov_type"] = _gov_type(str(dataset["owner_org"]), context)
    return dataset


def _without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if not is_empty(inner)}
    if isinstance(value, list):
        return [cleaned for item in value if not is_empty(cleaned := _without_blanks(item))]
    return value


def _gov_type(institution: str, context: Context) -> str | None:
    asked = {"id": institution, "include_users": False, "include_dataset_count": False}
    try:
        return tk.get_action("organization_show")(fresh_context(context), asked).get("gov_type")
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None
