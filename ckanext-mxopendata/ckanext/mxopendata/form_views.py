"""What the dataset's form asks the server while somebody fills it in; without JavaScript nobody asks."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

import ckan.plugins.toolkit as tk
from ckan.logic import parse_params

from ckanext.mxopendata import form_guide, form_start

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
