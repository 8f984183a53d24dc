"""Assets of Socrata in the words of Project Open Data; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ckanext.mxopendata.harvest.connectors.base import LeftOut
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import EXTENSION, as_list, is_empty
from ckanext.mxopendata.metadata.text import fold

# Show data of others, or are none.
NOT_DATA = frozenset((
    "calendar", "chart", "data_lens", "filter", "form", "measure", "page", "story", "system_dataset", "visualization",
))  # fmt: skip
LINKS = frozenset(("href", "link", "federated_href"))
FILES = frozenset(("file", "blob"))
_PLACES = frozenset(("point", "location", "line", "polygon", "multipoint", "multiline", "multipolygon"))
# Types of columns of Socrata -> those of Table Schema.
_COLUMN_TYPES = {
    "number": "number",
    "money": "number",
    "double": "number",
    "percent": "number",
    "checkbox": "boolean",
    "calendar date": "datetime",
    "date": "datetime",
    "fixed timestamp": "datetime",
    "floating timestamp": "datetime",
}
# Project Open Data's word -> what fields are called that publishers make for themselves, the surest first.
_OWN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "accrualPeriodicity": (
        "accrual periodicity", "frecuencia de actualizacion", "periodicidad de actualizacion", "update frequency",
        "posting frequency", "periodicidad", "frecuencia", "frequency", "data frequency", "data change frequency",
    ),
    "temporal": (
        "temporal applicability", "temporal", "cobertura temporal", "periodo", "time period", "period of time",
    ),
    "spatial": ("geographic coverage", "spatial", "cobertura geografica", "cobertura espacial"),
    "language": ("language", "idioma"),
    "accessLevel": ("public access level", "nivel de acceso"),
    "describedBy": ("data dictionary", "diccionario de datos"),
    "fn": ("contact name", "nombre de contacto", "contacto"),
    "hasEmail": ("contact email", "correo de contacto", "correo electronico"),
    "creator": ("area responsable", "unidad responsable", "dependencia", "data owner", "agency", "department"),
}  # fmt: skip


def identifier_of(item: Any) -> str:
    """The four by four letters that name an asset; empty where there are none."""
    resource = item.get("resource") if isinstance(item, Mapping) else None
    return str(resource.get("id") or "") if isinstance(resource, Mapping) else ""


def is_link(item: Any) -> bool:
    """Whether an asset only leads to data elsewhere; the list does not say where."""
    resource = item.get("resource") if isinstance(item, Mapping) else None
    return isinstance(resource, Mapping) and str(resource.get("type")).lower() in LINKS


def of_item(item: Any, home: str, domains: Collection[str], view: Mapping[str, Any] | None = None) -> Any:
    """An asset of the Discovery API; :class:`LeftOut` where it is no dataset of the portal, what is no asset as it is.

    Counters of visits and downloads, which change with every answer, are left behind, and so are owners and creators:
    they are persons.

    Args:
        item: as the portal gave it.
        home: address of the portal, without a slash at its end.
        domains: what the portal is called.
        view: what the portal says of the asset itself, where that was asked for.
    """
    resource = item.get("resource") if isinstance(item, Mapping) else None
    if not isinstance(resource, Mapping):
        return item
    metadata, classification = _mapping(item.get("metadata")), _mapping(item.get("classification"))
    reason = _why_left_out(resource, metadata, domains)
    if reason is not None:
        return LeftOut({"identifier": resource.get("id"), "title": resource.get("name")}, [reason])
    own, left = _own_fields(classification.get("domain_metadata"))
    publisher = resource.get("attribution")
    record = {
        **left,
        "identifier": resource.get("id"),
        "title": resource.get("name"),
        "description": resource.get("description"),
        "keyword": [*as_list(classification.get("domain_tags")), *as_list(classification.get("tags"))],
        "theme": [*as_list(classification.get("domain_category")), *as_list(classification.get("categories"))],
        "issued": resource.get("publication_date") or resource.get("createdAt"),
        "modified": resource.get("data_updated_at") or resource.get("updatedAt"),
        "license": metadata.get("license"),
        "landingPage": item.get("permalink") or item.get("link"),
        "publisher": {"name": publisher} if publisher else None,
        "contactPoint": {
            "fn": own.pop("fn", None) or publisher,
            "hasEmail": resource.get("contact_email") or own.pop("hasEmail", None),
            "url": resource.get("attribution_link"),
        },
        # For the filters of a source: citizens may publish, too ("community").
        "provenance": resource.get("provenance"),
        EXTENSION: {"creator": [{"name": own.pop("creator")}]} if "creator" in own else None,
        "distribution": list(_distributions(resource, home, item.get("permalink"), view or {})),
    }
    record |= {name: value for name, value in own.items() if name != "hasEmail"}
    return {name: value for name, value in record.items() if not is_empty(value)}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _why_left_out(resource: Mapping[str, Any], metadata: Mapping[str, Any], domains: Collection[str]) -> Finding | None:
    title, domain = resource.get("name"), str(metadata.get("domain") or "")
    parents = [str(parent) for parent in as_list(resource.get("parent_fxf")) if parent]
    kind = str(resource.get("type") or "").lower()
    if domain and domain.lower() not in domains:
        return Finding("record_of_other_portal", value=title, details={"portal": domain})
    if resource.get("hide_from_data_json") is True:
        return Finding("record_hidden_by_portal", value=title)
    if parents:
        return Finding("record_is_a_view", value=title, details={"parent": ", ".join(parents)})
    if kind in NOT_DATA:
        return Finding("record_of_other_kind", value=title, details={"kind": kind})
    return None


def _own_fields(fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the portal's own fields say: under the words of Project Open Data, and what is left under their own."""
    said: dict[str, tuple[str, str]] = {}
    left: dict[str, Any] = {}
    for field in as_list(fields):
        key, value = (field.get("key"), field.get("value")) if isinstance(field, Mapping) else (None, None)
        if key and not is_empty(value):
            left[f"domain_metadata.{key}"] = value
            # "Common-Core_Update-Frequency": a group, and the field's name in it.
            said.setdefault(fold(str(key).rpartition("_")[2].replace("-", " ")), (f"domain_metadata.{key}", str(value)))
    found: dict[str, Any] = {}
    for name, words in _OWN_FIELDS.items():
        places = [said[word] for word in words if word in said]
        if name == "accrualPeriodicity":
            places.sort(key=lambda place: readers.read_frequency(place[1]).value is None)
        if places:
            found[name] = places[0][1]
            del left[places[0][0]]
    return found, left


