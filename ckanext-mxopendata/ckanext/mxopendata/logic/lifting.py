"""Old extras under the names of our fields, at the front door: shown, indexed and saved as the fields they mean.

What is read and how is in :mod:`ckanext.mxopendata.metadata.lifting`. Here is where: in what CKAN is about to index or
to show (nothing is written then), and in what a client sends to be saved. Only fields that the schema in use has from
us are touched: a field of the same name in an operator's own schema is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.logic.completeness import sentence
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.lifting import (
    Lifting,
    extra_fields,
    free_key,
    is_lifted,
    lift,
    lifted_from,
    stored_form,
)
from ckanext.mxopendata.metadata.records import is_empty, loads

Choices = dict[str, Any] | None

# level → field → (its row, {value allowed: labels} or None) of the schemas in use; empty until ours is switched on
_own: dict[str, dict[str, tuple[CrosswalkField, Choices]]] = {}


def use_schemas(dataset: Mapping[str, Any] | None, organization: Mapping[str, Any] | None) -> None:
    """Take the fields to be lifted from the schemas in use.

    Args:
        dataset: ckanext-scheming's expanded schema of the type ``dataset``, or ``None``.
        organization: that of the type ``organization``, or ``None``.
    """
    _own["dataset"] = _own_fields("dataset", (dataset or {}).get("dataset_fields", ()))
    _own["resource"] = _own_fields("resource", (dataset or {}).get("resource_fields", ()))
    _own["organization"] = _own_fields("organization", (organization or {}).get("fields", ()))


def _own_fields(level: str, fields: Iterable[Mapping[str, Any]]) -> dict[str, tuple[CrosswalkField, Choices]]:
    rows = extra_fields(level)
    own: dict[str, tuple[CrosswalkField, Choices]] = {}
    for field in fields:
        parts = (field, *field.get("repeating_subfields", ()))
        if field["field_name"] in rows and any("mxopendata_" in part.get("validators", "") for part in parts):
            choices = {choice["value"]: choice["label"] for choice in field.get("choices", ())}
            own[field["field_name"]] = (rows[field["field_name"]], choices or None)
    return own


def is_in_use() -> bool:
    """Whether a schema with our fields describes datasets."""
    return bool(_own.get("dataset"))


def has_field(level: str, name: str) -> bool:
    """Whether the schema in use has this field from us.

    Args:
        level: ``dataset``, ``resource`` or ``organization``.
        name: a field that CKAN keeps as an extra.
    """
    return name in _own.get(level, {})


def old_values(level: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the extras of something stored that are to be lifted, or will be once our schemas are switched on.

    Args:
        level: ``dataset``, ``resource`` or ``organization``.
        values: key → stored text.
    """
    if is_in_use():
        return _old(level, values.items())
    rows = extra_fields(level)
    return {name: value for name, value in values.items() if name in rows and not is_lifted(rows[name], value)}


def lift_values(level: str, values: Mapping[str, Any]) -> Lifting:
    """What becomes of :func:`old_values`."""
    return _lift(level, values)


def lifted_extras(level: str, extras: Mapping[str, Any]) -> dict[str, Any]:
    """The extras of something stored, by key, in today's form; for who reads CKAN's tables past ``package_show``."""
    old = old_values(level, extras)
    if not old:
        return dict(extras)
    lifting = _lift(level, old)
    kept = {key: value for key, value in extras.items() if key not in old}
    return {**kept, **{name: stored_form(value) for name, value in lifting.fields.items()}}


