"""GeoNode: by its API v2; where that is not there, by its CSW."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page, Unreadable
from ckanext.mxopendata.harvest.connectors.csw import CswConnector
from ckanext.mxopendata.harvest.connectors.geonode_record import NOT_DATA, to_dataset, with_its_page
from ckanext.mxopendata.harvest.documents import fetch_json
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

PAGE_SIZE = 100
# GeoNode 4, GeoNode 3; what they call a layer is also the key of the list.
LISTS = ("datasets", "layers")
CSW = "catalogue/csw"
# The portal is there, but not this list.
_NO_API = frozenset(
    {
        "http_not_found", "http_forbidden", "http_status", "http_server_error",
        "json_is_html", "json_invalid", "json_empty", "json_cut_off", "geonode_shape",
    }
)  # fmt: skip
# Below the front page of a GeoNode: what an operator may have copied.
_BELOW = re.compile(r"/(?:api|catalogue|catalogue-search|datasets|layers|documents|maps|search|people|groups)(?:/.*)?$")


class GeoNodeConnector(ListConnector):
    """Lists the datasets of a GeoNode; documents, maps and what is not published are left out."""

    platform = "geonode"
    title = "GeoNode (México)"
    description = "Portal GeoNode, por su API v2 o, si no la ofrece, por su servicio CSW."
    repeats_while_paging = True

    def __init__(self) -> None:
        self._csw = CswConnector()

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; every record is read each time, since the API does not tell what has changed."""
        portal = portal_address(url)
        if "csw" in position:
            yield from self._by_csw(client, portal, position["csw"], document, [])
            return
        if position:
            yield from _by_api(client, portal, position["list"], int(position["page"]), position["seen"])
            return
        refusal: SourceError | None = None
        for name in LISTS:
            try:
                first = _ask(client, portal, name, 1)
            except SourceError as error:  # noqa: PERF203 - each fails on its own
                if error.finding.code not in _NO_API:
                    raise
                refusal = refusal or error
            else:
                notice = Finding("geonode_by_api", location=f"{portal}/api/v2/{name}/")
                yield from _by_api(client, portal, name, 1, [], first, [notice])
                return
        reason = refusal.finding.code if refusal else ""
        notice = Finding("geonode_by_csw", location=f"{portal}/{CSW}", value=reason)
        try:
            yield from self._by_csw(client, portal, {}, document, [notice])
        except SourceError as error:
            if refusal and error.finding.code in {"http_not_found", "xml_is_html"}:
                raise refusal from error  # there is no GeoNode: what its API answered is more telling
            raise

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """Documents, maps and apps, and what has not been approved or published yet."""
        unpublished = record.get("is_published") is False
        return unpublished or record.get("resource_type") in NOT_DATA or self._csw.not_a_dataset(record)

    def _by_csw(
        self, client: HttpClient, portal: str, position: Mapping[str, Any], document: Path, findings: list[Finding]
    ) -> Iterator[Page]:
        for page in self._csw.pages(client, f"{portal}/{CSW}", position, document):
            yield Page(
                records=[with_its_page(record, portal) for record in page.records],
                position={"csw": dict(page.position)},
                total=page.total,
                findings=[*findings, *page.findings],
            )
            findings = []


def portal_address(url: str) -> str:
    """The address of a GeoNode's front page, whichever of its addresses the operator copied."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, _BELOW.sub("", parts.path).rstrip("/"), "", ""))


def _by_api(  # noqa: PLR0913, PLR0917 - where a reading is
    client: HttpClient,
    portal: str,
    name: str,
    number: int,
    seen: list[str],
    page: Mapping[str, Any] | None = None,
    findings: list[Finding] | None = None,
) -> Iterator[Page]:
    """The list from a page on.

    Args:
        client: the only way to fetch anything.
        portal: address of the front page.
        name: that of the list, one of :data:`LISTS`.
        number: of the page, from 1.
        seen: identifiers on the page before it.
        page: that page, where it was fetched already.
        findings: what is to be said first.
    """
    while True:
        if page is None:
            try:
                page = _ask(client, portal, name, number)
            except SourceError as error:
                if error.finding.code == "http_not_found" and number > 1:
                    return  # instead of an empty page: the list ends with the one before
                raise
        items = page[name]
        if not items:
            return
        records = [_read(item, number, place) for place, item in enumerate(items)]
        here = [record.identifier if isinstance(record, Unreadable) else record["identifier"] for record in records]
        if here == seen:
            raise SourceError(Finding("geonode_same_page", location=f"{portal}/api/v2/{name}/", value=str(number)))
        total = page.get("total")
        number, seen, page = number + 1, here, None
        yield Page(
            records=records,
            position={"list": name, "page": number, "seen": seen},
            total=total if isinstance(total, int) else None,
            findings=findings or [],
        )
        findings = None


def _read(item: Any, page: int, place: int) -> Any:
    """The dataset, or why there is none."""
    shown = f"{page}.{place + 1}"
    if not isinstance(item, Mapping):
        return Unreadable(f"#{shown}", Finding("record_not_an_object", location=shown, value=str(item)))
    try:
        record = to_dataset(item)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        identifier = str(item.get("uuid") or f"#{shown}")
        reason = {"reason": f"{type(error).__name__}: {error}"[:200]}
        return Unreadable(identifier, Finding("geonode_record_unreadable", value=identifier, details=reason))
    return {"identifier": "", **record}


def _ask(client: HttpClient, portal: str, name: str, number: int) -> Mapping[str, Any]:
    """One page of the API.

    Raises:
        SourceError: where that is not what came.
    """
    # The oldest first: what is added while the list is read comes at its end.
    query = urlencode({"page": number, "page_size": PAGE_SIZE, "sort[]": "created"})
    address = f"{portal}/api/v2/{name}/?{query}"
    answer = fetch_json(client, address)
    if not isinstance(answer, Mapping) or not isinstance(answer.get(name), list):
        raise SourceError(Finding("geonode_shape", location=address, value=name))
    return answer
