"""Portals on DKAN, of Drupal 7 and later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector
from ckanext.mxopendata.harvest.connectors.ckan_api import OF_ONE_RECORD, portal_address, read_packages, read_singly
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.connectors.dkan_records import of_metastore, of_package
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

# The one that says most of a dataset first. In all of them its identifier is the UUID that Drupal gave it.
FILES = {"data.json": "/data.json", "metastore": "/api/1/metastore/schemas/dataset/items"}
WAYS = (*FILES, "packages", "single")
# Answers after which it is worth asking in another way: the portal is there, but this way is not.
NOT_OFFERED = OF_ONE_RECORD | {"json_no_list"}


class DkanConnector(ListConnector):
    """Reads ``data.json``; where that fails, the list of DKAN 2's metastore, or DKAN 1's imitation of CKAN's API."""

    platform = "dkan"
    title = "DKAN (México)"
    description = "Portal en DKAN, de Drupal 7 o posterior."
    repeats_while_paging = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; a file is unmodified as :class:`DataJsonConnector` finds out."""
        portal = portal_address(url).removesuffix(FILES["data.json"])
        if position:
            yield from _read(position["way"], client, portal, position, document, None)
            return
        refusal: SourceError | None = None
        for way in WAYS:
            begun = False
            try:
                for page in _read(way, client, portal, {}, document, known):
                    findings = [] if begun or refusal is None else [_other_way(refusal, portal, way)]
                    begun = True
                    yield replace(page, findings=[*findings, *page.findings])
            except SourceError as error:
                document.unlink(missing_ok=True)
                if begun or error.finding.code not in NOT_OFFERED:
                    raise
                refusal = refusal or error
                if way == WAYS[-1]:
                    raise refusal from error
            else:
                return

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """As of CKAN: harvest sources, drafts and removed datasets; ``Active`` and ``Dataset`` are neither."""
        return CkanConnector().not_a_dataset(record)


def _other_way(refusal: SourceError, portal: str, way: str) -> Finding:
    found = refusal.finding
    return Finding("dkan_other_way", location=f"{portal}{FILES['data.json']}", value=way, details={"why": found.code})


def _read(  # noqa: PLR0913, PLR0917 - those of Connector.pages, and the way
    way: str, client: HttpClient, portal: str, position: Mapping[str, Any], document: Path, known: Known | None
) -> Iterator[Page]:
    api = f"{portal}/api/3/action"
    if way in FILES:
        pages = DataJsonConnector().pages(client, portal + FILES[way], position, document, known)
    elif way == "packages":
        pages = read_packages(client, api, position)
    else:
        pages = read_singly(client, api, position)
    translate = of_metastore if way in FILES else of_package
    for page in pages:
        records = [translate(record) for record in page.records]
        yield replace(page, records=records, position={**page.position, "way": way})
