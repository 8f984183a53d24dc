"""Every kind of page, wide and narrow, is as wide as the window; it can be used with a keyboard and read by machines.

The checks of axe-core are held against what stock CKAN 2.12 and ckanext-harvest do themselves: rule by rule and node by
node in ``axe_baseline.yaml``; anything more is ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
NARROW = {"width": 390, "height": 844}
BASELINE = yaml.safe_load(Path(__file__).with_name("axe_baseline.yaml").read_text(encoding="utf-8"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PUBLIC = [
    "/",
    "/dataset/",
    "/dataset/sequia-por-municipio-jalisco",
    "/organization/",
    "/organization/jalisco",
    "/organization/about/jalisco",
    "/dataset/?vocab_state=14&vocab_municipality=14039&mx_freshness=up_to_date",
    "/tablero",
    "/tablero/conjuntos",
    "/tablero/metodologia",
    "/tablero/clasificacion?orden=municipal",
    "/compromisos",
    "/tablero/datos/sequia-por-municipio-jalisco",
    "/tablero/institucion/jalisco",
    "/tablero/institucion/xalapa",
    "/cosechas",
    "/vocabularios/",
    "/vocabularios/policies",
    "/vocabularios/municipalities?page=2",
    "{run}",
    "{harvested}",
]
PUBLISHERS = ["/cosechas/dudosos", "/dataset/new", "/dataset/edit/sequia-por-municipio-jalisco", "{edit_harvested}"]


@pytest.fixture(scope="module")
def addresses(stack: Any) -> dict[str, str]:
    """Addresses that are only known once the demonstration runs."""
    run = stack.api("mxopendata_harvest_run_list", source="demo-guadalajara", limit=1)[0]
    harvested = next(d["name"] for d in stack.datasets(fq="organization:jalisco") if d.get("source_identifier"))
    return {
        "run": run["report_url"].removeprefix(stack.url),
        "harvested": f"/dataset/{harvested}",
        "edit_harvested": f"/dataset/edit/{harvested}",
    }


def overflowing(page: Page) -> list[str]:
    """What sticks out of the window to the right, but for what scrolls inside a box of its own."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width + 1) return [];
          const inBox = (node) => {
            for (let up = node.parentElement; up; up = up.parentElement)
              if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(up).overflowX)) return true;
            return false;
          };
          return [...document.querySelectorAll('body *')]
            .filter((node) => node.getBoundingClientRect().right > width + 1 && !inBox(node))
            .map((node) => node.outerHTML.slice(0, 120));
        }"""
    )


def beyond_baseline(page: Page, path: str) -> list[str]:
    """Findings of axe-core that stock CKAN does not have itself: rule, node and why."""
    answer = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    known = [entry for entry in BASELINE if re.fullmatch(entry["page"], path)]
    found = []
    for violation in answer["violations"]:
        for node in violation["nodes"]:
            target = " ".join(str(part) for part in node["target"])
            if not any(e["rule"] == violation["id"] and re.search(e["node"], node["html"] + target) for e in known):
                found.append(f"{violation['id']}: {target}: {node['html'][:160]}")
    return found


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["1280", "390"])
@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages(open_page: Opener, addresses: dict[str, str], path: str, viewport: Any) -> None:
    page = open_page(path.format(**addresses), viewport=viewport)
    # Stock CKAN gives its list of institutions two.
    assert page.locator("h1").count() == 1 or path == "/organization/"
    assert overflowing(page) == []
    assert beyond_baseline(page, path) == []


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["1280", "390"])
@pytest.mark.parametrize("path", PUBLISHERS)
def test_publishers_pages(stack: Any, open_page: Opener, addresses: dict[str, str], path: str, viewport: Any) -> None:
    page = open_page(path.format(**addresses), user=stack.user("editor", "jalisco"), viewport=viewport)
    assert overflowing(page) == []
    assert beyond_baseline(page, path) == []


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["1280", "390"])
def test_the_form_of_an_institution(stack: Any, open_page: Opener, viewport: Any) -> None:
    path = "/organization/edit/jalisco"
    page = open_page(path, user=stack.user("admin", "jalisco"), viewport=viewport)
    assert overflowing(page) == []
    assert beyond_baseline(page, path) == []


def test_axe_sees_what_is_wrong(open_page: Opener) -> None:
    page = open_page("/tablero")
    page.evaluate("document.querySelector('[role=main], main').insertAdjacentHTML('beforeend', '<input type=text>')")
    assert any(found.startswith("label:") for found in beyond_baseline(page, "/tablero"))


def test_a_page_that_is_too_wide_is_seen(open_page: Opener) -> None:
    page = open_page("/tablero", viewport=NARROW)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<div style=\"width:600px\">wide</div>')")
    assert overflowing(page)


def focused(page: Page) -> str:
    """Address or name of what has the keyboard's focus."""
    return page.evaluate(
        "() => document.activeElement.getAttribute('href') || document.activeElement.getAttribute('name')"
        " || document.activeElement.innerText || ''"
    )


def reach(page: Page, wanted: Callable[[str], bool], at_most: int = 80) -> str:
    """Press the tab key until something is reached; what it was."""
    seen = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        if wanted(seen[-1]):
            return seen[-1]
    raise AssertionError(f"not reached with {at_most} tab keys: {seen}")


def test_the_keyboard_reaches_search_results_and_an_institutions_figures(stack: Any, open_page: Opener) -> None:
    page = open_page("/dataset/")
    reach(page, lambda name: name == "q")
    page.keyboard.type("ciclovías")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=ciclov"))
    reach(page, lambda name: re.search(r"/dataset/[\w-]+$", name) is not None, at_most=150)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/dataset/[\w-]+$"))
    page.goto(f"{stack.url}/tablero")
    reach(page, lambda name: name.endswith("/tablero/institucion/jalisco"), at_most=150)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tablero/institucion/jalisco"))


def test_what_has_the_focus_is_seen(open_page: Opener) -> None:
    page = open_page("/tablero")
    reach(page, lambda name: "/tablero/institucion/" in name, at_most=150)
    style = page.evaluate(
        "() => { const s = getComputedStyle(document.activeElement);"
        " return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.textDecorationLine] }"
    )
    outlined = style[0] != "none" and style[1] != "0px"
    assert outlined or style[2] != "none", style
