"""What a record brings, put together with what is stored: resources keep their ids, local fields stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import crosswalk

# What a resource is known by when its list comes again, the surest first.
RESOURCE_KEYS = ("identifier", "url", "download_url", "access_url", "name")


@cache
def source_fields(level: str) -> frozenset[str]:
    """The fields of a dataset or a resource that belong to the source; a harvest sets them and takes them away."""
    own = {row.field for row in crosswalk() if row.level == level and row.owner == "source"}
    # CKAN's own name for the list of keywords; tags somebody added here are kept apart from it.
    return frozenset("tags" if name == "tag_string" else name for name in own)


@cache
def beyond_the_template(level: str) -> frozenset[str]:
    """Those of them that the template of tables has no column for: they stay until a table says something of them."""
    said = {row.field for row in crosswalk() if row.level == level and row.ways("inventory_csv")}
    return frozenset(name for name in source_fields(level) if name not in said | {"tags"})


def merged_resources(
    existing: Sequence[Mapping[str, Any]],
    fresh: Sequence[Mapping[str, Any]],
    by_position: bool = False,
    keeps: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """The source's resources, each with the id and the local fields of the one it was before.

    Args:
        existing: the dataset's resources, as ``package_show`` gives them.
        fresh: the source's, in their order.
        by_position: see :func:`match_resources`.
        keeps: fields of the source that stay where it leaves them empty and the file is at the same address.

    Returns:
        As many as ``fresh``, in its order; those of ``existing`` that are not among them are gone.
    """
    known = {str(resource["id"]): dict(resource) for resource in existing}
    pairs = match_resources(existing, fresh, by_position)
    merged = []
    for position, resource in enumerate(fresh):
        old = known.get(pairs.get(position, ""), {})
        stays = keeps if old.get("url") == resource.get("url") else frozenset[str]()
        kept = {key: value for key, value in old.items() if key not in source_fields("resource") or key in stays}
        merged.append({**kept, **resource})
    return merged


def match_resources(
    existing: Sequence[Mapping[str, Any]], fresh: Iterable[Mapping[str, Any]], by_position: bool = False
) -> dict[int, str]:
    """Which resource each of the source's was before: by identifier, then address, then name.

    Args:
        existing: the dataset's resources.
        fresh: the source's, in their order.
        by_position: whether, where both lists are of one length, what is left is the resource in its place: of a
            dataset that another harvester wrote, whose addresses and names may be written differently.

    Returns:
        Position in ``fresh`` → id of the resource it was; a resource is matched at most once.
    """
    fresh = list(fresh)
    pairs: dict[int, str] = {}
    free = {str(resource["id"]): resource for resource in existing}
    for key in RESOURCE_KEYS:
        for position, resource in enumerate(fresh):
            wanted = resource.get(key)
            if position in pairs or not wanted:
                continue
            found = next((number for number, old in free.items() if old.get(key) == wanted), None)
            if found is not None:
                pairs[position] = found
                del free[found]
    if by_position and len(existing) == len(fresh):
        for position, old in enumerate(existing):
            if position not in pairs and str(old["id"]) in free:
                pairs[position] = str(old["id"])
    return pairs


def changed_fields(merged: Mapping[str, Any], existing: Mapping[str, Any]) -> set[str]:
    """The fields in which two states of a dataset differ, but for when it was written; an empty field is none.

    Args:
        merged: a dataset as it would be saved.
        existing: as ``package_show`` gives it.
    """
    here, there = ({**_filled(dataset), "harvested_at": None} for dataset in (merged, existing))
    for dataset in (here, there):
        # Keywords have no order, and CKAN none that lasts.
        dataset["tags"] = sorted(str(tag["name"]) for tag in dataset.get("tags", ()))
        dataset["resources"] = [_filled(resource) for resource in dataset.get("resources", ())]
    return {key for key in here.keys() | there.keys() if here.get(key) != there.get(key)}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [])}
