"""Who may see the harvest room's reports: those of a public source are public."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context, DataDict

from ckanext.mxopendata.form_start import fresh_context
from ckanext.mxopendata.harvest import duplicates
from ckanext.mxopendata.harvest.runs import get_run

__all__ = [
    "mxopendata_harvest_change_list",
    "mxopendata_harvest_doubtful_decide",
    "mxopendata_harvest_doubtful_list",
    "mxopendata_harvest_record_list",
    "mxopendata_harvest_run_list",
    "mxopendata_harvest_run_show",
    "mxopendata_harvest_source_add",
    "mxopendata_harvest_source_detect",
    "mxopendata_harvest_source_list",
    "mxopendata_harvest_source_search",
    "mxopendata_harvest_upload",
    "mxopendata_harvest_upload_show",
]


@tk.auth_allow_anonymous_access
def mxopendata_harvest_run_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may see the source may see its runs."""
    return _may_see(context, get_run(tk.get_or_bust(data_dict, "run")).source_id)


def _may_see(context: Context, source: str) -> AuthResult:
    try:
        tk.check_access("harvest_source_show", context, {"id": source})
    except tk.NotAuthorized:
        return {"success": False, "msg": tk._("Not authorized to see the runs of this source")}
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_harvest_change_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may see the source; the action names public datasets only."""
    return _may_see(context, tk.get_or_bust(data_dict, "source"))


@tk.auth_allow_anonymous_access
def mxopendata_harvest_record_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may see a run may see its lines."""
    return mxopendata_harvest_run_show(context, data_dict)


@tk.auth_allow_anonymous_access
def mxopendata_harvest_run_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Everybody; the action leaves out the private sources of other institutions."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_harvest_source_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Everybody; the action leaves out the private sources of other institutions."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_harvest_source_search(context: Context, data_dict: DataDict) -> AuthResult:
    """Everybody; the action leaves out the private sources of other institutions."""
    return {"success": True}


def mxopendata_harvest_source_detect(context: Context, data_dict: DataDict) -> AuthResult:
    """An administrator of the institution it would belong to; for no institution yet, only a sysadmin."""
    user, institution = context.get("user", ""), data_dict.get("institution")
    group = model.Group.get(institution) if institution else None
    is_admin = group is not None and bool(user) and authz.has_user_permission_for_group_or_org(group.id, user, "admin")
    return {"success": is_admin, "msg": tk._("Only an administrator of the institution adds a source for it.")}


def mxopendata_harvest_source_add(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may look at a portal for an institution may make it its source."""
    return mxopendata_harvest_source_detect(context, data_dict)


def mxopendata_harvest_doubtful_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever has an account; the action leaves out what they may not decide."""
    return {"success": bool(context.get("user"))}


def mxopendata_harvest_doubtful_decide(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit both datasets, and remove the one that would go."""
    dataset, other = duplicates.pair(tk.get_or_bust(data_dict, "id"))
    check_pair(context, dataset["id"], other["id"])
    return {"success": True}


def mxopendata_harvest_upload(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may import a table into the institution: its editors and administrators."""
    tk.check_access("mxopendata_table_import", context, {"institution": data_dict.get("institution", "")})
    return {"success": True}


def mxopendata_harvest_upload_show(context: Context, data_dict: DataDict) -> AuthResult:
    """As uploading it: the list names datasets that are not public, too."""
    return mxopendata_harvest_upload(context, data_dict)


def check_pair(context: Context, dataset_id: str, other_id: str) -> None:
    """Refuse who may not decide on a doubtful dataset and the one it may be.

    Raises:
        ckan.plugins.toolkit.NotAuthorized: where they may not edit both, and remove the one that would go.
    """
    for action, known in (("package_update", dataset_id), ("package_delete", dataset_id), ("package_update", other_id)):
        tk.check_access(action, fresh_context(context), {"id": known})
