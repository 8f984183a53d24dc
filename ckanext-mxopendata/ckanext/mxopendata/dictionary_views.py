"""The data dictionary of a resource as a file: the CSV that the Guía asks for (Guía 2017, 2.4)."""

from __future__ import annotations

from flask import Blueprint, Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import csv_lines, csv_response, refusal
from ckanext.mxopendata.form_start import person_context
from ckanext.mxopendata.metadata.dictionary import CSV_COLUMNS, dictionary_rows
from ckanext.mxopendata.metadata.names import slug
from ckanext.mxopendata.metadata.readers.formats import file_name

bp = Blueprint("mxopendata_dictionary", __name__)


@bp.route("/dataset/<dataset_id>/resource/<resource_id>/diccionario.csv")
def download(dataset_id: str, resource_id: str) -> Response | tuple[str, int]:
    """The columns of a resource's file and what they mean, for whoever may see the resource.

    The copy of the Guía that this was written from lacks its annex IV: which columns the dictionary has is ours.
    """
    try:
        dataset = tk.get_action("package_show")(person_context(), {"id": dataset_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return refusal(404, tk._("Not found"), tk._("There is no such dataset."))
    resource = next((item for item in dataset["resources"] if item["id"] == resource_id), {})
    rows = list(dictionary_rows(resource.get("schema")))
    if not rows:
        return refusal(404, tk._("Not found"), tk._("This resource has no column dictionary."))
    stem = slug(file_name(resource.get("url")).rpartition(".")[0])
    return csv_response(f"diccionario-{stem or resource_id}", csv_lines(CSV_COLUMNS, rows))
