"""The unit in which a column counts, as its heading says it. Pure; the units are in ``schemas/units.csv``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading
from ckanext.mxopendata.metadata.text import fold

_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,40})[)\]]\s*$")
_WORDS = re.compile(r"[^\W_]+")
# «superficie_en_km2», «caudal, litros por segundo»: the last words of a heading.
_MAXIMUM_WORDS = 4
_SHARE = "%"
# As a word of a heading these are what is counted, a period or a letter, and not how it is counted.
_ONLY_IN_BRACKETS = frozenset((
    "c", "l", "m", "g", "t", "s", "h", "mes", "dia", "peso", "vivienda", "has", "min", "hora",
    "grados", "segundo", "minuto", "kilo", "tons", "metro", "mn",
))  # fmt: skip


@cache
def units() -> Mapping[str, str]:
    """Units by each folded name they have."""
    text = (files("ckanext.mxopendata.schemas") / "units.csv").read_text(encoding="utf-8")
    known: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(text)):
        known.update({_folded(name): row["unit"] for name in (row["unit"], *row["names"].split(";"))})
    return known


def read_unit(heading: str) -> Reading:
    """The unit that a heading names: certain where it stands in brackets at the end, supposed where it is a last word.

    Args:
        heading: of a column: ``Superficie (km²)``, ``monto_pesos``.

    Returns:
        The unit as :data:`units` writes it; what stands in brackets and is no unit is none.
    """
    if bracketed := _IN_BRACKETS.search(heading):
        unit = units().get(_folded(bracketed[1])) or units().get(_folded(bracketed[1].removeprefix("en ")))
        if unit:
            return Reading(unit)
    words = [_folded(word) for word in _WORDS.findall(heading)]
    for count in range(min(_MAXIMUM_WORDS, len(words)), 0, -1):
        name = " ".join(words[-count:])
        if name in units() and name not in _ONLY_IN_BRACKETS:
            return Reading(units()[name], certain=False)
    if words and units().get(words[0]) == _SHARE:
        return Reading(_SHARE, certain=False)
    return NOTHING


def _folded(text: str) -> str:
    # Signs are units: «%» and «$» must not fold into nothing.
    return fold(text.strip()) or text.strip()
