"""Who may do what at the front door."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

__all__ = [
    "mxopendata_dataset_validate",
    "mxopendata_file_read",
    "mxopendata_table_import",
    "mxopendata_table_show",
    "mxopendata_vocabulary_show",
]


@tk.auth_allow_anonymous_access
def mxopendata_dataset_validate(context: Context, data_dict: DataDict) -> AuthResult:
    """A saved dataset: whoever may see it. One that is not saved: whoever has an account."""
    if data_dict.get("dataset") is None:
        tk.check_access("package_show", context, {"id": data_dict.get("id", "")})
        return {"success": True}
    return {"success": bool(context.get("user")), "msg": tk._("Log in to check a dataset that is not saved.")}


def mxopendata_file_read(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit the dataset whose file it is: the portal fetches an address at their word."""
    tk.check_access("package_update", context, {"id": data_dict.get("id", "")})
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_vocabulary_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Vocabularies are public, also on a portal that shows its datasets to nobody."""
    return {"success": True}


def mxopendata_table_import(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may create datasets in the institution: its editors and administrators."""
    institution = tk.get_action("organization_show")({"ignore_auth": True}, {"id": data_dict.get("institution", "")})
    tk.check_access("package_create", context, {"owner_org": institution["id"]})
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_table_show(context: Context, data_dict: DataDict) -> AuthResult:
    """The public datasets of an institution: whoever may see the institution."""
    tk.check_access("organization_show", context, {"id": data_dict.get("institution", "")})
    return {"success": True}
