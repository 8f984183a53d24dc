"""What a dataset's form starts with and what it says while somebody fills it in.

The institution's defaults and the copy of an earlier dataset only fill what is open; the points are those of the server
(``schemas/quality.yaml``), counted for what stands in the form as it will be stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.scheming.plugins import expand_form_composite

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata import validation
from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.records import is_empty, loads

# What the datasets of an institution usually share.
INHERITED = ("contact", "license_id", "language", "spatial_coverage")
# What a copy must say anew: which dataset it is, and of when.
_ITS_OWN = frozenset(
    ("title", "name", "identifier", "owner_org", "issued", "modified", "promised_on", "temporal_coverage")
)
# How many of an institution's datasets are looked through for one that was not harvested.
_LOOKED_AT = 20
Values = dict[str, Any]


def institution_defaults(context: Context, institution: str) -> Values:
    """What a new dataset of an institution starts with: as its last local dataset has it, and the institution's place.

    Args:
        context: CKAN's, of the person who fills in the form.
        institution: id or name.

    Returns:
        Those of :data:`INHERITED` that are known, as ``package_show`` gives them.

    Raises:
        ObjectNotFound, NotAuthorized: as ``organization_show``, and for who may not publish there.
    """
    shown = tk.get_action("organization_show")(_fresh(context), {"id": institution, "include_users": False})
    tk.check_access("package_create", _fresh(context), {"owner_org": shown["id"]})
    last = _last_local(context, f'owner_org:"{shown["id"]}"') or {}
    values = {name: last[name] for name in INHERITED if not is_empty(last.get(name))}
    if shown.get("cvegeo"):
        values["spatial_coverage"] = [{"cvegeo": str(shown["cvegeo"])}]
    return values


def last_dataset(context: Context, user_id: str) -> Values | None:
    """The newest dataset that a person created here, or ``None``."""
    return _last_local(context, f'creator_user_id:"{user_id}"')


def copied(dataset: Mapping[str, Any]) -> Values:
    """A dataset's fields for a form that starts as its copy: all a person writes, but for what only this one is."""
    schema = tk.h.scheming_get_dataset_schema("dataset")
    names = {field["field_name"] for field in schema["dataset_fields"] if field.get("form_group") != "record"}
    values = {name: dataset[name] for name in names - _ITS_OWN if not is_empty(dataset.get(name))}
    if dataset.get("tags"):
        values["tag_string"] = ", ".join(tag["name"] for tag in dataset["tags"])
    if dataset.get("owner_org"):
        values["owner_org"] = dataset["owner_org"]
    return values


def guide(form: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Points of what stands in the form, and what to fill in next, what is mandatory first, then what is worth most.

    Args:
        form: the fields as the form sends them (``contact-0-email``) or as ``package_show`` gives them.
        context: CKAN's, of the person who fills in the form.

    Returns:
        ``{"points", "max", "percent", "next": [{"field", "label", "message", "points", "mandatory"}],
        "groups": {name: {"filled", "of"}}}``; sentences and labels in the person's language.
    """
    dataset = _as_stored(form, context)
    reached, most = validation.points(dataset)
    worth = validation.field_points()["dataset"]
    fields = {field["field_name"]: field for field in tk.h.scheming_get_dataset_schema("dataset")["dataset_fields"]}
    asked = [_asked(finding.to_dict(current_language()), fields) for finding in _lacking(dataset, fields)]
    groups: dict[str, dict[str, int]] = {}
    for name in worth:
        group = fields.get(name, {}).get("form_group", "record")
        counted = groups.setdefault(group, {"filled": 0, "of": 0})
        counted["of"] += 1
        counted["filled"] += validation.is_filled(dataset, name)
    return {
        "points": reached,
        "max": most,
        "percent": round(100 * reached / most),
        "next": sorted(asked, key=lambda item: (not item["mandatory"], -item["points"])),
        "groups": groups,
    }


def _lacking(dataset: Mapping[str, Any], fields: Mapping[str, Any]) -> list[Any]:
    """The findings that a person can mend in this form."""
    worth = validation.field_points()["dataset"]
    return [
        finding
        for finding in validation.validate_dataset(dataset)
        if finding.field is not None
        and finding.field in fields
        and fields[finding.field].get("form_group") != "record"
        and (
            finding.code == "reason_missing" or (finding.code == f"missing_{finding.field}" and finding.field in worth)
        )
    ]


def _asked(words: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    name = words["field"]
    return {
        "field": name,
        "label": tk.h.scheming_language_text(fields[name]["label"]),
        "message": words["cure"] or words["message"],
        "points": validation.field_points()["dataset"].get(name, 0),
        "mandatory": name == "access_comment" or fields_of("dataset")[name].requirement == "mandatory",
    }


def _as_stored(form: Mapping[str, Any], context: Context) -> Values:
    """The form's fields as saving would store them, blanks left out."""
    dataset = dict(form)
    fields = tk.h.scheming_get_dataset_schema("dataset")["dataset_fields"]
    groups = {field["field_name"] for field in fields if "repeating_subfields" in field}
    if any(str(key).split("-")[0] in groups and "-" in str(key) for key in dataset):
        for name in groups:
            dataset.pop(name, None)
    expand_form_composite(dataset, groups)
    dataset = {key: value for key, raw in dataset.items() if not is_empty(value := _without_blanks(loads(raw)))}
    if "name" in dataset:
        dataset.setdefault("identifier", dataset["name"])
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
    try:
        shown = tk.get_action("organization_show")(_fresh(context), {"id": institution, "include_users": False})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None
    return shown.get("gov_type")


def _last_local(context: Context, query: str) -> Values | None:
    search = {
        "fq": f"{query} +dataset_type:dataset",
        "sort": "metadata_created desc",
        "rows": _LOOKED_AT,
        "include_private": True,
        "include_drafts": False,
    }
    found = tk.get_action("package_search")(_fresh(context), search)["results"]
    return next((dataset for dataset in found if not dataset.get("source_identifier")), None)


def _fresh(context: Context) -> Context:
    """A context of the same person for another action."""
    known: dict[str, Any] = dict(context)
    return Context(**{key: known[key] for key in ("user", "auth_user_obj") if key in known})
