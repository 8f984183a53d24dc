"""A dataset as an entry of a catalogue in JSON, and how it is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ckanext.mxopendata.dcat.frames import Frame

BETWEEN_ENTRIES = b",\n"


@dataclass
class Entry:
    """One entry of ``data.json`` or ``catalogo.json``.

    Attributes:
        properties: the entry, without empty properties.
        distributions: how many distributions it has.
        dropped: how often a value could not be expressed, by (field, code of the reason).
        filled: how often a field got a stand-in, by field.
    """

    properties: dict[str, Any]
    distributions: int
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)


def to_bytes(properties: Mapping[str, Any]) -> bytes:
    """An entry as JSON in UTF-8, on one line."""
    return json.dumps(properties, ensure_ascii=False).encode()


def frame_of(head: Mapping[str, Any]) -> Frame:
    """The file around the entries, which are its last property, ``dataset``."""
    return Frame(f'{json.dumps(head, ensure_ascii=False)[:-1]}, "dataset": [\n'.encode(), BETWEEN_ENTRIES, b"\n]}\n")
