"""Stored values as RDF terms: text any format can carry, addresses that are valid IRIs, dates with their datatype.

Pure functions: each returns ``None`` for what cannot be expressed; the caller counts it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from geomet import InvalidGeoJSONException, wkt
from pyoxigraph import Literal, NamedNode

from ckanext.mxopendata.dcat.terms import XSD

# XML 1.0 has no way to write these, not even as references; surrogates are half a character.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff\ufffe\uffff\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n?")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# What RFC 3987 keeps out of an IRI, and a % that escapes nothing.
_NOT_IN_IRI = re.compile(
    '[\x00-\x20\x7f-\x9f<>"{}|\\\\^`\u200e\u200f\u202a-\u202e\ud800-\uf8ff\ufdd0-\ufdef\ufff0-\uffff'
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]|%(?![0-9A-Fa-f]{2})"
)
_LINK_SCHEMES = ("http:", "https:", "ftp:", "ftps:", "sftp:", "urn:", "doi:", "mailto:", "tel:", "s3:")
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)(.*)", re.DOTALL)

_YEAR = re.compile(r"\d{4}")
_YEAR_MONTH = re.compile(r"(\d{4})-(\d\d)")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")
# An address that is one as it stands: nothing to encode, no brackets, one number sign at most.
_PLAIN_IRI = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.:-]*(/[A-Za-z0-9._~/=&?+-]*(#[A-Za-z0-9._~/=&?+-]*)?)?")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_REFERENCE_SYSTEM = re.compile(r"<([^>\s]*)>\s*")
# The library raises whichever of these a malformed part happens to cause.
_GEOMETRY_ERRORS = (
    ArithmeticError,
    AttributeError,
    InvalidGeoJSONException,
    LookupError,
    NotImplementedError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
_HASH_ALGORITHMS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}


def clean_text(value: Any) -> str:
    """Any value as text that Turtle, RDF/XML and JSON-LD carry alike.

    Control characters, halves of characters and byte order marks are taken out; a line break is ``\\n``.

    Returns:
        The text without surrounding blanks; empty where there is nothing to say.
    """
    if value is None or value == "" or isinstance(value, (dict, list, tuple, bool)):
        return ""
    text = value if isinstance(value, str) else str(value)
    # Most texts have nothing to clean, and say so quickly: what XML cannot carry is not printable either.
    if text.isprintable():
        return text.strip()
    return _NOT_IN_XML.sub("", _LINE_BREAK.sub("\n", text)).strip()


def make_iri(value: Any) -> NamedNode | None:
    """An address as a valid IRI: what may not stand in one is percent-encoded (RFC 3987), what may is left as it is.

    Args:
        value: a URL, e-mail or other absolute URI; ``www.…`` gets the scheme it lacks.

    Returns:
        ``None`` for what is no absolute address.
    """
    text = clean_text(value)
    if _PLAIN_IRI.fullmatch(text):
        return _named_node(text)
    if text[:4].lower() == "www.":
        text = "http://" + text
    if not _SCHEME.match(text) or not text.lower().startswith(_LINK_SCHEMES):
        return None
    text = _NOT_IN_IRI.sub(lambda found: quote(found[0], safe="", errors="replace"), text)
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        rest = text.partition(":")[2]
        if not rest or rest == "//" or text.lower().startswith(("http:", "https:")):
            return None
        return _named_node(text)
    scheme, authority, path = parts.groups()
    if not authority.strip(":@."):
        return None
    path, hash_sign, fragment = path.partition("#")
    # Brackets belong to IPv6 addresses only, and a second # ends nothing.
    path = path.replace("[", "%5B").replace("]", "%5D")
    fragment = fragment.replace("[", "%5B").replace("]", "%5D").replace("#", "%23")
    return _named_node(scheme + authority + path + hash_sign + fragment)


def make_email_iri(value: Any) -> NamedNode | None:
    """An e-mail address as a ``mailto:`` IRI; ``None`` for what is none."""
    text = clean_text(value)
    if text.lower().startswith("mailto:"):
        text = text[7:].strip()
    return make_iri("mailto:" + text) if _EMAIL.fullmatch(text) else None


def make_telephone_iri(value: Any) -> NamedNode | None:
    """A telephone number as a ``tel:`` IRI (RFC 3966: digits and signs); ``None`` where there are no digits."""
    text = clean_text(value)
    digits = re.sub(r"[^0-9+]", "", text.removeprefix("tel:"))
    return _named_node("tel:" + digits) if re.fullmatch(r"\+?[0-9]{3,20}", digits) else None


def _named_node(text: str) -> NamedNode | None:
    try:
        return NamedNode(text)
    except ValueError:
        return None


def make_date(value: Any, utc: bool = False) -> Literal | None:
    """A date as typed literal: ``gYear``, ``gYearMonth``, ``date`` or ``dateTime``, whatever precision it has.

    Args:
        value: ISO 8601 text.
        utc: whether a time without zone is known to be UTC (CKAN's own ``metadata_modified``).

    Returns:
        ``None`` where it is no date of the calendar.
    """
    return _make_date(clean_text(value), utc)


@lru_cache(maxsize=10_000)
def _make_date(text: str, utc: bool) -> Literal | None:
    # Kept, because a catalogue has thousands of dates and few different ones.
    if found := _DATE_TIME.fullmatch(text):
        return _make_date_time(found, utc)
    if _DATE.fullmatch(text) and _exists(*map(int, text.split("-"))):
        return Literal(text, datatype=XSD.date)
    if (found := _YEAR_MONTH.fullmatch(text)) and _exists(int(found[1]), int(found[2]), 1):
        return Literal(text, datatype=XSD.gYearMonth)
    if _YEAR.fullmatch(text) and int(text):
        return Literal(text, datatype=XSD.gYear)
    return None


def _make_date_time(found: re.Match[str], utc: bool) -> Literal | None:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if not _exists(int(year), int(month), int(day), int(hour), int(minute), int(second or 0)):
        return None
    zone = (zone or ("Z" if utc else "")).upper()
    if zone not in ("", "Z"):
        zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
        if int(zone[1:3]) * 60 + int(zone[4:]) > 14 * 60 or int(zone[4:]) > 59:
            return None
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{fraction or ''}{zone}"
    return Literal(text, datatype=XSD.dateTime)


def _exists(*parts: int) -> bool:
    try:
        datetime(*parts)  # noqa: DTZ001  (only whether the calendar has it)  # pyright: ignore[reportArgumentType]
    except ValueError:
        return False
    return True


def make_size(value: Any) -> Literal | None:
    """A number of bytes as ``xsd:nonNegativeInteger``; ``None`` for what is no whole number of them."""
    text = clean_text(value)
    text = text.removesuffix(".0")
    if not re.fullmatch(r"[0-9]{1,20}", text):
        return None
    return Literal(str(int(text)), datatype=XSD.nonNegativeInteger)


def read_media_type(value: Any) -> str | None:
    """A media type as IANA writes it, lower case and without parameters; ``None`` for what is none."""
    text = clean_text(value).lower().partition(";")[0].strip()
    return text if _MEDIA_TYPE.fullmatch(text) else None


def read_checksum(value: Any) -> tuple[str, str] | None:
    """A checksum as (algorithm, hexadecimal digits): ``sha256:…`` or digits whose number tells the algorithm."""
    prefix, colon, digits = clean_text(value).rpartition(":")
    if not _HEXADECIMAL.fullmatch(digits) or len(digits) not in _HASH_ALGORITHMS:
        return None
    algorithm = _HASH_ALGORITHMS[len(digits)]
    if colon and re.sub(r"[^a-z0-9]", "", prefix.lower()) != algorithm:
        return None
    return algorithm, digits.lower()


def read_geometry(value: Any) -> str | None:
    """A geometry as well-known text in WGS 84, longitude first.

    Args:
        value: GeoJSON (text or dictionary), well-known text, or a box ``west,south,east,north`` in degrees.

    Returns:
        ``None`` where it is none of these.
    """
    try:
        text = _to_well_known_text(value)
    except _GEOMETRY_ERRORS:
        return None
    return None if text is None or text.endswith("EMPTY") else text


def read_well_known_text(value: str) -> str | None:
    """The opposite of :func:`read_geometry`: well-known text as GeoJSON.

    Args:
        value: well-known text, longitude first; before it the IRI of CRS84 (GeoSPARQL) or ``SRID=4326;`` may stand.

    Returns:
        ``None`` for what is none, and for a system of coordinates in which the order of the axes is another.
    """
    text = value.strip()
    if found := _REFERENCE_SYSTEM.match(text):
        if not found[1].lower().endswith("crs84"):
            return None
        text = text[found.end() :]
    try:
        shape = wkt.loads(re.sub(r"^SRID=4326;\s*", "", text, flags=re.IGNORECASE))
    except _GEOMETRY_ERRORS:
        return None
    kept = {name: shape[name] for name in ("type", "coordinates", "geometries") if shape.get(name)}
    return json.dumps(kept) if len(kept) > 1 else None


def _to_well_known_text(value: Any) -> str | None:
    text = clean_text(value)
    geometry = json.loads(text) if text.startswith("{") else value
    if isinstance(geometry, dict):
        return wkt.dumps(geometry.get("geometry") or geometry, decimals=6)
    if box := _read_box(value if isinstance(value, (list, tuple)) else text):
        return wkt.dumps(box, decimals=6)
    return wkt.dumps(wkt.loads(text), decimals=6) if text[:1].isalpha() else None


def _read_box(value: Any) -> dict[str, Any] | None:
    parts = value if isinstance(value, (list, tuple)) else re.split(r"[,\s]+", value) if value else []
    if len(parts) != 4:
        return None
    try:
        west, south, east, north = (float(part) for part in parts)
    except (TypeError, ValueError):
        return None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        return None
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
