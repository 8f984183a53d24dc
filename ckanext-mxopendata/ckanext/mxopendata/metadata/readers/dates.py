"""Dates and periods as they are met in the wild; none is guessed.

dateutil is not used to read them: it fills what is missing from today's date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, timezone

import isodate

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.text import fold

ORDERS = ("DMY", "MDY", "YMD")
_MONTHS = {
    "enero": 1, "ene": 1, "january": 1, "jan": 1,
    "febrero": 2, "feb": 2, "february": 2,
    "marzo": 3, "mar": 3, "mzo": 3, "march": 3,
    "abril": 4, "abr": 4, "april": 4, "apr": 4,
    "mayo": 5, "may": 5,
    "junio": 6, "jun": 6, "june": 6,
    "julio": 7, "jul": 7, "july": 7,
    "agosto": 8, "ago": 8, "august": 8, "aug": 8,
    "septiembre": 9, "setiembre": 9, "sep": 9, "sept": 9, "set": 9, "september": 9,
    "octubre": 10, "oct": 10, "october": 10,
    "noviembre": 11, "nov": 11, "november": 11,
    "diciembre": 12, "dic": 12, "december": 12, "dec": 12,
}  # fmt: skip
_WEEKDAYS = {
    "lun": 0, "lunes": 0, "mon": 0, "monday": 0, "mar": 1, "martes": 1, "tue": 1, "tuesday": 1,
    "mie": 2, "miercoles": 2, "wed": 2, "wednesday": 2, "jue": 3, "jueves": 3, "thu": 3, "thursday": 3,
    "vie": 4, "viernes": 4, "fri": 4, "friday": 4, "sab": 5, "sabado": 5, "sat": 5, "saturday": 5,
    "dom": 6, "domingo": 6, "sun": 6, "sunday": 6,
}  # fmt: skip
_ISO = re.compile(r"^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")
_COMPACT = re.compile(r"^(?:1[5-9]|20)\d{6}$")
_MOMENT = re.compile(
    r"^(\d{4}-\d{1,2}-\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$", re.I
)
_NUMERIC = re.compile(r"^(\d{1,4})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{1,4})$")
_CLOCK = re.compile(r"[\sT,-]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?:h|hrs?|horas)?\.?$", re.I)
_WEEKDAY = re.compile(r"^([a-záéíóú]{3,9})\.?,\s*", re.I)
_LEAD = re.compile(r"^(?:date changed|fecha|actualizado(?: el)?|updated(?: on)?|modificado(?: el)?)\s*:?\s+", re.I)
_REPETITION = re.compile(r"^R\d*/", re.I)
_EXCEL_DAYS = (20_000, 73_000)  # 1954 to 2099
_EPOCH_SECONDS = (100_000_000, 4_102_444_800)  # 1973 to 2100
_CENTURY = 50  # two digits below are of this century
_EARLIEST, _LATEST = 1000, 2999


def read_date(text: object, order: str | None = None) -> Reading:  # noqa: PLR0911 - a return for each form
    """A date as ISO 8601 text, in the precision it was written in (``2015``, ``2015-08``, ``2015-08-15``, date-time).

    Args:
        text: ISO 8601, ``15/08/2013``, ``15 de marzo de 2026``, ``ene-26``, ``2026 enero``,
            ``Lun, 08/05/2024 - 12:47``, epoch seconds or milliseconds, an Excel serial number.
        order: ``DMY``, ``MDY`` or ``YMD`` for dates that can be read in several orders; ``None`` leaves them unread.

    Returns:
        Notes ``date_order_assumed`` and ``date_order_unknown`` (all parts up to 12), ``date_century_assumed`` (a year
        of two digits), ``date_serial`` (a bare number), ``date_without_year``, ``date_impossible`` (30 February),
        ``date_is_interval`` (``R/P1D``), ``date_unreadable``.
    """
    if text is None or text == "" or isinstance(text, bool):
        return NOTHING
    if isinstance(text, datetime):
        return Reading(text.isoformat())
    if isinstance(text, date):
        return Reading(text.isoformat())
    written = re.sub(r"\s+", " ", str(text)).strip()
    if not written or len(written) > 80:
        return unreadable("date_unreadable") if written else NOTHING
    if _REPETITION.match(written):
        return unreadable("date_is_interval")
    if re.fullmatch(r"\d+(\.0*)?", written) and not re.fullmatch(r"\d{4}", written):
        return _from_number(written.split(".")[0])
    return _from_text(_LEAD.sub("", written), order)


def _from_number(digits: str) -> Reading:
    number = int(digits[:20])
    if len(digits) == 8 and _COMPACT.match(digits):
        return _checked(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if _EXCEL_DAYS[0] <= number <= _EXCEL_DAYS[1] and len(digits) == 5:
        return Reading((date(1899, 12, 30) + timedelta(days=number)).isoformat(), certain=False, note="date_serial")
    seconds = number // 1000 if len(digits) in (12, 13) else number
    if len(digits) in (9, 10, 12, 13) and _EPOCH_SECONDS[0] <= seconds <= _EPOCH_SECONDS[1]:
        moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
        return Reading(moment.isoformat(), certain=False, note="date_serial")
    return unreadable("date_unreadable")


def _from_text(written: str, order: str | None) -> Reading:
    iso = _ISO.match(written)
    if iso:
        return _checked(*(int(part) if part else None for part in iso.groups()))
    moment = _MOMENT.match(written)
    if moment:
        return _moment(moment)
    weekday = None
    named = _WEEKDAY.match(written)
    if named and fold(named[1]) in _WEEKDAYS:
        weekday, written = _WEEKDAYS[fold(named[1])], written[named.end() :]
    clock = _CLOCK.search(written)
    time = clock[1] if clock else None
    day = written[: clock.start()].strip() if clock else written
    numeric = _NUMERIC.match(day)
    reading = _numeric(numeric, order, weekday) if numeric else _with_month_name(day)
    return _with_clock(reading, time)


def _moment(match: re.Match[str]) -> Reading:
    day = _checked(*(int(part) for part in match[1].split("-")))
    if day.value is None:
        return day
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return unreadable("date_impossible")
    fraction = f".{match[5][:6]}" if match[5] else ""
    zone = (match[6] or "").upper()
    if zone in ("Z", "UTC"):
        zone = "+00:00"
    elif zone and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    if zone and (int(zone[1:3]) > 14 or int(zone[4:]) > 59):
        return unreadable("date_impossible")
    return Reading(f"{day.value}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")


def _with_clock(reading: Reading, time: str | None) -> Reading:
    if time is None or reading.value is None or len(reading.value) != 10:
        return reading
    moment = _MOMENT.match(f"{reading.value} {time}")
    full = _moment(moment) if moment else unreadable("date_unreadable")
    return Reading(full.value, reading.certain and full.certain, full.note or reading.note)


def _numeric(match: re.Match[str], order: str | None, weekday: int | None) -> Reading:
    parts = [match[1], match[2], match[3]]
    possible = list(dict.fromkeys(_arrangements(parts)))
    valid = {arrangement: day for arrangement, day in possible if day is not None}
    if not valid:
        return unreadable("date_impossible" if possible else "date_unreadable")
    agreeing = {arrangement: day for arrangement, day in valid.items() if day.weekday() == weekday} or valid
    if len(set(agreeing.values())) == 1:
        day = next(iter(agreeing.values())).isoformat()
        short = all(len(part) <= 2 for part in parts)
        return Reading(day, certain=not short, note="date_century_assumed" if short else None)
    if order in valid:
        return Reading(valid[order].isoformat(), certain=False, note="date_order_assumed")
    return unreadable("date_order_unknown")


def _arrangements(parts: list[str]) -> Iterator[tuple[str, date | None]]:
    """Every order the parts allow by their lengths, with the day it gives or ``None`` where there is no such day."""
    lengths = [len(part) for part in parts]
    for order in ORDERS:
        year = parts[order.index("Y")]
        if lengths[order.index("Y")] not in (2, 4) or any(lengths[order.index(letter)] > 2 for letter in "MD"):
            continue
        full = int(year) if len(year) == 4 else _full_year(int(year))
        try:
            yield order, date(full, int(parts[order.index("M")]), int(parts[order.index("D")]))
        except ValueError:
            yield order, None


def _full_year(two_digits: int) -> int:
    return two_digits + (2000 if two_digits < _CENTURY else 1900)


def _with_month_name(text: str) -> Reading:
    """``15 de marzo de 2026``, ``enero 2026``, ``2026 enero``, ``ene-26``, ``marzo 15, 2026``."""
    words = [word for word in fold(text).split() if word not in ("de", "del", "of", "the", "a")]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    numbers = [re.sub(r"(?<=\d)(?:st|nd|rd|th|o)$", "", word) for word in words if word not in _MONTHS]
    if len(months) != 1 or not all(number.isdecimal() and number.isascii() for number in numbers) or len(numbers) > 2:
        return unreadable("date_unreadable")
    years = [number for number in numbers if len(number) == 4]
    days = [number for number in numbers if len(number) <= 2]
    if len(years) == 1 and len(days) == len(numbers) - 1:
        return _checked(int(years[0]), months[0], int(days[0]) if days else None)
    if len(days) == 1 and len(numbers) == 1:
        # "ene-26" in an opening plan is January 2026; "15 marzo" and "marzo 15" name a day of no year.
        glued = re.fullmatch(r"\s*[^\W\d]+\.?\s*[-/']\s*\d{2}\s*", text)
        return _checked(_full_year(int(days[0])), months[0]) if glued else unreadable("date_without_year")
    if len(days) == 2 and len(numbers) == 2:  # "15-mar-26"
        return _checked(_full_year(int(days[1])), months[0], int(days[0]))
    return unreadable("date_without_year" if not numbers else "date_unreadable")


def _checked(year: int | None, month: int | None = None, day: int | None = None) -> Reading:
    if year is None or not _EARLIEST <= year <= _LATEST:
        return unreadable("date_impossible")
    try:
        checked = date(year, month or 1, day or 1)
    except ValueError:
        return unreadable("date_impossible")
    if (month is not None and month < 1) or (day is not None and day < 1):
        return unreadable("date_impossible")
    if day is not None:
        return Reading(checked.isoformat())
    return Reading(f"{year:04}-{month:02}" if month is not None else f"{year:04}")


def interval_text(period: Mapping[str, str]) -> str:
    """A period that :func:`read_interval` gave, as ISO 8601 has it: ``2014-01-01/..``."""
    return "/".join((period.get("start") or "..", period.get("end") or ".."))


def read_interval(text: object, order: str | None = None) -> Reading:
    """A period as ``{"start", "end"}`` (either may be missing), out of ``2014-01-01/2014-06-30`` and the like.

    A single date is a period of that date; ``start/P1Y`` and ``P1Y/end`` are computed; ``..`` is an open end.

    Returns:
        Note ``interval_reversed`` where the end precedes the start, ``interval_unreadable`` where a part has no
        reading; the notes of :func:`read_date` where a date needed an order.
    """
    if text is None or text == "":
        return NOTHING
    if isinstance(text, dict):
        start, end = text.get("start"), text.get("end")
    else:
        written = re.sub(r"\s+", " ", str(text)).strip()
        if not written:
            return NOTHING
        start, end = _ends(re.sub(r"^R\d*/(?=\d{4})", "", written, flags=re.I))
    return _interval(start, end, order)


def _ends(written: str) -> tuple[object, object]:
    pieces = [piece.strip() for piece in re.split(r"/", written)]
    if len(pieces) == 2 and (len(pieces[0]) != 2 or not pieces[0].isdigit()):
        return _computed(pieces[0], pieces[1])
    years = re.fullmatch(r"(\d{4})\s*(?:-|–|—|al?|to|hasta)\s*(\d{4})", written, re.I)
    if years:
        return years[1], years[2]
    for separator in (r"\s+(?:al?|hasta(?: el)?|to|until)\s+", r"\s+[-–—]\s+", r"\s*,\s*(?=\d)"):
        halves = re.split(separator, re.sub(r"^(?:del?|from|desde(?: el)?)\s+", "", written, flags=re.I))
        if len(halves) == 2 and all(read_date(half, "DMY").value for half in halves):
            return halves[0], halves[1]
    return written, written


def _computed(start: str, end: str) -> tuple[object, object]:
    try:
        if end.upper().startswith("P") and re.fullmatch(r"\d{4}-\d{2}-\d{2}", start):
            first = date.fromisoformat(start)
            return start, (first + isodate.parse_duration(end.upper()) - timedelta(days=1)).isoformat()
        if start.upper().startswith("P") and re.fullmatch(r"\d{4}-\d{2}-\d{2}", end):
            last = date.fromisoformat(end)
            return (last - isodate.parse_duration(start.upper()) + timedelta(days=1)).isoformat(), end
    except (ValueError, OverflowError, isodate.ISO8601Error):
        return "?", "?"
    return start, end


def _interval(start: object, end: object, order: str | None) -> Reading:
    readings = [NOTHING if part in ("..", "...", None, "") else read_date(part, order) for part in (start, end)]
    if any(reading.value is None and not reading.certain for reading in readings):
        note = next(reading.note for reading in readings if reading.value is None and not reading.certain)
        return unreadable(note if note in ("date_order_unknown", "date_is_interval") else "interval_unreadable")
    first, last = (reading.value for reading in readings)
    if first is None and last is None:
        return NOTHING
    if first and last and last[: len(first)] < first[: len(last)]:
        return unreadable("interval_reversed")
    notes = [reading.note for reading in readings if reading.note]
    value = {name: part for name, part in (("start", first), ("end", last)) if part}
    return Reading(value, all(reading.certain for reading in readings), notes[0] if notes else None)
