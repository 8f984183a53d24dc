"""Where and when the data of an ISO 19139 record are of; OWSLib reads the first extent only."""

from __future__ import annotations

from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from owslib.iso import EX_GeographicBoundingBox

ABOUT = "{*}identificationInfo/*/{*}extent"


def places(record: etree._Element) -> list[str]:
    """Names and rectangles (``west,south,east,north``), each once.

    A rectangle that is impossible as it stands, and possible with its sides exchanged, is written so: that is the
    commonest mistake in these records. One that stays impossible is given as it is, for the mapping to report.
    """
    found: list[str] = []
    for extent in record.iterfind(ABOUT):
        found += [text for code in extent.iter("{*}geographicIdentifier") if (text := _text(code.find(".//{*}code")))]
        found += [_rectangle(EX_GeographicBoundingBox(box)) for box in extent.iter("{*}EX_GeographicBoundingBox")]
    return list(dict.fromkeys(text for text in found if text))


def sides_are_exchanged(record: etree._Element) -> bool:
    """Whether :func:`places` has to mend a rectangle of a record."""
    boxes = (EX_GeographicBoundingBox(box) for box in record.iter("{*}EX_GeographicBoundingBox"))
    return any(numbers and numbers != _mended(*numbers) for numbers in map(_numbers, boxes))


def periods(record: etree._Element) -> list[dict[str, str]]:
    """Periods as ``{"start", "end"}``; an end that is open is left out."""
    found: list[dict[str, str]] = []
    for temporal in record.iterfind(f"{ABOUT}//{{*}}EX_TemporalExtent"):
        for period in temporal.iter("{*}TimePeriod"):
            ends = {
                "start": _text(period.find("{*}beginPosition")) or _text(period.find("{*}begin//{*}timePosition")),
                "end": _text(period.find("{*}endPosition")) or _text(period.find("{*}end//{*}timePosition")),
            }
            found.append({name: text for name, text in ends.items() if text})
        # those of a period's ends stand below it
        for instant in temporal.iterfind("{*}extent/{*}TimeInstant"):
            moment = _text(instant.find("{*}timePosition"))
            found.append({"start": moment, "end": moment} if moment else {})
    return [period for number, period in enumerate(found) if period and period not in found[:number]]


def _rectangle(box: Any) -> str:
    numbers = _numbers(box)
    if numbers is None:
        return ",".join(str(side or "").strip() for side in (box.minx, box.miny, box.maxx, box.maxy)).strip(",")
    return ",".join(f"{number:.8f}".rstrip("0").rstrip(".") for number in _mended(*numbers))


def _numbers(box: Any) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (
            float(str(side).strip().replace(",", ".")) for side in (box.minx, box.miny, box.maxx, box.maxy)
        )
    except ValueError:
        return None
    return west, south, east, north


def _mended(west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    """The sides where they belong: the first arrangement that is possible, if there is one.

    Latitudes may stand for longitudes, and one end for the other; across the 180th meridian is neither.
    """
    given = (west, south, east, north)
    arranged = [given, (south, west, north, east)]
    arranged += [(min(w, e), min(s, n), max(w, e), max(s, n)) for w, s, e, n in arranged if abs(w - e) < 180]
    return next((sides for sides in arranged if _possible(*sides)), given)


def _possible(west: float, south: float, east: float, north: float) -> bool:
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


def _text(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())
