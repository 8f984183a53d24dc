"""Keeps the dashboard's own datasets (:mod:`.own_datasets`) as they should be: makes, updates, or leaves them alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.dashboard import own_datasets, quarters, snapshots
from ckanext.mxopendata.dashboard.addresses import permanent_url
from ckanext.mxopendata.dashboard.computation import alone
from ckanext.mxopendata.dashboard.stored import find_institution


class PublishingError(ValueError):
    """The datasets cannot be published; the message says why and what to do, in Spanish."""


def publish(institution: str, email: str, now: datetime) -> dict[str, list[str]]:
    """Bring the datasets up to date; needs a request, for addresses.

    Two at once: the second waits for the first, by the lock of the computation, and finds nothing to do.

    Args:
        institution: name or id of the organization whose datasets they are.
        email: institutional address of their contact.
        now: later days and quarters, which a wrong clock left behind, are not told.

    Returns:
        Names of the datasets by what was done: ``created``, ``updated``, ``unchanged``, and ``deleted`` for those that
        somebody deleted on the portal, which are left so.

    Raises:
        PublishingError: no such institution, no address, nothing computed yet, or CKAN refuses a dataset.
    """
    found = find_institution(institution)
    if found is None:
        raise PublishingError(f"No hay una institución activa «{institution}»")
    if not email:
        raise PublishingError(f"Falta el correo institucional de contacto: {config.DASHBOARD_CONTACT}")
    done: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": [], "deleted": []}
    with alone(None):
        days = snapshots.days(snapshots.local_day(now))
        if not days:
            raise PublishingError("Todavía no hay cifras: ckan mxopendata indicators compute")
        source = own_datasets.Source(
            site_id=tk.config["ckan.site_id"],
            institution=found,
            email=email,
            days=(days[0], days[-1]),
            quarters=quarters.days(),
            address=permanent_url,
        )
        for wanted in own_datasets.described(source):
            done[_bring_up_to_date(wanted)].append(wanted["name"])
    return done


def _bring_up_to_date(wanted: dict[str, Any]) -> str:
    try:
        return _save(wanted)
    except tk.ValidationError as error:
        words = "; ".join(f"{field}: {problem}" for field, problem in error.error_summary.items())
        raise PublishingError(f"CKAN no acepta el conjunto «{wanted['name']}»: {words}") from error


def _save(wanted: dict[str, Any]) -> str:
    stored = model.Package.get(wanted["id"])
    if stored is None:
        tk.get_action("package_create")(_context(), wanted)
        return "created"
    if stored.state != model.State.ACTIVE:
        return "deleted"
    # Who called the dataset something else, or wrote more about it, keeps that.
    mine = {name: value for name, value in wanted.items() if name != "name"}
    if is_within(mine, tk.get_action("package_show")(_context(), {"id": wanted["id"]})):
        return "unchanged"
    tk.get_action("package_patch")(_context(), mine)
    return "updated"


def is_within(wanted: Any, shown: Any) -> bool:
    """Whether CKAN shows everything that is wanted; what it shows besides does not matter.

    Args:
        wanted: as it was handed to CKAN.
        shown: as ``package_show`` gives it: with more keys, and documents read from their text.
    """
    if isinstance(wanted, Mapping):
        return isinstance(shown, Mapping) and all(is_within(value, shown.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        same_length = isinstance(shown, list) and len(shown) == len(wanted)
        return same_length and all(is_within(mine, theirs) for mine, theirs in zip(wanted, shown, strict=True))
    if isinstance(wanted, str) and isinstance(shown, (Mapping, list)):
        return json.loads(wanted) == shown
    return wanted == shown


def _context() -> Any:
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"ignore_auth": True, "user": site_user["name"]}
