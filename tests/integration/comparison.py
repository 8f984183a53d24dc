"""Two datasets held against each other, row by row of the crosswalk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import fields_of

# Not the source's to say: each portal gives its own.
OF_THE_PORTAL = frozenset(("name", "owner_org", "tag_string"))


def exact(name: str, value: Any) -> Any:
    """A value as it is."""
    return value


def without_order(name: str, value: Any) -> Any:
    """A value as a graph keeps it: lists have no order, but for the main theme; JSON may be written in several ways."""
    if name == "schema":
        return json.loads(value)
    if name == "spatial_coverage" and isinstance(value, list):
        return [
            {key: json.loads(part) if key in ("bbox", "geom") else part for key, part in place.items()}
            for place in value
        ]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value[:1] if name == "theme" else [], sorted(value)
    return value


def compared(before: dict[str, Any], after: dict[str, Any], local: bool = False) -> dict[str, tuple[Any, Any]]:
    """Field (``resource.<field>`` of resources) → what was stored and what came, of all that was filled in.

    Args:
        before: a dataset as ``package_show`` gives it.
        after: likewise, of the one it became.
        local: whether fields that belong to the portal are compared, too.
    """
    pairs: dict[str, tuple[Any, Any]] = {}
    for name, row in fields_of("dataset").items():
        if (local or row.owner == "source") and before.get(name) and name not in OF_THE_PORTAL:
            pairs[name] = (before[name], after.get(name))
    tags = tuple(sorted(tag["name"] for tag in dataset.get("tags", ())) for dataset in (before, after))
    pairs["tag_string"] = (tags[0], tags[1])
    for number, (old, new) in enumerate(zip(before["resources"], after["resources"], strict=True)):
        for name, row in fields_of("resource").items():
            if (local or row.owner == "source") and old.get(name):
                pairs[f"resource.{name}" if number == 0 else f"resource.{name} {number + 1}"] = (
                    old[name],
                    new.get(name),
                )
    return pairs


def differences(
    before: dict[str, Any],
    after: dict[str, Any],
    same: Callable[[str, Any], Any] = exact,
    local: bool = False,
) -> dict[str, tuple[Any, Any]]:
    """The fields that changed, see :func:`compared`; ``same`` gives the form in which two values are equal."""
    changed = {}
    for name, (old, new) in compared(before, after, local).items():
        field = name.removeprefix("resource.").split(" ")[0]
        if new is None or same(field, old) != same(field, new):
            changed[name] = (old, new)
    return changed
