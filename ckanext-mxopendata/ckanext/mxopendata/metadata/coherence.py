"""What of a dataset or an institution contradicts itself, though each value alone can be read.

Pure: the day and the institution's place are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers import read_date, read_institution_place, read_place
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads
from ckanext.mxopendata.metadata.vocabularies import NATION

# What has happened; a promise and the end of a period may lie ahead.
PAST = ("issued", "modified")
_STATE, _MUNICIPALITY = 2, 5


def is_future(text: object, today: date) -> bool:
    """Whether a date, in its own precision, lies after tomorrow's (somewhere it is tomorrow already)."""
    value = read_date(text).value
    if value is None:
        return False
    latest = (today + timedelta(days=1)).isoformat()
    return value[: len(latest)] > latest[: len(value)]


def future_dates(values: Mapping[str, Any], today: date, prefix: str = "") -> Iterator[Finding]:
    """``date_in_future`` for what was published or changed on a day that has not come."""
    for name in PAST:
        if not is_empty(values.get(name)) and is_future(values[name], today):
            yield Finding("date_in_future", name, f"{prefix}{name}", str(values[name]))


def text_contradicts_key(text: object, cvegeo: object) -> bool:
    """Whether the description of a place is the name of another state or municipality than its INEGI key."""
    key = str(cvegeo or "")
    if is_empty(text) or not place_name(key) or key == NATION:
        return False
    for within in (key, None):
        reading = read_place(text, within)
        named = (reading.value or {}).get("cvegeo") if reading.certain else None
        if not isinstance(named, str) or named == NATION or named.startswith(key) or key.startswith(named):
            return False  # of no place that is known, of the same, or of one within the other
    return True


def place_findings(dataset: Mapping[str, Any], within: str | None = None) -> Iterator[Finding]:
    """Places whose description contradicts their key, and places outside of the institution's state (advice).

    Args:
        dataset: with ``spatial_coverage`` as it is stored or written.
        within: INEGI key of the institution; the nation's, or none, holds every place.
    """
    for index, place in enumerate(as_list(loads(dataset.get("spatial_coverage")))):
        if not isinstance(place, Mapping):
            continue
        key, text = str(place.get("cvegeo") or ""), place.get("text")
        location = f"spatial_coverage[{index}]"
        if text_contradicts_key(text, key):
            details = {"read": place_name(key)}
            yield Finding("place_text_contradicts_key", "spatial_coverage", location, str(text), details)
        elif within and within != NATION and key and key != NATION and place_name(key) and key[:2] != within[:2]:
            details = {"read": place_name(within[:2])}
            yield Finding("place_outside_institution", "spatial_coverage", location, place_name(key), details)


def institution_contradiction(
    cvegeo: str, title: object, gov_type: object = None, parent: Mapping[str, Any] | None = None
) -> Finding | None:
    """What an institution says of itself that its INEGI key contradicts.

    Args:
        cvegeo: the key, one that exists.
        title: its name: ``Ayuntamiento de Guadalajara`` is not of Nuevo León.
        gov_type: a municipality's key has five digits.
        parent: title and ``cvegeo`` of the institution above it: a municipality lies in the state of its parent.
    """
    against = ""
    reading = read_institution_place(title)
    named = str((reading.value or {}).get("cvegeo") or "")
    above = str((parent or {}).get("cvegeo") or "")
    if named and NATION not in (named, cvegeo) and not (named.startswith(cvegeo) or cvegeo.startswith(named)):
        against = str(title)
    elif gov_type == "municipal" and len(cvegeo) < _MUNICIPALITY:
        return Finding("municipality_without_key", "cvegeo", None, cvegeo, {"read": place_name(cvegeo)})
    elif above and NATION not in (above, cvegeo) and above[:_STATE] != cvegeo[:_STATE]:
        against = str((parent or {}).get("title") or above)
    if not against:
        return None
    return Finding("institution_elsewhere", "cvegeo", None, cvegeo, {"read": place_name(cvegeo), "against": against})
