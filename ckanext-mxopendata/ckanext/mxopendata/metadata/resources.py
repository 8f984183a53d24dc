"""Distributions become resources; none is left out, whatever it lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, fields_of
from ckanext.mxopendata.metadata.mended import DERIVED, LEFT_OUT, MOVED, SPELLING, is_iso_period
from ckanext.mxopendata.metadata.records import Found, as_list, first, is_empty, loads, without_stand_ins
from ckanext.mxopendata.metadata.values import Notebook, read_list, read_single, read_table_schema, scalar
from ckanext.mxopendata.metadata.vocabularies import vocabulary

_LISTS = {"ckan": "resources", "datajson": "distribution", "table": "rs"}
# These are put together from several ways at once.
_COMPOSED = frozenset(("url", "download_url", "access_url", "format", "mimetype", "name"))


def read_resources(
    record: Mapping[str, Any], platform: str, columns: tuple[str, ...], notebook: Notebook
) -> list[dict[str, Any]]:
    """The resources of a dataset, in the record's order, one for each distribution.

    Args:
        record: the unwrapped record.
        platform: ``ckan`` or ``datajson``.
        columns: the crosswalk's columns that speak of the record.
        notebook: where findings are written down.
    """
    name = _LISTS[platform]
    resources = []
    for index, item in enumerate(as_list(record.get(name))):
        prefix = f"{name}[{index}]."
        if isinstance(item, str):
            item = {"accessURL" if platform == "datajson" else "url": item}  # noqa: PLW2901
        if not isinstance(item, Mapping):
            notebook.note("resource_unreadable", "resources", Found(item, f"{name}[{index}]"))
            continue
        notebook.resource = len(resources)
        resources.append(_resource(without_stand_ins(item), prefix, columns, notebook))
    notebook.resource = None
    return resources


def _resource(item: Mapping[str, Any], prefix: str, columns: tuple[str, ...], notebook: Notebook) -> dict[str, Any]:
    rows = fields_of("resource")
    resource = _addresses(item, prefix, columns, notebook)
    for name, row in rows.items():
        found = first(item, (name, *row.ways(*columns)), prefix)
        if found is None or name in _COMPOSED:
            continue
        value = _value(row, found, notebook, resource)
        if not is_empty(value):
            resource[name] = value
    _format(item, prefix, columns, resource, notebook)
    _name(item, prefix, columns, resource, notebook)
    return resource


def _value(row: CrosswalkField, found: Found, notebook: Notebook, resource: dict[str, Any]) -> Any:
    if row.datatype == "table_schema":
        return read_table_schema(Found(loads(found.value), found.location), notebook)
    if row.datatype == "interval_text":
        raw = found.value[0] if isinstance(found.value, list) and found.value else found.value
        period = notebook.keep(readers.read_interval(raw, notebook.date_order), row.field, found)
        text = readers.interval_text(period) if period else None
        if not is_iso_period(raw):
            notebook.change(row.field, SPELLING if text else LEFT_OUT, raw, text)
        return text
    if row.datatype == "place_text":
        return readers.clean_text(found.value) if isinstance(found.value, str) else None
    if row.datatype == "licence":
        return read_licence(row, found, notebook, resource)
    if row.cardinality == "list":
        return read_list(row, found, notebook)
    return read_single(row, found, notebook)


def read_licence(row: CrosswalkField, found: Found, notebook: Notebook, resource: dict[str, Any]) -> str | None:
    """The id of a known licence; of an unknown one its address, or, into ``rights``, its words.

    So the terms that a publisher wrote reach the reader even where the vocabulary does not know them.
    """
    raw = str(found.value if not isinstance(found.value, Mapping) else found.value.get("name", ""))
    licence = notebook.keep(readers.read_licence(raw), "license_id", found)
    if licence is not None:
        notebook.compare(row, Found(raw, found.location, found.said), licence)
        return licence
    address = readers.read_url(raw).value
    if address is None and not is_empty(raw):
        resource.setdefault("rights", readers.clean_text(raw))
        notebook.change(row.field, MOVED, raw, resource["rights"])
    return address


def _addresses(item: Mapping[str, Any], prefix: str, columns: tuple[str, ...], notebook: Notebook) -> dict[str, Any]:
    rows = fields_of("resource")
    read: dict[str, str] = {}
    for name in ("download_url", "access_url"):
        found = first(item, (name, *rows[name].ways(*columns)), prefix)
        value = read_single(rows[name], found, notebook) if found else None
        if value is not None:
            read[name] = value
    ways = rows["url"].ways(*columns)
    # CKAN says itself what it opens; elsewhere that follows from the file and the page.
    opened = None if "url" in ways else read.get("download_url") or read.get("access_url")
    if opened is None:
        found = first(item, ways, prefix)
        opened = read_single(rows["url"], found, notebook) if found else None
    opened = opened or read.get("download_url") or read.get("access_url")
    if opened is None:
        notebook.note("resource_without_url", "url", Found(item.get("title") or item.get("name") or "", prefix[:-1]))
    addresses: dict[str, Any] = {"url": opened or ""}
    if read.get("download_url"):
        addresses["download_url"] = read["download_url"]
    if read.get("access_url") and read["access_url"] != opened:
        addresses["access_url"] = read["access_url"]
    return addresses


def _format(
    item: Mapping[str, Any], prefix: str, columns: tuple[str, ...], resource: dict[str, Any], notebook: Notebook
) -> None:
    """Format and media type, each helping where the other is missing; what is written wins over what is derived."""
    rows = fields_of("resource")
    written = first(item, rows["format"].ways(*columns), prefix)
    media = first(item, ("mimetype", *rows["mimetype"].ways(*columns)), prefix)
    media_type = read_single(rows["mimetype"], media, notebook) if media else None
    reading = readers.read_file_type(written and written.value, media and media.value, resource["url"])
    file_type = reading.value
    if written:
        file_type = notebook.keep(reading, "format", written) or readers.clean_line(written.value)
        notebook.compare(rows["format"], Found(scalar(written.value), written.location), file_type)
    elif file_type:
        notebook.change("format", DERIVED, None, file_type)
    if file_type:
        resource["format"] = file_type
        term = vocabulary("file_types").get(file_type)
        if not media_type and term and term.facts["media_type"]:
            media_type = term.facts["media_type"]
            notebook.change("mimetype", SPELLING if media else DERIVED, media and media.value, media_type, instead=True)
    if media_type:
        resource["mimetype"] = media_type


def _name(
    item: Mapping[str, Any], prefix: str, columns: tuple[str, ...], resource: dict[str, Any], notebook: Notebook
) -> None:
    found = first(item, ("name", *fields_of("resource")["name"].ways(*columns)), prefix)
    name = readers.clean_line(found.value) if found else ""
    if not name:
        name = (
            readers.clean_line(item.get("fileName")) or readers.file_name(resource["url"]) or resource.get("format", "")
        )
        notebook.note("resource_without_name", "name", Found(resource["url"], prefix[:-1]), read=name)
        if name:
            notebook.change("name", DERIVED, None, name)
    elif found:
        notebook.compare(fields_of("resource")["name"], found, name)
    if name:
        resource["name"] = name


def commonest_frequency(resources: list[dict[str, Any]]) -> str | None:
    """The frequency most resources have, the shortest on a tie (``metadata.md``)."""
    counted = Counter(resource["frequency"] for resource in resources if resource.get("frequency"))
    order = list(vocabulary("frequencies").terms)
    return min(counted, key=lambda term: (-counted[term], order.index(term)), default=None)
