"""Catalogues in RDF, in one document or in the pages that Hydra knows."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

from ckanext.mxopendata.dcat.parser import parse_dataset
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page, Shape
from ckanext.mxopendata.harvest.connectors.dcat_records import record_of
from ckanext.mxopendata.harvest.connectors.one_document import fetch_if_other, unmodified
from ckanext.mxopendata.harvest.connectors.rdf_documents import make_readable, stream_quads
from ckanext.mxopendata.harvest.connectors.rdf_store import Store
from ckanext.mxopendata.harvest.documents import digest_of
from ckanext.mxopendata.http import Fetched, HttpClient
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import NODE

PAGE_SIZE = 100


@dataclass(frozen=True)
class _Place:
    """Where reading is.

    Attributes:
        page: number of the catalogue's page, from 0.
        address: of that page.
        read: how many of its datasets were given.
    """

    page: int
    address: str
    read: int = 0


class DcatConnector(ListConnector):
    """Fetches a document, keeps its triples in a file, and gives its datasets; then the next page's."""

    platform = "dcat"
    shape: Shape = "ckan"
    title = "DCAT (México)"
    description = "Catálogo DCAT en RDF/XML, Turtle, JSON-LD o N-Triples, entero o en páginas Hydra."
    repeats_while_paging = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; unmodified is only a catalogue in one document, by its server or its bytes."""
        if position.get("over"):
            return
        place = _Place(int(position.get("page", 0)), str(position.get("address", url)), int(position.get("read", 0)))
        findings: list[Finding] = []
        memory: Mapping[str, Any] | None = None
        if not _holds(document, place):
            fetched, memory = fetch_if_other(client, place.address, None if position else known)
            if fetched is None:
                yield unmodified(memory)
                return
            _, findings = _keep(fetched, place, document)
        following = ""
        while True:
            with Store(document) as store:
                following = urljoin(store.fact("url"), store.next_page()) if store.next_page() else ""
                total = store.total()
                if place.page or following:
                    memory = {}  # what is on other pages may change while this one does not
                elif total is None:
                    total = store.count()
                for page in _datasets(store, place):
                    yield replace(page, total=total, findings=findings, memory=memory)
                    findings, memory = [], None
            if not following:
                return
            place = _Place(place.page + 1, following)
            new, said = _keep(client.fetch(following), place, document)
            findings += said
            if not new:
                findings.append(Finding("rdf_pages_repeated", location=following, value=str(place.page + 1)))
                yield Page([], {"page": place.page, "address": following, "over": True}, total, findings)
                return

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """Its landing page, or its address where that is one of the web."""
        found = (record.get("url"), record.get(NODE))
        return next((str(page) for page in found if str(page).startswith(("http://", "https://"))), None)


def _holds(document: Path, place: _Place) -> bool:
    """Whether the file holds the page where reading goes on."""
    if not document.exists():
        return False
    try:
        with Store(document) as store:
            return (store.fact("page"), store.fact("asked")) == (str(place.page), place.address)
    except sqlite3.DatabaseError:
        return False


def _keep(fetched: Fetched, place: _Place, document: Path) -> tuple[bool, list[Finding]]:
    """Put a page that was fetched into the file.

    Returns:
        Whether it is another than the pages before, and what is to be said of it.
    """
    try:
        findings = make_readable(fetched.path, fetched.url)
        facts = {"page": str(place.page), "asked": place.address, "url": fetched.url}
        before = document if place.page and document.exists() else None
        digest = digest_of(fetched.path)
        Store.fill(document, stream_quads(fetched.path, fetched.url), before, facts)
    finally:
        fetched.path.unlink(missing_ok=True)
    with Store(document) as store:
        if not store.is_catalogue():
            raise SourceError(Finding("rdf_no_catalogue", location=fetched.url))
        new = store.visit(place.page, (urldefrag(place.address).url, digest, _listed(store)))
    return new, findings


def _listed(store: Store) -> str:
    """By what a page of the same datasets is known again; blank nodes have other names each time."""
    digest = hashlib.blake2b(digest_size=20)
    skip = 0
    while nodes := store.nodes(skip, PAGE_SIZE):
        if any(node.is_blank for node in nodes):
            return ""
        digest.update(" ".join(nodes).encode())
        skip += len(nodes)
    return f"datasets {digest.hexdigest()}"


def _datasets(store: Store, place: _Place) -> Iterator[Page]:
    read = place.read
    while nodes := store.nodes(read, PAGE_SIZE):
        records = [record_of(parse_dataset(store.graph_around(node), node)) for node in nodes]
        read += len(nodes)
        yield Page(records, {"page": place.page, "address": place.address, "read": read})
