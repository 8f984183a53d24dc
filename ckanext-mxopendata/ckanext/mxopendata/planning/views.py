"""The page of who is responsible for an institution's open data."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import refusal
from ckanext.mxopendata.planning.roles import FIELDS

bp = Blueprint("mxopendata_planning", __name__, url_prefix="/organization/<name>/responsables")


@bp.errorhandler(tk.ObjectNotFound)
def _not_found(_error: tk.ObjectNotFound) -> tuple[str, int]:
    return refusal(404, tk._("Not found"), tk._("There is no such institution or role."))


@bp.errorhandler(tk.NotAuthorized)
def _not_allowed(_error: tk.NotAuthorized) -> tuple[str, int]:
    return refusal(403, tk._("Not allowed"), tk._("Only administrators of the institution change who is responsible."))


@bp.route("", methods=["GET"])
def page(name: str) -> str:
    """Who is responsible today, who was before; for administrators, the form."""
    return _render(name)


@bp.route("", methods=["POST"])
def create(name: str) -> str | tuple[str, int] | Response:
    """Appoint somebody."""
    given = _given()
    try:
        tk.get_action("mxopendata_role_create")(_context(), {"institution": name, **given})
    except tk.ValidationError as error:
        return _render(name, values=given, errors=error.error_dict), 400
    tk.h.flash_success(tk._("The appointment was entered."))
    return tk.redirect_to("mxopendata_planning.page", name=name)


@bp.route("/<role_id>", methods=["GET"])
def edit(name: str, role_id: str) -> str:
    """The form with one role in it."""
    role = _role(name, role_id)
    tk.check_access("mxopendata_role_update", _context(), {"id": role_id})
    return _render(name, values=role, role_id=role_id)


@bp.route("/<role_id>", methods=["POST"])
def update(name: str, role_id: str) -> str | tuple[str, int] | Response:
    """Correct a role, or enter its end."""
    _role(name, role_id)
    given = _given()
    try:
        tk.get_action("mxopendata_role_update")(_context(), {"id": role_id, **given})
    except tk.ValidationError as error:
        return _render(name, values=given, errors=error.error_dict, role_id=role_id), 400
    tk.h.flash_success(tk._("The appointment was changed."))
    return tk.redirect_to("mxopendata_planning.page", name=name)


@bp.route("/<role_id>/borrar", methods=["POST"])
def delete(name: str, role_id: str) -> Response:
    """Take away an entry made by mistake."""
    _role(name, role_id)
    tk.get_action("mxopendata_role_delete")(_context(), {"id": role_id})
    tk.h.flash_success(tk._("The entry was removed."))
    return tk.redirect_to("mxopendata_planning.page", name=name)


def _given() -> dict[str, str]:
    return {name: tk.request.form.get(name, "") for name in FIELDS}


def _context() -> Any:
    user = tk.current_user
    return {"user": user.name if user.is_authenticated else "", "auth_user_obj": user}


def _role(name: str, role_id: str) -> dict[str, Any]:
    listed = tk.get_action("mxopendata_role_list")(_context(), {"institution": name, "ended": True})
    role = next((role for role in listed["roles"] if role["id"] == role_id), None)
    if role is None:
        raise tk.ObjectNotFound(role_id)
    return role


def _may_change(institution_id: str) -> bool:
    try:
        return bool(tk.check_access("mxopendata_role_create", _context(), {"institution": institution_id}))
    except tk.NotAuthorized:
        return False


def _render(name: str, **values: Any) -> str:
    institution = tk.get_action("organization_show")(_context(), {"id": name})
    listed = tk.get_action("mxopendata_role_list")(_context(), {"institution": name, "ended": True})
    shown = {
        "group_dict": institution,
        "group_type": "organization",
        "current": [role for role in listed["roles"] if not role["ended_on"]],
        "former": [role for role in listed["roles"] if role["ended_on"]],
        "missing": listed["missing"],
        "may_change": _may_change(institution["id"]),
        "values": {},
        "errors": {},
        "role_id": None,
        **values,
    }
    return tk.render("mxopendata/planning/roles.html", extra_vars=shown)
