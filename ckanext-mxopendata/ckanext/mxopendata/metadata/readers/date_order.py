"""In which order a file writes its dates: known as soon as one of its dates allows a single order."""

from __future__ import annotations

from collections.abc import Iterable

from ckanext.mxopendata.metadata.readers.dates import ORDERS, read_date


def infer_date_order(texts: Iterable[object]) -> str | None:
    """The one order in which every date of a file can be read.

    ``03/04/2019`` may be of April or of March; ``25/04/2019`` beside it says that days come first.

    Args:
        texts: everything that stands where the file has dates; what is no date does not count.

    Returns:
        ``DMY``, ``MDY`` or ``YMD``; ``None`` where several orders fit every date, or none fits all of them.
    """
    left = set(ORDERS)
    for text in texts:
        if not text or isinstance(text, bool):
            continue
        doubtful = read_date(text)
        if doubtful.note == "date_order_unknown":
            continue
        days = {order: _day(str(text), order) for order in ORDERS}
        fitting = {order for order, day in days.items() if day is not None}
        if fitting and fitting != set(ORDERS):
            left &= fitting
    return next(iter(left)) if len(left) == 1 else None


def _day(text: str, order: str) -> str | None:
    """The date where the order is the text's own, or the text has only one; ``None`` where the order contradicts it."""
    parts = [part for part in text.replace("-", "/").replace(".", "/").split("/") if part.strip()]
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts):
        return text
    year = order.index("Y")
    lengths = [len(part.strip()) for part in parts]
    numbers = [int(part) for part in parts]
    if lengths[year] not in (2, 4) or any(lengths[order.index(letter)] > 2 for letter in "MD"):
        return None
    return text if 1 <= numbers[order.index("M")] <= 12 and 1 <= numbers[order.index("D")] <= 31 else None
