"""What the room's templates ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.helpers import mxopendata_date
from ckanext.mxopendata.planning import commitments
from ckanext.mxopendata.planning.roles import ADMINISTRATOR, LIAISON, WORKING_GROUP

__all__ = ["mxopendata_commitment_status", "mxopendata_promised", "mxopendata_role_kinds", "mxopendata_roles"]


def mxopendata_commitment_status(commitment: Mapping[str, Any]) -> dict[str, str]:
    """How a promise stands, for people: ``{"label", "colour"}``; the colour is one of Bootstrap's."""
    timing = {"late": tk._("Published late"), "early": tk._("Published early"), "on_time": tk._("Published on time")}
    shown = {
        commitments.PUBLISHED: (timing.get(commitment.get("timing") or "", tk._("Published")), "success"),
        commitments.OVERDUE: (tk._("Overdue and not published"), "danger"),
        commitments.PENDING: (tk._("Still to come"), "secondary"),
        commitments.UNDATED: (tk._("Without a date"), "secondary"),
        commitments.WITHDRAWN: (tk._("Withdrawn"), "dark"),
    }
    label, colour = shown[commitment["status"]]
    return {"label": label, "colour": colour}


def mxopendata_promised(text: str | None) -> str:
    """A promised date in the precision it was written in; ``sin fecha`` where there is none."""
    return mxopendata_date(text) if text else tk._("no date")


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
