"""What the room's templates ask for."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.planning.roles import ADMINISTRATOR, LIAISON, WORKING_GROUP

__all__ = ["mxopendata_role_kinds", "mxopendata_roles"]


def mxopendata_role_kinds() -> dict[str, str]:
    """The roles of an institution in their order: kind → name in the reader's language."""
    return {
        LIAISON: tk._("Institutional liaison"),
        ADMINISTRATOR: tk._("Data administrator"),
        WORKING_GROUP: tk._("Working group"),
    }


def mxopendata_roles(institution: str) -> dict[str, Any]:
    """Who is responsible for an institution's open data today, as ``mxopendata_role_list`` gives it."""
    return tk.get_action("mxopendata_role_list")({}, {"institution": institution})
