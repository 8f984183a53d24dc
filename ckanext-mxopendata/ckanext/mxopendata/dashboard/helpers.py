"""What the room's templates ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.dashboard.addresses import freshness_of
from ckanext.mxopendata.dashboard.dataset_report import in_short
from ckanext.mxopendata.dashboard.language import (
    format_day,
    format_figure,
    format_moment,
    format_month,
    format_number,
    format_short_day,
)
from ckanext.mxopendata.dashboard.standing import TREND
from ckanext.mxopendata.dashboard.todo import field_label
from ckanext.mxopendata.facets import freshness_label
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.moments import read_moment
from ckanext.mxopendata.quality import freshness
from ckanext.mxopendata.quality.register import FAMILIES, REGISTER

_KINDS: Mapping[str, tuple[str, str]] = {
    # verdict: (colour of the bar, icon)
    freshness.UP_TO_DATE: ("good", "circle-check"),
    freshness.OVERDUE: ("bad", "triangle-exclamation"),
    freshness.IRREGULAR: ("plain", "shuffle"),
    freshness.REALTIME: ("plain", "bolt"),
    freshness.NO_FREQUENCY: ("none", "circle-question"),
    freshness.NO_DATE: ("none", "circle-question"),
    freshness.FUTURE_DATE: ("none", "circle-question"),
}
_MONTHS_OF_A_YEAR = 12
_RUN_KINDS: Mapping[str, tuple[str, str]] = {
    "finished": ("good", "circle-check"),
    "finished_with_warnings": ("warn", "triangle-exclamation"),
    "finished_with_errors": ("bad", "triangle-exclamation"),
    "failed": ("bad", "circle-xmark"),
    "held": ("warn", "hand"),
    "running": ("plain", "rotate"),
}


def mxopendata_indicator(indicator_id: str) -> dict[str, Any]:
    """The definition of an indicator in the visitor's language."""
    return REGISTER[indicator_id].to_dict(current_language())


def mxopendata_families() -> dict[str, str]:
    """The families of indicators and their names in the visitor's language."""
    return {family: name[current_language()] for family, name in FAMILIES.items()}


def mxopendata_figure(value: Mapping[str, Any]) -> str:
    """A figure for people: ``1,234``, ``84.2 %``; ``sin datos`` where it is not known."""
    if value["status"] != "ok":
        return tk._("no data")
    return format_figure(value["value"], value["unit"])


def mxopendata_figure_parts(value: Mapping[str, Any]) -> str:
    """The numerator and denominator of a figure in words; empty where it has none."""
    if value["numerator"] is None or value["denominator"] is None or value["status"] != "ok":
        return ""
    return tk._("{numerator} of {denominator}").format(
        numerator=format_number(value["numerator"]), denominator=format_number(value["denominator"])
    )


def mxopendata_number(number: float, decimals: int = 0) -> str:
    """A number as Mexico writes it, with at most so many decimals."""
    return format_number(number, decimals)


def mxopendata_day(text: str | None, *, short: bool = True) -> str:
    """A day from ISO 8601; ``sin datos`` where there is none."""
    moment = read_moment(text)
    if moment is None:
        return tk._("no data")
    return format_short_day(moment) if short else format_day(moment)


def mxopendata_written_day(text: str | None) -> str:
    """A date of ISO 8601 for a table, as it was written, whatever the portal's time zone; ``sin datos`` for none."""
    moment = read_moment(text)
    return format_short_day(moment.date()) if moment else tk._("no data")


def mxopendata_due(line: Mapping[str, Any]) -> str:
    """When the next update of a dataset is expected, in words."""
    if line["freshness"] in (freshness.IRREGULAR, freshness.REALTIME):
        return tk._("no date is due")
    return mxopendata_written_day(line["due"])


def mxopendata_moment(text: str | None) -> str:
    """A moment from ISO 8601, with its hour."""
    moment = read_moment(text)
    return format_moment(moment) if moment else tk._("no data")


def mxopendata_freshness(verdict: str) -> dict[str, str]:
    """How a verdict on freshness is shown: ``{"label", "kind", "icon"}``."""
    kind, icon = _KINDS[verdict]
    return {"label": freshness_label(verdict), "kind": kind, "icon": icon}


