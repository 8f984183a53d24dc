"""Charts drawn on the server as SVG, without script; the numbers stand in a table beside each.

Colours come from classes of the room's style sheet, so that the chart follows the theme and the printer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style

from ckanext.mxopendata.dashboard.language import format_number

_WIDTH = 440
_BAR_HEIGHT = 34
_HISTOGRAM_HEIGHT = 220
_WIDE, _LINES_HEIGHT = 880, 320
# The sizes of the style sheet: pygal leaves room for texts of this size.
_STYLE = Style(font_family="sans-serif", label_font_size=14, major_label_font_size=14, value_font_size=14)
_SVG = "{http://www.w3.org/2000/svg}"
# Of a chart that nobody can click: pygal's script, its own colours, tooltips and their texts.
_DROPPED = ("script", "defs", "title", "desc")


@dataclass(frozen=True)
class Bar:
    """One bar of a chart.

    Attributes:
        label: what it stands for.
        value: how much; never negative.
        kind: a class of the style sheet that colours it, such as ``good`` or ``bad``.
    """

    label: str
    value: int
    kind: str = "plain"


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        label: what it stands for.
        values: percentages, ``None`` where one is unknown.
        kind: a class of the style sheet that colours it.
    """

    label: str
    values: Sequence[float | None]
    kind: str = "plain"


def horizontal_bars(bars: Sequence[Bar]) -> Markup:
    """Bars one below the other, the first on top, each with its number."""
    chart = pygal.HorizontalBar(height=_BAR_HEIGHT * len(bars) + 8, **_options())
    chart.x_labels = [_shortened(bar.label, 24) for bar in reversed(bars)]
    chart.add("", [_value(bar) for bar in reversed(bars)])
    _scaled(chart, bars)
    return _svg(chart.render_tree(), scale="axis x")


def columns(bars: Sequence[Bar]) -> Markup:
    """Columns from left to right, each with its number."""
    chart = pygal.Bar(height=_HISTOGRAM_HEIGHT, **_options())
    chart.x_labels = [bar.label for bar in bars]
    chart.add("", [_value(bar) for bar in bars])
    _scaled(chart, bars)
    return _svg(chart.render_tree(), scale="axis y")


def grouped_columns(labels: Sequence[str], series: Sequence[Sequence[Bar]]) -> Markup:
    """Columns from left to right, one of each series beside the others, each with its number."""
    chart = pygal.Bar(height=_HISTOGRAM_HEIGHT, **_options())
    chart.x_labels = list(labels)
    for each in series:
        chart.add("", [_value(bar) for bar in each])
    _scaled(chart, [bar for each in series for bar in each])
    return _svg(chart.render_tree(), scale="axis y")


def lines(labels: Sequence[str], series: Sequence[Line]) -> Markup:
    """Lines of percentages over time, with a legend; where a value is unknown the line has a gap."""
    chart = pygal.Line(
        **{
            **_options(),
            "width": _WIDE,
            "height": _LINES_HEIGHT,
            "show_legend": True,
            "legend_at_bottom": True,
            "legend_at_bottom_columns": 2,
            "show_y_guides": True,
            "print_values": False,
            "dots_size": 4,
            "margin_right": 36,
        }
    )
    chart.x_labels = list(labels)
    for line in series:
        chart.add(line.label, [{"value": value} if value is not None else None for value in line.values])
    chart.range = (0, 100)
    root = chart.render_tree()
    for number, line in enumerate(series):
        for drawn in root.iter(f"{_SVG}g", "g"):
            if f"serie-{number}" in drawn.get("class", "").split() or drawn.get("id") == f"activate-serie-{number}":
                drawn.set("class", f"{drawn.get('class', '')} mxod-line-{line.kind}".strip())
    return _svg(root, scale="none")


def _options() -> dict[str, object]:
    return {
        "width": _WIDTH,
        "style": _STYLE,
        "js": [],
        "css": [],
        "show_legend": False,
        "show_x_guides": False,
        "show_y_guides": False,
        "print_values": True,
        "print_values_position": "top",
        "value_formatter": format_number,
        "margin": 4,
        "spacing": 8,
        "truncate_label": -1,
        "disable_xml_declaration": True,
        "no_prefix": True,
    }


def _value(bar: Bar) -> dict[str, object]:
    return {"value": bar.value, "node": {"class": f"mxod-bar mxod-bar-{bar.kind}"}}


def _scaled(chart: Any, bars: Sequence[Bar]) -> None:
    # Room for the number after the longest bar; an empty chart has an axis all the same.
    top = max(math.ceil(max((bar.value for bar in bars), default=0) * 1.15), 1)
    chart.range = (0, top)
    # The scale is taken away: pygal would place and write twenty of its numbers.
    chart.y_labels = (0, top)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _svg(root: Any, scale: str) -> Markup:
    # Each bar carries its number, so the scale tells nothing more.
    told_elsewhere = (scale, "plot tooltip-overlay")
    for parent in list(root.iter()):
        for child in list(parent):
            drawn = isinstance(child.tag, str) and child.tag.removeprefix(_SVG) not in _DROPPED
            if not drawn or child.get("class", "").startswith(told_elsewhere):
                parent.remove(child)
    root.attrib.pop("id", None)
    root.set("class", "mxod-chart")
    # The figure around it says in words what it shows.
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - pygal escapes the labels
