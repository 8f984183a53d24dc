"""Template helpers of the dataset's form; :mod:`ckanext.mxopendata.helpers` hands them to CKAN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.mxopendata import form_guide
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.records import as_list
from ckanext.mxopendata.metadata.vocabularies import vocabulary


def _context() -> Context:
    return Context(user=tk.current_user.name, auth_user_obj=tk.current_user)


def mxopendata_form_start(data: Mapping[str, Any], errors: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an empty form starts with: a copy of a dataset (``?copy=last`` or its id), or the institution's defaults.

    Args:
        data: the form's data; nothing in it is replaced.
        errors: where the form comes back with errors it stays as it was typed.

    Returns:
        ``{"values", "copied_from", "last"}``: fields to fill in; the dataset that was copied; the one that can be.
    """
    start: dict[str, Any] = {"values": {}, "copied_from": None, "last": None}
    if errors or tk.request.method != "GET" or data.get("id") or data.get("title"):
        return start
    start["last"] = form_guide.last_dataset(_context(), tk.current_user.id)
    if asked := data.get("copy"):
        start["copied_from"] = start["last"] if asked == "last" else _readable(str(asked))
    values = form_guide.copied(start["copied_from"]) if start["copied_from"] else {}
    institutions = [one["id"] for one in tk.h.organizations_available("create_dataset")]
    if values.get("owner_org") not in institutions:
        values.pop("owner_org", None)
    chosen = data.get("owner_org") or data.get("group_id") or values.get("owner_org")
    chosen = chosen if chosen in institutions else next(iter(institutions), None)
    if chosen:
        values = {**form_guide.institution_defaults(_context(), chosen), **values}
    start["values"] = {name: value for name, value in values.items() if name not in data}
    return start


def _readable(dataset_id: str) -> dict[str, Any] | None:
    try:
        return tk.get_action("package_show")(_context(), {"id": dataset_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None


def mxopendata_form_guide(data: Mapping[str, Any]) -> dict[str, Any]:
    """Points and what to fill in next, of the form as it stands (:func:`form_guide.guide`)."""
    return form_guide.guide(data, _context())


def mxopendata_form_errors(errors: Mapping[str, Any], fields: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Every error of the form with the field it leads to.

    Args:
        errors: as the form has them.
        fields: the schema's ``dataset_fields``.

    Returns:
        ``[{"field", "label", "message"}]`` in the order of the form; ``field`` is the end of the control's id, empty
        where no control of this form can mend it.
    """
    by_name = {field["field_name"]: field for field in fields}
    ordered = [name for name in by_name if name in errors] + [name for name in errors if name not in by_name]
    return [said for name in ordered for said in _errors_of(name, errors[name], by_name.get(name))]


def _errors_of(name: str, said: Any, field: Mapping[str, Any] | None) -> Iterator[dict[str, str]]:
    label = tk.h.scheming_language_text((field or {}).get("label")) if field else name
    target = "organizations" if name == "owner_org" else name if field else ""
    below = {inner["field_name"]: inner for inner in (field or {}).get("repeating_subfields", ())}
    for number, item in enumerate(as_list(said)):
        if not isinstance(item, Mapping):
            yield {"field": f"{name}-0-{next(iter(below))}" if below else target, "label": label, "message": str(item)}
            continue
        for inner, messages in item.items():
            inner_label = tk.h.scheming_language_text(below[inner]["label"]) if inner in below else str(inner)
            for message in as_list(messages):
                yield {
                    "field": f"{name}-{number}-{inner}" if inner in below else target,
                    "label": f"{label} {number + 1}, {inner_label}",
                    "message": str(message),
                }


def mxopendata_vocabulary_options(vocabulary_id: str) -> list[dict[str, str]]:
    """The active terms of a vocabulary for a field with search: ``[{"value", "label"}]`` in the reader's language."""
    language = current_language()
    return [{"value": term.id, "label": term.label(language)} for term in vocabulary(vocabulary_id).active()]
