"""Places promises on a line of time. Pure: lines and the day go in, places in per cent of the width come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ckanext.mxopendata.metadata.commitment_table import first_day, last_day

# Further than this from today the line is cut: one date of the year 2999 must not press all others together.
_BACK, _AHEAD = timedelta(days=4 * 365), timedelta(days=3 * 365)
_MARGIN = 3.0
_STEPS = (1, 3, 6, 12)
_MOST_TICKS = 8


def timeline(lines: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """The line of time of some promises, by promised date, the oldest first and those without a date last.

    Args:
        lines: with ``promised``, ``due_on``, ``former`` (promised dates of before), ``published_on``,
            ``withdrawn_on``; dates are ISO 8601, the promised ones in the precision written.
        today: the day that is marked.

    Returns:
        ``{"from", "to", "today": place, "ticks": [{"at": place, "day": ISO 8601, "months": step}], "lines": [the line
        and "marks": [{"kind": "former", "promised", "published", "withdrawn" or "today", "at", "beyond": "before",
        "after" or None}], "span": [place, place] or None]}``; places go from 0 to 100. A promise of a month or a year
        stands at its last day. ``span`` reaches from the promised day to the day of publication, or to today where it
        is overdue.
    """
    days = [day for line in lines for _, day in _days(line)]
    first, last = _bounds([*days, today], today)
    step, ticks = _ticks(first, last)

    def at(day: date) -> float:
        share = (day - first) / (last - first)
        return round(_MARGIN + (100 - 2 * _MARGIN) * min(max(share, 0), 1), 2)

    def mark(kind: str, day: date) -> dict[str, Any]:
        beyond = "before" if day < first else "after" if day > last else None
        return {"kind": kind, "at": at(day), "day": day.isoformat(), "beyond": beyond}

    placed = []
    for line in sorted(lines, key=lambda line: (line["due_on"] is None, line["due_on"] or "", line["title"])):
        marks = [mark(kind, day) for kind, day in _days(line)]
        placed.append({**line, "marks": marks, "span": _span(line, at, today)})
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "today": at(today),
        "ticks": [{"at": at(day), "day": day.isoformat(), "months": step} for day in ticks],
        "lines": placed,
    }


def _days(line: Mapping[str, Any]) -> Iterable[tuple[str, date]]:
    for text in line["former"]:
        yield "former", last_day(text)
    if line["due_on"]:
        yield "promised", date.fromisoformat(line["due_on"])
    if line["withdrawn_on"]:
        yield "withdrawn", date.fromisoformat(line["withdrawn_on"])
    elif line["published_on"]:
        yield from (("published", day) for day in [_day(line["published_on"])] if day)


def _day(text: str) -> date | None:
    """A day of publication, which is the source's word: it may be none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _bounds(days: Sequence[date], today: date) -> tuple[date, date]:
    first = max(min(days), today - _BACK)
    last = min(max(days), today + _AHEAD)
    # Whole months, and never less than half a year, so that a single date has a line to stand on.
    first, last = min(first, today - timedelta(days=90)), max(last, today + timedelta(days=90))
    return first_day(first.isoformat()[:7]), last_day(last.isoformat()[:7])


def _ticks(first: date, last: date) -> tuple[int, list[date]]:
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((step for step in _STEPS if months / step <= _MOST_TICKS), _STEPS[-1])
    begin = first.year * 12 + first.month - 1
    numbers = [number for number in range(begin, begin + months) if number % step == 0]
    return step, [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _span(line: Mapping[str, Any], at: Any, today: date) -> list[float] | None:
    if not line["due_on"] or line["status"] not in ("published", "overdue"):
        return None
    end = _day(line["published_on"]) if line["status"] == "published" else today
    return None if end is None else sorted((at(date.fromisoformat(line["due_on"])), at(end)))
