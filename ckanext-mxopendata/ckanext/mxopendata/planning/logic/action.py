"""Actions of the planning room: who is responsible for an institution's open data, and what it promised."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.mxopendata.core_tables import GROUP, extra_value
from ckanext.mxopendata.logic.completeness import sentence
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.text import storable
from ckanext.mxopendata.planning import commitments, decisions
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.planning.model import Role
from ckanext.mxopendata.planning.roles import FIELDS, KINDS, SINGLE, read_role
from ckanext.mxopendata.planning.visibility import sees_closed_of

__all__ = [
    "mxopendata_commitment_list",
    "mxopendata_commitment_match_confirm",
    "mxopendata_commitment_match_list",
    "mxopendata_commitment_match_refuse",
    "mxopendata_commitment_restore",
    "mxopendata_commitment_show",
    "mxopendata_commitment_withdraw",
    "mxopendata_role_create",
    "mxopendata_role_delete",
    "mxopendata_role_list",
    "mxopendata_role_update",
]
MAXIMUM_PAGE = 1000
MAXIMUM_REASON = 1000


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
    institution = _institution(data_dict)
    found = model.Session.execute(sa.select(Role).where(Role.organization_id == institution["id"])).scalars().all()
    roles = sorted(found, key=_order)
    current = {role.kind for role in roles if role.ended_on is None}
    shown = roles if tk.asbool(data_dict.get("ended", False)) else [role for role in roles if role.ended_on is None]
    return {
        "institution": institution["name"],
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
    institution = _institution(data_dict)
    role = Role(organization_id=institution["id"])
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


@tk.side_effect_free
def mxopendata_commitment_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What institutions promised (issue 8, part 1); lines that are not public only to their institution's members.

    Args:
        context: CKAN's.
        data_dict: ``institution`` (name or id), ``state`` (INEGI's key of two digits), ``status`` (``published``,
            ``overdue``, ``pending``, ``undated``, ``withdrawn``), ``offset`` (0), ``limit`` (100, at most 1000).

    Returns:
        ``{"count", "as_of", "results": [{"id", "institution", "title", "resource", "promised", "due_on", "status",
        "timing", "dataset", "published_on", "access_level", …}]}``; dates are ISO 8601, ``promised`` in the precision
        written, ``timing`` ``early``, ``on_time`` or ``late`` of what is published.

    Raises:
        ValidationError: for a status or a number that is none.
        ObjectNotFound, NotAuthorized: as ``organization_show``.
    """
    tk.check_access("mxopendata_commitment_list", context, data_dict)
    today = datetime.now(timezone.utc).date()
    conditions: list[Any] = [sees_closed_of(context.get("user", ""))]
    if data_dict.get("institution"):
        conditions.append(commitments.LINE.c.organization_id == _institution(data_dict)["id"])
    if data_dict.get("state"):
        conditions.append(sa.func.substr(extra_value(GROUP, "cvegeo"), 1, 2) == str(data_dict["state"]))
    if data_dict.get("status"):
        if data_dict["status"] not in commitments.STATUSES:
            raise tk.ValidationError({"status": [", ".join(commitments.STATUSES)]})
        conditions.append(commitments.status_at(today) == data_dict["status"])
    offset, limit = (_number(data_dict, name, default) for name, default in (("offset", 0), ("limit", 100)))
    count, rows = commitments.listed(conditions, today, offset=offset, limit=min(limit, MAXIMUM_PAGE))
    return {"count": count, "as_of": today.isoformat(), "results": [commitments.shown(row) for row in rows]}


