"""Catalogues in one file: ``data.json`` of Project Open Data, DKAN and ArcGIS Hub, ADELA's ``catalogo.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ckanext.mxopendata.harvest.connectors.base import Page, Platform
from ckanext.mxopendata.harvest.documents import make_utf8, stream_list
from ckanext.mxopendata.harvest.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

PAGE_SIZE = 500


class DataJsonConnector:
    """Fetches the file once, then reads it as a stream."""

    platform: Platform = "datajson"
    title = "data.json (México)"
    description = "Catálogo en un archivo data.json (Project Open Data 1.1), catalogo.json de ADELA o DCAT-US."
    repeats_while_paging = False

    def pages(self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path) -> Iterator[Page]:
        """See :meth:`Connector.pages`."""
        findings: list[Finding] = []
        if not document.exists():
            fetched = client.fetch(url)
            encoding = make_utf8(fetched.path)
            if not encoding.startswith("utf"):
                findings.append(Finding("json_encoding", location=url, value=encoding))
            fetched.path.replace(document)
        done = int(position.get("read", 0))
        records = stream_list(document, url, skip=done)
        while batch := list(islice(records, PAGE_SIZE)):
            done += len(batch)
            yield Page(records=batch, position={"read": done}, findings=findings)
            findings = []

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """A file of this kind lists datasets only."""
        return False

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """See :meth:`Connector.page_address`."""
        page = record.get("landingPage")
        return page if isinstance(page, str) and page.startswith(("http://", "https://")) else None
