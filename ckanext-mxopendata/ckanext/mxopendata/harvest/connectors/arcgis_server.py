"""Map servers on ArcGIS Server: each service of the directory is a dataset, each of its interfaces a distribution."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import ijson

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page, Unreadable
from ckanext.mxopendata.harvest.connectors.ckan_api import OF_ONE_RECORD
from ckanext.mxopendata.harvest.connectors.one_by_one import read_one_by_one
from ckanext.mxopendata.harvest.documents import fetch_json, load_json, make_utf8, refuse_html
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

DIRECTORY = "/rest/services"
# Where the directory is, below the address of a server; the names are what its installer proposes.
INSTANCES = ("/arcgis", "/server", "")
# Services that hold data, those that say most of it first; the others compute, print or find addresses.
DATA = ("MapServer", "FeatureServer", "ImageServer", "SceneServer", "VectorTileServer")
# Every choice of them, in that order: thousands of services share a few dozen.
_CHOICES = chain.from_iterable(combinations(DATA, count) for count in range(1, len(DATA) + 1))
_KINDS: dict[frozenset[str], tuple[str, ...]] = {frozenset(kinds): kinds for kinds in _CHOICES}
TOOLS = frozenset({"Utilities", "System"})
# ArcGIS answers with status 200 and one of these where a key is wanted.
CLOSED = frozenset({401, 403, 498, 499})
REST = {"format": "ArcGIS GeoServices REST API", "mediaType": "application/json"}
_DEGREES, _METRES = frozenset({4326, 4269, 4483, 6365}), frozenset({3857, 102100, 102113, 900913})
_RADIUS = 6378137.0


# The kinds of each service, by its name.
Services = dict[str, tuple[str, ...]]


class _ClosedError(Exception):
    """What is asked for wants a key."""


class ArcGisServerConnector(ListConnector):
    """Lists the directory with its folders, then asks each service what it is."""

    platform = "arcgis_server"
    title = "ArcGIS Server (México)"
    description = "Servidor de mapas ArcGIS Server: cada servicio de su directorio REST es un conjunto de datos."

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`."""
        root, services, closed = _list(client, url)
        findings = [Finding("arcgis_folder_closed", location=f"{root}/{quote(name)}", value=name) for name in closed]
        yield from read_one_by_one(
            sorted(services), lambda name: _show(client, root, name, services[name]), position or {"done": 0}, findings
        )


def _list(client: HttpClient, url: str) -> tuple[str, Services, list[str]]:
    """The directory's address, its data services, and the folders that are closed."""
    services: Services = {}
    root, folders = _directory(client, url, services)
    closed: list[str] = []
    for folder in folders:
        if folder not in TOOLS:
            try:
                _ask_folder(client, f"{root}/{quote(folder)}", services)
            except _ClosedError:
                closed.append(folder)
    return root, services, closed


def _directory(client: HttpClient, url: str, services: Services) -> tuple[str, list[str]]:
    refusal: SourceError | None = None
    for root in _roots(url):
        try:
            return root, _ask_folder(client, root, services)
        except _ClosedError:  # noqa: PERF203 - each address fails on its own
            raise SourceError(Finding("http_forbidden", location=root)) from None
        except SourceError as error:
            if error.finding.code not in OF_ONE_RECORD:
                raise
            refusal = refusal or error
    raise refusal or SourceError(Finding("http_bad_url", value=url))


def _roots(url: str) -> list[str]:
    """Where the directory may be: what the operator copied may be a service in it, or only the server."""
    parts = urlsplit(url)
    site = f"{parts.scheme}://{parts.netloc}"
    before, found, _ = parts.path.partition(DIRECTORY)
    if found:
        return [f"{site}{before}{DIRECTORY}"]
    own = parts.path.rstrip("/").removesuffix("/rest")
    return list(dict.fromkeys(f"{site}{place}{DIRECTORY}" for place in (own, *INSTANCES)))


def _ask_folder(client: HttpClient, address: str, services: Services) -> list[str]:
    """Note the data services of a folder; the folders in it.

    Raises:
        _ClosedError: where a key is wanted.
        SourceError: where it is no folder.
    """
    address = f"{address}?f=json"
    fetched = client.fetch(address)
    try:
        make_utf8(fetched.path)
        refuse_html(fetched.path, address)
        folders = _note(fetched.path, services)
        if folders is None:
            said = _said(load_json(fetched.path, address), address)
            raise SourceError(Finding("api_shape", location=address, value=", ".join([*said][:8])))
        return folders
    finally:
        fetched.path.unlink(missing_ok=True)


