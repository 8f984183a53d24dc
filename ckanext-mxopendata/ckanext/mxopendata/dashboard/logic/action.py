"""Actions of the dashboard room: public figures and the lists behind them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.dashboard import quarters, ranking, reports, snapshots
from ckanext.mxopendata.dashboard.dataset_report import dataset_report
from ckanext.mxopendata.dashboard.logic import schema
from ckanext.mxopendata.dashboard.stored import Institution, find_institution
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.quality.register import REGISTER

_TODO_LIMIT = 100


@tk.side_effect_free
def mxopendata_indicator_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Definitions of all indicators of all families: ``mx``, ``mqa``, ``adela``, ``pydatajson``.

    Returns:
        ``[{"id", "name", "formula", "unit", "direction", "source"}]``, name and formula in the visitor's language.
    """
    tk.check_access("mxopendata_indicator_list", context, data_dict)
    return [indicator.to_dict(current_language()) for indicator in REGISTER.values()]


@tk.side_effect_free
@tk.validate_action_data(schema.indicator_show)
def mxopendata_indicator_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Definition of one indicator.

    Args:
        context: CKAN's.
        data_dict: ``id``, for example ``mx.up_to_date``.
    """
    tk.check_access("mxopendata_indicator_show", context, data_dict)
    return REGISTER[data_dict["id"]].to_dict(current_language())


@tk.side_effect_free
def mxopendata_dashboard_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Figures of the whole portal, of each institution, order of government and state.

    Returns:
        ``{"as_of", "computed", "formula_version", "indicators": {id: value}, "institutions": [{"institution", "title",
        "gov_type", "state", "indicators", "last_run", "url"}], "without_institution", "orders_of_government",
        "states"}``.
    """
    tk.check_access("mxopendata_dashboard_show", context, data_dict)
    return reports.portal(_now(), current_language())


