"""A portal before it is a source: what answers, what its records would become, what the source would be called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.core_tables import GROUP, extra_value
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import preview, sources
from ckanext.mxopendata.harvest.detection import Detected
from ckanext.mxopendata.harvest.pruning import OURS
from ckanext.mxopendata.harvest.settings import SourceSettings
from ckanext.mxopendata.harvest.source import http_settings
from ckanext.mxopendata.harvest.suggestions import KnownInstitution, host_of, suggest
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.mapping import MappingSettings

RECORDS = 20
_FIELDS = ("acronym", "cvegeo", "portal_url", "landing_page")
_LONGEST_TITLE = 100
_BEGINNING = 64 * 1024


def propose(
    url: str, source_type: str | None, settings: SourceSettings, mapping: MappingSettings, patience: float | None = None
) -> dict[str, Any]:
    """Look at a portal; nothing is stored.

    Args:
        url: any address of it.
        source_type: what it is, or ``None`` to find out.
        settings: the configuration its source would have.
        mapping: what the mapping needs to know.
        patience: how many seconds it may take, about; ``None`` for as long as a harvest would wait.

    Returns:
        ``{"type", "platform", "url", "suggested": see :func:`.suggestions.suggest`, "preview": see
        :func:`.preview.preview`, of 20 records}``.

    Raises:
        SourceError: where no known platform answers, or it cannot be read.
    """
    found = Detected(source_type, url) if source_type else preview.detect(url, settings, patience)
    shown = preview.preview(found.type, found.url, settings, mapping, RECORDS, patience=patience)
    files = [file.content for file in sources.known_files() if not file.findings]
    title = _page_title(url, settings, found.type)
    suggested = suggest(found.url, title, shown["records"], known_institutions(), files)
    return {
        "type": found.type,
        "platform": shown["platform"],
        "url": found.url,
        "suggested": suggested,
        "preview": shown,
    }


def known_institutions() -> list[KnownInstitution]:
    """The active institutions of this site."""
    columns = [extra_value(GROUP, name).label(name) for name in _FIELDS]
    query = sa.select(GROUP.c.name, GROUP.c.title, *columns).where(
        GROUP.c.is_organization, GROUP.c.state == "active", GROUP.c.type == "organization"
    )
    return [
        KnownInstitution(
            name=row["name"],
            title=row["title"] or row["name"],
            acronym=row["acronym"] or "",
            cvegeo=row["cvegeo"] or "",
            hosts=frozenset(filter(None, (host_of(row["portal_url"]), host_of(row["landing_page"])))),
        )
        for row in model.Session.execute(query).mappings()
    ]


def _page_title(url: str, settings: SourceSettings, source_type: str) -> str:
    """What the portal's first page calls itself; an empty text where that cannot be known."""
    parts = urlsplit(url)
    limits = replace(http_settings(settings, source_type), total_timeout=10, retries=0)
    with (
        TemporaryDirectory(prefix=OURS, dir=config.harvest_folder()) as folder,
        HttpClient(limits, Path(folder)) as client,
    ):
        try:
            content = client.fetch_beginning(f"{parts.scheme}://{parts.netloc}/", _BEGINNING).content
            found = html.fromstring(content).findtext(".//title")
        except (SourceError, etree.LxmlError, ValueError):
            return ""
    return " ".join((found or "").split())[:_LONGEST_TITLE]
