"""The page on which somebody says whether a dataset is one of before; and where its address leads afterwards."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import refusal
from ckanext.mxopendata.form_start import person_context
from ckanext.mxopendata.harvest import duplicates

bp = Blueprint("mxopendata_harvest_duplicates", __name__, url_prefix="/cosechas/dudosos")


@bp.errorhandler(tk.NotAuthorized)
def _refused(_error: tk.NotAuthorized) -> tuple[str, int]:
    return refusal(403, tk._("Not allowed"), tk._("Only who edits these datasets says whether they are the same."))


@bp.errorhandler(tk.ObjectNotFound)
def _nothing(_error: tk.ObjectNotFound) -> tuple[str, int]:
    return refusal(404, tk._("Not found"), tk._("There is nothing to decide about this dataset any more."))


@bp.route("", methods=["GET"])
def page() -> str:
    """What waits for this person's decision."""
    source = tk.request.args.get("fuente")
    pairs = tk.get_action("mxopendata_harvest_doubtful_list")(person_context(), {"source": source})
    return tk.render("mxopendata/harvest/doubtful.html", {"pairs": pairs, "source": source})


@bp.route("/<dataset>", methods=["POST"])
def decide(dataset: str) -> Any:
    """Take a decision."""
    same = tk.request.form.get("same", "")
    if same not in ("true", "false"):
        return refusal(400, tk._("Not understood"), tk._("Say whether it is the same dataset or another one."))
    try:
        done = tk.get_action("mxopendata_harvest_doubtful_decide")(person_context(), {"id": dataset, "same": same})
    except tk.ValidationError as error:
        tk.h.flash_error(" ".join(error.error_summary.values()))
    else:
        words = tk._("It is the same dataset: its next harvest brings it up to date.")
        tk.h.flash_success(words if done["same"] else tk._("They are two datasets; nobody will be asked again."))
    return tk.redirect_to("mxopendata_harvest_duplicates.page")


@bp.after_app_request
def lead_on(response: Response) -> Any:
    """Lead from the address of a dataset that is gone to the one it was found to be."""
    endpoint = tk.request.endpoint or ""
    if response.status_code != 404 or tk.request.method not in ("GET", "HEAD") or not endpoint.startswith("dataset"):
        return response
    name = (tk.request.view_args or {}).get("id")
    found = duplicates.redirect_of(str(name)) if name else None
    return redirect(tk.url_for("dataset.read", id=found), 301) if found else response
