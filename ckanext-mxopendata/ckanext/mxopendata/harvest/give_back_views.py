"""Where an institution takes its mended catalogue home: ``/harvest/<source>/corregido.json``, ``.csv``, ``.xlsx``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, stream_with_context

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.downloads import csv_response, refusal, refuse_in_words, workbook_response
from ckanext.mxopendata.harvest import give_back_files

bp = Blueprint("mxopendata_harvest_give_back", __name__)
refuse_in_words(bp)


def offered() -> tuple[str, ...]:
    """The forms it is there in: data.json is the dcat room's."""
    return ("json", "csv", "xlsx") if p.plugin_loaded("mxopendata_dcat") else ("csv", "xlsx")


@bp.route("/harvest/<source>/corregido.<any(json,csv,xlsx):extension>")
def mended(source: str, extension: str) -> Response | tuple[str, int]:
    """The public datasets of a source as they stand here, each change marked."""
    found = tk.get_action("mxopendata_harvest_change_list")({}, {"source": source, "limit": 0})
    if extension not in offered():
        return refusal(
            404,
            tk._("Not found"),
            tk._("This portal does not write data.json: its plugin mxopendata_dcat is off. Take the CSV or the XLSX."),
        )
    package: Any = model.Package.get(found["source"])
    name = f"{found['source']}-corregido"
    if extension == "csv":
        return csv_response(name, give_back_files.csv_parts(package.id))
    if extension == "xlsx":
        return workbook_response(name, give_back_files.workbook(package.id))
    parts = stream_with_context(give_back_files.json_parts(package.id))
    response = Response(parts, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response
