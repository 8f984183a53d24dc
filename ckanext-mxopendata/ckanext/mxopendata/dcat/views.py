"""The files of the whole catalogue: ``/catalogo/volcado.<format>``, ``/data.json``, and their manifest."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, send_file

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat.dumps import dump_path
from ckanext.mxopendata.dcat.writer import CONTENT_TYPES

__all__ = ["mxopendata_dcat"]

mxopendata_dcat = Blueprint("mxopendata_dcat", __name__)


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
        return jsonify(tk.get_action("mxopendata_dump_show")({}, {}))
    except tk.ObjectNotFound:
        return _not_exported("ttl")


@mxopendata_dcat.route("/catalogo/volcado.<any(ttl, rdf, jsonld, nt):name>")
def dump(name: str) -> Response:
    """One file, as it was when the last export ended."""
    return _send(name, CONTENT_TYPES[name])


@mxopendata_dcat.route("/data.json")
def data_json() -> Response:
    """The catalogue as Project Open Data 1.1 has it."""
    return _send("datajson", "application/json")


def _send(name: str, content_type: str) -> Response:
    tk.check_access("mxopendata_dump_show", {}, {})
    folder = config.export_folder()
    path = dump_path(folder, name) if folder else None
    if path is None or not path.is_file():
        return _not_exported(name)
    response = send_file(path, mimetype=content_type.partition(";")[0], conditional=True)
    response.headers["Content-Type"] = content_type
    # Harvesters in a browser read it from other sites.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
