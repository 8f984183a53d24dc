"""Actions of the planning room: who is responsible for an institution's open data, and what it promised."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.mxopendata.logic.completeness import sentence
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.planning.logic.commitments import (
    institution_of,
    mxopendata_commitment_create,
    mxopendata_commitment_list,
    mxopendata_commitment_match_confirm,
    mxopendata_commitment_match_list,
    mxopendata_commitment_match_refuse,
    mxopendata_commitment_restore,
    mxopendata_commitment_show,
    mxopendata_commitment_sums,
    mxopendata_commitment_update,
    mxopendata_commitment_withdraw,
)
from ckanext.mxopendata.planning.logic.imports import mxopendata_commitment_import
from ckanext.mxopendata.planning.model import Role
from ckanext.mxopendata.planning.roles import FIELDS, KINDS, SINGLE, read_role

__all__ = [
    "mxopendata_commitment_create",
    "mxopendata_commitment_import",
    "mxopendata_commitment_list",
    "mxopendata_commitment_match_confirm",
    "mxopendata_commitment_match_list",
    "mxopendata_commitment_match_refuse",
    "mxopendata_commitment_restore",
    "mxopendata_commitment_show",
    "mxopendata_commitment_sums",
    "mxopendata_commitment_update",
    "mxopendata_commitment_withdraw",
    "mxopendata_role_create",
    "mxopendata_role_delete",
    "mxopendata_role_list",
    "mxopendata_role_update",
]


@tk.side_effect_free
def mxopendata_role_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Who is responsible for an institution's open data (Guía 2017, 1.1; issue 5).

    Args:
        context: CKAN's.
        data_dict: ``{"institution", "ended"}``; with ``ended`` those whose appointment is over, too.

    Returns:
        ``{"institution", "roles": [{"id", "kind", "person", "position", "email", "appointed_on", "ended_on",
        "document"}], "missing": [kind]}``: current ones first, in the order liaison, administrator, working group;
        ``missing`` names the roles that nobody holds. Dates are ISO 8601 or ``None``.

    Raises:
        ObjectNotFound, NotAuthorized: as ``organization_show``.
    """
    tk.check_access("mxopendata_role_list", context, data_dict)
    institution = institution_of(data_dict)
    found = model.Session.execute(sa.select(Role).where(Role.organization_id == institution.id)).scalars().all()
    roles = sorted(found, key=_order)
    current = {role.kind for role in roles if role.ended_on is None}
    shown = roles if tk.asbool(data_dict.get("ended", False)) else [role for role in roles if role.ended_on is None]
    return {
        "institution": institution.name,
        "roles": [_shown(role) for role in shown],
        "missing": [kind for kind in KINDS if kind not in current],
    }


def mxopendata_role_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Appoint somebody.

    Args:
        context: CKAN's.
        data_dict: ``{"institution", "kind", "person", "position", "email", "appointed_on", "ended_on", "document"}``;
            ``kind`` is ``liaison``, ``administrator`` or ``working_group``.

    Returns:
        The role, as in :func:`mxopendata_role_list`.

    Raises:
        ValidationError: in the caller's language; also where somebody holds the liaison's or administrator's role.
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    tk.check_access("mxopendata_role_create", context, data_dict)
    institution = institution_of(data_dict)
    role = Role(organization_id=institution.id)
    _fill(role, data_dict)
    model.Session.add(role)
    model.Session.commit()
    return _shown(role)


def mxopendata_role_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Correct an appointment, or enter when it ended; fields that are not given stay.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}`` and any of the fields of :func:`mxopendata_role_create`.

    Raises:
        ValidationError, ObjectNotFound, NotAuthorized: as there.
    """
    tk.check_access("mxopendata_role_update", context, data_dict)
    role = model.Session.get(Role, data_dict["id"])
    _fill(role, {**_shown(role), **{name: data_dict[name] for name in FIELDS if name in data_dict}})
    model.Session.commit()
    return _shown(role)


def mxopendata_role_delete(context: Context, data_dict: DataDict) -> None:
    """Take away an entry that never should have been; an appointment that is over is ended instead.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}``.

    Raises:
        ObjectNotFound, NotAuthorized: for a role that is none, or not of the caller's institution.
    """
    tk.check_access("mxopendata_role_delete", context, data_dict)
    model.Session.delete(model.Session.get(Role, data_dict["id"]))
    model.Session.commit()


def _fill(role: Any, given: DataDict) -> None:
    entry = read_role(given, datetime.now(timezone.utc).date())
    kind, ended = entry.values.get("kind"), entry.values.get("ended_on")
    if kind in SINGLE and ended is None and "kind" not in entry.errors:
        query = sa.select(Role.appointed_on).where(
            Role.organization_id == role.organization_id,
            Role.kind == kind,
            Role.ended_on.is_(None),
            Role.id.is_distinct_from(role.id),
        )
        since = model.Session.execute(query).scalars().first()
        if since is not None:
            entry.errors["kind"] = Finding("role_held_already", "kind", None, since.isoformat())
    if entry.errors:
        model.Session.rollback()
        raise tk.ValidationError({name: [sentence(finding)] for name, finding in entry.errors.items()})
    for name, value in entry.values.items():
        setattr(role, name, value)


def _order(role: Any) -> tuple[Any, ...]:
    return (role.ended_on is not None, KINDS.index(role.kind), -(role.ended_on or date.max).toordinal(), role.person)


def _shown(role: Any) -> dict[str, Any]:
    shown = {"id": role.id, **{name: getattr(role, name) for name in FIELDS}}
    for name in ("appointed_on", "ended_on"):
        shown[name] = shown[name].isoformat() if shown[name] else None
    return shown
