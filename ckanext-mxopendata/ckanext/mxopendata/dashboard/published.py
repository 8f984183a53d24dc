"""A dataset as the portal publishes it, in triples and in the data.json: what the methods of others are applied to.

Nothing is read and nothing is written: the generators of the dcat room are pure, whether or not its plugin is loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat.catalogue import foreign_labels
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.datajson import render_entry
from ckanext.mxopendata.dcat.described import describe
from ckanext.mxopendata.dcat.fragments import UNUSABLE
from ckanext.mxopendata.quality.families import FamilyFacts, measure_families

log = logging.getLogger(__name__)


def portal_context() -> ExportContext:
    """What the generators need to know of this portal; one for many datasets, as it remembers shared terms."""
    site = config.site_url()
    catalogue = Catalogue(
        uri=site,
        title=tk.config["ckan.site_title"] or "",
        language=(tk.config["ckan.locale_default"] or "es").replace("_", "-"),
    )
    return ExportContext(catalogue, config.vocabulary_base(), labels=foreign_labels())


def families_of(dataset: Mapping[str, Any], context: ExportContext) -> FamilyFacts | None:
    """Measure a dataset for the families of others.

    Args:
        dataset: as ``package_show`` gives it, its ``organization`` with the institution's own fields; CKAN's own dates
            may be moments.
        context: see :func:`portal_context`.

    Returns:
        The facts; ``None`` for a dataset that cannot be exported, which is logged.
    """
    dataset = _as_shown(dataset)
    try:
        described, distributions = describe(dataset, context)
        entry = render_entry(dataset, context)
    except UNUSABLE:
        log.exception("dataset %s cannot be exported, so it is not measured by the methods of others", dataset["id"])
        return None
    return measure_families(dataset, described, distributions, entry.properties)


def _as_shown(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """With CKAN's own dates as ``package_show`` writes them."""
    moments = {name: dataset.get(name) for name in ("metadata_created", "metadata_modified")}
    return {**dataset, **{name: at.isoformat() for name, at in moments.items() if isinstance(at, datetime)}}
