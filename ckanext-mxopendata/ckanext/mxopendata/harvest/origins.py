"""What a record says of where it was before: pure functions over the record as the portal gave it.

Portals harvest one another, and a record that was taken from another portal mostly says so: ckanext-dcat leaves the
``guid`` of the other catalogue, this suite its ``source_identifier``, ckanext-harvest the harvest object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# The page of a dataset of a CKAN, which the addresses of its uploaded files begin with.
_IN_ADDRESS = re.compile(rf"/dataset/({_UUID.pattern})(?:/|$)", re.IGNORECASE)
# The identifier that a record had in the catalogue it was taken from.
_BEFORE = ("source_identifier", "guid")
# Written by ckanext-harvest, whose harvester of other CKANs keeps the id.
_HARVESTED = ("harvest_object_id", "harvest_source_id")
_EXTENSION = "mxopendata"
# What is longer is no identifier, and would not fit into an index.
_LONGEST = 500


def is_universal(text: str) -> bool:
    """Whether an identifier means one thing everywhere: it has a UUID in it, or is an address with a path."""
    if len(text) > _LONGEST:
        return False
    if _UUID.search(text):
        return True
    if "://" not in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.netloc and (parts.path.strip("/") or parts.query))


def origin(record: Mapping[str, Any], platform: str) -> str | None:
    """The identifier that a record says it had in the catalogue it was taken from.

    Args:
        record: as the portal gave it.
        platform: ``ckan`` or ``datajson``.

    Returns:
        It, or ``None`` where the record says nothing of the kind, or nothing that means one thing everywhere.
    """
    said = _said(record)
    for key in _BEFORE:
        value = said.get(key)
        if isinstance(value, str) and is_universal(value):
            return normalised(value)
    own = record.get("id")
    if platform == "ckan" and isinstance(own, str) and _UUID.fullmatch(own) and any(map(said.get, _HARVESTED)):
        return normalised(own)
    return None


def hints(record: Mapping[str, Any], identifier: str, addresses: Iterable[str]) -> list[str]:
    """The UUIDs a record has to do with: in its identifiers, and those of the datasets its files are of.

    Args:
        record: as the portal gave it.
        identifier: that of the record.
        addresses: of its files.
    """
    texts = [identifier, *(record.get(key) for key in ("id", "identifier"))]
    found = [match.lower() for text in texts if isinstance(text, str) for match in _UUID.findall(text)]
    found += [match.lower() for address in addresses for match in _IN_ADDRESS.findall(address)]
    return list(dict.fromkeys(found))


def normalised(identifier: str) -> str:
    """An identifier without what two portals write differently: blanks around it, the case of a UUID."""
    text = identifier.strip()
    return text.lower() if _UUID.fullmatch(text) else text


def spellings(address: str) -> list[str]:
    """An address of a file with either scheme, since portals change theirs; none for a portal's front page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    if parts.scheme not in ("http", "https") or not (parts.path.strip("/") or parts.query):
        return []
    rest = address.split("://", 1)[1]
    return [f"http://{rest}", f"https://{rest}"]


def host(address: str) -> str:
    """The host and port of an address, as two addresses of one portal agree on them."""
    try:
        return urlsplit(address).netloc.lower().rpartition("@")[2].removeprefix("www.")
    except ValueError:
        return ""


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    """What of interest here stands in a record: on its top, in CKAN's extras, in our property of a data.json."""
    keys = (*_BEFORE, *_HARVESTED)
    said: dict[str, Any] = {}
    extras = record.get("extras")
    if isinstance(extras, list):
        said.update({
            extra["key"]: extra.get("value")
            for extra in extras
            if isinstance(extra, Mapping) and extra.get("key") in keys
        })  # fmt: skip
    for part in (extras, record.get(_EXTENSION), record):
        if isinstance(part, Mapping):
            said.update({key: part[key] for key in keys if part.get(key)})
    return said
