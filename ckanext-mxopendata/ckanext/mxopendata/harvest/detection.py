"""Which platform answers at an address, from any page of a portal; never a guess."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.ckan_api import OF_ONE_RECORD
from ckanext.mxopendata.harvest.signs import HOSTS, OF_ITSELF, SIGNS, Sign
from ckanext.mxopendata.http import Beginning, HttpClient
from ckanext.mxopendata.metadata.findings import Finding

_BEGINNING = 256 * 1024
# Where the pages of a platform begin: what stands before is the address of the portal.
_PAGES = frozenset((
    "about", "api", "app", "apps", "browse", "catalog", "catalogo", "catalogue", "conjunto", "conjuntos", "csw", "d",
    "dashboards", "data.json", "dataset", "datasets", "dataviews", "developers", "documents", "en", "es", "explore",
    "feeds", "group", "groups", "home", "index.html", "index.php", "layers", "node", "organization", "pages",
    "resource", "rest", "search", "sites", "srv", "stories", "user", "view", "visualizations",
))  # fmt: skip


@dataclass(frozen=True)
class Detected:
    """What answers at an address.

    Attributes:
        type: the source type.
        url: the address to harvest, which may be another than the one given.
    """

    type: str
    url: str


@dataclass(frozen=True)
class Recognised:
    """A platform that was found where it was looked for.

    Attributes:
        moved_to: the address of the source from now on, where its server says that it has moved for good.
    """

    moved_to: str | None


def recognise(client: HttpClient, source_type: str, url: str) -> Recognised | None:
    """Whether a platform answers at the address of a source, asking only for what that platform is known by.

    Args:
        client: the only way to fetch anything.
        source_type: the type that is looked for.
        url: address of the source.

    Returns:
        ``None`` where none of its signs is met; its connector may still be able to read what is there.

    Raises:
        SourceError: where the server cannot be asked at all.
    """
    places = [(url, sign) for sign in OF_ITSELF if sign.type == source_type]
    places += [(base, sign) for base in _bases(url) for sign in SIGNS if sign.type == source_type]
    for base, sign in places:
        beginning = _ask(client, base + sign.path, [])
        if beginning is None or not sign.is_met(beginning.content):
            continue
        if sign.unless is None or recognise(client, sign.unless, url) is None:
            return Recognised(_moved(beginning, sign.path, base, url))
    return None


def _moved(beginning: Beginning, path: str, base: str, url: str) -> str | None:
    """The new address of a source, from where the address that was asked, ``base + path``, is now."""
    moved_to = beginning.moved_to
    if moved_to is None or not moved_to.endswith(path):
        return None
    address = moved_to.removesuffix(path) + url.removeprefix(base)
    return None if address.rstrip("/") == url.rstrip("/") else address


def detect(client: HttpClient, url: str, until: float = math.inf) -> Detected:
    """Find out what kind of portal answers at an address.

    A host on which one platform only runs is not asked. Else the address itself is asked first, then what each platform
    alone answers, below the address of the portal and below that of its server.

    Args:
        client: the only way to fetch anything.
        url: any address of a portal.
        until: when to give up, by the monotonic clock.

    Raises:
        SourceError: where none of the known platforms answers, the server cannot be asked at all, or the time is over.
    """
    hosted = next((kind for end, kind in HOSTS.items() if (urlsplit(url).hostname or "").endswith(end)), None)
    if hosted is not None:
        return Detected(hosted, f"{list(_bases(url))[-1]}/")
    refusals: list[SourceError] = []
    for sign in OF_ITSELF:
        if sign.is_met(_beginning(client, url, refusals)):
            return Detected(sign.type, url)
    for base in _bases(url):
        for sign in SIGNS:
            if time.monotonic() > until:
                raise SourceError(Finding("portal_takes_long", location=url))
            if sign.is_met(_beginning(client, base + sign.path, refusals)):
                return Detected(sign.type, _source(sign, base, url))
    said = refusals[0].finding.code if refusals else ""
    raise SourceError(Finding("platform_unknown", location=url, value=said))


def _beginning(client: HttpClient, address: str, refusals: list[SourceError]) -> bytes:
    """The first bytes of an answer; none where there is no such page."""
    beginning = _ask(client, address, refusals)
    return b"" if beginning is None else beginning.content


def _ask(client: HttpClient, address: str, refusals: list[SourceError]) -> Beginning | None:
    """How an answer begins; ``None`` where there is no such page."""
    try:
        return client.fetch_beginning(address, _BEGINNING)
    except SourceError as error:
        # The server is not there, or wants to be left alone: there is nothing to ask it.
        if error.finding.code not in OF_ONE_RECORD:
            raise
        refusals.append(error)
        return None


def _source(sign: Sign, base: str, url: str) -> str:
    if sign.source is not None:
        return base + sign.source
    return url if url.rstrip("/") == base else f"{base}/"


def _bases(url: str) -> Iterator[str]:
    """The address of the portal that a page belongs to, then that of its server."""
    parts = urlsplit(url)
    site = f"{parts.scheme}://{parts.netloc}"
    segments = [segment for segment in parts.path.split("/") if segment]
    own = next((number for number, segment in enumerate(segments) if segment.lower() in _PAGES), len(segments))
    if own:
        yield "/".join((site, *segments[:own]))
    yield site
