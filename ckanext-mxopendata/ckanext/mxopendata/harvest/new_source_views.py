"""The page on which a portal is looked at, and becomes a source once somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

import ckan.plugins.toolkit as tk
from ckan import authz
from ckan.types import Context

from ckanext.mxopendata.downloads import refusal
from ckanext.mxopendata.form_start import person_context
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.sources import DEFAULT_SCHEDULE
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.vocabularies import vocabulary

bp = Blueprint("mxopendata_harvest_new_source", __name__, url_prefix="/cosechas/nueva")

SCHEDULES = ("MANUAL", "DAILY", "WEEKLY", "BIWEEKLY", "MONTHLY")
_FIELDS = ("url", "type", "name", "title", "institution", "schedule", "license", "cvegeo")


@bp.errorhandler(tk.NotAuthorized)
def _refused(_error: tk.NotAuthorized) -> tuple[str, int]:
    return refusal(403, tk._("Not allowed"), tk._("Only an administrator of an institution adds sources for it."))


def institutions_of(context: Context) -> list[dict[str, Any]]:
    """The institutions for which a person may add a source; all of them for a sysadmin, none for who is nobody here."""
    if not context.get("user"):
        return []
    return tk.get_action("organization_list_for_user")(context, {"permission": "admin"})


@bp.route("", methods=["GET"])
def page() -> str:
    """Asks for an address."""
    return _page(institutions_of(person_context()), {"url": tk.request.args.get("url", "")})


@bp.route("", methods=["POST"])
def look() -> str:
    """Shows what the records of a portal would become."""
    asked = _asked()
    offered = institutions_of(person_context())
    try:
        found = tk.get_action("mxopendata_harvest_source_detect")(person_context(), asked)
    except tk.ValidationError as error:
        return _page(offered, asked, errors=error.error_dict)
    suggested = found["suggested"]
    proposed = {
        **{name: suggested[name] or "" for name in ("name", "title", "institution", "license", "cvegeo")},
        "url": found["url"],
        "type": found["type"],
        "schedule": DEFAULT_SCHEDULE,
    }
    return _page(offered, asked, found=found, proposed=proposed)


@bp.route("/guardar", methods=["POST"])
def save() -> Any:
    """Makes the source."""
    asked = _asked()
    try:
        made = tk.get_action("mxopendata_harvest_source_add")(person_context(), asked)
    except tk.ValidationError as error:
        return _page(institutions_of(person_context()), asked, proposed=asked, errors=error.error_dict)
    tk.h.flash_success(tk._("The source was added. Its first harvest begins by its schedule, or now, from this page."))
    return tk.redirect_to("harvest.read", id=made["name"])


def _asked() -> dict[str, str]:
    return {name: tk.request.form[name].strip() for name in _FIELDS if tk.request.form.get(name, "").strip()}


def _page(
    offered: list[dict[str, Any]],
    asked: Mapping[str, str],
    found: Mapping[str, Any] | None = None,
    proposed: Mapping[str, str] | None = None,
    errors: Mapping[str, Any] | None = None,
) -> str:
    if not offered:
        raise tk.NotAuthorized(tk._("Only an administrator of an institution adds sources for it."))
    language = current_language()
    licences = [(term.id, term.label(language)) for term in vocabulary("licences").active()]
    return tk.render(
        "mxopendata/harvest/new_source.html",
        {
            "institutions": offered,
            "may_leave_out": authz.is_sysadmin(tk.current_user.name),
            "types": {name: connector.title.removesuffix(" (México)") for name, connector in CONNECTORS.items()},
            "schedules": SCHEDULES,
            "licences": licences,
            "asked": asked,
            "found": found,
            "proposed": proposed,
            "errors": errors or {},
        },
    )
