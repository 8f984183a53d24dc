"""What the room's templates ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.helpers import mxopendata_date
from ckanext.mxopendata.planning import commitments
from ckanext.mxopendata.planning.roles import ADMINISTRATOR, LIAISON, WORKING_GROUP

__all__ = [
    "mxopendata_access_level",
    "mxopendata_commitment_filters",
    "mxopendata_commitment_status",
    "mxopendata_promised",
    "mxopendata_role_kinds",
    "mxopendata_roles",
]


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


def mxopendata_access_level(level: str | None) -> str:
    """A level of access for people."""
    shown = {"public": tk._("public"), "restricted": tk._("restricted"), "non_public": tk._("non-public")}
    return shown.get(level or "", tk._("not stated"))


def mxopendata_commitment_filters(parameters: Mapping[str, str]) -> list[str]:
    """What the address of the list asks for beside what its form shows, for people."""
    counts = {
        "lines": tk._("all"),
        "inventoried": tk._("inventoried"),
        "inventory_published": tk._("inventoried and published"),
        "inventory_unpublished": tk._("inventoried and not published"),
        "planned": tk._("in an opening plan"),
        "committed": tk._("in an opening plan, not withdrawn"),
        "committed_unpublished": tk._("in an opening plan and not published"),
        "published": tk._("published"),
        "published_late": tk._("published late"),
        "early": tk._("published early"),
        "on_time": tk._("published on time"),
        "in_time": tk._("published by the day promised"),
        "late": tk._("published late, or overdue"),
        "overdue": tk._("overdue"),
        "withdrawn": tk._("withdrawn"),
        "withdrawn_overdue": tk._("withdrawn after they fell due"),
        "not_kept": tk._("overdue, or withdrawn after they fell due"),
        "not_in_time": tk._("late, overdue, or withdrawn after they fell due"),
        "committed_this_year": tk._("in an opening plan for this year, not withdrawn"),
        "access_public": tk._("of public access"),
        "access_restricted": tk._("of restricted access"),
        "access_non_public": tk._("of non-public access"),
    }
    words = []
    if parameters.get("cuenta"):
        words.append(counts.get(parameters["cuenta"], parameters["cuenta"]))
    if parameters.get("acceso"):
        words.append(tk._("access: {level}").format(level=mxopendata_access_level(parameters["acceso"])))
    if parameters.get("vence"):
        words.append(tk._("promised for: {date}").format(date=mxopendata_date(parameters["vence"])))
    if parameters.get("reservados"):
        words.append(tk._("not public"))
    return words


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
