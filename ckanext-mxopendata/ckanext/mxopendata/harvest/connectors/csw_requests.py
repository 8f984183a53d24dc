"""How a catalogue service for the web (OGC 07-006, CSW 2.0.2) is asked: at which addresses, and in which ways."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

CSW = "http://www.opengis.net/cat/csw/2.0.2"
OGC = "http://www.opengis.net/ogc"
GMD = "http://www.isotc211.org/2005/gmd"
VERSION = "2.0.2"
PAGE_SIZE = 100
CONTENT_TYPE = "application/xml; charset=utf-8"
# Below the front page of a portal: GeoNode, pycsw, GeoNetwork.
USUAL_PATHS = ("catalogue/csw", "csw", "geonetwork/srv/eng/csw")
# What an operator copies of another request; the rest of a query (MapServer's ``map``) belongs to the address.
_OF_A_REQUEST = frozenset((
    "service", "request", "version", "acceptversions", "typenames", "resulttype", "elementsetname", "outputschema",
    "outputformat", "startposition", "maxrecords", "constraint", "constraintlanguage", "sortby", "id", "namespace",
))  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One way to ask for records.

    Attributes:
        by_post: with an XML document; else with parameters in the address.
        type_name: what is asked for; the records come in ISO 19139 either way.
        sort_by: property of that type by which the list is sorted, or ``None``: then records may slip between pages.
    """

    by_post: bool
    type_name: str
    sort_by: str | None


# The next one is for servers that refuse the one before.
WAYS = (
    Way(True, "gmd:MD_Metadata", "apiso:Identifier"),
    Way(True, "csw:Record", "dc:identifier"),
    Way(True, "csw:Record", None),
    Way(False, "gmd:MD_Metadata", "apiso:Identifier"),
    Way(False, "csw:Record", None),
)
_NAMESPACES = {
    "csw": CSW,
    "ogc": OGC,
    "gmd": GMD,
    "apiso": "http://www.opengis.net/cat/csw/apiso/1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def addresses(url: str) -> list[str]:
    """Where the service may be, whichever address of the portal an operator copied; the likeliest first."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in _OF_A_REQUEST]
    path = parts.path
    if "/srv" in path:
        # GeoNetwork: the pages of a language are below /srv/<language>/, and so is its service.
        head, _, tail = path.partition("/srv")
        language, _, page = tail.strip("/").partition("/")
        path = f"{head}/srv/{language or 'eng'}/{page if page.startswith('csw') else 'csw'}"
    base = urlunsplit((parts.scheme, parts.netloc, path, urlencode(kept), ""))
    if path.rstrip("/").rpartition("/")[2].lower().startswith(("csw", "pycsw")) or kept:
        return [base]
    if path.rstrip("/").endswith("/geonetwork"):
        return [f"{base.rstrip('/')}/srv/eng/csw"]
    return [*(f"{base.rstrip('/')}/{usual}" for usual in USUAL_PATHS), base]


def portal_address(url: str) -> str | None:
    """The address of the GeoNetwork that a service is part of, or ``None`` where it is none."""
    head, found, _ = url.partition("/srv/")
    return head if found else None


def body(way: Way, start: int) -> bytes:
    """The document that asks for a page.

    Args:
        way: how.
        start: place of its first record in the list, from 1.
    """
    asked = {"service": "CSW", "version": VERSION, "resultType": "results", "outputFormat": "application/xml"}
    asked |= {"outputSchema": GMD, "startPosition": str(start), "maxRecords": str(PAGE_SIZE)}
    root = etree.Element(f"{{{CSW}}}GetRecords", asked, nsmap=_NAMESPACES)
    query = etree.SubElement(root, f"{{{CSW}}}Query", {"typeNames": way.type_name})
    etree.SubElement(query, f"{{{CSW}}}ElementSetName").text = "full"
    if way.sort_by:
        sort = etree.SubElement(etree.SubElement(query, f"{{{OGC}}}SortBy"), f"{{{OGC}}}SortProperty")
        etree.SubElement(sort, f"{{{OGC}}}PropertyName").text = way.sort_by
        etree.SubElement(sort, f"{{{OGC}}}SortOrder").text = "ASC"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def address(base: str, way: Way, start: int) -> str:
    """The address that asks for a page; see :func:`body`."""
    asked = {"service": "CSW", "version": VERSION, "request": "GetRecords", "resultType": "results"}
    asked |= {"typeNames": way.type_name, "elementSetName": "full", "outputSchema": GMD}
    asked |= {"outputFormat": "application/xml", "startPosition": str(start), "maxRecords": str(PAGE_SIZE)}
    if way.sort_by:
        asked["sortBy"] = f"{way.sort_by}:A"
    return f"{base}{'&' if '?' in base else '?'}{urlencode(asked)}"
