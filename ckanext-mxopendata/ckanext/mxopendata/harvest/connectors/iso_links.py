"""The online resources of an ISO 19139 record: files and services, the page of the record, what explains the data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ckanext.mxopendata.metadata import readers

# OGC:WMS-1.3.0-http-get-map, OGC-WFS, WWW:DOWNLOAD-OGC:WFS-1.0.0…
_SERVICE = re.compile(r"\b(?:OGC|ESRI|WWW:DOWNLOAD-OGC)[:\- ]*(WMS|WMTS|WFS|WCS|REST|ARCGIS)", re.IGNORECASE)
# What protocol there is or not: an address that asks for the capabilities of a service is its address.
_CAPABILITIES = re.compile(r"[?&]service=(WMS|WMTS|WFS|WCS)\b", re.IGNORECASE)
_SERVICE_TYPES = {"WMS": "wms", "WMTS": "wmts", "WFS": "wfs", "WCS": "wcs"}
_DOWNLOAD = re.compile(r"download|^file|^ftp", re.IGNORECASE)
# CI_OnLineFunctionCode of what explains the data (GeoDCAT-AP: foaf:page).
_EXPLAINS = frozenset(("information", "search"))
_MEDIA_TYPE = re.compile(r"^[a-z]+/[\w.+-]+$", re.IGNORECASE)
_RECORD_PAGE = re.compile(r"catalog\.search#/metadata/|metadata\.show\?", re.IGNORECASE)


def links(read: Any, identifier: str) -> tuple[list[dict[str, Any]], str | None, list[str]]:
    """Sort what a record links to.

    Args:
        read: an ``MD_Metadata`` of OWSLib.
        identifier: that of the record.

    Returns:
        The distributions, the page of the record for people, and the addresses of what explains the data. The record
        itself, which some catalogues list among its data, is none of them.
    """
    distributions: list[dict[str, Any]] = []
    page = _web_address(read.dataseturi)
    documentation: list[str] = []
    online = list(_online(read))
    file_format = _format_of_the_files(read)
    for link in online:
        address = (link.url or "").strip()
        if identifier and identifier in address and "getrecordbyid" in address.casefold():
            continue
        if identifier and identifier in address and _RECORD_PAGE.search(address):
            page = page or address
        elif link.function in _EXPLAINS and not (_service(link.protocol, address) or _is_file(link)):
            documentation.append(address)
        else:
            distributions.append(_distribution(link, address, file_format))
    return distributions, page, list(dict.fromkeys(documentation))


def _online(read: Any) -> Iterable[Any]:
    if read.distribution is None:
        return
    yield from read.distribution.online
    for distributor in read.distribution.distributor:
        yield from distributor.online


def _distribution(link: Any, address: str, file_format: str | None) -> dict[str, Any]:
    protocol = (link.protocol or "").strip()
    service = _service(protocol, address)
    name, media_type = (link.name or "").strip(), None
    if _MEDIA_TYPE.match(protocol):
        media_type = protocol
    is_file = _is_file(link)
    # An archive or a script may hold anything; what a file's name tells wins over what the record says of all.
    is_plain = readers.read_file_type(None, None, address).value in {None, "ZIP", "HTML"}
    found: dict[str, Any] = {
        "title": name,
        "description": (link.description or "").strip(),
        "accessURL" if service or not is_file else "downloadURL": address,
        "format": service or (file_format if is_file and is_plain else None),
        "mediaType": media_type,
    }
    standard = _SERVICE_TYPES.get(service or "")
    if standard:
        found["mxopendata"] = {"conforms_to": [f"http://www.opengis.net/def/serviceType/ogc/{standard}"]}
    return {key: value for key, value in found.items() if value}


def _is_file(link: Any) -> bool:
    return link.function == "download" or bool(_DOWNLOAD.search(link.protocol or ""))


def _service(protocol: str | None, address: str) -> str | None:
    """The kind of service that a protocol names; ``WWW:LINK-1.0-http--link`` and its like are none."""
    found = _SERVICE.search(protocol or "")
    if found is None and "request=getcapabilities" in address.casefold():
        found = _CAPABILITIES.search(address)
    if found is None:
        return None
    kind = found[1].upper()
    return kind if kind in _SERVICE_TYPES else "ESRI REST"


def _format_of_the_files(read: Any) -> str | None:
    """The format that the distribution names; of several nobody can tell whose each is."""
    if read.distribution is None or len(read.md.findall("{*}distributionInfo//{*}MD_Format")) != 1:
        return None
    written = read.distribution.format
    return written if written and readers.read_format(written).value else None


def _web_address(text: str | None) -> str | None:
    return text.strip() if text and text.strip().startswith(("http://", "https://")) else None
