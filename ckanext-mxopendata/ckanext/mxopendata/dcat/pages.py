"""A page of the catalogue, written by us where our profile is asked for.

ckanext-dcat owns the address and the other profiles. Its own writing of a page puts a search with a blank or a quote
into an address as it is, which no serialiser accepts, and takes several times as long.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from datetime import timezone
from typing import Any

from dateutil.parser import ParserError
from dateutil.parser import parse as parse_date
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.mxopendata.dcat import site
from ckanext.mxopendata.dcat.catalogue import link_datasets, render_catalogue
from ckanext.mxopendata.dcat.context import ExportContext, Rendering, SharedKey
from ckanext.mxopendata.dcat.terms import HYDRA, PREFIXES, TYPE, XSD
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.dcat.writer import UNUSABLE

log = logging.getLogger(__name__)

FORMATS = {
    "ttl": RdfFormat.TURTLE,
    "n3": RdfFormat.TURTLE,
    "xml": RdfFormat.RDF_XML,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}
# What Solr can count to.
_MAXIMUM_START = 2**31 - 1
_MAXIMUM_DIGITS = 10


def write_page(context: Context, wanted: dict[str, Any]) -> str:
    """One page of the catalogue.

    Args:
        context: of the action; who asks sees no more than ``package_search`` shows them.
        wanted: ``format`` (one of :data:`FORMATS`), ``page``, ``modified_since``, ``q``, ``fq``, each optional but the
            first.

    Raises:
        ValidationError: for a page that is none, or a date that is none.
    """
    size = int(tk.config.get("ckanext.dcat.datasets_per_page") or 100)
    page = _read_page(wanted.get("page"), size)
    since = _read_since(wanted.get("modified_since"))
    search: dict[str, Any] = {
        "q": wanted.get("q") or "*:*",
        "fq": wanted.get("fq"),
        "fq_list": [*site.NO_DATASETS, *since],
        "rows": size,
        "start": size * (page - 1),
        "sort": "metadata_modified desc, id asc",
        "facet": "false",
    }
    found = tk.get_action("package_search")(context, search)
    export = site.current_context()
    triples = _page_triples(found["results"], export)
    text = serialize(
        [*triples, *_paging(wanted, page, size, found["count"])], format=FORMATS[wanted["format"]], prefixes=_PREFIXES
    )
    return (text or b"").decode()


_PREFIXES = {**PREFIXES, "hydra": HYDRA.base}


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


def _page_triples(datasets: list[dict[str, Any]], context: ExportContext) -> Iterator[Triple]:
    renderings = list(_render(datasets, context))
    shared: dict[SharedKey, list[Triple]] = {}
    for rendering in renderings:
        shared.update(rendering.shared)
    yield from render_catalogue(context)
    yield from link_datasets(context.catalogue, renderings)
    for rendering in renderings:
        yield from rendering.triples
    for description in shared.values():
        yield from description


def _paging(wanted: dict[str, Any], page: int, size: int, count: int) -> Iterator[Triple]:
    """Hydra's view of a part of a collection, with the names that older readers look for."""
    if not count:
        return
    last = math.ceil(count / size)
    view = _page_address(wanted, page)
    yield Triple(view, TYPE, HYDRA.PartialCollectionView)
    yield Triple(view, TYPE, HYDRA.PagedCollection)
    yield Triple(view, HYDRA.totalItems, Literal(str(count), datatype=XSD.integer))
    yield Triple(view, HYDRA.itemsPerPage, Literal(str(size), datatype=XSD.integer))
    others = {"first": 1, "last": last, "next": page + 1, "previous": min(page - 1, last)}
    for name, number in others.items():
        if 1 <= number <= last:
            address = _page_address(wanted, number)
            yield Triple(view, HYDRA[name], address)
            yield Triple(view, HYDRA[f"{name}Page"], address)


def _page_address(wanted: dict[str, Any], page: int) -> NamedNode:
    kept = {name: wanted[name] for name in ("q", "fq", "modified_since") if wanted.get(name)}
    address = tk.url_for(
        "dcat.read_catalog", _format=wanted["format"], page=page, **kept, _external=True, locale="default"
    )
    return NamedNode(address)