@tk.side_effect_free
def mxopendata_commitment_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A promise with its whole history.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}``.

    Returns:
        As in :func:`mxopendata_commitment_list`, with ``as_of`` and ``dates``: ``[{"promised", "recorded_at",
        "source_file", "source_row"}]``, every date there ever was, the first one first.

    Raises:
        ObjectNotFound: where there is none.
        NotAuthorized: for a line that is not public, of another institution.
    """
    tk.check_access("mxopendata_commitment_show", context, data_dict)
    today = datetime.now(timezone.utc).date()
    _, rows = commitments.listed([commitments.LINE.c.id == data_dict["id"]], today)
    if not rows:
        raise tk.ObjectNotFound(tk._("There is no such commitment."))
    return {
        "as_of": today.isoformat(),
        **commitments.shown(rows[0]),
        "dates": commitments.dates_of(data_dict["id"]),
    }


@tk.side_effect_free
def mxopendata_commitment_match_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Which datasets may keep the promises of an institution that have none yet, the surest first.

    Args:
        context: CKAN's.
        data_dict: ``{"institution"}``.

    Returns:
        ``[{"commitment", "title", "dataset_id", "dataset", "dataset_title", "score"}]``, scores from 0 to 1.

    Raises:
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    tk.check_access("mxopendata_commitment_match_list", context, data_dict)
    return decisions.proposals(_institution(data_dict)["id"])


def mxopendata_commitment_match_confirm(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say that a dataset of the same institution keeps a promise, proposed or not.

    Args:
        context: CKAN's.
        data_dict: ``{"id": of the commitment, "dataset": id or name}``.

    Returns:
        The commitment, as :func:`mxopendata_commitment_show`.

    Raises:
        ValidationError: for a dataset that the institution does not have.
        ObjectNotFound, NotAuthorized: for a commitment that is none, or not of the caller's institution.
    """
    tk.check_access("mxopendata_commitment_match_confirm", context, data_dict)
    return _decided(context, data_dict, decisions.CONFIRMED)


def mxopendata_commitment_match_refuse(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say that a dataset does not keep a promise; the pair is not proposed again.

    Args, Returns, Raises:
        As :func:`mxopendata_commitment_match_confirm`.
    """
    tk.check_access("mxopendata_commitment_match_refuse", context, data_dict)
    return _decided(context, data_dict, decisions.REFUSED)


def mxopendata_commitment_withdraw(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take a promise back, in the open: it stays in the list with the day and the reason.

    Args:
        context: CKAN's.
        data_dict: ``{"id", "reason"}``.

    Returns:
        The commitment, as :func:`mxopendata_commitment_show`.

    Raises:
        ValidationError: without a reason, or for one that is too long.
        ObjectNotFound, NotAuthorized: for a commitment that is none, or not of the caller's institution.
    """
    tk.check_access("mxopendata_commitment_withdraw", context, data_dict)
    reason = storable(" ".join(str(data_dict.get("reason") or "").split()))
    if not 0 < len(reason) <= MAXIMUM_REASON:
        words = tk._("Say why it is withdrawn, in at most {maximum} characters.").format(maximum=MAXIMUM_REASON)
        raise tk.ValidationError({"reason": [words]})
    return _withdrawn(context, data_dict["id"], datetime.now(timezone.utc).date(), reason)


def mxopendata_commitment_restore(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Promise again what was withdrawn.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}``.

    Returns, Raises:
        As :func:`mxopendata_commitment_withdraw`.
    """
    tk.check_access("mxopendata_commitment_restore", context, data_dict)
    return _withdrawn(context, data_dict["id"], None, "")


def _withdrawn(context: Context, commitment_id: str, day: date | None, reason: str) -> dict[str, Any]:
    commitment: Any = model.Session.get(Commitment, commitment_id)
    commitment.withdrawn_on, commitment.withdrawn_reason = day, reason
    commitment.modified_at = datetime.now(timezone.utc)
    model.Session.commit()
    return mxopendata_commitment_show(context, {"id": commitment_id})


def _decided(context: Context, data_dict: DataDict, decision: str) -> dict[str, Any]:
    commitment: Any = model.Session.get(Commitment, data_dict["id"])
    dataset = decisions.dataset_of(commitment.organization_id, str(data_dict.get("dataset") or ""))
    if dataset is None:
        raise tk.ValidationError({"dataset": [tk._("The institution has no such dataset.")]})
    decisions.decide(commitment, dataset, decision, datetime.now(timezone.utc))
    return mxopendata_commitment_show(context, {"id": data_dict["id"]})


def _number(data_dict: DataDict, name: str, default: int) -> int:
    text = str(data_dict.get(name, default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise tk.ValidationError({name: [tk._("Write a whole number.")]})
    return int(text)


def _institution(data_dict: DataDict) -> dict[str, Any]:
    name = tk.get_or_bust(data_dict, "institution")
    return tk.get_action("organization_show")({"ignore_auth": True}, {"id": name})


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
