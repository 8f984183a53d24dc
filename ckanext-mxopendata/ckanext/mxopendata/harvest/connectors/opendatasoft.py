"""Portals on Opendatasoft (Huwise), by their Explore API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page
from ckanext.mxopendata.harvest.connectors.ckan_api import OF_ONE_RECORD
from ckanext.mxopendata.harvest.connectors.opendatasoft_records import of_dataset, of_version_one
from ckanext.mxopendata.harvest.documents import fetch_json, make_utf8, stream_list
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

LIMIT = 100
# The API gives no more than so many, whatever their offset; its export has no such limit.
WINDOW = 10_000
EXPORT = "/api/explore/v2.1/catalog/exports/json"
# Address, names of its parameters, keys of the count and of the list; the newest first.
VERSIONS = {
    "2.1": ("/api/explore/v2.1/catalog/datasets", ("limit", "offset"), ("total_count", "results")),
    "2.0": ("/api/v2/catalog/datasets", ("limit", "offset"), ("total_count", "datasets")),
    "1.0": ("/api/datasets/1.0/search/", ("rows", "start"), ("nhits", "datasets")),
}
# Answers after which an older version is worth asking for.
NOT_OFFERED = OF_ONE_RECORD | {"opendatasoft_list"}


class OpendatasoftConnector(ListConnector):
    """Reads the list in pages; where it is longer than the API's window, the export of the whole catalogue."""

    platform = "opendatasoft"
    title = "Opendatasoft (México)"
    description = "Portal en Opendatasoft (Huwise), con la API Explore 2.1, 2.0 o 1.0."
    authorization = "Apikey {key}"
    repeats_while_paging = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`."""
        portal = _portal(url)
        if position.get("version") == "export":
            yield from _export(client, portal, int(position["read"]), None, document)
        elif position:
            yield from _listed(client, portal, position["version"], int(position["offset"]))
        else:
            yield from self._from_the_beginning(client, portal, document)

    def _from_the_beginning(self, client: HttpClient, portal: str, document: Path) -> Iterator[Page]:
        refusal: SourceError | None = None
        for version in VERSIONS:
            try:
                first = _page(client, portal, version, 0)
            except SourceError as error:
                if error.finding.code not in NOT_OFFERED:
                    raise
                refusal = refusal or error
                continue
            if refusal is not None:
                first.findings.append(Finding("opendatasoft_old_api", location=refusal.finding.location, value=version))
            if version == "2.1" and (first.total or 0) > WINDOW:
                yield from _export(client, portal, 0, first.total, document)
            else:
                yield from _listed(client, portal, version, 0, first)
            return
        if refusal is not None:
            raise refusal


def _portal(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _listed(client: HttpClient, portal: str, version: str, offset: int, page: Page | None = None) -> Iterator[Page]:
    while True:
        page = page or _page(client, portal, version, offset)
        if not page.records:
            return
        yield page
        offset = int(page.position["offset"])
        if (page.total is not None and offset >= page.total) or offset >= WINDOW:
            return
        page = None


def _page(client: HttpClient, portal: str, version: str, offset: int) -> Page:
    path, (limit, start), (count, listed) = VERSIONS[version]
    asked = {limit: min(LIMIT, WINDOW - offset), start: offset}
    # Without an order a record may be on two pages, and another on none.
    order = {"sort": "datasetid"} if version == "1.0" else {"order_by": "dataset_id"}
    address = f"{portal}{path}?{urlencode({**asked, **order})}"
    answer = fetch_json(client, address)
    found = answer.get(listed) if isinstance(answer, Mapping) else None
    if not isinstance(found, list):
        raise SourceError(Finding("opendatasoft_list", location=address, value=listed))
    translate = of_version_one if version == "1.0" else of_dataset
    total = answer.get(count)
    return Page(
        records=[translate(item, portal) for item in found],
        position={"version": version, "offset": offset + len(found)},
        total=total if isinstance(total, int) else None,
    )


def _export(client: HttpClient, portal: str, read: int, total: int | None, document: Path) -> Iterator[Page]:
    address = portal + EXPORT
    if not document.exists():
        fetched = client.fetch(address)
        try:
            make_utf8(fetched.path)
            fetched.path.replace(document)
        finally:
            fetched.path.unlink(missing_ok=True)
    items = stream_list(document, address, skip=read)
    while batch := list(islice(items, LIMIT)):
        read += len(batch)
        records = [of_dataset(item, portal) for item in batch]
        yield Page(records, {"version": "export", "read": read}, total)