def _distributions(
    resource: Mapping[str, Any], home: str, page: Any, view: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    identifier, kind = quote(str(resource.get("id") or "")), str(resource.get("type") or "").lower()
    if kind in LINKS:
        addresses = list(_addresses(view))
        for title, address in addresses or ([(resource.get("name"), page)] if page else []):
            yield {"title": title or resource.get("name"), "accessURL": address}
    elif kind in FILES:
        media_type = str(resource.get("blob_mime_type") or "application/octet-stream").partition(";")[0].strip()
        address = f"{home}/download/{identifier}/{quote(media_type)}"
        yield {"title": resource.get("name"), "downloadURL": address, "mediaType": resource.get("blob_mime_type")}
    elif identifier:
        schema = _table_schema(resource)
        rows = f"{home}/api/views/{identifier}/rows.csv?accessType=DOWNLOAD"
        csv = {"title": "CSV", "downloadURL": rows, "format": "CSV", "mediaType": "text/csv"}
        yield {**csv, EXTENSION: {"schema": schema}} if schema else csv
        api = f"{home}/resource/{identifier}.json"
        yield {"title": "JSON (API)", "accessURL": api, "format": "JSON", "mediaType": "application/json"}
        if _has_places(resource):
            shapes = f"{home}/api/geospatial/{identifier}?method=export&format=GeoJSON"
            yield {
                "title": "GeoJSON",
                "downloadURL": shapes,
                "format": "GeoJSON",
                "mediaType": "application/geo+json",
            }


def _addresses(view: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    metadata = _mapping(view.get("metadata"))
    points = [{"urls": metadata.get("accessPoints")}, *as_list(metadata.get("additionalAccessPoints"))]
    for point in points:
        for address in _mapping(_mapping(point).get("urls")).values():
            if isinstance(address, str) and address:
                yield point.get("title"), address


def _has_places(resource: Mapping[str, Any]) -> bool:
    words = {str(resource.get(name)).lower() for name in ("type", "lens_view_type")}
    columns = {str(kind).lower() for kind in as_list(resource.get("columns_datatype"))}
    return bool(words & {"map", "geo"} or columns & _PLACES)


def _table_schema(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The columns of the CSV, whose heads are their names for people."""
    names = as_list(resource.get("columns_name"))
    codes, kinds, texts = (
        [*as_list(resource.get(f"columns_{fact}")), *[""] * len(names)]
        for fact in ("field_name", "datatype", "description")
    )
    fields = [
        {"name": name, "type": _COLUMN_TYPES.get(str(kind).lower(), "string"), "description": text}
        for name, code, kind, text in zip(names, codes, kinds, texts, strict=False)
        # What Socrata works out from places is not in the file.
        if name and not str(code).startswith(":@")
    ]
    return {"fields": [{key: value for key, value in field.items() if value} for field in fields]} if fields else None