def mxopendata_freshness_word(word: str) -> str:
    """The label of a verdict from its word in the address; the word itself where it is none."""
    verdict = freshness_of(word)
    return freshness_label(verdict) if verdict else word


def mxopendata_dataset_in_short(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """What counts for a dataset (as ``package_show`` gives it) in a few numbers."""
    return in_short(dataset, datetime.now(timezone.utc))


def mxopendata_run_status(status: str) -> dict[str, str]:
    """How the status of a harvest run is shown: ``{"label", "kind", "icon"}``."""
    labels = {
        "finished": tk._("Finished"),
        "finished_with_warnings": tk._("Finished with warnings"),
        "finished_with_errors": tk._("Finished with errors"),
        "failed": tk._("Failed"),
        "held": tk._("Waiting for confirmation"),
        "running": tk._("Running"),
    }
    kind, icon = _RUN_KINDS.get(status, ("plain", "circle-question"))
    return {"label": labels.get(status, status), "kind": kind, "icon": icon}


def mxopendata_promise_state(line: Mapping[str, Any]) -> dict[str, str]:
    """How a promise is shown: ``{"label", "kind", "icon"}``."""
    published = {
        "late": (tk._("Published late"), "warn", "clock"),
        "early": (tk._("Published early"), "good", "circle-check"),
        "on_time": (tk._("Published on time"), "good", "circle-check"),
    }
    others = {
        "published": (tk._("Published"), "good", "circle-check"),
        "overdue": (tk._("Overdue and not published"), "bad", "triangle-exclamation"),
        "pending": (tk._("Still to come"), "plain", "hourglass-half"),
        "undated": (tk._("Without a date"), "none", "circle-question"),
        "withdrawn": (tk._("Withdrawn"), "none", "ban"),
    }
    label, kind, icon = published.get(line["timing"] or "") or others[line["status"]]
    return {"label": label, "kind": kind, "icon": icon}


def mxopendata_term(vocabulary_id: str, term_id: str | None) -> str:
    """The label of a term; ``sin datos`` where there is none, the text itself where it is not a term."""
    term = vocabulary(vocabulary_id).get(term_id) if term_id else None
    return term.label(current_language()) if term else term_id or tk._("no data")


def mxopendata_field_label(field: str) -> str:
    """The label of a metadata field, as the form shows it."""
    return field_label(field, current_language())


def mxopendata_bars(items: list[tuple[str, int, str]]) -> str:
    """Horizontal bars of ``(label, value, kind)``."""
    # Here, as below: it takes long to import, and a command never draws.
    from ckanext.mxopendata.dashboard import charts

    return charts.horizontal_bars([charts.Bar(*item) for item in items])


def mxopendata_trend_chart(lines: list[dict[str, Any]]) -> str:
    """The shares of a trend (``[{"day", <indicator>: value}]``) as lines over the months."""
    from ckanext.mxopendata.dashboard import charts

    shares = [name for name in TREND if REGISTER[name].unit in ("percent", "points")]
    series = [
        charts.Line(REGISTER[name].name[current_language()], [line[name] for line in lines], kind)
        for name, kind in zip(shares, ("accent", "good", "plain", "none"), strict=True)
    ]
    return charts.lines([format_month(date.fromisoformat(line["day"])) for line in lines], series)


def mxopendata_year_columns(lines: list[dict[str, Any]]) -> str:
    """Datasets created, updated and promised (``per_year`` of a report), three columns a year."""
    from ckanext.mxopendata.dashboard import charts

    kinds = (("created", "good"), ("updated", "plain"), ("committed", "accent"))
    series = [[charts.Bar("", line[name] or 0, kind) for line in lines] for name, kind in kinds]
    return charts.grouped_columns([str(line["year"]) for line in lines], series)


def mxopendata_tick_label(tick: Mapping[str, Any]) -> str:
    """A mark of a line of time: its year where the marks are years, else its month."""
    day = date.fromisoformat(tick["day"])
    return str(day.year) if tick["months"] == _MONTHS_OF_A_YEAR else format_month(day)


def mxopendata_column_chart(items: list[tuple[str, int, str]]) -> str:
    """Columns of ``(label, value, kind)``."""
    from ckanext.mxopendata.dashboard import charts

    return charts.columns([charts.Bar(*item) for item in items])
