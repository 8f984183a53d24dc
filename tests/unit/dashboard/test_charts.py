"""Charts: drawn on the server, nothing in them that runs or that a name could break out of."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ckanext.mxopendata.dashboard import charts

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def plain_numbers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(charts, "format_number", str)


def _drawn(svg: str) -> tuple[list[str], int]:
    root = ET.fromstring(svg)
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    return texts, sum("mxod-bar" in element.get("class", "") for element in root.iter(f"{SVG}rect"))


@pytest.mark.parametrize("draw", [charts.horizontal_bars, charts.columns])
def test_every_bar_has_its_label_and_its_number(draw):
    texts, bars = _drawn(draw([charts.Bar("Al día", 63, "good"), charts.Bar("Vencido", 7, "bad")]))
    assert bars == 2
    assert {"Al día", "Vencido", "63", "7"} <= set(texts)


@pytest.mark.parametrize("draw", [charts.horizontal_bars, charts.columns])
def test_nothing_in_a_chart_runs(draw):
    svg = draw([charts.Bar("</text><script>alert(1)</script>", 1)])
    assert "<script" not in svg
    assert "<style" not in svg
    assert "http://pygal" not in svg
    assert "onload" not in svg


@pytest.mark.parametrize("draw", [charts.horizontal_bars, charts.columns])
def test_only_zeros_are_drawn_too(draw):
    texts, bars = _drawn(draw([charts.Bar("a", 0), charts.Bar("b", 0)]))
    assert bars == 2
    assert texts.count("0") == 2


def test_a_long_label_is_cut():
    texts, _ = _drawn(charts.horizontal_bars([charts.Bar("x" * 60, 1)]))
    assert "x" * 23 + "…" in texts
