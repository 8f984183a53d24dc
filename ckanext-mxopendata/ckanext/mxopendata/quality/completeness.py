"""Metadata points of a dataset, counted from ``schemas/quality.yaml`` by the metadata room, and where the rest is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.mxopendata.metadata.records import is_empty
from ckanext.mxopendata.metadata.validation import field_points, is_filled, points

RESOURCE_PREFIX = "resources."
DECIMALS = 1


@dataclass(frozen=True)
class MissingField:
    """Points a dataset does not have yet.

    Attributes:
        field: name of the metadata field; that of a resource begins with ``resources.``.
        points: how many points it would give.
    """

    field: str
    points: float


@dataclass(frozen=True)
class Completeness:
    """The metadata points of one dataset: ``points`` of ``maximum``, and which fields lack the rest, dearest first."""

    points: float
    maximum: int
    missing: tuple[MissingField, ...]


def metadata_points(dataset: Mapping[str, Any]) -> Completeness:
    """The metadata points of one dataset, as ``package_show`` gives it."""
    reached, maximum = points(dataset)
    worth = field_points()
    missing = [MissingField(name, value) for name, value in worth["dataset"].items() if not is_filled(dataset, name)]
    missing += _missing_in_resources(dataset.get("resources") or [], worth["resource"])
    missing.sort(key=lambda field: (-field.points, field.field))
    return Completeness(reached, maximum, tuple(missing))


def _missing_in_resources(resources: list[Mapping[str, Any]], worth: Mapping[str, int]) -> list[MissingField]:
    found = []
    for name, value in worth.items():
        empty = sum(is_empty(resource.get(name)) for resource in resources)
        if empty or not resources:
            lost = value * empty / len(resources) if resources else value
            found.append(MissingField(f"{RESOURCE_PREFIX}{name}", round(lost, DECIMALS)))
    return found
