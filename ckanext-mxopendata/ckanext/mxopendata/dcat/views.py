"""Files: ``/catalogo/volcado.<format>`` and ``/data.json`` of the whole catalogue, both JSON ones of an institution."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from flask import Blueprint, Response, jsonify, send_file

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat import negotiation
from ckanext.mxopendata.dcat.dumps import dump_path
from ckanext.mxopendata.dcat.frames import CONTENT_TYPES
from ckanext.mxopendata.dcat.institution_files import contact_card, write_institution
from ckanext.mxopendata.dcat.rdf_views import mxopendata_rdf, show_dataset, show_institution

__all__ = ["mxopendata_dcat", "mxopendata_rdf"]

mxopendata_dcat = Blueprint("mxopendata_dcat", __name__)

_JSON = "application/json"


def _not_exported(name: str) -> Response:
    tk.abort(
        404,
        tk._("This file does not exist yet. Whoever runs the site makes it with: %s")
        % f"ckan mxopendata export --format {name}",
    )
    raise AssertionError("abort raises")


@mxopendata_dcat.route("/catalogo/volcado.json")
def manifest() -> Response:
    """What the files hold, when they were made, and what was left out."""
    try:
        shown = jsonify(tk.get_action("mxopendata_dump_show")({}, {}))
    except tk.ObjectNotFound:
        return _not_exported("ttl")
    return negotiation.answer(shown.data, _JSON, None)


@mxopendata_dcat.route("/catalogo/volcado.<any(ttl, rdf, jsonld, nt):name>")
def dump(name: str) -> Response:
    """One file, as it was when the last export ended."""
    return _send(name, "", CONTENT_TYPES[name])


@mxopendata_dcat.route("/catalogo/volcado.<any(ttl, rdf, jsonld, nt):name>.gz")
def compressed_dump(name: str) -> Response:
    """The same file, compressed."""
    return _send(name, ".gz", "application/gzip")


@mxopendata_dcat.route("/data.json")
def data_json() -> Response:
    """The catalogue as Project Open Data 1.1 has it."""
    return _send("datajson", "", _JSON)


@mxopendata_dcat.route("/organization/<institution>/data.json")
def institution_data_json(institution: str) -> Response:
    """The catalogue of an institution as Project Open Data 1.1 has it."""
    return _institution_file("datajson", institution)


@mxopendata_dcat.route("/organization/<institution>/catalogo.json")
def institution_adela(institution: str) -> Response:
    """The catalogue of an institution as ADELA had it."""
    return _institution_file("adela", institution)


@mxopendata_dcat.route("/dataset/<dataset_id>/contacto.vcf")
def contact(dataset_id: str) -> Response:
    """Whom to ask about a dataset, as a card (RFC 6350): what ADELA's ``contactPoint`` leads to."""
    card = contact_card(show_dataset(dataset_id))
    if card is None:
        return tk.abort(404, tk._("This dataset names no contact."))
    return negotiation.answer(card.encode(), "text/vcard; charset=utf-8", None)


def _institution_file(name: str, institution: str) -> Response:
    organization = show_institution(institution)
    modified = negotiation.last_change(datetime.now(timezone.utc))
    if modified and negotiation.is_unchanged(modified):
        return negotiation.not_modified(modified)
    file, etag = write_institution(name, organization)
    response = send_file(file, mimetype=_JSON, conditional=False)
    response.set_etag(etag)
    return negotiation.finish(response, modified)


def _send(name: str, ending: str, content_type: str) -> Response:
    tk.check_access("mxopendata_dump_show", {}, {})
    folder = config.export_folder()
    path = Path(f"{dump_path(folder, name)}{ending}") if folder else None
    if path is None or not path.is_file():
        return _not_exported(name)
    response = send_file(path, mimetype=content_type.partition(";")[0], conditional=True)
    response.headers["Content-Type"] = content_type
    # Harvesters in a browser read it from other sites.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
