"""A portal before it is a source: what answers, what its records would become, what the source would be called."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, extra_value
from ckanext.mxopendata.harvest import preview, sources
from ckanext.mxopendata.harvest.detection import Detected
from ckanext.mxopendata.harvest.settings import SourceSettings
from ckanext.mxopendata.harvest.suggestions import KnownInstitution, hosts_of, suggest
from ckanext.mxopendata.metadata.mapping import MappingSettings

RECORDS = 20
# A title is not worth more.
_TITLE_SECONDS = 10.0
_FIELDS = ("acronym", "cvegeo", "portal_url", "landing_page")


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
    title = preview.page_title(url, settings, found.type, _TITLE_SECONDS)
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
            hosts=hosts_of(row),
        )
        for row in model.Session.execute(query).mappings()
    ]
