"""Actions on what institutions promised: lists, counts, the matching with datasets, and what is entered by hand."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.mxopendata.core_tables import GROUP, extra_value
from ckanext.mxopendata.logic.completeness import sentence
from ckanext.mxopendata.metadata.commitment_table import NON_PUBLIC, PUBLIC, RESTRICTED
from ckanext.mxopendata.metadata.text import storable
from ckanext.mxopendata.planning import by_hand, commitment_counts, commitments, decisions
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.planning.entries import FIELDS
from ckanext.mxopendata.planning.visibility import sees_closed_of

MAXIMUM_PAGE = 1000
MAXIMUM_REASON = 1000
ACCESS_LEVELS = (PUBLIC, RESTRICTED, NON_PUBLIC)
UNSTATED = "none"
_YEAR_OR_MONTH = re.compile(r"[0-9]{4}(-[0-9]{2})?")


def institution_of(data_dict: DataDict) -> model.Group:
    """The institution that ``institution`` (name or id) names; who may see it is asked before.

    Raises:
        ValidationError: without one.
        ObjectNotFound: where there is none.
    """
    name = tk.get_or_bust(data_dict, "institution")
    found = model.Group.get(name)
    if found is None or not found.is_organization:
        raise tk.ObjectNotFound(tk._("There is no institution “{name}”").format(name=name))
    return found


@tk.side_effect_free
def mxopendata_commitment_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What institutions promised (issue 8, part 1); lines that are not public only to their institution's members.

    Args:
        context: CKAN's.
        data_dict: ``institution`` (name or id), ``state`` (INEGI's key of two digits), ``status`` (``published``,
            ``overdue``, ``pending``, ``undated``, ``withdrawn``), ``counted`` (the lines behind a count, see
            ``commitment_counts.COUNTS``), ``access_level`` (``none`` where nobody said), ``due`` (a year or a month),
            ``closed`` (only lines that are not open to all), ``history`` (whether each line tells its ``dates``),
            ``nearest`` (those due nearest to the day come first), ``as_of`` (the day they are judged on, today),
            ``offset`` (0), ``limit`` (100, at most 1000).

    Returns:
        ``{"count", "as_of", "results": [{"id", "institution", "title", "resource", "promised", "due_on", "status",
        "timing", "dataset", "published_on", "access_level", …}]}``; dates are ISO 8601, ``promised`` in the precision
        written, ``timing`` ``early``, ``on_time`` or ``late`` of what is published. With ``institution`` also
        ``totals``: what count files say that it committed, ``[{"year", "committed", "source_file", "source_row"}]``.

    Raises:
        ValidationError: for a filter, a day or a number that is none.
        ObjectNotFound, NotAuthorized: as ``organization_show``.
    """
    tk.check_access("mxopendata_commitment_list", context, data_dict)
    today = _day(data_dict)
    institution = institution_of(data_dict) if data_dict.get("institution") else None
    conditions = [sees_closed_of(context.get("user", "")), *_filtered(data_dict, today, institution)]
    offset, limit = (_number(data_dict, name, default) for name, default in (("offset", 0), ("limit", 100)))
    nearest = tk.asbool(data_dict.get("nearest", False))
    page = {"nearest": nearest, "offset": offset, "limit": min(limit, MAXIMUM_PAGE)}
    count, rows = commitments.listed(conditions, today, **page)
    found = [commitments.shown(row) for row in rows]
    if tk.asbool(data_dict.get("history", False)):
        dates = commitments.dates_of([line["id"] for line in found])
        found = [{**line, "dates": dates[line["id"]]} for line in found]
    totals = {"totals": commitment_counts.totals_of(institution.id)} if institution else {}
    return {"count": count, "as_of": today.isoformat(), **totals, "results": found}


