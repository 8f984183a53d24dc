"""Pages on which an institution's people see all it promised, public or not, and enter commitments by hand."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import refuse_in_words
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.planning.entries import FIELDS, LEVELS

bp = Blueprint("mxopendata_commitments_of", __name__)
_ON_A_PAGE = 50
_FLAGS = ("open_to_all", "in_inventory", "in_plan")
_NEW = {"open_to_all": True, "in_plan": True}


refuse_in_words(bp)


@bp.route("/organization/<name>/compromisos")
def page(name: str) -> str:
    """What only members of the institution see of its promises and datasets, clearly marked, beside the counts."""
    with_closed = act("mxopendata_commitment_sums", institution=name, closed=True)
    public = act("mxopendata_commitment_sums", institution=name)
    number = _page()
    first = (number - 1) * _ON_A_PAGE
    closed = act("mxopendata_commitment_list", institution=name, closed=True, offset=first, limit=_ON_A_PAGE)
    # A shared cache must never keep what only members see.
    tk.request.environ["__no_cache__"] = True
    institution = act("organization_show", id=name, include_datasets=False)
    return tk.render(
        "mxopendata/planning/manage.html",
        {
            "group_dict": institution,
            "group_type": "organization",
            "public": public["institutions"].get(institution["name"], {}),
            "everything": with_closed["institutions"].get(institution["name"], {}),
            "totals": with_closed["totals"],
            "closed": closed,
            "private": _private_datasets(institution["id"]),
            "page": number,
            "pages": math.ceil(closed["count"] / _ON_A_PAGE),
            "may_change": tk.h.check_access("mxopendata_commitment_create", {"institution": institution["id"]}),
        },
    )


@bp.route("/organization/<name>/compromisos/nuevo", methods=["GET"])
def new(name: str) -> str:
    """The empty form."""
    tk.check_access("mxopendata_commitment_create", _context(), {"institution": name})
    return _form(name, _NEW)


@bp.route("/organization/<name>/compromisos/nuevo", methods=["POST"])
def create(name: str) -> str | tuple[str, int] | Response:
    """Enter a commitment; with an error nothing is stored and the form keeps what was written."""
    try:
        stored = act("mxopendata_commitment_create", institution=name, **_given())
    except tk.ValidationError as error:
        return _form(name, _given(), error.error_dict), 400
    tk.h.flash_success(tk._("The commitment was entered."))
    return tk.redirect_to("mxopendata_commitments.commitment", commitment_id=stored["id"])


@bp.route("/compromisos/<commitment_id>/editar", methods=["GET"])
def edit(commitment_id: str) -> str:
    """The form with a commitment in it."""
    tk.check_access("mxopendata_commitment_update", _context(), {"id": commitment_id})
    found = act("mxopendata_commitment_show", id=commitment_id)
    return _form(found["institution"], found, commitment=found)


@bp.route("/compromisos/<commitment_id>/editar", methods=["POST"])
def update(commitment_id: str) -> str | tuple[str, int] | Response:
    """Correct a commitment; another date is added to its history."""
    try:
        act("mxopendata_commitment_update", id=commitment_id, **_given())
    except tk.ValidationError as error:
        found = act("mxopendata_commitment_show", id=commitment_id)
        return _form(found["institution"], _given(), error.error_dict, found), 400
    tk.h.flash_success(tk._("The commitment was changed."))
    return tk.redirect_to("mxopendata_commitments.commitment", commitment_id=commitment_id)


def act(action: str, **data_dict: Any) -> Any:
    """Call an action as the person who asks for the page."""
    return tk.get_action(action)({}, data_dict)


def _context() -> Any:
    user = tk.current_user
    return {"user": user.name if user.is_authenticated else "", "auth_user_obj": user}


def _given() -> dict[str, Any]:
    """What the form says; a box that is not ticked is not sent."""
    text = {name: tk.request.form.get(name, "") for name in FIELDS if name not in _FLAGS}
    return {**text, **{name: name in tk.request.form for name in _FLAGS}}


def _form(name: str, values: dict[str, Any], errors: Any = None, commitment: dict[str, Any] | None = None) -> str:
    language = current_language()
    return tk.render(
        "mxopendata/planning/entry.html",
        {
            "group_dict": act("organization_show", id=name, include_datasets=False),
            "group_type": "organization",
            "values": values,
            "errors": errors or {},
            "commitment": commitment,
            "levels": LEVELS,
            "frequencies": [(term.id, term.label(language)) for term in vocabulary("frequencies").active()],
        },
    )


def _private_datasets(institution_id: str) -> dict[str, Any]:
    query = {"fq": f'owner_org:"{institution_id}" +capacity:private', "include_private": True, "rows": _ON_A_PAGE}
    return act("package_search", **query)


def _page() -> int:
    text = tk.request.args.get("pagina", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
