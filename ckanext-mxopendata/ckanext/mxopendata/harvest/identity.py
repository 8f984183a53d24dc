"""Who a remote record is and whether it changed: pure functions over the record as the portal gave it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.metadata.update_frequency import without_repeated

# Move although the dataset does not: counters, what every touch of a CKAN dataset sets anew, what only its page needs.
VOLATILE_CKAN = frozenset(
    {
        "metadata_modified",
        "revision_id",
        "revision_timestamp",
        "tracking_summary",
        "num_resources",
        "num_tags",
        "isopen",
        "license_title",
        "relationships_as_object",
        "relationships_as_subject",
        "package_id",
        "cache_last_updated",
        "webstore_last_updated",
        "total_downloads",
        "archiver",
        "qa",
    }
)
# Of a dataset's institution only its name is ours to follow; the rest changes for all its datasets at once.
ORGANIZATION_KEYS = frozenset({"id", "name", "title"})
VOLATILE_DATAJSON = frozenset({"@context", "page_views", "download_count"})
FIRST_LAYER = "&sublayer=0"
_PLAIN = frozenset({str, int, float, bool, type(None)})
# Lists whose order means nothing and changes from one answer to the next (ArcGIS Hub, Solr).
UNORDERED = frozenset({"tags", "groups", "keyword", "keywords", "extras"})


def content_hash(record: Mapping[str, Any], platform: str) -> str:
    """A digest that is equal exactly where the content of a record is.

    Args:
        record: as the portal gave it.
        platform: ``ckan`` or ``datajson``; tells which keys move by themselves.

    Returns:
        40 hexadecimal digits; the order of keys, of keywords and of tags does not matter.
    """
    volatile = VOLATILE_CKAN if platform == "ckan" else VOLATILE_DATAJSON
    identifier = record.get("identifier")
    if isinstance(identifier, str):
        # ArcGIS Hub writes the one layer of an item, or does not, from one day to the next.
        record = {**record, "identifier": identifier.removesuffix(FIRST_LAYER)}
    if platform == "ckan":
        # What a portal of this suite works out for the API is said by its frequency already.
        record = without_repeated(record)
    content = json.dumps(_steady(record, volatile, ""), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(content.encode("utf-8", errors="surrogatepass"), digest_size=20).hexdigest()


def passes(record: Mapping[str, Any], include: Mapping[str, list[str]], exclude: Mapping[str, list[str]]) -> bool:
    """Whether a record is wanted by the filters of its source.

    Args:
        record: as the portal gave it.
        include: field (``organization.name``, ``keyword``, …) → values of which one is needed; all fields must agree.
        exclude: the same; one agreement is enough to leave the record out.
    """
    wanted = all(_has(record, field, values) for field, values in include.items())
    return wanted and not any(_has(record, field, values) for field, values in exclude.items())


def _has(record: Mapping[str, Any], field: str, values: list[str]) -> bool:
    found = {str(value).strip().casefold() for value in _values(record, field.split("."))}
    return any(str(value).strip().casefold() in found for value in values)


def _values(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _values(item, path)]
    if isinstance(value, Mapping):
        if path:
            return _values(value.get(path[0]), path[1:])
        # A tag, a group or a publisher goes by its name.
        return [value[key] for key in ("name", "title", "id") if value.get(key)]
    return [] if path or value is None else [value]


def _steady(value: Any, volatile: frozenset[str], key: str) -> Any:
    # The types themselves first: there are hundreds of values in a record, and asking an abstract class is slow.
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        if key == "organization":
            return {name: item for name, item in value.items() if name in ORGANIZATION_KEYS}
        return {name: _steady(item, volatile, name) for name, item in value.items() if name not in volatile}
    if isinstance(value, list):
        items = [_steady(item, volatile, "") for item in value]
        if key in UNORDERED:
            items.sort(key=lambda item: json.dumps(item, sort_keys=True, ensure_ascii=False))
        return items
    return value
