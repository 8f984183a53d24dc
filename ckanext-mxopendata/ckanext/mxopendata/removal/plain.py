"""What a CKAN without us shows of our values: lists and groups of fields are extras that hold JSON text.

The text is made readable and stays exact: read again by our schema, it gives the very same value. Pure functions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import crosswalk, fields_of
from ckanext.mxopendata.metadata.records import as_list, loads

LISTS = {
    level: frozenset(name for name, row in fields_of(level).items() if row.cardinality == "list")
    for level in ("dataset", "resource", "organization")
}
REPEATING = frozenset(row.field for row in crosswalk() if row.level == "dataset" and row.cardinality == "repeating")


def readable(level: str, field: str, text: Any) -> Any:
    """A stored value of ours as a person reads it best without us.

    Args:
        level: ``dataset``, ``resource`` or ``organization``.
        field: name of the extra.
        text: what is stored.

    Returns:
        The only item of a list; several items, and groups of fields, as JSON with their letters as they are written;
        anything else unchanged. What our schema reads from it is what it read before.
    """
    value = loads(text)
    if not isinstance(text, str) or not isinstance(value, (list, dict)):
        return text
    if field in LISTS[level] and isinstance(value, list) and len(value) == 1:
        item = value[0]
        if isinstance(item, str) and as_list(loads(item)) == value:
            return item
    if field in LISTS[level] or (level == "dataset" and field in REPEATING):
        return json.dumps(value, ensure_ascii=False)
    return text


def readable_extras(level: str, extras: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """CKAN's list of extras, with ours readable: ``[{"key", "value"}]``; the same list where nothing changes."""
    changed = [{**extra, "value": readable(level, extra["key"], extra["value"])} for extra in extras]
    return extras if changed == extras else changed


def readable_resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource as CKAN shows it, with its lists of ours readable."""
    return {
        key: readable("resource", key, value) if key in LISTS["resource"] else value for key, value in resource.items()
    }
