"""Places: INEGI keys, names of states and municipalities, bounding boxes, geometries, addresses of gazetteers."""

from __future__ import annotations

import json
import re
from typing import Any

from ckanext.mxopendata.metadata.readers.contact import read_url
from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.vocabularies import NATION, vocabulary

_NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
_BOX = re.compile(rf"^{_NUMBER}(?:\s*[,;\s]\s*{_NUMBER}){{3}}$")
_WKT = re.compile(r"^(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(?:Z\s*)?\(", re.I)
_GEOMETRIES = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
)
_STATE_PREFIX = re.compile(r"^(?:estado(?: libre y soberano)?|edo) de\s+")
_MUNICIPALITY_PREFIX = re.compile(
    r"^(?:(?:municipio|mpio|(?:h )?ayuntamiento|ciudad(?! de mexico)) de|municipality of|alcaldia(?: de)?)\s+"
)
# "México" is the country and a state.
_STATE_OF_MEXICO = "15"
MAXIMUM_NAME_LENGTH = 500


def read_place(text: object, within: str | None = None) -> Reading:  # noqa: PLR0911 - a return for each form
    """A place as a dictionary with some of ``cvegeo``, ``text``, ``bbox``, ``geom``, ``uri``.

    Args:
        text: an INEGI key, a name (``Nacional``, ``Jalisco``, ``Tonalá, Jalisco, México``), ``west,south,east,north``
            (Project Open Data), ``lat,lon lat,lon`` (Guía), GeoJSON, WKT, or a URI.
        within: INEGI key of the source's state or municipality, where a municipality's name alone is looked up.

    Returns:
        ``bbox`` and ``geom`` as text (GeoJSON or WKT, as ckanext-dcat keeps them). A name that is no single known
        place stays ``text``, with the note ``place_ambiguous`` or ``place_unknown``; an INEGI key that does not exist
        is unreadable with ``cvegeo_unknown``.
    """
    if not text:
        return NOTHING
    if isinstance(text, dict):
        return _from_geojson(text)
    written = str(text).strip()
    if not written:
        return NOTHING
    if re.fullmatch(r"\d{1,2}|\d{4,5}|\d{8,9}", written):
        return _from_key(written)
    if _BOX.match(written):
        return _from_box(written)
    if written.startswith("{"):
        return _from_json(written)
    if _WKT.match(written):
        return Reading({"geom": written})
    if re.match(r"https?://", written, re.I):
        url = read_url(written)
        return Reading({"uri": url.value}) if url.value else unreadable("place_unreadable")
    return _from_name(clean_line(written, MAXIMUM_NAME_LENGTH), within)


def place_name(cvegeo: str, language: str = "es") -> str | None:
    """What a key is called: ``Jalisco``, ``Tonalá, Jalisco``; of a locality its municipality; ``None`` if unknown."""
    if len(cvegeo) == 9:
        cvegeo = cvegeo[:5]
    if len(cvegeo) == 5:
        municipality = vocabulary("municipalities").get(cvegeo)
        state = vocabulary("states").get(cvegeo[:2])
        return f"{municipality.label(language)}, {state.label(language)}" if municipality and state else None
    state = vocabulary("states").get(cvegeo)
    return state.label(language) if state else None


def _from_key(written: str) -> Reading:
    # A spreadsheet drops the zero in front: "9012" is 09012.
    key = written.zfill({1: 2, 4: 5, 8: 9}.get(len(written), len(written)))
    if place_name(key) is None:
        return unreadable("cvegeo_unknown")
    return Reading({"cvegeo": key}, certain=key == written, note=None if key == written else "cvegeo_zero_added")


def _from_box(written: str) -> Reading:
    numbers = [float(number) for number in re.findall(_NUMBER, written)]
    pairs = re.fullmatch(rf"({_NUMBER})\s*,\s*({_NUMBER})\s+({_NUMBER})\s*,\s*({_NUMBER})", written)
    if pairs:  # Guía 2017: "lat,lon lat,lon"
        south, west, north, east = (float(number) for number in pairs.groups())
        south, north, west, east = min(south, north), max(south, north), min(west, east), max(west, east)
    else:
        west, south, east, north = numbers
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return unreadable("bbox_impossible")
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Reading({"bbox": json.dumps({"type": "Polygon", "coordinates": [corners]})})


def _from_json(written: str) -> Reading:
    try:
        return _from_geojson(json.loads(written))
    except (ValueError, RecursionError):
        return unreadable("place_unreadable")


