"""Pages of RDF: a dataset, and the catalogue or an institution's page by page, for whoever asks.

ckanext-dcat owns the addresses and the other profiles. Its own writing of a page puts a search with a blank or a quote
into an address as it is, which no serialiser accepts, knows no institutions, and takes several times as long.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timezone
from typing import Any

from dateutil.parser import ParserError
from dateutil.parser import parse as parse_date
from pyoxigraph import Literal, NamedNode, Triple

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchError
from ckan.types import Context

from ckanext.mxopendata.dcat import site
from ckanext.mxopendata.dcat.catalogue import (
    link_datasets,
    link_institutions,
    render_catalogue,
    render_institution_catalogue,
)
from ckanext.mxopendata.dcat.context import ExportContext, Rendering, SharedKey
from ckanext.mxopendata.dcat.fragments import UNUSABLE
from ckanext.mxopendata.dcat.frames import CONTENT_TYPES, frame, to_part
from ckanext.mxopendata.dcat.terms import HYDRA, TYPE, XSD
from ckanext.mxopendata.dcat.triples import render_dataset

log = logging.getLogger(__name__)

# What stands at the end of an address → our name of the format.
EXTENSIONS: Mapping[str, str] = {"ttl": "ttl", "n3": "ttl", "xml": "rdf", "rdf": "rdf", "jsonld": "jsonld", "nt": "nt"}
_CONTENT_TYPES = {"n3": "text/n3; charset=utf-8"}
SEARCH_PARAMETERS = ("modified_since", "q", "fq")
# What Solr can count to.
_MAXIMUM_START = 2**31 - 1
_MAXIMUM_DIGITS = 10


@dataclass(frozen=True)
class Wanted:
    """A page of the catalogue.

    Attributes:
        extension: one of :data:`EXTENSIONS`.
        address: gives the address of the page with a number, as others reach it.
        page: its number as it was written, beginning with 1.
        modified_since: only what changed since this moment.
        q: as in ``package_search``.
        fq: as in ``package_search``.
        institution: the organization, where it is a page of its catalogue.
    """

    extension: str
    address: Callable[[int], str]
    page: Any = None
    modified_since: Any = None
    q: str | None = None
    fq: str | None = None
    institution: Mapping[str, Any] | None = None


def content_type(extension: str) -> str:
    """What a page with this ending is."""
    return _CONTENT_TYPES.get(extension) or CONTENT_TYPES[EXTENSIONS[extension]]


def write_dataset(dataset: Mapping[str, Any], extension: str) -> bytes:
    """One dataset.

    Args:
        dataset: validated dictionary of ``package_show``.
        extension: one of :data:`EXTENSIONS`.
    """
    name = EXTENSIONS[extension]
    return frame(name).around([to_part(name, render_dataset(dataset, site.site_context()).all_triples())])


def write_page(context: Context, wanted: Wanted) -> bytes:
    """One page of the catalogue.

    Args:
        context: of the action; who asks sees no more than ``package_search`` shows them.
        wanted: which page.

    Raises:
        ValidationError: for a page that is none, a date that is none, a search that Solr does not understand.
    """
    size = int(tk.config.get("ckanext.dcat.datasets_per_page") or 100)
    page = _read_page(wanted.page, size)
    filters = [*site.NO_DATASETS, *_read_since(wanted.modified_since)]
    if wanted.institution:
        filters.append(f'owner_org:"{wanted.institution["id"]}"')
    search: dict[str, Any] = {
        "q": wanted.q or "*:*",
        "fq": wanted.fq,
        "fq_list": filters,
        "rows": size,
        "start": size * (page - 1),
        "sort": "metadata_modified desc, id asc",
        "facet": "false",
    }
    found = _search(context, search)
    export = site.current_context({dataset["owner_org"] for dataset in found["results"] if dataset.get("owner_org")})
    name = EXTENSIONS[wanted.extension]
    triples = [
        *_page_triples(found["results"], export, is_institution=wanted.institution is not None),
        *_paging(wanted, page, size, found["count"]),
    ]
    return frame(name).around([to_part(name, triples)])


def _search(context: Context, search: dict[str, Any]) -> dict[str, Any]:
    try:
        return tk.get_action("package_search")(context, search)
    except SearchError as error:
        # Solr's own trouble is told in the same way as a search that it does not understand.
        if "(HTTP 5" in str(error):
            raise
        raise tk.ValidationError({"q": [tk._("The search is not valid. Check the parameters q and fq.")]}) from error


def _read_page(value: Any, size: int) -> int:
    text = str(value or 1)
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAXIMUM_DIGITS
    if not is_number or not 0 < int(text) * size <= _MAXIMUM_START:
        raise tk.ValidationError({"page": [tk._("Page param must be a positive integer starting in 1")]})
    return int(text)


def _read_since(value: Any) -> list[str]:
    if not value:
        return []
    try:
        moment = parse_date(value)
    except (ParserError, OverflowError) as error:
        raise tk.ValidationError(
            {"modified_since": [tk._("Wrong modified date format. Use ISO-8601 format")]}
        ) from error
    utc = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    return [f"metadata_modified:[{utc.strftime('%Y-%m-%dT%H:%M:%SZ')} TO *]"]


def _render(datasets: list[dict[str, Any]], context: ExportContext) -> Iterator[Rendering]:
    for dataset in datasets:
        try:
            yield render_dataset(dataset, context)
        except UNUSABLE:  # noqa: PERF203  (each dataset by itself is the point)
            # The export of the whole catalogue names it in ``left_out``; the page goes on.
            log.exception("dataset %s cannot be exported", dataset.get("id"))


def _page_triples(datasets: list[dict[str, Any]], context: ExportContext, *, is_institution: bool) -> Iterator[Triple]:
    renderings = list(_render(datasets, context))
    organizations = {(dataset.get("organization") or {}).get("id"): dataset.get("organization") for dataset in datasets}
    institutions = sorted({rendering.institution for rendering in renderings} - {""})
    shared: dict[SharedKey, list[Triple]] = {}
    for rendering in renderings:
        shared.update(rendering.shared)
        shared.update(rendering.publisher)
    yield from render_catalogue(context)
    yield from link_institutions(context, institutions)
    for institution in institutions:
        yield from render_institution_catalogue(context, organizations[institution] or {})
    yield from link_datasets(context, renderings, of_institution=is_institution)
    for rendering in renderings:
        yield from rendering.triples
    for description in shared.values():
        yield from description


def _paging(wanted: Wanted, page: int, size: int, count: int) -> Iterator[Triple]:
    """Hydra's view of a part of a collection, with the names that older readers look for."""
    if not count:
        return
    last = math.ceil(count / size)
    view = NamedNode(wanted.address(page))
    yield Triple(view, TYPE, HYDRA.PartialCollectionView)
    yield Triple(view, TYPE, HYDRA.PagedCollection)
    yield Triple(view, HYDRA.totalItems, Literal(str(count), datatype=XSD.integer))
    yield Triple(view, HYDRA.itemsPerPage, Literal(str(size), datatype=XSD.integer))
    others = {"first": 1, "last": last, "next": page + 1, "previous": min(page - 1, last)}
    for name, number in others.items():
        if 1 <= number <= last:
            address = NamedNode(wanted.address(number))
            yield Triple(view, HYDRA[name], address)
            yield Triple(view, HYDRA[f"{name}Page"], address)
