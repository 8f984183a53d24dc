"""What a validator does with a value that it does not take: refuses it, or empties its field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey

from ckanext.mxopendata.logic.completeness import once_per_validation, sentence
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import loads

Validator = Callable[[FlattenKey, FlattenDataDict, FlattenErrorDict, Context], None]

# Columns of CKAN's own tables: a field that is left out keeps its old value there, so it is emptied instead.
_CORE_TEXTS = frozenset(("title", "notes", "url", "license_id", "description", "name", "format"))
_CORE_VALUES = frozenset(("size", "mimetype", "hash"))


def refuse(
    note: str, key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context, **details: Any
) -> None:
    """Refuse a value, unless it is what the dataset or institution held before."""
    value = data[key]
    if stored_value(key, data, context) == loads(value):
        return
    errors[key].append(sentence(Finding(note, str(key[-1]), None, str(value), details)))
    raise tk.StopOnError


def stored_value(key: FlattenKey, data: FlattenDataDict, context: Context) -> Any:
    """What the updated dataset or institution held at this place; asked only where something is about to be refused."""
    package, group = context.get("package"), context.get("group")
    if package is None:
        name = str(key[0])
        return getattr(group, name, None) or getattr(group, "extras", {}).get(name)
    show = partial(tk.get_action("package_show"), {"ignore_auth": True, "use_cache": False}, {"id": package.id})
    value: Any = once_per_validation("stored", context, show)
    if key[0] == "resources":
        # CKAN 2.12 validates only the resources that changed, so that their places are not those of the stored ones
        resource_id = data.get((*key[:2], "id"))
        value = next((resource for resource in value["resources"] if resource["id"] == resource_id), {})
        key = key[2:]
    for step in key:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return loads(value)


def leave_empty(key: FlattenKey, data: FlattenDataDict) -> None:
    """Nothing was written: empty CKAN's own column, or leave the field out."""
    if key[-1] in _CORE_TEXTS and (len(key) == 1 or key[0] == "resources"):
        data[key] = ""
    elif key[-1] in _CORE_VALUES and key[0] == "resources":
        data[key] = None
    else:
        data.pop(key, None)
    raise tk.StopOnError