def _from_geojson(shape: Any) -> Reading:
    if isinstance(shape, dict) and shape.get("type") == "Feature":
        shape = shape.get("geometry")
    if not isinstance(shape, dict):
        return unreadable("place_unreadable")
    if str(shape.get("type")) in _GEOMETRIES and ("coordinates" in shape or "geometries" in shape):
        return Reading({"geom": json.dumps(shape)})
    known = {key: str(shape[key]) for key in ("cvegeo", "text", "bbox", "geom", "uri") if shape.get(key)}
    name = shape.get("prefLabel") or shape.get("name")
    if name and isinstance(name, str):
        known.setdefault("text", clean_line(name, MAXIMUM_NAME_LENGTH))
    return Reading(known) if known else unreadable("place_unreadable")


def _from_name(name: str, within: str | None) -> Reading:
    if not name:
        return NOTHING
    bare, country = _without_country(name)
    states = _states(bare)
    municipalities = _municipalities(bare, within)
    anywhere = within in (None, NATION)
    # "Morelos, México" may be the municipality of Morelos in the state of México.
    in_that_state = [key for key in municipalities if key[:2] == _STATE_OF_MEXICO == country]
    if len(states) == 1 and (anywhere or len(municipalities) != 1) and not (anywhere and in_that_state):
        return Reading({"cvegeo": states[0], "text": name})
    if len(municipalities) == 1 and not (anywhere and states):
        return Reading({"cvegeo": municipalities[0], "text": name})
    note = "place_ambiguous" if states or municipalities else "place_unknown"
    return Reading({"text": name}, certain=False, note="place_contradicted" if _is_elsewhere(bare) else note)


def read_cvegeo(text: object) -> Reading:
    """An INEGI key alone, out of a key or a name that is exactly one state or municipality.

    Returns:
        Notes ``cvegeo_unknown``, ``place_ambiguous`` and ``place_contradicted`` (``Guadalajara, Nuevo León``).
    """
    reading = read_place(text)
    if reading == NOTHING:
        return NOTHING
    cvegeo = (reading.value or {}).get("cvegeo")
    if isinstance(cvegeo, str) and place_name(cvegeo) is not None:
        return Reading(cvegeo, reading.certain, reading.note)
    told = reading.note in ("place_ambiguous", "place_contradicted")
    return unreadable(str(reading.note) if told else "cvegeo_unknown")


def read_geometry(shape: object) -> Reading:
    """A rectangle or geometry as GeoJSON or WKT text; notes ``bbox_impossible`` and ``place_unreadable``."""
    reading = read_place(shape)
    if reading == NOTHING:
        return NOTHING
    found = (reading.value or {}).get("bbox") or (reading.value or {}).get("geom")
    if found is not None:
        return Reading(found)
    return unreadable("bbox_impossible" if reading.note == "bbox_impossible" else "place_unreadable")


def _is_elsewhere(name: str) -> bool:
    """Whether a name such as ``Guadalajara, Nuevo León`` puts a municipality, or a state, into another state."""
    head, _, tail = name.rpartition(",")
    named = _states(tail)
    if not head or len(named) != 1 or named[0] == NATION or _municipalities(name, None):
        return False
    return bool(_municipalities(head, None)) or bool(set(_states(head)) - {NATION, *named})


def _without_country(name: str) -> tuple[str, str]:
    """A name without the country after its last comma, and the key of what that word means.

    Returns:
        The key is ``15`` for ``México``, which is a state too, ``00`` for the country only, else empty.
    """
    head, _, tail = name.rpartition(",")
    meant = {term.id for term in vocabulary("states").candidates(tail)} if head.strip() else set()
    if NATION not in meant:
        return name, ""
    return head.strip(), _STATE_OF_MEXICO if _STATE_OF_MEXICO in meant else NATION


def _states(name: str) -> list[str]:
    """Keys of the states a name may mean; ``Estado de México`` is not the country."""
    found = [term.id for term in vocabulary("states").candidates(name)]
    if found:
        return found
    bare, is_state = _STATE_PREFIX.subn("", fold(name))
    return [term.id for term in vocabulary("states").candidates(bare) if is_state and term.id != NATION]


def _municipalities(name: str, within: str | None) -> list[str]:
    """Keys of the municipalities a name may mean; with a state named after a comma, only those of it."""
    state = within[:2] if within and within != NATION else None
    head, _, tail = name.rpartition(",")
    named = _states(tail)
    if head and len(named) == 1 and named[0] != NATION:
        name, state = head, named[0]
    wanted = _MUNICIPALITY_PREFIX.sub("", fold(name))
    found = [term.id for term in vocabulary("municipalities").candidates(wanted)]
    return [key for key in found if state is None or key.startswith(state)]
