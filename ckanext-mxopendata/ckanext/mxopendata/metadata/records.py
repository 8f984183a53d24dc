"""Records as platforms give them: unwrapped, and asked for a value by the ways of the crosswalk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PLATFORMS = ("ckan", "datajson", "table")
# What only ADELA's catalogo.json has: there landingPage is the data dictionary and publisher holds a person's post.
_ADELA_KEYS = frozenset(("govType", "openessRating", "publishDate", "public"))
# Where a data.json of this suite keeps, under the names of our fields, what Project Open Data has no property for.
EXTENSION = "mxopendata"
# The address of a record that was read from a graph: what tells it from the others, whatever its identifier is.
NODE = "@id"
# Within it: names of the properties that say nothing of the dataset itself.
STAND_INS = "stand_ins"
COLUMNS = {
    "ckan": ("ckan_extra", "pnda"),
    "datajson": ("datajson",),
    "adela": ("adela_json", "datajson"),
    "table": ("inventory_csv",),
}


@dataclass(frozen=True)
class Found:
    """A value in a record, and where it stands there.

    Attributes:
        value: as it is to be read.
        location: the way to it.
        said: what the record says, where the configuration of the source gives that another meaning.
    """

    value: Any
    location: str
    said: Any = None


def is_empty(value: Any) -> bool:
    """Whether nothing is written: ``None``, blanks, an empty list or dictionary, or a list of such."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (list, tuple)):
        return all(is_empty(item) for item in value)
    if isinstance(value, Mapping):
        return not value
    return value is None


def unwrap(record: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """The record with CKAN's extras as fields of their own; a field of the dataset wins over an extra of its name."""
    if platform != "ckan":
        return without_stand_ins(record)
    unwrapped: dict[str, Any] = {}
    for key, value in _extras(record.get("extras")):
        unwrapped.setdefault(str(key), loads(value))
    unwrapped.update(
        (key, value)
        for key, value in record.items()
        if key != "extras" and (key not in unwrapped or not is_empty(value))
    )
    return unwrapped


def without_stand_ins(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record or distribution without what another portal of this suite wrote only because Project Open Data asks."""
    own = record.get(EXTENSION)
    names = as_list(own.get(STAND_INS)) if isinstance(own, Mapping) else []
    return {key: value for key, value in record.items() if key not in names}


def _extras(extras: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(extras, Mapping):
        yield from extras.items()
    elif isinstance(extras, list):
        for extra in extras:
            if isinstance(extra, Mapping) and extra.get("key"):
                yield extra["key"], extra.get("value")


def loads(value: Any) -> Any:
    """A text that holds a JSON list or object, as that; anything else as it is."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def columns(record: Mapping[str, Any], platform: str) -> tuple[str, ...]:
    """The crosswalk's columns that speak of this record, the most particular first.

    Raises:
        ValueError: for a platform that has none.
    """
    if platform not in PLATFORMS:
        raise ValueError(f"{platform!r} is none of {PLATFORMS}")
    shape = "adela" if platform == "datajson" and not _ADELA_KEYS.isdisjoint(record) else platform
    return COLUMNS[shape]


def look(record: Mapping[str, Any], way: str) -> Any:
    """What stands at the end of a way such as ``publisher.name``, or ``None``."""
    if way in record:
        return record[way]
    value: Any = record
    for step in way.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def first(record: Mapping[str, Any], ways: Iterable[str], prefix: str = "") -> Found | None:
    """The first way at whose end something is written."""
    return next(every(record, ways, prefix), None)


def every(record: Mapping[str, Any], ways: Iterable[str], prefix: str = "") -> Iterator[Found]:
    """All ways at whose end something is written."""
    for way in ways:
        value = look(record, way)
        if not is_empty(value):
            yield Found(value, f"{prefix}{way}")


def as_list(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as its only item."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def stored_list(value: Any) -> list[Any]:
    """What is stored or submitted as a list, however it was written: a list, JSON text of one, or the one value.

    A text is never taken apart into its characters: ``"es"`` is one language, not two. Empty items are left out.
    """
    if not value and value != 0:
        return []
    return [item for item in as_list(loads(value)) if item not in (None, "")]


def shown(value: Any) -> str:
    """A value as a finding quotes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
