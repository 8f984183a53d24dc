"""``update_frequency`` at the front door: given to who reads the API, understood from who writes with it.

Only calls of the API see it (CKAN's view of the API names its version in the context): what pages, forms, harvests and
the search index work with is what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.logic.completeness import sentence
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.lifting import free_key
from ckanext.mxopendata.metadata.records import is_empty
from ckanext.mxopendata.metadata.update_frequency import KEY, add_to, derived, term

_own: dict[str, bool] = {"in use": False}


def use_schema(dataset: Mapping[str, Any] | None) -> None:
    """See whether the schema in use has our frequency, and no field of the operator's own under this name.

    Args:
        dataset: ckanext-scheming's expanded schema of the type ``dataset``, or ``None``; :func:`.lifting.use_schemas`
            has seen it before.
    """
    names = {field["field_name"] for field in (dataset or {}).get("resource_fields", ())}
    _own["in use"] = lifting.has_field("resource", "frequency") and KEY not in names


def show(context: Context, data_dict: DataDict, dataset: Mapping[str, Any]) -> None:
    """Add it to a dataset that the API gives.

    Args:
        context: that of the action.
        data_dict: what the action was asked.
        dataset: the answer, or one of its datasets; its resources are changed in place.
    """
    asked = "api_version" in context and not tk.asbool(data_dict.get("use_default_schema", False))
    if asked and _own["in use"] and dataset.get("type") == "dataset":
        add_to(dataset)


def take(data: dict[str, Any], stored: Callable[[], Mapping[str, Any]]) -> None:
    """Read what a client sends in it, and let none of it be stored under this name.

    What only repeats the frequency that the resource has, or had when the client read it, is ignored. Else it is the
    frequency of the resource; a text that means none is kept as ``original_frequency``. Where the client changed the
    field as well, to something else, nothing is guessed.

    Args:
        data: what was sent, changed in place.
        stored: gives the dataset as it is; asked only where that matters.

    Raises:
        ValidationError: for a resource that says two things, in the reader's language.
    """
    resources = data.get("resources")
    if not _own["in use"] or not isinstance(resources, list):
        return
    if not any(isinstance(resource, dict) and KEY in resource for resource in resources):
        return
    if (data.get("type") or stored().get("type") or "dataset") != "dataset":
        return
    errors: list[Any] = [_take(resource, data, stored) if isinstance(resource, dict) else {} for resource in resources]
    if any(errors):
        raise tk.ValidationError({"resources": errors})


def _take(resource: dict[str, Any], data: Mapping[str, Any], stored: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """The same for one resource; returns its errors."""
    said = resource.pop(KEY, None)
    if is_empty(said) or (term(said) is not None and term(said) == derived(resource, data)):
        return {}
    dataset = stored()
    before: Mapping[str, Any] = next(
        (item for item in dataset.get("resources") or () if item.get("id") == resource.get("id")), {}
    )
    # What is stored under this name, by another time, was not worked out.
    if KEY not in before and before and term(said) is not None and term(said) == derived(before, dataset):
        return {}
    given = resource.get("frequency")
    if not is_empty(given) and term(given) != term(before.get("frequency")):
        return {"frequency": [sentence(Finding("update_frequency_contradicts", "frequency", value=str(said)))]}
    read = lifting.lift_values("resource", {"frequency": said})
    resource.update(read.fields)
    for key, text in read.originals.items():
        free = free_key(key, text, resource)
        if free:
            resource[free] = text
    return {}