@tk.side_effect_free
@tk.validate_action_data(schema.institution_report)
def mxopendata_institution_report(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What an institution published, how good it is and what would make it better.

    Args:
        context: CKAN's.
        data_dict: ``id`` (or name) of the institution; ``date`` for the figures of a past day; ``todo_limit`` for the
            length of the to-do list (100), ``plan_limit`` for that of the line of time (24) and of each month (5).

    Returns:
        ``{"institution", "title", "as_of", "computed", "formula_version", "index", "position", "tied", "of",
        "previous", "dimensions", "medians", "trend", "indicators": {id: {"value", "unit", "numerator", "denominator",
        "status", "list_url"}}, "todo": [{"dataset", "title", "field", "message", "points", "url"}], "commitments" (see
        ``dashboard.calendar``), "per_year" (see ``dashboard.yearly``)}``. A past day has no to-do list, no plan and no
        place: what is missing is known for today only.

    Raises:
        ObjectNotFound: where there is no such institution, or no figures of that day.
    """
    institution = _visible_institution(context, data_dict["id"])
    tk.check_access("mxopendata_institution_report", context, data_dict)
    moment = data_dict.get("date")
    if moment is not None:
        report = reports.institution_on(institution, moment.date())
        if report is None:
            raise tk.ObjectNotFound(tk._("There are no figures of this institution for that day or before it"))
        return report
    todo_limit, plan_limit = data_dict.get("todo_limit", _TODO_LIMIT), data_dict.get("plan_limit")
    return reports.institution(institution, _now(), current_language(), todo_limit, plan_limit)


@tk.side_effect_free
@tk.validate_action_data(schema.ranking)
def mxopendata_ranking(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """The ranking of institutions by their publication index.

    Args:
        context: CKAN's.
        data_dict: ``gov_type``, ``sector``, ``state`` (terms of the vocabularies), ``quarter`` (``2026Q4``, frozen).

    Returns:
        See :func:`ckanext.mxopendata.dashboard.ranking.ranking`; with the labels of order and state, and ``url``
        (``None`` where the institution is gone).

    Raises:
        ObjectNotFound: where the quarter is not frozen.
    """
    tk.check_access("mxopendata_ranking", context, data_dict)
    quarter = data_dict.get("quarter")
    if quarter is not None and quarter not in quarters.names():
        raise tk.ObjectNotFound(tk._("The quarter {quarter} is not frozen").format(quarter=quarter))
    chosen = ranking.Chosen(data_dict.get("gov_type"), data_dict.get("sector"), data_dict.get("state"))
    return reports.ranked(chosen, quarter, _now(), current_language())


@tk.side_effect_free
@tk.validate_action_data(schema.snapshot_list)
def mxopendata_snapshot_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The kept figures of an institution, or of the whole portal, day by day.

    Args:
        context: CKAN's.
        data_dict: ``institution`` (name or id; the whole portal where it is missing), ``since``, ``until`` (days),
            ``offset``, ``limit`` (at most 1000).

    Returns:
        ``{"count", "results": [{"day", "as_of", "formula_version", "indicators", "dimensions"}]}``, the newest first.
    """
    tk.check_access("mxopendata_snapshot_list", context, data_dict)
    name = data_dict.get("institution")
    scope_id = _visible_institution(context, name).id if name else None
    days = [moment.date() if moment else None for moment in (data_dict.get("since"), data_dict.get("until"))]
    today = snapshots.local_day(_now())
    until = min(days[1], today) if days[1] else today
    return snapshots.listed(scope_id, (days[0], until), data_dict["offset"], data_dict["limit"])


@tk.side_effect_free
@tk.validate_action_data(schema.dataset_report)
def mxopendata_dataset_report(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What counts for one dataset: each criterion, its evidence and its cure.

    Args:
        context: CKAN's.
        data_dict: ``id`` (or name) of a dataset that the visitor may see.

    Returns:
        ``{"id", "dataset", "title", "institution", "institution_title", "as_of", "counts" (whether it is in the public
        figures), "points", "points_max", "indicators" (of a catalogue that holds it alone), "criteria": [{"indicator",
        "name", "formula", "met" (``None`` where it cannot be judged), "evidence", "cure"}], "fields": [{"field",
        "label", "points", "points_max", "message", "cure"}], "url"}``.
    """
    tk.check_access("mxopendata_dataset_report", context, data_dict)
    dataset = tk.get_action("package_show")({**context, "use_cache": True}, {"id": data_dict["id"]})
    if dataset["type"] != "dataset":
        raise tk.ObjectNotFound(tk._("There is no dataset “{name}”").format(name=data_dict["id"]))
    return dataset_report(dataset, _now(), current_language())


@tk.side_effect_free
@tk.validate_action_data(schema.measurement_list)
def mxopendata_measurement_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The datasets behind a figure.

    Args:
        context: CKAN's.
        data_dict: ``institution`` (name or id), ``gov_type``, ``state``, ``freshness``, ``indicator`` with ``meets``,
            ``format`` (``""``: none known), ``missing`` (a metadata field), ``step`` (fifth of the metadata points,
            0 to 4), ``sort``, ``offset``, ``limit`` (at most 1000).

    Returns:
        ``{"count", "results": [{"dataset", "title", "institution", "frequency", "freshness", "modified", "due",
        "points", "points_max", "missing", "resources", "open_resources", "machine_readable_resources", "licensed",
        "with_contact", "url"}]}``.
    """
    tk.check_access("mxopendata_measurement_list", context, data_dict)
    if data_dict.get("institution"):
        data_dict["institution"] = _visible_institution(context, data_dict["institution"]).id
    return reports.datasets(data_dict, _now())


def _visible_institution(context: Context, id_or_name: str) -> Institution:
    """An active institution that the visitor may see.

    Raises:
        ObjectNotFound: where there is none.
    """
    institution = find_institution(id_or_name)
    if institution is None:
        raise tk.ObjectNotFound(tk._("There is no institution “{name}”").format(name=id_or_name))
    tk.check_access("organization_show", context, {"id": institution.id})
    return institution


def _now() -> datetime:
    return datetime.now(timezone.utc)
