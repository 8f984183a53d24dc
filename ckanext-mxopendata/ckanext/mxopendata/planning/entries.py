"""A commitment that somebody enters by hand, and what makes it right. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.commitment_table import (
    MAXIMUM_LINE,
    MAXIMUM_TEXT,
    MAXIMUM_TITLE,
    NON_PUBLIC,
    PUBLIC,
    RESTRICTED,
)
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.text import storable

FIELDS = (
    "title", "resource", "description", "area", "frequency", "legal_basis", "promised", "access_level",
    "access_reason", "open_to_all", "in_inventory", "in_plan",
)  # fmt: skip
LEVELS = (PUBLIC, RESTRICTED, NON_PUBLIC)
_DAY = len("2026-01-01")
_LINES = {
    "title": MAXIMUM_TITLE, "resource": MAXIMUM_TITLE, "area": MAXIMUM_LINE, "legal_basis": MAXIMUM_TITLE,
    "access_reason": MAXIMUM_TITLE,
}  # fmt: skip
_FLAGS = ("open_to_all", "in_inventory", "in_plan")
_YES = ("1", "true", "yes", "on", "t", "y")


@dataclass
class CommitmentEntry:
    """What somebody wrote of a commitment.

    Attributes:
        values: field → what is stored: text, ``True``, ``False``, or ``None``.
        errors: field → what is wrong with it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Finding] = field(default_factory=dict)


def read_entry(given: Mapping[str, Any]) -> CommitmentEntry:
    """Read the fields of a commitment.

    Args:
        given: value by field, as a form or a call sends them: ``promised`` a date in any form of
            ``readers.read_date`` that can be read in one way only, ``frequency`` and ``access_level`` ids of terms,
            flags ``true`` or ``1``. Whether everybody may see the line is said by ``open_to_all``; where it is not
            given, as of a file: by the level of access.
    """
    entry = CommitmentEntry()
    for name, maximum in _LINES.items():
        text = storable(readers.clean_line(given.get(name)))
        entry.values[name] = text
        if len(text) > maximum:
            entry.errors[name] = Finding("commitment_text_too_long", name, None, text[:40], {"maximum": maximum})
    entry.values["description"] = storable(readers.clean_text(given.get("description")))[:MAXIMUM_TEXT]
    if not entry.values["title"]:
        entry.errors["title"] = Finding("commitment_title_missing", "title")
    _read_frequency(given.get("frequency"), entry)
    _read_promised(given.get("promised"), entry)
    _read_access(given, entry)
    for name in _FLAGS[1:]:
        entry.values[name] = _flag(given.get(name))
    if not (entry.values["in_inventory"] or entry.values["in_plan"]):
        entry.errors["in_plan"] = Finding("commitment_of_no_document", "in_plan")
    return entry


def _flag(value: Any) -> bool:
    return value is True or str(value).strip().lower() in _YES


def _read_frequency(text: Any, entry: CommitmentEntry) -> None:
    reading = readers.read_frequency(text)
    entry.values["frequency"] = reading.value
    if text and reading.value is None:
        entry.errors["frequency"] = Finding(reading.note or "frequency_unknown", "frequency", None, str(text))


def _read_promised(text: Any, entry: CommitmentEntry) -> None:
    # No file says in which order day and month stand, and nobody may be misunderstood about a promise.
    reading = readers.read_date(text)
    entry.values["promised"] = None if reading.value is None else str(reading.value)[:_DAY]
    if text and (reading.value is None or reading.note):
        code = reading.note or "date_unreadable"
        details = {"read": entry.values["promised"] or ""}
        entry.errors["promised"] = Finding(code, "promised", None, str(text), details)


def _read_access(given: Mapping[str, Any], entry: CommitmentEntry) -> None:
    level = str(given.get("access_level") or "") or None
    entry.values["access_level"] = level
    closed = level in (RESTRICTED, NON_PUBLIC)
    if level is not None and level not in LEVELS:
        entry.errors["access_level"] = Finding("commitment_level_unknown", "access_level", None, level)
    elif closed and not entry.values["access_reason"]:
        entry.errors["access_reason"] = Finding("commitment_reason_needed", "access_reason")
    said = given.get("open_to_all")
    entry.values["open_to_all"] = not closed if said is None else _flag(said)
