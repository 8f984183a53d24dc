"""Yes and no, as people and programs write them."""

from __future__ import annotations

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.text import fold

_YES = frozenset(("si", "s", "true", "t", "yes", "y", "1", "verdadero", "cierto", "on", "x"))
_NO = frozenset(("no", "n", "false", "f", "0", "falso", "off"))


def read_boolean(text: object) -> Reading:
    """``True`` or ``False`` from Spanish or English words, 1 and 0, or a boolean."""
    if text is None or text == "":
        return NOTHING
    if isinstance(text, bool):
        return Reading(text)
    word = fold(text)
    if word in _YES:
        return Reading(True)
    if word in _NO:
        return Reading(False)
    return unreadable("boolean_unreadable")