@tk.side_effect_free
def mxopendata_commitment_sums(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The counts of "open by default" of each institution that promised something (issue 8, part 2).

    Args:
        context: CKAN's.
        data_dict: ``institution`` (name or id; all where it is missing), ``as_of`` (the day they are judged on,
            today), ``closed`` (lines that are not public count, too: for members of the institution).

    Returns:
        ``{"as_of", "institutions": {name: {count: number}}}``, counts as in ``quality.commitments.CommitmentSums``;
        with ``institution`` also ``committed_per_year`` (``{year: different titles in its plans}``, those withdrawn
        left out; a year that no plan names is not in it) and ``totals`` as in :func:`mxopendata_commitment_list`.

    Raises:
        ValidationError: for a day that is none.
        ObjectNotFound, NotAuthorized: as ``organization_show``; ``closed`` without being a member.
    """
    tk.check_access("mxopendata_commitment_sums", context, data_dict)
    today = _day(data_dict)
    conditions: list[Any] = []
    if not tk.asbool(data_dict.get("closed", False)):
        conditions.append(commitments.LINE.c.open_to_all)
    if not data_dict.get("institution"):
        titles = commitment_counts.promised_titles(conditions, today.year)
        sums = commitment_counts.commitment_sums(conditions, titles, today)
        return {"as_of": today.isoformat(), "institutions": sums}
    institution = institution_of(data_dict)
    conditions.append(commitments.LINE.c.organization_id == institution.id)
    titles = commitment_counts.promised_titles(conditions)
    per_year = sorted(titles.get(institution.name, {}).items())
    return {
        "as_of": today.isoformat(),
        "institutions": commitment_counts.commitment_sums(conditions, titles, today),
        "committed_per_year": {year: len(each.committed) for year, each in per_year},
        "totals": commitment_counts.totals_of(institution.id),
    }


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
        "dates": commitments.dates_of([data_dict["id"]])[data_dict["id"]],
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
    return decisions.proposals(institution_of(data_dict).id)


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


def mxopendata_commitment_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Enter a commitment by hand, whole or not at all.

    Args:
        context: CKAN's.
        data_dict: ``{"institution", "title", "resource", "description", "area", "frequency", "legal_basis",
            "promised", "access_level", "access_reason", "open_to_all", "in_inventory", "in_plan"}``, see
            ``planning.entries.read_entry``; ``title`` and one of the last two are needed.

    Returns:
        The commitment, as :func:`mxopendata_commitment_show`.

    Raises:
        ValidationError: in the caller's language, by field; also where there is such a commitment.
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    tk.check_access("mxopendata_commitment_create", context, data_dict)
    return _stored(context, data_dict, institution_of(data_dict).id)


def mxopendata_commitment_update(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Correct a commitment; fields that are not given stay, and a date that changes is added to its history.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}`` and any of the fields of :func:`mxopendata_commitment_create`.

    Returns, Raises:
        As there.
    """
    tk.check_access("mxopendata_commitment_update", context, data_dict)
    before: Any = model.Session.get(Commitment, data_dict["id"])
    given = {**by_hand.as_given(before), **{name: data_dict[name] for name in FIELDS if name in data_dict}}
    return _stored(context, given, before.organization_id, before)


def _stored(context: Context, given: DataDict, organization_id: str, before: Any = None) -> dict[str, Any]:
    outcome = by_hand.store(given, organization_id, datetime.now(timezone.utc), before)
    if isinstance(outcome, str):
        return mxopendata_commitment_show(context, {"id": outcome})
    raise tk.ValidationError({name: [sentence(finding)] for name, finding in outcome.errors.items()})


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


def _day(data_dict: DataDict) -> date:
    text = data_dict.get("as_of")
    if not text:
        return datetime.now(timezone.utc).date()
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise tk.ValidationError({"as_of": [tk._("Write a day as 2026-01-31.")]}) from None


def _filtered(data_dict: DataDict, today: date, institution: model.Group | None) -> list[Any]:
    line, conditions = commitments.LINE, []
    if institution is not None:
        conditions.append(line.c.organization_id == institution.id)
    if data_dict.get("state"):
        conditions.append(sa.func.substr(extra_value(GROUP, "cvegeo"), 1, 2) == str(data_dict["state"]))
    if data_dict.get("status"):
        conditions.append(commitments.status_at(today) == _one_of(data_dict, "status", commitments.STATUSES))
    if data_dict.get("counted"):
        counted = _one_of(data_dict, "counted", commitment_counts.COUNTS)
        conditions.append(commitment_counts.counts_at(today)[counted])
    if data_dict.get("access_level"):
        level = _one_of(data_dict, "access_level", (*ACCESS_LEVELS, UNSTATED))
        conditions.append(line.c.access_level.is_(None) if level == UNSTATED else line.c.access_level == level)
    if data_dict.get("due"):
        text = str(data_dict["due"])
        if not _YEAR_OR_MONTH.fullmatch(text):
            raise tk.ValidationError({"due": [tk._("Write a year or a month, as 2026 or 2026-01.")]})
        conditions.append(commitments.day_text(line.c.due_on).startswith(text))
    if tk.asbool(data_dict.get("closed", False)):
        conditions.append(sa.not_(line.c.open_to_all))
    return conditions


def _one_of(data_dict: DataDict, name: str, offered: tuple[str, ...]) -> str:
    if data_dict[name] not in offered:
        raise tk.ValidationError({name: [", ".join(offered)]})
    return data_dict[name]
