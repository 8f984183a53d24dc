"""What the form of a new dataset starts with: what the institution's datasets usually say, or a copy of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.mxopendata.metadata.records import is_empty, stored_list

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
        Each of :data:`INHERITED`, as ``package_show`` gives it; an empty value where nothing is known, so that what
        another institution left in the form does not stay.

    Raises:
        ObjectNotFound, NotAuthorized: as ``organization_show``, and for who may not publish there.
    """
    shown = tk.get_action("organization_show")(
        fresh_context(context), {"id": institution, "include_users": False, "include_dataset_count": False}
    )
    tk.check_access("package_create", fresh_context(context), {"owner_org": shown["id"]})
    last = _last_local(context, f'owner_org:"{shown["id"]}"') or {}
    fields = {field["field_name"]: field for field in tk.h.scheming_get_dataset_schema("dataset")["dataset_fields"]}
    values: Values = {}
    for name in (name for name in INHERITED if name in fields):
        known = last.get(name)
        if name == "spatial_coverage" and shown.get("cvegeo"):
            known = [{"cvegeo": str(shown["cvegeo"])}]
        values[name] = fields[name].get("default", "") if is_empty(known) else known
        if name != "license_id":
            values[name] = stored_list(values[name])
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
    # Nobody makes something public by copying.
    values.update({name: dataset[name] for name in ("owner_org", "private") if dataset.get(name)})
    return values


def start(context: Context, user_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What an empty form starts with.

    Args:
        context: CKAN's, of the person who fills in the form.
        user_id: id of that person.
        data: what the address asks for: ``copy`` (``last`` or the id of a dataset), ``owner_org`` or ``group_id``, and
            fields to fill in.

    Returns:
        ``{"values", "inherited", "copied_from", "last"}``: fields to fill in, those of them that are the
        institution's, the dataset that was copied, the one that can be.
    """
    last = last_dataset(context, user_id)
    asked = data.get("copy")
    source = last if asked == "last" else _readable(context, str(asked)) if asked else None
    values = copied(source) if source else {}
    institutions = [one["id"] for one in tk.h.organizations_available("create_dataset")]
    if values.get("owner_org") not in institutions:
        values.pop("owner_org", None)
    chosen = data.get("owner_org") or data.get("group_id") or values.get("owner_org")
    chosen = chosen if chosen in institutions else next(iter(institutions), None)
    if chosen:
        values["owner_org"] = chosen
    inherited = institution_defaults(context, chosen) if chosen else {}
    # CKAN's view sends an empty field of keywords.
    open_fields = {name for name in (*inherited, *values) if is_empty(data.get(name))}
    filled = {name: value for name, value in inherited.items() if not is_empty(value) and name in open_fields}
    return {
        "values": {name: value for name, value in {**filled, **values}.items() if name in open_fields},
        "inherited": [name for name in filled if name not in values],
        "copied_from": source,
        "last": last,
    }


def person_context() -> Context:
    """A context of the person whose request is answered."""
    return Context(user=tk.current_user.name, auth_user_obj=tk.current_user)


def fresh_context(context: Context) -> Context:
    """A context of the same person for another action."""
    known: dict[str, Any] = dict(context)
    return Context(**{key: known[key] for key in ("user", "auth_user_obj") if key in known})


def _readable(context: Context, dataset_id: str) -> Values | None:
    try:
        shown = tk.get_action("package_show")(fresh_context(context), {"id": dataset_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None
    return shown if shown.get("type") == "dataset" else None


def _last_local(context: Context, query: str) -> Values | None:
    search = {
        "fq": f"{query} +dataset_type:dataset",
        "sort": "metadata_created desc",
        "rows": _LOOKED_AT,
        "include_private": True,
        "include_drafts": False,
    }
    found = tk.get_action("package_search")(fresh_context(context), search)["results"]
    return next((dataset for dataset in found if not dataset.get("source_identifier")), None)
