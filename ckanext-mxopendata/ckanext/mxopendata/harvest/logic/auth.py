"""Who may see the harvest room's reports: those of a public source are public."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.mxopendata.harvest import engine

__all__ = [
    "mxopendata_harvest_record_list",
    "mxopendata_harvest_run_list",
    "mxopendata_harvest_run_show",
    "mxopendata_harvest_source_list",
]


@tk.auth_allow_anonymous_access
def mxopendata_harvest_run_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may see the source may see its runs."""
    run = engine.get_run(tk.get_or_bust(data_dict, "run"))
    try:
        tk.check_access("harvest_source_show", context, {"id": run.source_id})
    except tk.NotAuthorized:
        return {"success": False, "msg": tk._("Not authorized to see the runs of this source")}
    return {"success": True}


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
