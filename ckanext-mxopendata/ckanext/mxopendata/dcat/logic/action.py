"""Actions of the dcat room."""

from __future__ import annotations

import logging
import re
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat import site
from ckanext.mxopendata.dcat.datajson import head, render_entry
from ckanext.mxopendata.dcat.dumps import read_manifest
from ckanext.mxopendata.dcat.fragments import UNUSABLE
from ckanext.mxopendata.dcat.pages import EXTENSIONS, SEARCH_PARAMETERS, Wanted, write_page
from ckanext.mxopendata.dcat.writer import RDF_PROFILE

__all__ = ["dcat_catalog_show", "mxopendata_datajson_show", "mxopendata_dump_show"]

log = logging.getLogger(__name__)

MAXIMUM_ENTRIES = 500
# An id stands in a query of the search index: nothing else may.
_ID = re.compile(r"[\w-]{1,100}")


@tk.side_effect_free
def mxopendata_dump_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The manifest of the files of the whole catalogue.

    :returns: ``generated, profile, datasets, distributions, rendered, reused, left_out, dropped, filled, files``, the
        last a list of ``name, bytes, sha256, generated``
    :raises NotFound: where the catalogue has not been exported yet
    """
    tk.check_access("mxopendata_dump_show", context, data_dict)
    folder = config.export_folder()
    manifest = read_manifest(folder) if folder else None
    if manifest is None:
        raise tk.ObjectNotFound(
            tk._("The catalogue has not been exported yet. Whoever runs the site does it with: %s")
            % "ckan mxopendata export --format ttl"
        )
    return manifest


@tk.side_effect_free
def mxopendata_datajson_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Datasets as the entries of a ``data.json``, those among them that an anonymous visitor may see.

    :param ids: ids of datasets, at most 500
    :returns: ``catalogue``, what stands before the entries; ``datasets``, a list of ``id, entry`` by id
    :raises ValidationError: for more than 500
    """
    tk.check_access("mxopendata_datajson_show", context, data_dict)
    ids = tk.aslist(data_dict.get("ids") or [])
    if len(ids) > MAXIMUM_ENTRIES or not all(isinstance(each, str) and _ID.fullmatch(each) for each in ids):
        raise tk.ValidationError({"ids": [tk._("A list of at most 500 ids of datasets")]})
    known = site.site_context()
    entries = []
    for dataset in site.read_datasets(ids) if ids else ():
        try:
            entries.append({"id": dataset["id"], "entry": render_entry(dataset, known).properties})
        except UNUSABLE:  # noqa: PERF203  (each dataset by itself is the point)
            log.exception("dataset %s cannot be exported", dataset["id"])
    return {"catalogue": head(known), "datasets": entries}


@tk.side_effect_free
@tk.chained_action
def dcat_catalog_show(original: Any, context: Context, data_dict: DataDict) -> str:
    """A page of the catalogue in RDF: by us where our profile is asked for, else by ckanext-dcat.

    :param format: ``ttl``, ``n3``, ``xml``, ``rdf`` or ``jsonld``
    :param page: beginning with 1
    :param modified_since: only what changed since this moment
    :param q: :param fq: as in ``package_search``
    :returns: the page as text
    """
    profiles = data_dict.get("profiles") or tk.aslist(tk.config.get("ckanext.dcat.rdf.profiles"))
    if profiles != [RDF_PROFILE] or data_dict.get("format") not in EXTENSIONS:
        return original(context, data_dict)
    tk.check_access("dcat_catalog_show", context, data_dict)
    searched: dict[str, Any] = {name: data_dict[name] for name in SEARCH_PARAMETERS if data_dict.get(name)}
    extension = data_dict["format"]

    def address(page: int) -> str:
        place = {"extension": extension, "page": page, **searched}
        return tk.url_for("mxopendata_rdf.catalogue", **place, _external=True, locale="default")

    return write_page(context, Wanted(extension, address, data_dict.get("page"), **searched)).decode()