def _old(level: str, values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Those of some fields that do not have the form of today."""
    own = _own.get(level, {})
    return {name: value for name, value in values if name in own and not is_lifted(own[name][0], value, own[name][1])}


def _lift(level: str, values: Mapping[str, Any]) -> Lifting:
    return lift(level, values, {name: choices for name, (_, choices) in _own.get(level, {}).items() if choices})


def lift_stored(entity: dict[str, Any], level: str = "dataset") -> bool:
    """Give what CKAN has stored the form that ckanext-scheming can show: extras stay extras, with today's values.

    Args:
        entity: a dataset or institution as CKAN makes it of its tables, changed in place.
        level: ``dataset`` or ``organization``.

    Returns:
        Whether anything was to be lifted.
    """
    extras: list[dict[str, Any]] = entity.get("extras") or []
    old = _old(level, ((extra["key"], extra["value"]) for extra in extras))
    if old:
        lifting = _lift(level, old)
        kept = [
            {**extra, "value": stored_form(lifting.fields[extra["key"]])} if extra["key"] in lifting.fields else extra
            for extra in extras
            if extra["key"] not in old or extra["key"] in lifting.fields
        ]
        entity["extras"] = [*kept, *_originals(lifting, kept)]
    resources = [_lift_resource(resource, stored_form) for resource in entity.get("resources") or ()]
    return bool(old) or any(resources)


def has_own_extras(dataset: Mapping[str, Any]) -> bool:
    """Whether a dataset that is about to be answered has extras under our names: its index is older than our schema."""
    own = _own.get("dataset", {})
    return any(extra["key"] in own for extra in dataset.get("extras") or ())


def lift_shown(entity: dict[str, Any], level: str = "dataset") -> bool:
    """The same for what is about to be answered: extras under our names become fields (an index older than the schema).

    Args:
        entity: a dataset or institution as ``package_show`` and ``organization_show`` give it, changed in place.
        level: ``dataset`` or ``organization``.

    Returns:
        Whether anything was lifted.
    """
    own = _own.get(level, {})
    extras: list[dict[str, Any]] = entity.get("extras") or []
    ours = {extra["key"]: extra["value"] for extra in extras if extra["key"] in own}
    for name, value in ours.items():
        if is_empty(entity.get(name)):
            entity[name] = loads(value) if own[name][0].cardinality != "single" else value
    if ours:
        entity["extras"] = [extra for extra in extras if extra["key"] not in ours]
    old = _old(level, ((name, entity[name]) for name in own if name in entity))
    if old:
        lifting = _lift(level, old)
        for name in old:
            del entity[name]
        entity.update(lifting.fields)
        kept = entity.get("extras") or []
        entity["extras"] = [*kept, *_originals(lifting, kept)]
    resources = [_lift_resource(resource, lambda value: value) for resource in entity.get("resources") or ()]
    return bool(ours or old) or any(resources)


def _lift_resource(resource: dict[str, Any], form: Callable[[Any], Any]) -> bool:
    """A resource has no list of extras: all of its values stand side by side."""
    old = _old("resource", resource.items())
    if not old:
        return False
    lifting = _lift("resource", old)
    for name in old:
        del resource[name]
    resource.update({name: form(value) for name, value in lifting.fields.items()})
    for key, text in lifting.originals.items():
        free = free_key(key, text, resource)
        if free:
            resource[free] = text
    return True


def _originals(lifting: Lifting, extras: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    taken = {extra["key"]: extra["value"] for extra in extras}
    keys = ((free_key(key, text, taken), text) for key, text in lifting.originals.items())
    return [{"key": key, "value": text} for key, text in keys if key]


def take_extras(data: dict[str, Any], stored: Callable[[], Mapping[str, Any]], level: str = "dataset") -> None:
    """Take extras under the names of our fields, which a client of another time sends, for the fields.

    A field given both ways: where both say the same, or the field only repeats what is stored (a client that adds its
    extras to what ``package_show`` gave it), the extra counts; where they contradict each other nothing is guessed.

    Args:
        data: what was sent, changed in place.
        stored: gives the dataset or institution as it is; asked only where a field is given both ways.
        level: ``dataset`` or ``organization``.

    Raises:
        ValidationError: for a field whose extra says something else, in the reader's language.
    """
    own = _own.get(level, {})
    extras = data.get("extras")
    if not isinstance(extras, list):
        return
    extras = data["extras"] = [extra for extra in extras if not _is_emptied(extra, level)]
    sent = {
        extra["key"]: None if extra.get("deleted") or extra.get("state") == "deleted" else extra.get("value")
        for extra in extras
        if isinstance(extra, Mapping) and extra.get("key") in own
    }
    if not sent or (data.get("type") or stored().get("type") or level) != level:
        return  # a harvest source, to name one, has a frequency of its own
    kept = [extra for extra in extras if not (isinstance(extra, Mapping) and extra.get("key") in sent)]
    lifting = _lift(level, {name: value for name, value in sent.items() if not is_empty(value)})
    errors: dict[str, Any] = {}
    for name, value in lifting.fields.items():
        given = data.get(name)
        if is_empty(given) or _same(level, name, given, value) or _same(level, name, given, stored().get(name)):
            data[name] = value
        else:
            errors[name] = [sentence(Finding("extra_contradicts_field", name))]
    if errors:
        raise tk.ValidationError(errors)
    data["extras"] = [*kept, *_originals(lifting, kept)]


def _is_emptied(extra: Any, level: str) -> bool:
    """Whether what an older record said was put where it belongs: the form sends its text empty."""
    return (
        isinstance(extra, Mapping) and is_empty(extra.get("value")) and bool(lifted_from(str(extra.get("key")), level))
    )


def _same(level: str, name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field, each in any form, mean the same."""
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    return one == other or _lift(level, {name: one}).fields == _lift(level, {name: other}).fields != {}
