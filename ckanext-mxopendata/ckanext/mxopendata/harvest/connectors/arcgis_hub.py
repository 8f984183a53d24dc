"""Portals on ArcGIS Hub: the feed of DCAT-US first; where a site has switched its feeds off, its search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, Page
from ckanext.mxopendata.harvest.connectors.ckan_api import NO_SEARCH
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.documents import fetch_json
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

# The second is where the feed was until 2022; other software keeps its own there.
FEEDS = ("/api/feed/dcat-us/1.1.json", "/data.json")
ITEMS = "/api/search/v1/collections/dataset/items"
PAGE_SIZE = 100
# Answers after which the next way is tried: the site is there, the feed is not.
NO_FEED = NO_SEARCH | {"json_is_html", "json_empty", "json_no_list", "json_says_error", "json_invalid"}
# What the address of a service ends with, where it is one layer or several.
_SERVICES = ("FeatureServer", "MapServer", "ImageServer")
_ITEM_PAGE = "https://www.arcgis.com/home/item.html?id={}"


class ArcGisHubConnector(DataJsonConnector):
    """Reads the feed as any ``data.json``; else the items of the site's search, page by page.

    Both name a dataset alike (:func:`.identity.content_hash` knows about layers), so that a site that switches its feed
    on or off keeps its datasets.
    """

    platform = "arcgis_hub"
    title = "ArcGIS Hub (México)"
    description = "Sitio de ArcGIS Hub: su catálogo DCAT-US o, si lo tiene apagado, su buscador."

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`."""
        site = _site(url)
        if position.get("mode") == "items":
            yield from _items(client, site, int(position["start"]), [])
            return
        refusals: list[SourceError] = []
        for feed in _feeds(url, site):
            pages = super().pages(client, feed, position, document, known)
            try:
                first = next(pages, None)
            except SourceError as error:
                if error.finding.code not in NO_FEED:
                    raise
                document.unlink(missing_ok=True)
                refusals.append(error)
                continue
            if first is not None:
                yield first
            yield from pages
            return
        refusal = refusals[0]
        notice = Finding("hub_feed_off", location=refusal.finding.location, value=refusal.finding.code)
        try:
            yield from _items(client, site, 0, [notice])
        except SourceError as error:
            if error.finding.code not in NO_FEED:
                raise
            raise refusal from error


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _feeds(url: str, site: str) -> list[str]:
    """The addresses of a feed in the order in which they are tried: one that the operator gave comes first."""
    own = [url] if urlsplit(url).path.endswith(".json") else []
    return list(dict.fromkeys([*own, *(site + feed for feed in FEEDS)]))


def _items(client: HttpClient, site: str, start: int, findings: list[Finding]) -> Iterator[Page]:
    while True:
        # The first item has the number 1.
        address = f"{site}{ITEMS}?{urlencode({'limit': PAGE_SIZE, 'startindex': start + 1})}"
        answer = fetch_json(client, address)
        features = answer.get("features") if isinstance(answer, dict) else None
        if not isinstance(features, list):
            raise SourceError(Finding("api_shape", location=address, value="features"))
        total = answer.get("numberMatched")
        if not features:
            return
        start += len(features)
        yield Page(
            records=[_record(feature, site) for feature in features],
            position={"mode": "items", "start": start},
            total=total if isinstance(total, int) else None,
            findings=findings,
        )
        findings = []
        if isinstance(total, int) and start >= total:
            return


def _record(feature: Any, site: str) -> Any:
    """An item in the words of the feed; what is no item, as it is."""
    facts = feature.get("properties") if isinstance(feature, Mapping) else None
    if not isinstance(facts, Mapping):
        return feature
    key = str(facts.get("id") or feature.get("id") or "")
    page = f"{site}/datasets/{key}" if key else None
    description = facts.get("description") or facts.get("snippet")
    return {
        "identifier": _ITEM_PAGE.format(key) if key else None,
        "title": facts.get("title") or facts.get("name"),
        "description": description,
        "keyword": facts.get("tags"),
        "theme": facts.get("categories"),
        "issued": _moment(facts.get("created")),
        "modified": _moment(facts.get("modified")),
        "language": facts.get("culture"),
        "license": facts.get("licenseInfo"),
        "publisher": {"name": facts["source"]} if facts.get("source") else None,
        "spatial": _box(facts.get("extent")) or feature.get("geometry"),
        "accessLevel": "public" if facts.get("access") == "public" else None,
        "landingPage": page,
        "distribution": _distributions(facts, page),
    }


def _distributions(facts: Mapping[str, Any], page: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if page:
        found.append({"title": "ArcGIS Hub Dataset", "format": "Web Page", "mediaType": "text/html", "accessURL": page})
    address = facts.get("url")
    if isinstance(address, str) and address.startswith(("http://", "https://")):
        is_service = any(f"/{service}" in address for service in _SERVICES)
        kind = {"title": "ArcGIS GeoService", "format": "ArcGIS GeoServices REST API", "mediaType": "application/json"}
        found.append({**(kind if is_service else {"title": facts.get("type")}), "accessURL": address})
    return found


def _box(extent: Any) -> str | None:
    """``west,south,east,north`` of ``[[west, south], [east, north]]``, or of a feature's extent that holds it."""
    corners: Any = extent.get("coordinates") if isinstance(extent, Mapping) else extent
    try:
        (west, south), (east, north) = corners
    except (TypeError, ValueError):
        return None
    return f"{west},{south},{east},{north}"


def _moment(milliseconds: Any) -> Any:
    """A moment as ISO 8601; what is no number of milliseconds, as it is."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return milliseconds
    try:
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return str(milliseconds)
