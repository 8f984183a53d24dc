"""What Project Open Data has no property for, or only for a part of: beside its own properties, under ``mxopendata``.

Project Open Data lets whoever publishes add properties, and readers pass over those they do not know. Which fields go
there is the crosswalk's: those with the way ``mxopendata.<field>`` in its column ``datajson``, by which the mapping
reads them back under our own names. What Project Open Data's property says whole is not said twice; which of its
properties say nothing of the dataset itself (``stand_ins``) is said, too, so that nobody takes them for facts. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, fields_of
from ckanext.mxopendata.metadata.records import EXTENSION, STAND_INS, is_empty, loads, stored_list

# The longest text of ``rights``, and what ``language`` takes.
MAXIMUM_RIGHTS = 255
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{2})?")


def further_properties(level: str, stored: Mapping[str, Any], stand_ins: Iterable[str]) -> dict[str, Any]:
    """The property ``mxopendata`` of a dataset or a distribution.

    Args:
        level: ``dataset`` or ``resource``.
        stored: the validated dictionary of ``package_show``, or one of its resources.
        stand_ins: the properties beside it that Project Open Data asks for and nobody filled in.

    Returns:
        ``{"mxopendata": {field: value, "stand_ins": [property]}}``, values as they are stored, JSON as JSON; empty
        where there is nothing to add.
    """
    added: dict[str, Any] = {STAND_INS: list(stand_ins)} if stand_ins else {}
    for name, row in _carried(level).items():
        raw = stored.get(name)
        value = _value(row, raw) if raw else None
        if not is_empty(value) and not _SAID_WHOLE.get(name, _never)(value):
            added[name] = value
    return {EXTENSION: added} if added else {}


@cache
def _carried(level: str) -> dict[str, CrosswalkField]:
    return {name: row for name, row in fields_of(level).items() if f"{EXTENSION}.{name}" in row.ways("datajson")}


def _value(row: CrosswalkField, raw: Any) -> Any:
    if row.cardinality == "repeating":
        groups = [_cleaned(group) for group in stored_list(raw) if isinstance(group, Mapping)]
        return [{name: text for name, text in group.items() if text} for group in groups]
    if row.cardinality == "list":
        return [text for text in _cleaned(stored_list(raw)) if text]
    return _cleaned(loads(raw) if row.datatype == "table_schema" else raw)


def _cleaned(value: Any) -> Any:
    """A value whose texts any reader of JSON takes."""
    if isinstance(value, str):
        return values.clean_text(value)
    if isinstance(value, Mapping):
        return {values.clean_text(key): _cleaned(inner) for key, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _never(value: Any) -> bool:
    return False


def _is_one(value: list[Any]) -> bool:
    return len(value) == 1


# Of fields that Project Open Data has a property for: whether it says all of the value.
_SAID_WHOLE: Mapping[str, Callable[[Any], bool]] = {
    # A contact without a name is given the institution's.
    "contact": lambda contacts: _is_one(contacts) and "name" in contacts[0],
    "temporal_coverage": lambda periods: _is_one(periods) and {"start", "end"} <= periods[0].keys(),
    "access_comment": lambda reason: len(reason) <= MAXIMUM_RIGHTS,
    "documentation": _is_one,
    "conforms_to": _is_one,
    "language": lambda languages: all(LANGUAGE.fullmatch(language) for language in languages),
}
