"""A dataset of GeoNode's API v2 in the shape ``datajson``; under the identifier that it has in GeoNode's CSW too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from ckanext.mxopendata.harvest.connectors.iso_record import normalised
from ckanext.mxopendata.metadata.records import as_list, is_empty

# ``link_type`` of what is a service; the others are pictures and the metadata once more.
_SERVICES = {"OGC:WMS": "WMS", "OGC:WFS": "WFS", "OGC:WCS": "WCS", "OGC:WMTS": "WMTS"}
# What every GeoServer writes of a layer: name of the format -> outputFormat of its WFS.
_EXPORTS = {"CSV": "csv", "GeoJSON": "application/json", "Shapefile": "SHAPE-ZIP"}
_NOTHING = frozenset(("", "unknown", "not_specified"))
# What is shown with data, and is none. A page of it is below a path of that name.
NOT_DATA = frozenset(("map", "document", "geoapp", "geostory", "dashboard", "mapviewer"))
_PAGES = {"layers": "dataset", "datasets": "dataset", "documents": "document", "maps": "map", "apps": "geoapp"}
# Says something of the data, and has no field here.
_LEFT = ("data_quality_statement", "purpose", "supplemental_information", "edition", "doi")
DOWNLOAD = "download_resourcebase"


def to_dataset(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an item of the list says.

    Args:
        item: as the API gives it; 3.2 to 4.4 differ in what they embed.

    Returns:
        A dataset with the keys of Project Open Data. ``resource_type`` and ``is_published`` are there only where it is
        none, or not published.
    """
    kind, day = str(item.get("date_type") or ""), item.get("date")
    own = {
        "contact": list(_contacts([*as_list(item.get("poc")), *as_list(item.get("owner"))])),
        "temporal_coverage": _period(item),
        "access_comment": _text(item, "constraints_other"),
        "conforms_to": _reference_system(item),
    }
    dataset = {
        "identifier": normalised(str(item.get("uuid") or "")),
        "title": item.get("title"),
        "description": _text(item, "abstract"),
        "keyword": [*_names(item.get("keywords")), *_names(item.get("tkeywords"))],
        "theme": _identifier(item.get("category")),
        "publisher": {"name": item["attribution"]} if item.get("attribution") else None,
        "issued": day if kind in {"publication", "creation"} else item.get("created"),
        "modified": day if kind == "revision" else item.get("last_updated") or day,
        "accrualPeriodicity": _said(item.get("maintenance_frequency")),
        "language": item.get("language"),
        "spatial": [*_names(item.get("regions")), *_rectangle(item)],
        "license": _said(_identifier(item.get("license"))),
        "landingPage": item.get("detail_url"),
        "distribution": list(_distributions(item)),
        "mxopendata": {name: value for name, value in own.items() if not is_empty(value)},
        "resource_type": item.get("resource_type") if item.get("resource_type") in NOT_DATA else None,
        **{name: _text(item, name) for name in _LEFT},
    }
    found = {name: value for name, value in dataset.items() if not is_empty(value)}
    if item.get("is_published") is False or item.get("is_approved") is False:
        found["is_published"] = False
    return found


def with_its_page(record: Any, portal: str) -> Any:
    """A record of GeoNode's CSW, in which its page is one link among others, with that where it belongs.

    Args:
        record: as :mod:`.iso_record` reads it, or what could not be read.
        portal: address of the GeoNode.
    """
    if not isinstance(record, Mapping) or record.get("landingPage"):
        return record
    for link in record.get("distribution", ()):
        address = str(link.get("accessURL") or "")
        kind = _PAGES.get(urlsplit(address).path.strip("/").partition("/")[0])
        if kind is None or urlsplit(address).netloc != urlsplit(portal).netloc or "format" in link:
            continue
        others = [other for other in record["distribution"] if other is not link]
        found = {**record, "landingPage": address, "distribution": others}
        return found if kind == "dataset" else {**found, "resource_type": kind}
    return record


