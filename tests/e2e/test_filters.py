"""Filters, order and pages of the dashboard's lists: in place with CKAN's htmx, by plain addresses without scripts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
LISTS = ["/tablero/conjuntos", "/tablero/institucion/jalisco"]
STATUS, LIST = "#mxod-anuncio", "#mxod-lista"


@pytest.fixture
def plain_page(stack: Any, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens a page in a browser that runs no scripts."""
    context = browser.new_context(locale="es-MX", java_script_enabled=False)

    def open_one(path: str) -> Page:
        page = context.new_page()
        page.goto(f"{stack.url}{path}")
        return page

    yield open_one
    context.close()


def mark(page: Page) -> Page:
    """Leaves a mark in the page that is gone when another page is loaded."""
    page.evaluate("window.kept = true")
    return page


def is_the_same(page: Page) -> bool:
    """Whether the page with the mark is still there."""
    return page.evaluate("window.kept === true")


def focused(page: Page) -> str:
    """The id of what has the focus."""
    return page.evaluate("document.activeElement.id")


def overdue(stack: Any, path: str) -> int:
    """How many datasets the file of a list has that are overdue."""
    text = stack.get(f"{path}.csv?frescura=vencido").decode("utf-8-sig")
    return len(list(csv.DictReader(io.StringIO(text))))


@pytest.mark.parametrize("path", LISTS)
def test_a_filter_changes_the_list_alone_and_says_so(stack: Any, open_page: Opener, path: str) -> None:
    page = mark(open_page(path))
    before = page.locator(STATUS).inner_text()
    page.locator("#filtro-frescura").select_option("vencido")
    page.locator("#filtro-mostrar").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("frescura=vencido"))
    expect(page.locator(STATUS)).to_contain_text(str(overdue(stack, path)))
    assert page.locator(STATUS).inner_text() != before
    assert page.locator(STATUS).get_attribute("role") == "status"
    assert is_the_same(page)
    expect(page.locator(f"{LIST} tbody tr").first).to_contain_text("Vencido")
    assert focused(page) == "filtro-mostrar"
    # The files below the list are those of the list.
    assert "frescura=vencido" in (page.locator(f"{LIST} .mxod-files a").first.get_attribute("href") or "")


@pytest.mark.parametrize("path", LISTS)
def test_the_back_button_leads_to_the_list_before(open_page: Opener, path: str) -> None:
    page = mark(open_page(path))
    before = page.locator(f"{LIST} caption").inner_text()
    page.locator("#filtro-frescura").select_option("vencido")
    page.locator("#filtro-mostrar").click()
    expect(page).to_have_url(re.compile("frescura=vencido"))
    expect(page.locator(f"{LIST} caption")).not_to_have_text(before)
    after = page.locator(f"{LIST} caption").inner_text()
    page.go_back()
    expect(page.locator(f"{LIST} caption")).to_have_text(before)
    assert "frescura" not in page.url
    assert page.locator("#filtro-frescura").input_value() == ""
    # The browser hands over the history to scripts that have run.
    page.wait_for_load_state("load")
    page.go_forward()
    expect(page.locator(f"{LIST} caption")).to_have_text(after)
    assert "frescura=vencido" in page.url
    assert page.locator("#filtro-frescura").input_value() == "vencido"


def test_sorting_and_turning_pages_keep_the_focus(open_page: Opener) -> None:
    page = mark(open_page("/tablero/conjuntos"))
    first = page.locator(f"{LIST} tbody th").first.inner_text()
    page.locator("#ordenar-puntos").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("ordenar=-puntos"))
    expect(page.locator(f"{LIST} tbody th").first).not_to_have_text(first)
    assert focused(page) == "ordenar-puntos"
    page.locator("#pagina-2").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pagina-2")).to_have_attribute("aria-current", "page")
    assert "ordenar=-puntos" in page.url
    assert focused(page) == "pagina-2"
    expect(page.locator(STATUS)).to_contain_text("Página 2 de")
    assert is_the_same(page)


def test_what_is_gone_hands_the_focus_to_the_list(open_page: Opener) -> None:
    page = mark(open_page("/tablero/conjuntos?frescura=vencido"))
    page.get_by_role("link", name="Ver todos").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Ver todos")).to_have_count(0)
    assert focused(page) == LIST.removeprefix("#")
    assert is_the_same(page)


@pytest.mark.parametrize("path", ["/tablero", "/tablero/clasificacion"])
def test_institutions_are_filtered_in_place(open_page: Opener, path: str) -> None:
    page = mark(open_page(path))
    page.locator("#filtro-orden").select_option("municipal")
    page.locator("#filtro-mostrar").click()
    expect(page).to_have_url(re.compile("orden=municipal"))
    expect(page.locator(f"{LIST} #filtro-orden")).to_have_value("municipal")
    assert is_the_same(page)
    if path == "/tablero":
        expect(page.locator(f"{LIST} tbody")).to_contain_text("Guadalajara")
        expect(page.locator(f"{LIST} tbody")).not_to_contain_text("Gobierno del Estado")


def test_all_of_it_works_without_scripts(stack: Any, plain_page: Callable[[str], Page]) -> None:
    page = plain_page("/tablero/conjuntos")
    page.locator("#filtro-frescura").select_option("vencido")
    page.locator("#filtro-mostrar").click()
    expect(page).to_have_url(re.compile("frescura=vencido"))
    expect(page.locator(f"{LIST} caption")).to_contain_text(str(overdue(stack, "/tablero/conjuntos")))
    page.locator("#ordenar-puntos").click()
    expect(page).to_have_url(re.compile("ordenar=-puntos"))
    assert "frescura=vencido" in page.url
    page.get_by_role("link", name="Ver todos").click()
    expect(page.locator("#filtro-frescura")).to_have_value("")
    page.locator("#pagina-2").click()
    expect(page.locator("#pagina-2")).to_have_attribute("aria-current", "page")
    # Nobody's focus is moved where nothing was swapped.
    expect(page.locator(LIST)).not_to_have_attribute("autofocus", "")
    page = plain_page("/tablero/clasificacion")
    page.locator("#filtro-orden").select_option("state")
    page.locator("#filtro-mostrar").click()
    expect(page.locator("#filtro-orden")).to_have_value("state")
