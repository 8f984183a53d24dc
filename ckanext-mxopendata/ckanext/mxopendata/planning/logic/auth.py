"""Who may do what in the planning room."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context, DataDict

from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.planning.model import Role

__all__ = [
    "mxopendata_commitment_create",
    "mxopendata_commitment_import",
    "mxopendata_commitment_list",
    "mxopendata_commitment_match_confirm",
    "mxopendata_commitment_match_list",
    "mxopendata_commitment_match_refuse",
    "mxopendata_commitment_restore",
    "mxopendata_commitment_show",
    "mxopendata_commitment_sums",
    "mxopendata_commitment_update",
    "mxopendata_commitment_withdraw",
    "mxopendata_role_create",
    "mxopendata_role_delete",
    "mxopendata_role_list",
    "mxopendata_role_update",
]


@tk.auth_allow_anonymous_access
def mxopendata_commitment_list(context: Context, data_dict: DataDict) -> AuthResult:
    """What was promised is public; the list leaves out the lines that the caller may not see."""
    institution = data_dict.get("institution")
    tk.check_access("organization_show" if institution else "package_search", context, {"id": institution or ""})
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_commitment_sums(context: Context, data_dict: DataDict) -> AuthResult:
    """Counts of public lines are public; those with the others, for the members of the institution."""
    institution = data_dict.get("institution")
    if not tk.asbool(data_dict.get("closed", False)):
        return mxopendata_commitment_list(context, data_dict)
    user, group = context.get("user", ""), model.Group.get(institution) if institution else None
    if group is None:
        return {"success": bool(user) and authz.is_sysadmin(user)}
    is_inside = bool(user) and authz.has_user_permission_for_group_or_org(group.id, user, "read")
    return {"success": is_inside, "msg": tk._("Only members of the institution see what is not public.")}


@tk.auth_allow_anonymous_access
def mxopendata_commitment_show(context: Context, data_dict: DataDict) -> AuthResult:
    """A public line is for everybody, another for the members of its institution."""
    line: Any = model.Session.get(Commitment, data_dict.get("id", ""))
    if line is None:
        raise tk.ObjectNotFound(tk._("There is no such commitment."))
    if line.open_to_all:
        return {"success": True}
    user = context.get("user", "")
    is_inside = bool(user) and authz.has_user_permission_for_group_or_org(line.organization_id, user, "read")
    return {"success": is_inside, "msg": tk._("Only members of the institution see this commitment.")}


@tk.auth_allow_anonymous_access
def mxopendata_role_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Who is responsible is public: the norm asks for it."""
    tk.check_access("organization_show", context, {"id": data_dict.get("institution", "")})
    return {"success": True}


def mxopendata_role_create(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution."""
    tk.check_access("organization_update", context, {"id": data_dict.get("institution", "")})
    return {"success": True}


def mxopendata_role_update(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution that the role belongs to."""
    role = model.Session.get(Role, data_dict.get("id", ""))
    if role is None:
        raise tk.ObjectNotFound(tk._("There is no such role."))
    tk.check_access("organization_update", context, {"id": role.organization_id})
    return {"success": True}


def mxopendata_role_delete(context: Context, data_dict: DataDict) -> AuthResult:
    """As changing it."""
    return mxopendata_role_update(context, data_dict)


def mxopendata_commitment_create(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution: a promise binds it."""
    tk.check_access("organization_update", context, {"id": data_dict.get("institution", "")})
    return {"success": True}


def mxopendata_commitment_import(context: Context, data_dict: DataDict) -> AuthResult:
    """As entering one by hand."""
    return mxopendata_commitment_create(context, data_dict)


def mxopendata_commitment_update(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution that promised."""
    return mxopendata_commitment_match_confirm(context, data_dict)


def mxopendata_commitment_match_list(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution: proposals name what is not public, too."""
    tk.check_access("organization_update", context, {"id": data_dict.get("institution", "")})
    return {"success": True}


def mxopendata_commitment_match_confirm(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution that promised."""
    line: Any = model.Session.get(Commitment, data_dict.get("id", ""))
    if line is None:
        raise tk.ObjectNotFound(tk._("There is no such commitment."))
    tk.check_access("organization_update", context, {"id": line.organization_id})
    return {"success": True}


def mxopendata_commitment_match_refuse(context: Context, data_dict: DataDict) -> AuthResult:
    """As confirming."""
    return mxopendata_commitment_match_confirm(context, data_dict)


def mxopendata_commitment_withdraw(context: Context, data_dict: DataDict) -> AuthResult:
    """As confirming."""
    return mxopendata_commitment_match_confirm(context, data_dict)


def mxopendata_commitment_restore(context: Context, data_dict: DataDict) -> AuthResult:
    """As confirming."""
    return mxopendata_commitment_match_confirm(context, data_dict)
