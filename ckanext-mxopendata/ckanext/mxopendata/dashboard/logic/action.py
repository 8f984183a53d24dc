"""Actions of the dashboard room: public figures and the lists behind them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.dashboard import reports
from ckanext.mxopendata.dashboard.logic import schema
from ckanext.mxopendata.dashboard.stored import Institution, find_institution
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.quality.mexican import INDICATORS

_TODO_LIMIT = 100


@tk.side_effect_free
def mxopendata_indicator_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Definitions of all indicators.

    Returns:
        ``[{"id", "name", "formula", "unit", "direction", "source"}]``, name and formula in the visitor's language.
    """
    tk.check_access("mxopendata_indicator_list", context, data_dict)
    return [indicator.to_dict(current_language()) for indicator in INDICATORS.values()]


@tk.side_effect_free
@tk.validate_action_data(schema.indicator_show)
def mxopendata_indicator_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Definition of one indicator.

    Args:
        context: CKAN's.
        data_dict: ``id``, for example ``mx.up_to_date``.
    """
    tk.check_access("mxopendata_indicator_show", context, data_dict)
    return INDICATORS[data_dict["id"]].to_dict(current_language())


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
            length of the to-do list (100).

    Returns:
        ``{"institution", "title", "as_of", "computed", "formula_version", "indicators": {id: {"value", "unit",
        "numerator", "denominator", "status", "list_url"}}, "todo": [{"dataset", "title", "field", "message", "points",
        "url"}]}``. A past day has no to-do list: what is missing is known for today only.

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
    return reports.institution(institution, _now(), current_language(), data_dict.get("todo_limit", _TODO_LIMIT))


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
