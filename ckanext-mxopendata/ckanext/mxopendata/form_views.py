"""What the dataset's form asks the server while somebody fills it in; without JavaScript nobody asks."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

import ckan.plugins.toolkit as tk
from ckan.logic import parse_params

from ckanext.mxopendata import file_reading, form_guide, form_start
from ckanext.mxopendata.http import FetchError
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata import dictionary
from ckanext.mxopendata.metadata.file_facts import FileFacts
from ckanext.mxopendata.metadata.vocabularies import vocabulary

__all__ = ["bp"]

bp = Blueprint("mxopendata_form", __name__, url_prefix="/formulario")


@bp.errorhandler(tk.NotAuthorized)
def _refused(_error: tk.NotAuthorized) -> tuple[Response, int]:
    return jsonify({"error": tk._("Log in to fill in the form, as somebody who may publish here.")}), 403


@bp.errorhandler(tk.ObjectNotFound)
def _unknown(_error: tk.ObjectNotFound) -> tuple[Response, int]:
    return jsonify({"error": tk._("There is no such institution or dataset.")}), 404


@bp.errorhandler(RecursionError)
def _unreadable(_error: RecursionError) -> tuple[Response, int]:
    """Of a text that is a JSON list in a list in a list …"""
    return jsonify({"error": tk._("The form cannot be read.")}), 400


@bp.route("/revision", methods=["POST"])
def review() -> Response:
    """How complete the form is as it stands; nothing is saved.

    Answers ``{"html", "said", "steps"}``: the guide for the page, its points in words, and the progress of each step.
    """
    # A form has no lists or dictionaries of its own: resources, tags and extras come under names with "__".
    form = {key: value for key, value in parse_params(tk.request.form).items() if "__" not in key}
    tk.check_access("mxopendata_dataset_validate", form_start.person_context(), {"dataset": form})
    form["resources"] = []
    if dataset_id := form.get("pkg_name"):
        # They have a form of their own.
        shown = tk.get_action("package_show")(form_start.person_context(), {"id": str(dataset_id)})
        form["resources"] = shown["resources"]
    guide = form_guide.guide(form, form_start.person_context())
    return jsonify(
        {
            "html": tk.render("mxopendata/snippets/form_guide_body.html", {"guide": guide}),
            "said": tk.h.mxopendata_points_text(guide),
            "steps": {name: tk.h.mxopendata_progress_text(progress) for name, progress in guide["groups"].items()},
        }
    )


@bp.route("/institucion/<institution>")
def defaults(institution: str) -> Response:
    """What a new dataset of an institution starts with: ``{"values", "labels"}``, both by field."""
    values = form_start.institution_defaults(form_start.person_context(), institution)
    return jsonify({"values": values, "labels": tk.h.mxopendata_field_labels(list(values))})


@bp.route("/archivo", methods=["POST"])
def read_file() -> Response:
    """What a resource's file tells of itself; nothing is saved.

    Takes ``dataset`` (its id), ``resource`` (its id, once it has one), ``schema`` (the dictionary as it stands), and
    the file: ``upload``, the beginning of one with its whole ``size``, or ``url``. Answers ``{"html", "values",
    "schema"}``: the facts for the page, the fields that follow from them, and the dictionary (``null`` where no columns
    are known).
    """
    form = tk.request.form
    context = form_start.person_context()
    tk.check_access("mxopendata_file_read", context, {"id": form.get("dataset", "")})
    try:
        facts = _facts()
    except FetchError as error:
        facts = FileFacts(certain=False, findings=[error.finding])
    findings = facts.findings
    schema = None
    if facts.columns and facts.columns.schema["fields"]:
        schema, absent = dictionary.merge(form.get("schema"), facts.columns.schema)
        findings = [*findings, *absent]
    kind = vocabulary("file_types").get(facts.format) if facts.format else None
    language = current_language()
    shown = {
        "facts": facts,
        "format": kind.label(language) if kind else facts.format,
        "columns": len(facts.columns.schema["fields"]) if schema and facts.columns else 0,
        "findings": [finding.to_dict(language) for finding in findings],
    }
    html = tk.render("mxopendata/snippets/file_facts.html", shown)
    return jsonify({"html": html, "values": facts.values(), "schema": schema})


def _facts() -> FileFacts:
    """The facts of the file that the request sends or names.

    Raises:
        FetchError: where its address cannot be fetched.
    """
    form = tk.request.form
    upload = tk.request.files.get("upload")
    if upload and upload.filename:
        size = form.get("size", "")
        return file_reading.of_upload(upload, int(size) if size.isascii() and size.isdigit() else None)
    url = form.get("url", "")
    if resource_id := form.get("resource"):
        resource = tk.get_action("resource_show")(form_start.person_context(), {"id": resource_id})
        ours = resource["package_id"] == _dataset_id(form.get("dataset", "")) and resource.get("url_type") == "upload"
        if ours and url in ("", resource["url"], resource["url"].rpartition("/")[2]):
            return file_reading.of_stored(resource) or file_reading.of_address(resource["url"])
    return file_reading.of_address(url)


def _dataset_id(name_or_id: str) -> str:
    return tk.get_action("package_show")(form_start.person_context(), {"id": name_or_id})["id"]
