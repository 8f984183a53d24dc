"""How a portal is: whether what its source is configured for answers, has moved, or is something else by now.

What the configured platform alone answers is asked first, mostly one request; only where that is not found, what else
it may be, and whether the connector can read it all the same. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import detection
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.signs import OF_ITSELF
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

State = Literal["answers", "moved", "other_platform", "unrecognised", "forbidden", "certificate", "dead"]
_FORBIDDEN = frozenset({"http_forbidden", "http_robots", "http_secret_in_clear"})
# What is asked at the very address that an operator gave, a file or a service: there the connector knows best.
_NAMED_ITSELF = frozenset(sign.type for sign in OF_ITSELF)
# Of the front page only its address counts.
_OF_THE_PAGE = 2000


@dataclass(frozen=True)
class Probed:
    """How a portal is.

    Attributes:
        state: in one word.
        findings: what is to be said of it.
        moved_to: the address of the source from now on, where it has moved.
        found: what answers there instead of what was looked for.
    """

    state: State
    findings: tuple[Finding, ...] = ()
    moved_to: str | None = None
    found: detection.Detected | None = None


def probe(client: HttpClient, keyless: HttpClient, source_type: str, url: str) -> Probed:
    """Ask a portal.

    Args:
        client: asks as the source does, with its key.
        keyless: the same without its key, for what is asked while it is not known what answers.
        source_type: the type of the source.
        url: its address.
    """
    try:
        known = detection.recognise(client, source_type, url)
        if known is not None:
            return _found(url, known.moved_to)
        if source_type in _NAMED_ITSELF and _read_by_connector(client, source_type, url) is None:
            return Probed("answers")
        return _elsewhere(client, keyless, source_type, url)
    except SourceError as error:
        return _failed(error.finding)


def _found(url: str, moved_to: str | None) -> Probed:
    if moved_to is None:
        return Probed("answers")
    return Probed("moved", (Finding("source_moved", "url", url, moved_to),), moved_to)


def _read_by_connector(client: HttpClient, source_type: str, url: str) -> Finding | None:
    """Why a connector cannot read the beginning of a list; ``None`` where it can."""
    folder = client.folder or Path()
    pages: Iterator[object] = CONNECTORS[source_type].pages(client, url, {}, folder / "document")
    try:
        next(pages, None)
    except SourceError as error:
        return error.finding
    return None


def _elsewhere(client: HttpClient, keyless: HttpClient, source_type: str, url: str) -> Probed:
    """What became of a portal that shows none of the signs of its platform.

    Raises:
        SourceError: where its server does not answer.
    """
    moved_to, refused = None, None
    try:
        moved_to = keyless.fetch_beginning(url, _OF_THE_PAGE).moved_to
    except SourceError as error:
        refused = error
    if moved_to is not None and detection.recognise(keyless, source_type, moved_to) is not None:
        return _found(url, moved_to)
    found = _detected(keyless, moved_to or url)
    if found is not None and found.type == source_type:
        return _found(url, found.url)
    unreadable = None
    if found is None or found.type in _NAMED_ITSELF:
        # A portal that shows no sign of its own may be read all the same: by its file, or at an unusual address.
        unreadable = _read_by_connector(client, source_type, url)
        if unreadable is None:
            return Probed("answers")
    if found is not None:
        names = {"was": _title(source_type), "now": _title(found.type), "url": found.url}
        finding = Finding("source_other_platform", "type", url, found.type, names)
        return Probed("other_platform", (finding,), moved_to, found)
    if refused is not None:
        raise refused
    if unreadable is not None and unreadable.code in _FORBIDDEN:
        return _failed(unreadable)
    finding = Finding("source_unrecognised", "type", moved_to or url, None, {"was": _title(source_type)})
    return Probed("unrecognised", (finding, *([unreadable] if unreadable else [])), moved_to)


def _detected(client: HttpClient, url: str) -> detection.Detected | None:
    """What answers at an address, or ``None`` where that is not known."""
    try:
        return detection.detect(client, url)
    except SourceError as error:
        if error.finding.code != "platform_unknown":
            raise
    return None


def _failed(finding: Finding) -> Probed:
    if finding.code in _FORBIDDEN:
        return Probed("forbidden", (finding,))
    return Probed("certificate" if finding.code == "http_tls" else "dead", (finding,))


def _title(source_type: str) -> str:
    return CONNECTORS[source_type].title.removesuffix(" (México)")
