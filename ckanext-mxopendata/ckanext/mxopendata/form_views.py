"""What the dataset's form asks the server while somebody fills it in; without JavaScript nobody asks."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

import ckan.plugins.toolkit as tk
from ckan.lib.navl.dictization_functions import DataError, unflatten
from ckan.logic import clean_dict, parse_params, tuplize_dict
from ckan.types import Context

from ckanext.mxopendata import form_guide

__all__ = ["bp"]

bp = Blueprint("mxopendata_form", __name__, url_prefix="/formulario")


def _context() -> Context:
    return Context(user=tk.current_user.name, auth_user_obj=tk.current_user)


@bp.errorhandler(tk.NotAuthorized)
def _refused(_error: tk.NotAuthorized) -> tuple[Response, int]:
    return jsonify({"error": tk._("Log in to fill in the form, as somebody who may publish here.")}), 403


@bp.errorhandler(tk.ObjectNotFound)
def _unknown(_error: tk.ObjectNotFound) -> tuple[Response, int]:
    return jsonify({"error": tk._("There is no such institution or dataset.")}), 404


@bp.errorhandler(DataError)
def _unreadable(_error: DataError) -> tuple[Response, int]:
    return jsonify({"error": tk._("The form cannot be read.")}), 400


@bp.route("/revision", methods=["POST"])
def review() -> Response:
    """Points and what to fill in next, of the form as it stands; nothing is saved."""
    context = _context()
    form = clean_dict(unflatten(tuplize_dict(parse_params(tk.request.form))))
    tk.check_access("mxopendata_dataset_validate", context, {"dataset": form})
    if dataset_id := form.get("pkg_name"):
        # Resources have a form of their own.
        form["resources"] = tk.get_action("package_show")(_context(), {"id": dataset_id})["resources"]
    return jsonify(form_guide.guide(form, context))


@bp.route("/institucion/<institution>")
def defaults(institution: str) -> Response:
    """What a new dataset of an institution starts with."""
    return jsonify(form_guide.institution_defaults(_context(), institution))
