"""The figures of the pages as RDF in W3C's Data Quality Vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from pyoxigraph import Triple

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.dashboard import dqv
from ckanext.mxopendata.dashboard.addresses import permanent_url
from ckanext.mxopendata.dashboard.stored import find_institution
from ckanext.mxopendata.dcat.catalogue import institution_catalogue_node
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.frames import CONTENT_TYPES
from ckanext.mxopendata.downloads import refuse_in_words
from ckanext.mxopendata.quality.publication_index import weights
from ckanext.mxopendata.quality.register import REGISTER

__all__ = ["bp"]

bp = Blueprint("mxopendata_dashboard_dqv", __name__)
_FORMAT = "<any(ttl,jsonld):extension>"


refuse_in_words(bp)


@bp.route(f"/tablero/metodologia.{_FORMAT}")
def methodology(extension: str) -> Response:
    """Every indicator as a metric."""
    tk.check_access("mxopendata_indicator_list", {}, {})
    return _document(dqv.definitions(_methodology_url(), REGISTER, weights()), extension)


@bp.route(f"/tablero/institucion/<name>.{_FORMAT}")
def institution(name: str, extension: str) -> Response:
    """The figures of an institution, measured on its catalogue."""
    report = tk.get_action("mxopendata_institution_report")({}, {"id": name, "todo_limit": 0})
    found = find_institution(report["institution"])
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no institution “{name}”").format(name=name))
    page = permanent_url("mxopendata_dashboard.institution", name=found.name)
    return _measurements(report, institution_catalogue_node(_context(), found.id).value, page, extension)


@bp.route(f"/tablero/datos/<name>.{_FORMAT}")
def dataset(name: str, extension: str) -> Response:
    """What counts for a dataset: the figures of a catalogue that holds it alone."""
    report = tk.get_action("mxopendata_dataset_report")({}, {"id": name})
    page = permanent_url("mxopendata_dashboard.dataset", name=report["dataset"])
    return _measurements(report, _context().dataset_uri(report["id"]).value, page, extension)


def _measurements(report: dict[str, Any], subject: str, page: str, extension: str) -> Response:
    moment = datetime.fromisoformat(report["as_of"]).replace(microsecond=0)
    measured = dqv.Measured(subject, page, report["title"], report["indicators"], moment)
    return _document(dqv.measurements(_methodology_url(), measured), extension)


def _methodology_url() -> str:
    return permanent_url("mxopendata_dashboard.methodology")


def _context() -> ExportContext:
    """The addresses that the export of the catalogue gives to datasets and institutions."""
    from ckanext.dcat.utils import catalog_uri  # slow to load, and not for every start of ckan

    return ExportContext(Catalogue(uri=catalog_uri().rstrip("/"), title=""), vocabulary_base="")


def _document(triples: Iterable[Triple], extension: str) -> Response:
    response = Response(dqv.write(triples, extension), content_type=CONTENT_TYPES[extension])
    # Catalogues in a browser read it from other sites.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
