"""Catalogue services for the web (CSW 2.0.2) with ISO 19139: GeoNetwork, pycsw and with it GeoNode, ArcGIS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import csw_requests
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page, Unreadable
from ckanext.mxopendata.harvest.connectors.csw_answers import Answer, RefusedError, read_answer
from ckanext.mxopendata.harvest.connectors.iso_extents import sides_are_exchanged
from ckanext.mxopendata.harvest.connectors.iso_record import NOT_DATA, RECORDS, identifier_of, to_dataset
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

# After these the same address may answer another way of asking.
_WAY_REFUSED = frozenset(("http_status", "http_forbidden", "http_server_error"))
# After these another address of the same portal may be the service's.
_NOT_HERE = frozenset(
    ("http_not_found", "http_status", "xml_is_html", "json_empty", "xml_invalid", "csw_not_a_list")
) | _WAY_REFUSED  # fmt: skip
_NAMED = 5


@dataclass(frozen=True)
class _Place:
    """Where a reading is, as it is kept in ``Page.position``."""

    address: str
    way: int
    start: int = 1
    before: str = ""


class CswConnector(ListConnector):
    """Reads whole records, a page at a time; no record is asked for by itself."""

    platform = "csw"
    title = "CSW (México)"
    description = "Catálogo de metadatos geográficos ISO 19139 por CSW 2.0.2: GeoNetwork, pycsw, ArcGIS."
    repeats_while_paging = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; every record is read each time.

        A brief list of a CSW has no dates, so what has changed cannot be told for less than what all of it costs.
        """
        findings: list[Finding] = []
        if position:
            place = _Place(**{name: position[name] for name in ("address", "way", "start", "before")})
            if place.start == 0:
                return
            answer, swapped = _ask(client, place)
        else:
            place, answer, swapped = _first(client, url)
            findings = _on_the_way(place)
        while answer.records:
            digest = _digest(answer.records)
            if digest == place.before:
                raise SourceError(Finding("csw_same_page", location=place.address, value=str(place.start)))
            start, doubt = _next(place.start, answer)
            findings += [*_notices(place, swapped), *doubt]
            place = _Place(place.address, place.way, start, digest)
            yield Page(records=answer.records, position=asdict(place), total=answer.matched, findings=findings)
            findings = []
            if not start:
                return
            try:
                answer, swapped = _ask(client, place)
            except RefusedError as error:
                if not error.about_start:
                    raise
                return  # instead of an empty page: the list has become shorter while it was read

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """Services and applications are listed beside the data they show."""
        return record.get("hierarchyLevel") in NOT_DATA

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """See :meth:`Connector.page_address`; without a page of its own, that of GeoNetwork."""
        page, portal = record.get("landingPage"), csw_requests.portal_address(url)
        if isinstance(page, str) and page:
            return page
        identifier = record.get("identifier")
        if portal is None or not identifier:
            return None
        return f"{portal}/srv/spa/catalog.search#/metadata/{quote(str(identifier))}"


def _first(client: HttpClient, url: str) -> tuple[_Place, Answer, list[str]]:
    """The first page, at the address and in the way that the portal answers."""
    refusal: SourceError | None = None
    for address in csw_requests.addresses(url):
        for number in range(len(csw_requests.WAYS)):
            place = _Place(address, number)
            try:
                return place, *_ask(client, place)
            except RefusedError as error:
                # The service is here, whatever it wants: what it says is more telling than what another address did.
                refusal = error
            except SourceError as error:
                refusal = refusal or error
                if error.finding.code not in _NOT_HERE:
                    raise
                if error.finding.code not in _WAY_REFUSED:
                    break
        if isinstance(refusal, RefusedError):
            break
    raise refusal or SourceError(Finding("http_bad_url", value=url))


def _ask(client: HttpClient, place: _Place) -> tuple[Answer, list[str]]:
    """One page, and the identifiers of its records whose rectangle was mended."""
    way = csw_requests.WAYS[place.way]
    if way.by_post:
        fetched = client.post(place.address, csw_requests.body(way, place.start), csw_requests.CONTENT_TYPE)
    else:
        fetched = client.fetch(csw_requests.address(place.address, way, place.start))
    swapped: list[str] = []

    def read(element: etree._Element) -> dict[str, Any]:
        if element.tag not in RECORDS:
            raise SourceError(Finding("csw_other_schema", location=place.address, value=str(element.tag)))
        if sides_are_exchanged(element):
            swapped.append(identifier_of(element))
        return to_dataset(element)

    try:
        return read_answer(fetched.path, place.address, read), swapped
    finally:
        fetched.path.unlink(missing_ok=True)


def _next(start: int, answer: Answer) -> tuple[int, list[Finding]]:
    """Where the next page begins, 0 at the end, and what is odd about what the server says of that."""
    after = start + len(answer.records)
    said = answer.next_record
    if answer.matched is None:
        return (0 if said == 0 else max(said or 0, after)), []
    # Records that the server skips are counted by it too: it may go on later than after what came, never before.
    begins = said if said and after < said <= answer.matched + 1 else after
    odd = said is not None and begins != said and (said != 0 or after <= answer.matched)
    details = {"start": start, "total": answer.matched}
    doubt = [Finding("csw_next_record", value=str(said), details=details)] if odd else []
    return (begins if begins <= answer.matched else 0), doubt


def _on_the_way(place: _Place) -> list[Finding]:
    way = csw_requests.WAYS[place.way]
    found = [] if way.sort_by else [Finding("csw_unsorted", location=place.address)]
    return found if way.by_post else [*found, Finding("csw_only_get", location=place.address)]


def _notices(place: _Place, swapped: list[str]) -> list[Finding]:
    if not swapped:
        return []
    shown = ", ".join(swapped[:_NAMED]) + ("…" if len(swapped) > _NAMED else "")
    return [Finding("bbox_sides_exchanged", "spatial_coverage", place.address, shown, {"count": len(swapped)})]


def _digest(records: list[Any]) -> str:
    """A word for the content of a page, by which a server that always sends the same one is found out."""
    content = [record.identifier if isinstance(record, Unreadable) else record for record in records]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()
