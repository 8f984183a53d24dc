"""Who may see the files of the whole catalogue: everybody, they hold public datasets only."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

__all__ = ["mxopendata_datajson_show", "mxopendata_dump_show"]


@tk.auth_allow_anonymous_access
def mxopendata_dump_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Anybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def mxopendata_datajson_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Anybody; the action gives what an anonymous visitor sees."""
    return {"success": True}
