"""Datasets of Opendatasoft in the words of Project Open Data; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urljoin

from ckanext.mxopendata.harvest.connectors.base import Noted
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import EXTENSION, as_list, is_empty

# Project Open Data's word -> where Opendatasoft may say it, the surest first.
_WAYS: Mapping[str, tuple[str, ...]] = {
    "title": ("default.title", "dcat_ap.title"),
    "description": ("default.description", "dcat_ap.description"),
    "modified": ("default.modified",),
    "issued": ("dcat.issued", "dcat.created"),
    "keyword": ("default.keyword", "dcat_ap.keyword"),
    "theme": ("default.theme", "dcat_ap.theme"),
    "language": ("default.language",),
    "license": ("default.license_url", "default.license"),
    "accrualPeriodicity": ("dcat.accrualperiodicity", "dcat_ap.accrualPeriodicity", "default.update_frequency"),
    "spatial": ("dcat.spatial", "default.territory", "dcat_ap.spatial_bbox"),
    "temporal": ("dcat.temporal",),
    "conformsTo": ("dcat.conforms_to",),
    "accessLevel": ("dcat.accessRights",),
}
_CONTACT = {
    "fn": ("dcat.contact_name", "dcat_ap.contact_name"),
    "hasEmail": ("dcat.contact_email", "dcat_ap.contact_email"),
}
_PUBLISHER = ("default.publisher", "dcat_ap.publisher_name")
_CREATOR = "dcat.creator"
_PERIODS = (
    ("dcat.temporal_coverage_start", "dcat.temporal_coverage_end"),
    ("dcat_ap.temporal_startDate", "dcat_ap.temporal_endDate"),
)
# What the software counts and works out, or says of where it has the dataset from.
_OF_THE_SOFTWARE = frozenset((
    "records_count", "records_size", "data_processed", "metadata_processed", "metadata_languages", "timezone",
    "modified_updates_on_metadata_change", "modified_updates_on_data_change", "geographic_reference_auto",
    "geographic_reference", "geometry_types", "bbox", "federated", "source_domain", "source_domain_title",
    "source_domain_address", "source_dataset", "shared_catalog", "parent_domain", "references",
))  # fmt: skip
_FORMATS = {"csv": "text/csv", "json": "application/json"}
_GEOGRAPHIC = {"geojson": "application/geo+json", "shp": "application/zip"}


def of_version_one(item: Any, portal: str) -> Any:
    """A dataset of the API 1.0, whose metadata are in one block; see :func:`of_dataset`."""
    if not isinstance(item, Mapping):
        return item
    named = {"dataset_id": item.get("datasetid"), "metas": {"default": item.get("metas")}}
    return of_dataset({**item, **named}, portal)


def of_dataset(item: Any, portal: str) -> Any:
    """A dataset of the API 2.1 or 2.0 (which wraps it); anything that is no object as it is.

    Its identity is ``dataset_uid``: ``dataset_id`` is the name in its address, which its publisher may change. Of
    blocks of metadata that nobody reads here, what they say keeps its name, so that the mapping can mention it.

    Args:
        item: as the portal gave it.
        portal: address of the portal, without a slash at its end.
    """
    wrapped = item.get("dataset") if isinstance(item, Mapping) else None
    item = wrapped if isinstance(wrapped, Mapping) else item
    if not isinstance(item, Mapping):
        return item
    said = _flat(item.get("metas"))
    slug = item.get("dataset_id")
    used = {way for ways in (*_WAYS.values(), *_CONTACT.values(), _PUBLISHER, *_PERIODS) for way in ways} | {_CREATOR}
    left = {
        way: value
        for way, value in said.items()
        if way not in used and way.removeprefix("default.") not in _OF_THE_SOFTWARE
    }
    record = {
        **left,
        **{name: _first(said, ways) for name, ways in _WAYS.items()},
        "identifier": item.get("dataset_uid") or slug,
        "landingPage": f"{portal}/explore/dataset/{quote(str(slug))}/" if slug else None,
        "publisher": {"name": name} if (name := _first(said, _PUBLISHER)) else None,
        "contactPoint": {name: value for name, ways in _CONTACT.items() if (value := _first(said, ways))},
        "distribution": list(_distributions(item, said, portal)),
        EXTENSION: {name: value for name, value in _extension(item, said).items() if not is_empty(value)},
    }
    if not record["temporal"]:
        record["temporal"] = _period(said)
    kept = {name: value for name, value in record.items() if not is_empty(value)}
    return Noted(kept, _licence_findings(said))


def _flat(metas: Any) -> dict[str, Any]:
    """``block.name`` → value, of all that is said."""
    blocks = metas.items() if isinstance(metas, Mapping) else ()
    return {
        f"{block}.{name}": value
        for block, values in blocks
        if isinstance(values, Mapping)
        for name, value in values.items()
        if not is_empty(value)
    }


def _first(said: Mapping[str, Any], ways: tuple[str, ...]) -> Any:
    return next((said[way] for way in ways if way in said), None)


def _period(said: Mapping[str, Any]) -> str | None:
    for start, end in _PERIODS:
        if start in said or end in said:
            return f"{said.get(start, '..')}/{said.get(end, '..')}"
    return None


def _extension(item: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What Project Open Data has no word for; of a dataset that another portal shares, where it is at home."""
    references = [] if item.get("has_records") is False else _addresses(said)
    found: dict[str, Any] = {
        "creator": [{"name": said[_CREATOR]}] if _CREATOR in said else None,
        "documentation": references,
    }
    home = said.get("default.source_domain_address") or said.get("default.source_domain")
    if said.get("default.federated") is True and home and (name := said.get("default.source_dataset")):
        found["source_identifier"] = f"https://{home}/explore/dataset/{quote(str(name))}/"
    return found


def _addresses(said: Mapping[str, Any]) -> list[str]:
    texts = [word for text in as_list(said.get("default.references")) for word in str(text).replace(",", " ").split()]
    return [word for word in texts if word.startswith(("http://", "https://"))]


def _distributions(item: Mapping[str, Any], said: Mapping[str, Any], portal: str) -> Iterator[dict[str, Any]]:
    base = f"{portal}/api/explore/v2.1/catalog/datasets/{quote(str(item.get('dataset_id')))}"
    if item.get("has_records") is False:
        for address in _addresses(said):
            yield {"title": said.get("default.title"), "accessURL": address}
    else:
        has_places = "geo" in as_list(item.get("features"))
        for form, media_type in {**_FORMATS, **(_GEOGRAPHIC if has_places else {})}.items():
            yield {
                "title": form.upper(),
                "downloadURL": f"{base}/exports/{form}",
                "format": form,
                "mediaType": media_type,
            }
    for kind in ("attachments", "alternative_exports"):
        for file in as_list(item.get(kind)):
            if isinstance(file, Mapping) and (file.get("url") or file.get("id")):
                address = file.get("url") or f"{base}/{kind}/{quote(str(file['id']))}/"
                yield {
                    "title": file.get("title") or file.get("id"),
                    "description": file.get("description"),
                    "downloadURL": urljoin(f"{portal}/", str(address)) if "://" not in str(address) else address,
                    "mediaType": file.get("mimetype"),
                }


def _licence_findings(said: Mapping[str, Any]) -> list[Finding]:
    """A publisher may write “CC0” and lead to CC BY: the address counts, and the report says so."""
    name, address = said.get("default.license"), said.get("default.license_url")
    first, second = (readers.read_licence(str(text)).value if text else None for text in (name, address))
    if first is None or second is None or first == second:
        return []
    return [Finding("licence_contradicted", "license_id", "default.license", str(name), {"read": second})]
