"""ADELA: one institution's ``catalogo.json``, or the list of all institutions that have one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page, Unreadable
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.documents import load_json
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers import clean_line
from ckanext.mxopendata.metadata.records import EXTENSION, is_empty

LIST = "/api/v1/catalogs"
FILE = "catalogo.json"
# Of one institution: it has no catalogue. All else concerns the list, which would not be complete.
NO_CATALOGUE = frozenset(("http_not_found", "http_forbidden", "http_status"))


class AdelaConnector(ListConnector):
    """Reads each catalogue as :class:`DataJsonConnector` reads one."""

    platform = "adela"
    title = "ADELA (México)"
    description = "Catálogos de ADELA: el catalogo.json de una institución, o los de todas las de la lista."

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; one catalogue may be unmodified, the list of all is always read."""
        site, slug = _parts(url)
        if slug is not None:
            yield from DataJsonConnector().pages(client, _catalogue(site, slug), position, document, known)
            return
        catalogues = _list(client, site, document)
        for number in range(int(position.get("catalogue", 0)), len(catalogues)):
            read = position.get("read", {}) if number == position.get("catalogue") else {}
            yield from _of_one(client, site, catalogues[number], number, read, document)

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """ADELA has no page of a dataset for people; its ``landingPage`` is the data dictionary."""
        return None


def _parts(url: str) -> tuple[str, str | None]:
    """Where ADELA is, and the institution whose catalogue is meant; ``None`` for all of them."""
    path = urlsplit(url).path.strip("/")
    site = url[: url.index(path)] if path else url.partition("?")[0]
    if path.endswith(LIST.strip("/")):
        path = path.removesuffix(LIST.strip("/"))
        return f"{site}{path}".rstrip("/"), None
    before, _, slug = path.removesuffix(FILE).rstrip("/").rpartition("/")
    return f"{site}{before}".rstrip("/"), slug or None


def _catalogue(site: str, slug: str) -> str:
    return f"{site}/{quote(slug, safe='%')}/{FILE}"


def _list(client: HttpClient, site: str, document: Path) -> list[tuple[str, str]]:
    """Slug and title of each institution, in an order that stays; kept in the file until all were read."""
    address = site + LIST
    if not document.exists():
        client.fetch(address).path.replace(document)
    try:
        found = load_json(document, address)
        if isinstance(found, Mapping) and isinstance(found.get("results"), list):
            found = found["results"]
        if not isinstance(found, list):
            raise SourceError(Finding("adela_list", location=address, value=", ".join(found)[:80]))  # noqa: TRY301
    except SourceError:
        document.unlink()
        raise
    named = [item for item in found if isinstance(item, Mapping) and isinstance(item.get("slug"), str)]
    if found and not named:
        document.unlink()
        raise SourceError(Finding("adela_list", location=address, value="slug"))
    return sorted({item["slug"]: clean_line(item.get("title")) for item in named if item["slug"]}.items())


def _of_one(  # noqa: PLR0913, PLR0917 - where reading is
    client: HttpClient, site: str, catalogue: tuple[str, str], number: int, position: Mapping[str, Any], document: Path
) -> Iterator[Page]:
    slug, title = catalogue
    own = document.with_name(f"mxopendata-{document.name}.catalogo")
    own.unlink(missing_ok=True)
    over = {"catalogue": number + 1}
    try:
        for page in DataJsonConnector().pages(client, _catalogue(site, slug), position, own):
            records = [_belonging(record, slug, title) for record in page.records]
            yield replace(page, records=records, position={"catalogue": number, "read": page.position}, memory=None)
    except SourceError as error:
        if error.finding.code not in NO_CATALOGUE:
            raise
        yield Page([Unreadable(slug, error.finding)], over)
    finally:
        own.unlink(missing_ok=True)


def _belonging(record: Any, slug: str, title: str) -> Any:
    """A record whose identifier, which is its catalogue's own, is one among all, and that says whose it is."""
    if not isinstance(record, Mapping):
        return record
    belonging = dict(record)
    identifier = next((record[key] for key in ("identifier", "id") if not is_empty(record.get(key))), None)
    if identifier is not None:
        belonging["identifier"] = f"{slug}/{identifier}"
    if title and is_empty(record.get(EXTENSION)):
        belonging[EXTENSION] = {"creator": [{"name": title}]}
    return belonging
