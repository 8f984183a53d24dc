"""The pages of the dashboard and of commitments by keyboard alone, and on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
PAGES = [
    "/tablero",
    "/tablero/clasificacion",
    "/tablero/conjuntos?frescura=vencido",
    "/tablero/metodologia",
    "/tablero/institucion/xalapa",
    "/tablero/datos/sequia-por-municipio-jalisco",
    "/compromisos",
]
# What can have the focus, in the order of the document; a select2 of CKAN's hides the select that it stands for.
_REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
  .filter(each => !each.disabled && each.tabIndex >= 0 && each.getClientRects().length && each.checkVisibility()
    && getComputedStyle(each).visibility !== 'hidden' && each.closest('.primary, main, [role=main]'))"""
_MARK = f"() => {{ window.reachable = ({_REACHABLE})(); return window.reachable.length }}"
_SEEN = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {
    place: window.reachable.indexOf(one),
    marked: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
    visible: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < window.innerHeight,
    what: one.outerHTML.slice(0, 100),
  }
}"""


def test_the_first_key_offers_to_skip_to_the_content(open_page: Opener) -> None:
    page = open_page("/tablero")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_attribute("href", "#content")
    expect(skip).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#content$"))
    page.keyboard.press("Tab")
    # Past the navigation: what has the focus now is within the content.
    assert page.evaluate("document.querySelector('#content').contains(document.activeElement)")


@pytest.mark.parametrize("path", PAGES)
def test_everything_is_reached_in_the_order_it_is_read(open_page: Opener, path: str) -> None:
    page = open_page(path)
    # What scrolls smoothly is not there yet when it is looked at.
    page.emulate_media(reduced_motion="reduce")
    number = page.evaluate(_MARK)
    assert number > 3
    page.evaluate("window.reachable[0].focus()")
    seen = [page.evaluate(_SEEN)]
    while len(seen) < number:
        page.keyboard.press("Tab")
        seen.append(page.evaluate(_SEEN))
    assert [each["place"] for each in seen] == list(range(number))
    # The first was focused by a script, which browsers do not mark.
    assert [each["what"] for each in seen[1:] if not each["marked"]] == []
    assert [each["what"] for each in seen if not each["visible"]] == []


@pytest.mark.parametrize("path", ["/tablero", "/tablero/institucion/jalisco", "/tablero/clasificacion"])
def test_on_paper_figures_stay_and_controls_go(open_page: Opener, path: str) -> None:
    page = open_page(path, viewport={"width": 720, "height": 960})
    page.emulate_media(media="print")
    for control in (".mxod-choose", ".mxod-files", ".masthead", ".site-footer"):
        assert page.locator(control).evaluate_all("all => all.filter(one => one.getClientRects().length).length") == 0
    assert page.locator("h1").is_visible()
    wide = page.evaluate(
        "() => [...document.querySelectorAll('.mxod table, .mxod figure')]"
        ".filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
        ".map(one => one.outerHTML.slice(0, 100))"
    )
    assert wide == []
    assert len(page.pdf(format="Letter")) > 10_000


def test_figures_on_paper_do_not_lie_over_each_other(open_page: Opener) -> None:
    page = open_page("/tablero/institucion/jalisco", viewport={"width": 720, "height": 960})
    page.emulate_media(media="print")
    boxes: list[dict[str, Any]] = page.locator(".mxod-figure").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) >= 9
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
