"""By what the platforms are told apart: an address that only one of them answers in its own way. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ijson

from ckanext.mxopendata.harvest.connectors.csw_requests import CSW, USUAL_PATHS
from ckanext.mxopendata.harvest.documents import LIST_PLACES
from ckanext.mxopendata.metadata.catalogue_table import COLUMNS
from ckanext.mxopendata.metadata.cells import UnreadableTableError
from ckanext.mxopendata.metadata.five_sheets import DATASET, names_of, sheets_of
from ckanext.mxopendata.metadata.tables import Names, begin_best, begin_sheet, open_sheets

# Events of a JSON document that are looked at: what tells a platform stands at the beginning.
_EVENTS = 20_000
_ARRAY, _MAP = "[", "{"
_CAPABILITIES = re.compile(rb"<(?:[\w.-]+:)?Capabilities\b[^>]*>", re.IGNORECASE)
_RECORDS = re.compile(rb"<(?:[\w.-]+:)?GetRecordsResponse\b[^>]*>", re.IGNORECASE)
_DCAT = b"http://www.w3.org/ns/dcat#"

# Place in a JSON document, as ijson names it → its first value there; ``[`` and ``{`` for lists and objects.
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Sign:
    """What is asked to find out whether a platform answers.

    Attributes:
        type: the source type it speaks for.
        path: below the address of a portal; empty for that address itself.
        is_met: whether an answer, by its first bytes, is that platform's.
        source: what the source's address is, below that of the portal; ``None`` for the portal's own.
        unless: a source type whose platform answers this in the same way: where its signs are met, it is that one.
    """

    type: str
    path: str
    is_met: Callable[[bytes], bool]
    source: str | None = None
    unless: str | None = None


def facts_of(content: bytes) -> Facts:
    """What a JSON document holds, as far as its first bytes go; nothing where it is none."""
    found: dict[str, Any] = {}
    # In another encoding its letters are lost, not its form.
    text = content.decode("utf-8-sig", errors="replace").encode()
    try:
        for number, (place, event, value) in enumerate(ijson.parse(io.BytesIO(text))):
            if number > _EVENTS:
                break
            if event == "start_array":
                found.setdefault(place, _ARRAY)
            elif event == "start_map":
                found.setdefault(place, _MAP)
            elif event in {"string", "number", "boolean", "null"}:
                found.setdefault(place, value)
    except ijson.JSONError:
        pass  # only the beginning is here; what was read until then tells enough
    return found


def _json(*places: str, **values: Any) -> Callable[[bytes], bool]:
    """Whether all these places are in a document, and those with a value have it; ``__`` stands for a point."""
    wanted = {name.replace("__", "."): value for name, value in values.items()}

    def is_met(content: bytes) -> bool:
        facts = facts_of(content)
        return all(place in facts for place in places) and all(facts.get(name) == wanted[name] for name in wanted)

    return is_met


def _any(*tests: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    return lambda content: any(test(content) for test in tests)


def is_catalogue_file(content: bytes) -> bool:
    """Whether this is a ``data.json`` of any profile: a list of datasets where such lists are."""
    facts = facts_of(content)
    lists = [place for place in LIST_PLACES if facts.get(place) == _ARRAY]
    return any(
        f"{place}.item.title".removeprefix(".") in facts
        and any(f"{place}.item.{name}".removeprefix(".") in facts for name in ("distribution", "identifier", "keyword"))
        for place in lists
    )


def is_csw(content: bytes) -> bool:
    """Whether a catalogue service for the web says what it can do, or gives records."""
    found = _CAPABILITIES.search(content) or _RECORDS.search(content)
    return found is not None and CSW.encode() in content


def is_dcat(content: bytes) -> bool:
    """Whether this is RDF that speaks of DCAT: XML, Turtle or JSON-LD."""
    beginning = content.lstrip()[:2000].lower()
    if _DCAT not in content or b"<html" in beginning:
        return False
    return b"<rdf:rdf" in beginning or b"@prefix" in beginning or b'"@' in content or beginning.startswith(b"<http")


def is_catalogue_table(content: bytes) -> bool:
    """Whether this is a table with the headings of the template ``ds:/rs:``, or the workbook of pydatajson.

    A workbook tells it where all of it is here. Inventories and plans have headings that tables of data have, too.
    """
    names = Names.of(COLUMNS)
    try:
        sheets, _ = open_sheets(io.BytesIO(content), names)
        if linked := sheets_of(sheets):
            return "dataset_title" in begin_sheet(linked[DATASET], names_of(DATASET)).table.headings
        return not {"ds:identifier", "ds:title"}.isdisjoint(begin_best(sheets, names).table.headings)
    except UnreadableTableError:
        return False


_CKAN_SEARCH = _json("result.count", "result.results", success=True)
_OPENDATASOFT = _any(_json("total_count", "results", "results.item.dataset_id"), _json("total_count", "datasets"))
_GEONODE = _any(*(_json("total", "page", "page_size", name) for name in ("datasets", "layers", "resources")))
_SOCRATA = _json("results", "resultSetSize")
# Most give their list to those with a key only; that of the others says so.
_JUNAR = _any(
    _json("count", "next", "previous", "results.item.guid", "results.item.category_name"),
    _json("item.guid", "item.category_name", "item.endpoint"),
)
_ARCGIS = _json("currentVersion", "services", "folders")

# Of two signs that a portal may show, that of the more particular platform comes first.
SIGNS = (
    Sign("mx_ckan", "/api/3/action/package_search?rows=0", _CKAN_SEARCH),
    # Its search may be off. DKAN, which imitates CKAN's lists, does not say which CKAN it is.
    Sign("mx_ckan", "/api/3/action/status_show", _json("result.ckan_version", success=True)),
    Sign("mx_geonode", "/api/v2/datasets/?page_size=1", _GEONODE),
    Sign("mx_geonode", "/api/v2/layers/?page_size=1", _GEONODE),
    Sign("mx_opendatasoft", "/api/explore/v2.1/catalog/datasets?limit=1", _OPENDATASOFT),
    Sign("mx_opendatasoft", "/api/v2/catalog/datasets?limit=1", _OPENDATASOFT),
    Sign("mx_opendatasoft", "/api/datasets/1.0/search/?rows=1", _json("nhits", "datasets")),
    Sign("mx_socrata", "/api/catalog/v1?limit=1", _SOCRATA),
    Sign("mx_junar", "/api/v2/resources.json?limit=1&offset=0", _JUNAR),
    Sign("mx_arcgis_hub", "/api/feed/dcat-us/1.1.json", is_catalogue_file),
    Sign(
        "mx_arcgis_hub",
        "/api/search/v1/collections/dataset/items?limit=1",
        _json("features", "numberMatched", type="FeatureCollection"),
    ),
    *(
        Sign("mx_arcgis_server", f"{instance}/rest/services?f=json", _ARCGIS, f"{instance}/rest/services")
        for instance in ("/arcgis", "/server", "")
    ),
    Sign("mx_dkan", "/api/1/metastore/schemas/dataset/items", _json("item.identifier", "item.title")),
    Sign("mx_dkan", "/api/3/action/package_list", _json("result.item", success=True), unless="mx_ckan"),
    Sign("mx_adela", "/api/v1/catalogs", _any(_json("item.slug"), _json("results.item.slug"))),
    *(
        Sign("mx_csw", f"/{path}?service=CSW&version=2.0.2&request=GetCapabilities", is_csw, f"/{path}")
        for path in (*USUAL_PATHS, "srv/eng/csw", "geoportal/csw", "pycsw/csw")
    ),
    Sign("mx_datajson", "/data.json", is_catalogue_file, "/data.json"),
    *(Sign("mx_dcat", f"/catalog.{form}", is_dcat, f"/catalog.{form}") for form in ("ttl", "xml", "jsonld", "rdf")),
)
# Ends of hosts on which one platform only runs, which tells those without a key nothing.
HOSTS = {".cloudapi.junar.com": "mx_junar"}
# What a file or a service may be that was named itself.
OF_ITSELF = (
    Sign("mx_csw", "", is_csw),
    Sign("mx_datajson", "", is_catalogue_file),
    Sign("mx_dcat", "", is_dcat),
    Sign("mx_table", "", is_catalogue_table),
)
