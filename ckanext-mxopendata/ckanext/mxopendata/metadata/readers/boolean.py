"""Yes and no, as people and programs write them."""

from __future__ import annotations

import re

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.text import fold

_YES = frozenset(("si", "s", "true", "t", "yes", "y", "verdadero", "cierto", "on", "x"))
_NO = frozenset(("no", "n", "false", "f", "falso", "off"))
# Other numbers are none of both: where a program writes -1 for yes, nobody says so.
_NUMBER = re.compile(r"\s*[-+]?\d{1,9}(?:\.\d{0,9})?\s*")
_NUMBERS = {1.0: Reading(True), 0.0: Reading(False)}


def read_boolean(text: object) -> Reading:
    """``True`` or ``False`` from Spanish or English words, 1 and 0 (``1.0`` in a spreadsheet), or a boolean."""
    if text is None or text == "":
        return NOTHING
    if isinstance(text, (bool, int, float)) or (isinstance(text, str) and _NUMBER.fullmatch(text)):
        return _NUMBERS.get(float(text), unreadable("boolean_unreadable"))
    word = fold(text) if isinstance(text, str) else ""
    if word in _YES:
        return Reading(True)
    return Reading(False) if word in _NO else unreadable("boolean_unreadable")