def _note(directory: Path, services: Services) -> list[str] | None:
    """Note the data services of a directory, as a stream; the folders in it, or ``None`` where it is none."""
    folders: list[str] = []
    service: dict[str, Any] = {}
    has_list = False
    try:
        with directory.open("rb") as file:
            for place, event, value in ijson.parse(file, use_float=True):
                if place == "folders.item":
                    folders.append(str(value))
                elif place in {"services.item.name", "services.item.type"}:
                    service[place.rpartition(".")[2]] = value
                elif place == "services.item" and event == "end_map":
                    if service.get("type") in DATA and isinstance(service.get("name"), str):
                        kinds = services.get(service["name"], ())
                        services[service["name"]] = _KINDS[frozenset((*kinds, service["type"]))]
                    service = {}
                elif place == "services":
                    has_list = True
                elif place == "error.code" or not has_list and place.startswith("error"):
                    return None
    except (ijson.JSONError, UnicodeDecodeError):
        return None
    return folders if has_list else None


def _said(answer: Any, address: str) -> dict[str, Any]:
    """An answer that is no error; raises as :func:`_ask_folder` does."""
    if not isinstance(answer, dict):
        raise SourceError(Finding("api_shape", location=address, value="{}"))
    if error := answer.get("error"):
        facts = error if isinstance(error, Mapping) else {"message": error}
        if facts.get("code") in CLOSED:
            raise _ClosedError
        raise SourceError(Finding("api_error", location=address, value=str(facts.get("message") or facts.get("code"))))
    return answer


def _show(client: HttpClient, root: str, name: str, ordered: tuple[str, ...]) -> Any:
    address = f"{root}/{quote(name)}/{ordered[0]}"
    try:
        asked = f"{address}?f=json"
        said = _said(fetch_json(client, asked), asked)
    except _ClosedError:
        return Unreadable(name, Finding("http_forbidden", location=address))
    except SourceError as error:
        if error.finding.code not in OF_ONE_RECORD:
            raise
        return Unreadable(name, error.finding)
    return _record(root, name, ordered, said)


def _record(root: str, name: str, types: tuple[str, ...], said: Mapping[str, Any]) -> dict[str, Any]:
    document = said.get("documentInfo")
    facts: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    page = f"{root}/{quote(name)}/{types[0]}"
    credit = said.get("copyrightText")
    return {
        "identifier": name,
        "title": _title(name, facts, said),
        "description": _first(said.get("serviceDescription"), said.get("description"), facts.get("Comments")),
        "keyword": facts.get("Keywords"),
        "theme": facts.get("Category"),
        "spatial": _box(said.get("fullExtent") or said.get("initialExtent") or said.get("extent")),
        "landingPage": page,
        "mxopendata": {"creator": [{"name": credit}]} if _first(credit) else {},
        "distribution": [*_interfaces(root, name, types, said), *_layers(page, said)],
    }


def _title(name: str, facts: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    return _first(facts.get("Title"), name.rpartition("/")[2].replace("_", " "), said.get("mapName"))


def _first(*values: Any) -> str | None:
    return next((value for value in values if isinstance(value, str) and value.strip()), None)


def _interfaces(root: str, name: str, types: tuple[str, ...], said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in types:
        yield {"title": kind, "accessURL": f"{root}/{quote(name)}/{kind}", **REST}
    extensions = str(said.get("supportedExtensions") or "")
    for kind in ("WMS", "WFS", "WCS"):
        if f"{kind}Server" in extensions:
            # The same path without ``/rest``.
            service = f"{root.removesuffix(DIRECTORY)}/services/{quote(name)}/{types[0]}/{kind}Server"
            yield {"title": kind, "format": kind, "accessURL": f"{service}?request=GetCapabilities&service={kind}"}


def _layers(page: str, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The layers and tables of a service; groups of layers are none."""
    for layer in [*(said.get("layers") or ()), *(said.get("tables") or ())]:
        if isinstance(layer, Mapping) and not layer.get("subLayerIds") and isinstance(layer.get("id"), int):
            yield {"title": layer.get("name"), "accessURL": f"{page}/{layer['id']}", **REST}


def _box(extent: Any) -> str | None:
    """A service's extent as ``west,south,east,north`` in degrees; nothing for a projection that takes a library."""
    if not isinstance(extent, Mapping):
        return None
    system = extent.get("spatialReference")
    codes = {system.get("wkid"), system.get("latestWkid")} if isinstance(system, Mapping) else set()
    said = [extent.get(name) for name in ("xmin", "ymin", "xmax", "ymax")]
    corners = [value for value in said if isinstance(value, (int, float)) and math.isfinite(value)]
    if len(corners) < len(said):
        return None
    if codes & _METRES:
        corners = [*_degrees(*corners[:2]), *_degrees(*corners[2:])]
    elif not codes & _DEGREES:
        return None
    return json.dumps(corners)[1:-1].replace(" ", "")


def _degrees(x: float, y: float) -> tuple[float, float]:
    """A point of the web's Mercator projection (EPSG:3857) in degrees."""
    longitude = math.degrees(x / _RADIUS)
    latitude = math.degrees(2 * math.atan(math.exp(max(-50.0, min(50.0, y / _RADIUS)))) - math.pi / 2)
    return round(longitude, 6), round(latitude, 6)
