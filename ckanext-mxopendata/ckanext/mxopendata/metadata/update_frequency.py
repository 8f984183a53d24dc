"""``update_frequency`` of a resource: how the national portal of 2025 says in CKAN's API how often data are renewed.

The portal's own reports read it of each resource (``mexico.md`` 1.6). Here the frequency is a term in the field
``frequency`` of the resource or, where it has none, of its dataset; ``update_frequency`` is the Spanish label of that,
worked out for whoever reads the API and never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.lifting import read_field
from ckanext.mxopendata.metadata.vocabularies import vocabulary

KEY = "update_frequency"


def term(value: Any) -> str | None:
    """The id of the frequency that a value means, as it is stored or as somebody wrote it."""
    if not isinstance(value, str) or not value.strip():
        return None
    if vocabulary("frequencies").get(value) is not None:
        return value
    found, _ = read_field("resource", fields_of("resource")["frequency"], value)
    return found


def derived(resource: Mapping[str, Any], dataset: Mapping[str, Any]) -> str | None:
    """The id of the frequency of a resource: its own, else that of its dataset."""
    return term(resource.get("frequency")) or term(dataset.get("frequency"))


def add_to(dataset: Mapping[str, Any]) -> None:
    """Say the frequency of each resource in the words of the national portal.

    A resource without a field of its own that says it in these words already, stored by another time, is let be.

    Args:
        dataset: as ``package_show`` gives it; its resources are changed in place.
    """
    for resource in dataset.get("resources") or ():
        if resource.get(KEY) and not resource.get("frequency"):
            continue
        found = vocabulary("frequencies").get(derived(resource, dataset) or "")
        if found is not None:
            resource[KEY] = found.label_es


def without_repeated(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of a CKAN in which ``update_frequency`` stands only where it says something of its own.

    Args:
        record: as ``package_show`` gives it, of any portal.

    Returns:
        The record itself where there is nothing to leave out.
    """
    resources = record.get("resources")
    if not isinstance(resources, list):
        return record
    repeats = [_repeats(resource, record) for resource in resources]
    if not any(repeats):
        return record
    kept = [
        {key: value for key, value in resource.items() if key != KEY} if is_repeated else resource
        for resource, is_repeated in zip(resources, repeats, strict=True)
    ]
    return {**record, "resources": kept}


def _repeats(resource: Any, dataset: Mapping[str, Any]) -> bool:
    if not isinstance(resource, Mapping) or KEY not in resource:
        return False
    said = term(resource[KEY])
    return said is not None and said == derived(resource, dataset)
