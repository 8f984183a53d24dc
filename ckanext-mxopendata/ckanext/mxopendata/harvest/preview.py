"""A look at a source before anything is stored: what it is, and what its first records would become."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from ckanext.mxopendata import config
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import detection, origins, secrets, sharing, standing, uploaded
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.connectors.base import Connector, Unreadable
from ckanext.mxopendata.harvest.pruning import OURS
from ckanext.mxopendata.harvest.settings import SourceSettings, parse_config
from ckanext.mxopendata.harvest.sharing_search import Incoming
from ckanext.mxopendata.harvest.source import http_settings, mapping_facts
from ckanext.mxopendata.harvest.sources import config_of
from ckanext.mxopendata.harvest.spool import Reader
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from ckanext.mxopendata.metadata.validation import points

_BEGINNING = 64 * 1024
_LONGEST_TITLE = 100


def detect(url: str, settings: SourceSettings, patience: float | None = None) -> detection.Detected:
    """:func:`.detection.detect`, as a source with these settings would ask, but without its key: it is not known yet
    to whom that would go.

    Args:
        url: any address of a portal.
        settings: of the source.
        patience: seconds that all of it may take, about; ``None`` for no limit.

    Raises:
        SourceError: as there, and where the time is over.
    """
    with _asking(replace(settings, secret=None), "mx_datajson", patience) as client:
        return detection.detect(client, url, _until(patience))


def page_title(url: str, settings: SourceSettings, source_type: str, patience: float) -> str:
    """What the first page of the server at an address calls itself; an empty text where that cannot be known.

    Args:
        url: any address of a portal.
        settings: of its source.
        source_type: one of :data:`CONNECTORS`.
        patience: seconds that it may take.
    """
    parts = urlsplit(url)
    with _asking(settings, source_type, patience) as client:
        try:
            content = client.fetch_beginning(f"{parts.scheme}://{parts.netloc}/", _BEGINNING).content
            found = html.fromstring(content).findtext(".//title")
        except (SourceError, etree.LxmlError, ValueError):
            return ""
    return " ".join((found or "").split())[:_LONGEST_TITLE]


def preview(  # noqa: PLR0913, PLR0917 - what a source is made of
    source_type: str,
    url: str,
    settings: SourceSettings,
    mapping: MappingSettings,
    limit: int = 20,
    source_id: str = "",
    patience: float | None = None,
) -> dict[str, Any]:
    """The first records of a source as they would be stored; nothing is.

    Args:
        source_type: one of :data:`CONNECTORS`.
        url: address of the source.
        settings: its configuration.
        mapping: what the mapping needs to know.
        limit: how many records.
        source_id: of the source, where it is saved already.
        patience: seconds that the list may take, about; ``None`` for no limit. A list that is not read to its end by
            then is not counted.

    Returns:
        ``{"platform", "total", "findings", "records": [{"identifier", "title", "action", "dataset", "findings",
        "points", "duplicate_of"}]}``; ``total`` is what the portal says, or counted where a single file holds the list;
        ``duplicate_of`` is the name of the dataset of another source that stores the record already.

    Raises:
        SourceError: where it cannot be read.
    """
    limits = _limits(settings, source_type, patience)
    try:
        return _preview(source_type, url, settings, mapping, limit, source_id, limits, _until(patience))
    except SourceError as error:
        raise SourceError(secrets.hidden(error.finding, limits.credential)) from error


def _preview(  # noqa: PLR0913, PLR0917 - those of preview, and its limits
    source_type: str,
    url: str,
    settings: SourceSettings,
    mapping: MappingSettings,
    limit: int,
    source_id: str,
    limits: HttpSettings,
    until: float,
) -> dict[str, Any]:
    connector = CONNECTORS[source_type]
    reader = Reader(connector, settings, mapping.institution_title or "")
    shown: dict[str, Any] = {"platform": connector.platform, "total": 0, "findings": [], "records": []}
    with (
        TemporaryDirectory(prefix=OURS, dir=config.harvest_folder()) as folder,
        uploaded.client(limits, Path(folder), source_id) as client,
    ):
        counted = 0
        looked_at: list[Any] = []
        for page in connector.pages(client, url, {}, Path(folder, "document.json")):
            counted += len(page.records)
            shown["total"] = page.total if page.total is not None else counted
            shown["findings"] += [finding.to_dict() for finding in page.findings]
            for record in page.records[: limit - len(shown["records"])]:
                record = secrets.hidden_in(record, limits.credential)  # noqa: PLW2901
                shown["records"].append(_record(connector, reader, mapping, record, len(shown["records"])))
                looked_at.append(record)
            if len(shown["records"]) >= limit and (page.total is not None or time.monotonic() > until):
                break
            if time.monotonic() > until:
                raise SourceError(Finding("portal_takes_long", location=url))
    here = standing.Standing(source_id, standing.place(mapping.gov_type), origins.host(url), connector.platform)
    _note_duplicates(here, reader, shown["records"], looked_at)
    return shown


def preview_file(content: Mapping[str, Any], limit: int = 20) -> dict[str, Any]:
    """:func:`preview` of a source that only a configuration file describes, as it would be once it is created.

    Args:
        content: what the file says; nothing is wrong with it.
        limit: how many records.

    Raises:
        SourceError: where it cannot be read.
    """
    settings = parse_config(config_of(content))
    institution = content["institution"]
    known = mapping_facts(institution["title"], institution) if isinstance(institution, Mapping) else {}
    mapping = MappingSettings(**{**known, **settings.mapping})
    return preview(content["type"], content["url"], settings, mapping, limit)


@contextmanager
def _asking(settings: SourceSettings, source_type: str, patience: float | None) -> Iterator[HttpClient]:
    with (
        TemporaryDirectory(prefix=OURS, dir=config.harvest_folder()) as folder,
        HttpClient(_limits(settings, source_type, patience), Path(folder)) as client,
    ):
        yield client


def _limits(settings: SourceSettings, source_type: str, patience: float | None) -> HttpSettings:
    limits = http_settings(settings, source_type)
    # Somebody waits: what fails is not tried again.
    return limits if patience is None else replace(limits, total_timeout=min(limits.total_timeout, patience), retries=0)


def _until(patience: float | None) -> float:
    return math.inf if patience is None else time.monotonic() + patience


def _note_duplicates(
    here: standing.Standing, reader: Reader, shown: Sequence[dict[str, Any]], records: Sequence[Any]
) -> None:
    """Say of each shown record whether another source stores it."""
    incoming: list[Incoming] = []
    for number, (line, record) in enumerate(zip(shown, records, strict=True)):
        if line["action"] == "created":
            read = reader.line(record, number)
            incoming.append(Incoming(number, read["identifier"], read["title_key"], read["origin"], record))
    for number, name in sharing.preview(here, incoming).items() if incoming else ():
        shown[number]["duplicate_of"] = name
        shown[number]["action"] = "duplicate"


def _record(connector: Connector, reader: Reader, mapping: MappingSettings, record: Any, number: int) -> dict[str, Any]:
    line = reader.line(record, number)
    findings = [Finding.from_facts(facts) for facts in line["findings"]]
    dataset: dict[str, Any] = {}
    if isinstance(record, Mapping) and not isinstance(record, Unreadable) and line["action"] is None:
        mapped = map_record(record, connector.shape, mapping)
        dataset = mapped.dataset
        findings += mapped.findings
    return {
        "identifier": line["identifier"],
        "title": line["title"],
        "action": line["action"] or "created",
        "dataset": dataset,
        "findings": [finding.to_dict() for finding in findings],
        "points": points(dataset)[0] if dataset else 0,
        "duplicate_of": None,
    }
