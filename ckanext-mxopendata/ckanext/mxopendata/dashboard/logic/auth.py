"""Who may see figures: public figures are for everybody who may search the portal."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict


def _as_catalogue(context: Context) -> AuthResult:
    tk.check_access("package_search", context, {})
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_indicator_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Definitions of indicators are public."""
    return _as_catalogue(context)


@tk.auth_allow_anonymous_access
def mxopendata_indicator_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Definitions of indicators are public."""
    return _as_catalogue(context)


@tk.auth_allow_anonymous_access
def mxopendata_dashboard_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Figures of the whole portal are public."""
    return _as_catalogue(context)


@tk.auth_allow_anonymous_access
def mxopendata_institution_report(context: Context, data_dict: DataDict) -> AuthResult:
    """Public figures of an institution are for everybody who may see the institution."""
    return _as_catalogue(context)


@tk.auth_allow_anonymous_access
def mxopendata_ranking(context: Context, data_dict: DataDict) -> AuthResult:
    """The ranking is public."""
    return _as_catalogue(context)


@tk.auth_allow_anonymous_access
def mxopendata_snapshot_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Kept public figures are public."""
    return _as_catalogue(context)


@tk.auth_allow_anonymous_access
def mxopendata_dataset_report(context: Context, data_dict: DataDict) -> AuthResult:
    """What counts for a dataset is for everybody who may see the dataset."""
    tk.check_access("package_show", context, {"id": data_dict["id"]})
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_measurement_list(context: Context, data_dict: DataDict) -> AuthResult:
    """The list of public datasets behind the figures is public."""
    return _as_catalogue(context)
