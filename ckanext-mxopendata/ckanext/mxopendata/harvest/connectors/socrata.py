"""Portals on Socrata (Tyler Data & Insights), by their Discovery API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, LeftOut, ListConnector, Page
from ckanext.mxopendata.harvest.connectors.ckan_api import OF_ONE_RECORD
from ckanext.mxopendata.harvest.connectors.socrata_records import identifier_of, is_link, of_item
from ckanext.mxopendata.harvest.documents import fetch_json
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

API = "/api/catalog/v1"
LIMIT = 100
# The API counts no further, and gives no more by offset; from there on, what follows an identifier.
WINDOW = 10_000
# Comes before every identifier.
BEFORE_ALL = "0000-0000"


@dataclass(frozen=True)
class _Portal:
    """Where a portal is asked, and which it is: the API of one answers for all.

    Attributes:
        api: address of the Discovery API.
        domain: name of the portal.
        home: its address, without a slash at its end.
    """

    api: str
    domain: str
    home: str

    @property
    def names(self) -> tuple[str, str]:
        """What its records may call it: with its port, and without."""
        return self.domain, self.domain.partition(":")[0]


@dataclass(frozen=True)
class _Place:
    """How far a list has been read.

    Attributes:
        offset: how many records came, while they are counted.
        after: the identifier after which to go on, once they are not; else ``None``.
        last: the last identifier that came.
        first: the first one of the last page.
        in_order: whether identifiers came in their order.
        own: whether a record of the portal itself came.
    """

    offset: int = 0
    after: str | None = None
    last: str = ""
    first: str = ""
    in_order: bool = True
    own: bool = False


class SocrataConnector(ListConnector):
    """Asks the portal itself, in the order of identifiers: by offset up to the API's window, then by identifier."""

    platform = "socrata"
    title = "Socrata (México)"
    description = "Portal en Socrata (Tyler Data & Insights), por su API Discovery."
    authorization = "OAuth {key}"
    repeats_while_paging = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`."""
        portal = _portal(url)
        place = _Place(**position)
        stranger = ""
        while True:
            items, total = _ask(client, portal, place)
            if not items:
                break
            records = [_record(client, portal, item) for item in items]
            stranger = next((found for item in items if (found := _domain(item))), stranger)
            own = place.own or any(not _is_foreign(record) for record in records)
            place = replace(_after(place, items, portal), own=own)
            counted = total if total is not None and total < WINDOW else None
            complete = place.after is None and counted is not None and place.offset >= counted
            if place.after is None and place.offset + LIMIT > WINDOW:
                place = replace(place, after=place.last if place.in_order else BEFORE_ALL, first="")
            yield Page(records, asdict(place), counted)
            if complete:
                break
        if not place.own and (place.offset or place.after):
            raise SourceError(Finding("socrata_other_portal", location=portal.api, value=stranger or portal.domain))


def _portal(url: str) -> _Portal:
    """The portal at an address: its own, or one of the API that names it (``?domains=``)."""
    parts = urlsplit(url)
    own = f"{parts.scheme}://{parts.netloc}"
    named = parse_qs(parts.query).get("domains", [""])[0].strip().lower()
    if named:
        return _Portal(own + API, named, f"{parts.scheme}://{named}")
    return _Portal(own + API, parts.netloc.lower(), own)


def _ask(client: HttpClient, portal: _Portal, place: _Place) -> tuple[list[Any], int | None]:
    """Some records, and how many there are as far as the API counts."""
    asked: dict[str, Any] = {"domains": portal.domain, "search_context": portal.domain, "limit": LIMIT}
    if place.after is None:
        # Without an order a record may be on two pages, and another on none.
        asked |= {"offset": place.offset, "order": "dataset_id"}
    else:
        asked["scroll_id"] = place.after
    address = f"{portal.api}?{urlencode(asked)}"
    answer = fetch_json(client, address)
    items = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(items, list):
        raise SourceError(Finding("socrata_list", location=address, value="results"))
    total = answer.get("resultSetSize")
    if not items and place.after == BEFORE_ALL:
        raise SourceError(Finding("socrata_window", location=address, value=str(place.offset)))
    return items, total if isinstance(total, int) else None


def _after(place: _Place, items: list[Any], portal: _Portal) -> _Place:
    """The place behind some records.

    Raises:
        SourceError: where the list does not get on: the same page came again, or one without an identifier.
    """
    found = [identifier for item in items if (identifier := identifier_of(item))]
    if place.after is not None and (not found or found[0] == place.first):
        raise SourceError(Finding("socrata_window", location=portal.api, value=str(place.offset)))
    ordered = [place.last, *found]
    return replace(
        place,
        offset=place.offset + len(items),
        after=found[-1] if place.after is not None else None,
        last=found[-1] if found else place.last,
        first=found[0] if found else place.first,
        in_order=place.in_order and ordered == sorted(ordered),
    )


def _record(client: HttpClient, portal: _Portal, item: Any) -> Any:
    record = of_item(item, portal.home, portal.names)
    if is_link(item) and not isinstance(record, LeftOut):
        return of_item(item, portal.home, portal.names, _view(client, portal, identifier_of(item)))
    return record


def _view(client: HttpClient, portal: _Portal, identifier: str) -> Mapping[str, Any]:
    """What the portal says of a dataset that lies elsewhere; the list does not say where."""
    try:
        view = fetch_json(client, f"{portal.home}/api/views/{quote(identifier)}.json")
    except SourceError as error:
        if error.finding.code not in OF_ONE_RECORD:
            raise
        return {}
    return view if isinstance(view, Mapping) else {}


def _domain(item: Any) -> str:
    facts = item.get("metadata") if isinstance(item, Mapping) else None
    return str(facts.get("domain") or "") if isinstance(facts, Mapping) else ""


def _is_foreign(record: Any) -> bool:
    return isinstance(record, LeftOut) and any(finding.code == "record_of_other_portal" for finding in record.findings)
