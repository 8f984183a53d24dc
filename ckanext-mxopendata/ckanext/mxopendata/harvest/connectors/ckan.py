"""Portals on CKAN, and those that answer like one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import ckan_changes
from ckanext.mxopendata.harvest.connectors.base import Known, Page, Shape
from ckanext.mxopendata.harvest.connectors.ckan_api import (
    NO_SEARCH,
    call,
    first_id,
    names,
    portal_address,
    read_packages,
    read_singly,
)
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

PAGE_SIZE = 200


class CkanConnector:
    """Reads the list with ``package_search``; where that is off, with ``current_package_list_with_resources``, and
    where that is off too, with ``package_list`` and ``package_show``.
    """

    platform = "ckan"
    shape: Shape = "ckan"
    title = "CKAN (México)"
    description = "Portal en CKAN, de cualquier versión que ofrezca la API de acciones."
    authorization = "{key}"
    fastest: float | None = None
    repeats_while_paging = True
    is_template = False

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; what is known need not be read (:mod:`.ckan_changes`)."""
        api = _api_address(url)
        if known is not None and position.get("mode", ckan_changes.MODE) == ckan_changes.MODE:
            try:
                yield from ckan_changes.read_changes(client, api, position, document, known)
            except ckan_changes.NotOfferedError:
                position = {}
            else:
                return
        yield from self._everything(client, api, {} if position.get("mode") == ckan_changes.MODE else position)

    def _everything(self, client: HttpClient, api: str, position: Mapping[str, Any]) -> Iterator[Page]:
        if position.get("mode") == "single":
            yield from read_singly(client, api, position)
            return
        if position.get("mode") == "packages":
            yield from _packages(client, api, position)
            return
        try:
            first = self._search_page(client, api, int(position.get("start", 0)))
        except SourceError as error:
            if position or error.finding.code not in NO_SEARCH:
                raise
            yield from self._without_search(client, api, error)
            return
        yield from self._search(client, api, first)

    def version(self, record: Mapping[str, Any]) -> str | None:
        """See :meth:`Connector.version`."""
        return ckan_changes.version(record)

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """Harvest sources, showcases, drafts and removed datasets are listed by some portals."""
        kind = str(record.get("type") or "dataset").lower()
        state = str(record.get("state") or "active").lower()
        return kind in {"harvest", "showcase", "harvest_source"} or state in {"deleted", "draft"}

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """See :meth:`Connector.page_address`."""
        name = record.get("name") or record.get("id")
        return f"{portal_address(url)}/dataset/{quote(str(name))}" if name else None

    def _search(self, client: HttpClient, api: str, page: Page) -> Iterator[Page]:
        while page.records:
            yield page
            start = int(page.position["start"])
            if page.total is not None and start >= page.total:
                return
            before, counted = first_id(page.records), page.total is not None
            page = self._search_page(client, api, start)
            if not counted and before is not None and first_id(page.records) == before:
                # All of it each time: without a count there is no other way to see that it was all.
                return

    def _search_page(self, client: HttpClient, api: str, start: int) -> Page:
        query = urlencode({"rows": PAGE_SIZE, "start": start, "sort": "id asc"})
        address = f"{api}/package_search?{query}"
        result = call(client, address)
        # Some give the list itself.
        records = result.get("results") if isinstance(result, dict) else result
        if not isinstance(records, list) or (records and all(isinstance(record, str) for record in records)):
            raise SourceError(Finding("api_shape", location=address, value="result.results"))
        total = result.get("count") if isinstance(result, dict) else None
        # The server caps `rows` without saying so: the next page begins after what really came.
        return Page(
            records=records,
            position={"mode": "search", "start": start + len(records)},
            total=total if isinstance(total, int) else None,
        )

    def _without_search(self, client: HttpClient, api: str, search_error: SourceError) -> Iterator[Page]:
        reason = search_error.finding.code
        begun = False
        try:
            for page in _packages(client, api, {}):
                notice = Finding("api_by_packages", location=api, value=reason)
                yield replace(page, findings=[] if begun else [notice])
                begun = True
        except SourceError as error:
            if begun or error.finding.code not in NO_SEARCH:
                raise
        if begun:
            return
        try:
            listed = names(client, api)
        except SourceError as error:
            raise search_error from error
        notice = Finding("api_without_search", location=api, value=reason)
        yield from read_singly(client, api, {}, listed, [notice])


def _packages(client: HttpClient, api: str, position: Mapping[str, Any]) -> Iterator[Page]:
    for page in read_packages(client, api, position):
        yield replace(page, position={**page.position, "mode": "packages"})


def _api_address(url: str) -> str:
    return f"{portal_address(url)}/api/3/action"
