"""Records of DKAN in the words of Project Open Data, whichever of its interfaces gave them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ckanext.mxopendata.metadata.records import EXTENSION, as_list, is_empty

# CKAN's word, as DKAN 1 uses it -> Project Open Data's. Of several that mean the same the first that says something.
_DATASET = {
    "id": "identifier",
    "title": "title",
    "notes": "description",
    "metadata_modified": "modified",
    "metadata_created": "issued",
    "url": "landingPage",
    "license_id": "license",
    "license_url": "license",
    "license_title": "license",
}
_RESOURCE = {
    "name": "title",
    "title": "title",
    "description": "description",
    "url": "downloadURL",
    "format": "format",
    "mimetype": "mediaType",
    "size": "byteSize",
    "created": "issued",
    "last_modified": "modified",
}
# Read by :func:`of_package` itself.
_COMPOSED = frozenset(("tags", "groups", "author", "author_email", "maintainer", "maintainer_email", "extras"))
# What the software says of itself; it moves with every touch, and ``private`` stands on what everybody can see.
_OF_THE_SOFTWARE = frozenset((
    "id", "name", "private", "isopen", "log_message", "creator_user_id", "revision_id", "revision_timestamp",
    "num_resources", "num_tags", "resource_group_id", "package_id", "license_id", "license_url", "license_title",
))  # fmt: skip


def of_metastore(record: Any) -> Any:
    """A record of DKAN 2 without its references: ``{"identifier": …, "data": …}`` becomes what it refers to."""
    if not isinstance(record, Mapping):
        return record
    return {key: _referred(value) for key, value in record.items() if not key.startswith("%")}


def of_package(record: Any) -> Any:
    """A record of DKAN 1's imitation of CKAN; anything that is no object as it is.

    What has no counterpart keeps its key, so that the mapping can say that it was left out.
    """
    if not isinstance(record, Mapping):
        return record
    extras = {
        str(item["key"]): item.get("value")
        for item in as_list(record.get("extras"))
        if isinstance(item, Mapping) and item.get("key")
    }
    known = {**_DATASET, **dict.fromkeys((*_COMPOSED, *_OF_THE_SOFTWARE, "resources"), "")}
    kept = {key: value for key, value in {**extras, **record}.items() if key not in known}
    creators = [{"name": record["author"]}] if not is_empty(record.get("author")) else []
    said = {
        **kept,
        **_renamed(record, _DATASET),
        "keyword": list(_names(record.get("tags"), "name")),
        # A dataset's groups are those who publish it.
        "publisher": next(({"name": name} for name in _names(record.get("groups"), "title")), None),
        "contactPoint": list(_people(record)),
        EXTENSION: {"creator": creators} if creators else None,
        "distribution": [_distribution(item) for item in as_list(record.get("resources"))],
    }
    return {key: value for key, value in said.items() if not is_empty(value)}


def _referred(value: Any) -> Any:
    if isinstance(value, list):
        return [_referred(item) for item in value]
    if isinstance(value, Mapping) and value.keys() == {"identifier", "data"}:
        return value["data"]
    return value


def _renamed(item: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for theirs, ours in names.items():
        if not is_empty(item.get(theirs)):
            said.setdefault(ours, item[theirs])
    return said


def _distribution(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    kept = {key: value for key, value in item.items() if key not in {*_RESOURCE, *_OF_THE_SOFTWARE, "state"}}
    return {**kept, **_renamed(item, _RESOURCE)}


def _names(items: Any, key: str) -> Iterable[str]:
    for item in as_list(items):
        name = item.get(key) or item.get("name") if isinstance(item, Mapping) else item
        if isinstance(name, str) and name.strip():
            yield name


def _people(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Who maintains the dataset, and who made it where there is a way to reach them."""
    for role in ("maintainer", "author"):
        person = {"fn": record.get(role), "hasEmail": record.get(f"{role}_email")}
        if not is_empty(person["hasEmail"]) or (role == "maintainer" and not is_empty(person["fn"])):
            yield {key: value for key, value in person.items() if not is_empty(value)}
