"""Who may do what in the planning room."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context, DataDict

from ckanext.mxopendata.planning.model import Role

__all__ = ["mxopendata_role_create", "mxopendata_role_delete", "mxopendata_role_list", "mxopendata_role_update"]


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