def _text(item: Mapping[str, Any], name: str) -> str:
    """A text without the HTML that the other property of it has."""
    written = item.get(f"raw_{name}") or item.get(name)
    # GeoNode's own words for an empty field.
    return "" if not isinstance(written, str) or written.strip().startswith("No information") else written.strip()


def _said(value: Any) -> str | None:
    return None if not isinstance(value, str) or value.strip() in _NOTHING else value


def _identifier(value: Any) -> str | None:
    found = value.get("identifier") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None


def _names(values: Any) -> list[str]:
    """Names of keywords or regions; older versions give their numbers, which tell nothing."""
    names = (value.get("name") if isinstance(value, Mapping) else value for value in as_list(values))
    return [name for name in names if isinstance(name, str) and name.strip()]


def _contacts(people: Iterable[Any]) -> Iterable[dict[str, str]]:
    """Who answers for the data; the institution's name where the profile has one."""
    seen: list[dict[str, str]] = []
    for person in people:
        if not isinstance(person, Mapping):
            continue
        own_name = " ".join(str(person.get(part) or "").strip() for part in ("first_name", "last_name")).strip()
        found = {
            "name": person.get("organization") or own_name,
            "position": person.get("position"),
            "email": person.get("email"),
        }
        contact = {key: str(value).strip() for key, value in found.items() if value}
        if contact and contact not in seen:
            seen.append(contact)
            yield contact


def _period(item: Mapping[str, Any]) -> list[dict[str, str]]:
    ends = {"start": item.get("temporal_extent_start"), "end": item.get("temporal_extent_end")}
    found = {name: str(value) for name, value in ends.items() if value}
    return [found] if found else []


def _rectangle(item: Mapping[str, Any]) -> list[str]:
    """``west,south,east,north`` of the polygon in degrees, or of ``extent``."""
    extent = item.get("extent")
    if isinstance(extent, Mapping) and str(extent.get("srid")).endswith("4326"):
        sides = extent.get("coords")
        if isinstance(sides, list) and len(sides) == 4:
            return [",".join(str(side) for side in sides)]
    shape = item.get("ll_bbox_polygon")
    ring = shape.get("coordinates", [[]])[0] if isinstance(shape, Mapping) else []
    points = [point for point in ring if isinstance(point, list) and len(point) >= 2]
    if not points:
        return []
    wide, high = [point[0] for point in points], [point[1] for point in points]
    return [f"{min(wide)},{min(high)},{max(wide)},{max(high)}"]


def _reference_system(item: Mapping[str, Any]) -> list[str]:
    code = str(item.get("srid") or "").upper().removeprefix("EPSG:")
    return [f"http://www.opengis.net/def/crs/EPSG/0/{code}"] if code.isdigit() else []


def _distributions(item: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Downloads, services, and, of a table that may be downloaded, what GeoServer writes of it."""
    name = str(item.get("alternate") or item.get("name") or "")
    offered = [link.get("url") for link in as_list(item.get("download_urls")) if isinstance(link, Mapping)]
    for address in dict.fromkeys(url for url in (*offered, item.get("download_url")) if url):
        yield {"title": str(item.get("title") or name), "downloadURL": address}
    services: dict[str, str] = {}
    for link in as_list(item.get("links")):
        service = _SERVICES.get(str(link.get("link_type"))) if isinstance(link, Mapping) else None
        if service and link.get("url") and services.get(service) != link["url"]:
            services[service] = link["url"]
            yield {"title": f"{service}: {name}".rstrip(": "), "accessURL": link["url"], "format": service}
    wfs, perms = services.get("WFS"), item.get("perms")
    if not wfs or not name or (isinstance(perms, list) and perms and DOWNLOAD not in perms):
        return
    base = wfs.partition("?")[0]
    for label, output in _EXPORTS.items():
        asked = {"service": "WFS", "version": "1.0.0", "request": "GetFeature", "typename": name}
        address = f"{base}?{urlencode({**asked, 'outputFormat': output})}"
        yield {"title": f"{item.get('title') or name} ({label})", "downloadURL": address, "format": label}
