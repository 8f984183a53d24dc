"""Sizes of files."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable

_UNITS = {
    "": 1, "b": 1, "byte": 1, "bytes": 1,
    "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9, "t": 10**12, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"^\s*(\d[\d.,\s]*?)\s*([a-z]*)\.?\s*$", re.IGNORECASE)
_MAXIMUM = 2**63 - 1


def read_size(text: object) -> Reading:
    """Bytes out of ``20480``, ``"1.2 MB"``, ``"1,234 KB"``, ``"3 MiB"``; MB is 10^6, MiB is 2^20 (IEC 80000-13).

    Returns:
        An integer; note ``size_rounded`` where a unit was written, since the file itself is rarely a round number.
    """
    if text is None or text == "" or isinstance(text, bool):
        return NOTHING
    if isinstance(text, (int, float)):
        if not math.isfinite(text) or not 0 <= text <= _MAXIMUM:
            return unreadable("size_unreadable")
        return Reading(int(text))
    match = _SIZE.match(str(text)) if len(str(text)) < 50 else None
    unit = _UNITS.get(match[2].lower()) if match else None
    number = _number(match[1]) if match else None
    if unit is None or number is None or number * unit > _MAXIMUM:
        return unreadable("size_unreadable")
    if unit == 1:
        return Reading(int(number))
    return Reading(round(number * unit), certain=False, note="size_rounded")


def _number(text: str) -> Decimal | None:
    """Exactly: a float would change the last digits of more than 2^53 bytes."""
    digits = re.sub(r"\s", "", text)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(\.\d{3}){2,}(,\d+)?", digits):
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", ".")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None
