"""The dataset's form in the hands of who has no mouse, and what it says while it is filled in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.scripts import wait_for_scripts

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
Passing = Callable[[str], str]
MOST_STEPS = 160


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MOST_STEPS):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {selector}")


def write(page: Page, field: str, text: str) -> None:
    """Reach a field with Tab and type into it."""
    tab_to(page, f"#field-{field}")
    page.keyboard.type(text)


def points(page: Page) -> float:
    """Where the meter stands."""
    return page.locator(".mxopendata-guide meter").evaluate("meter => meter.value")


def test_a_dataset_is_published_with_the_keyboard_alone(stack: Any, open_page: Opener, passing: Passing) -> None:
    captured = passing("aforo-peatonal-con-el-teclado")
    editor = stack.user("editor", "jalisco")
    page = open_page("/dataset/new", user=editor)
    assert page.locator("html").get_attribute("lang") == "es"
    before = points(page)
    write(page, "title", "Aforo peatonal con el teclado")
    expect(page.locator("#field-name")).to_have_value(captured)
    write(page, "notes", "Personas contadas por hora en el Centro de Guadalajara.")
    write(page, "theme", "movilidad")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    closed = page.locator("details.mxopendata-group:not([open]) > summary")
    while closed.count():
        # Each step opens from the keyboard.
        tab_to(page, "details.mxopendata-group:not([open]) > summary")
        page.keyboard.press("Enter")
    page.locator("#field-title").focus()
    write(page, "tag_string", "aforo, peatones")
    for field, text in (("contact-0-name", "Dirección de Movilidad"), ("contact-0-email", "datos@jalisco.example.mx")):
        tab_to(page, f"#field-{field}")
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
    page.locator("#field-title").focus()
    write(page, "frequency", "Mensual")
    page.locator("#field-title").focus()
    write(page, "documentation", "https://jalisco.example.mx/diccionario.csv")
    page.locator("#field-title").focus()
    tab_to(page, "#field-spatial_coverage-0-cvegeo")
    page.keyboard.press("Control+a")
    page.keyboard.type("guadalajara jalisco")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#field-spatial_coverage-0-cvegeo")).to_have_value(re.compile("Guadalajara, Jalisco"))
    page.wait_for_function("before => document.querySelector('.mxopendata-guide meter').value > before", arg=before)
    with page.expect_navigation():
        tab_to(page, "button[name=save]")
        page.keyboard.press("Enter")
    wait_for_scripts(page)
    expect(page).to_have_url(re.compile(f"/dataset/{captured}/resource/new"))

    tab_to(page, "#resource-link-button, #field-resource-url")
    page.keyboard.press("Enter")
    write(page, "resource-url", "https://jalisco.example.mx/aforo.csv")
    write(page, "name", "Aforo (CSV)")
    with page.expect_navigation():
        tab_to(page, "button[name=save][value=go-metadata]")
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/dataset/{captured}$"))
    shown = stack.api("package_show", id=captured)
    assert (shown["state"], shown["theme"], shown["frequency"]) == ("active", ["movilidad"], "R/P1M")
    assert [place["cvegeo"] for place in shown["spatial_coverage"]] == ["14039"]
    assert shown["contact"][0]["email"] == "datos@jalisco.example.mx"


def test_a_reason_is_asked_for_only_where_access_is_not_public(stack: Any, open_page: Opener) -> None:
    page = open_page("/dataset/new", user=stack.user("editor", "jalisco"))
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    expect(page.locator("#field-access_comment")).to_be_hidden()
    page.locator("#field-access_rights").select_option("restricted")
    expect(page.locator("#field-access_comment")).to_be_visible()


def test_contacts_are_added_moved_and_taken_away(stack: Any, open_page: Opener) -> None:
    page = open_page("/dataset/new", user=stack.user("editor", "jalisco"))
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("#field-contact-0-email").fill("uno@jalisco.example.mx")
    page.locator("#field-contact .mxopendata-boxes-add").click()
    page.keyboard.type("Otra área")
    expect(page.locator("#field-contact-1-name")).to_have_value("Otra área")
    page.get_by_role("group", name="Contacto 2").get_by_role("button", name="Subir: Contacto").click()
    expect(page.locator("#field-contact-0-name")).to_have_value("Otra área")
    expect(page.locator("#field-contact-1-email")).to_have_value("uno@jalisco.example.mx")
    page.get_by_role("group", name="Contacto 1").get_by_role("button", name="Quitar: Contacto").click()
    expect(page.locator("#field-contact-0-email")).to_have_value("uno@jalisco.example.mx")
    assert page.locator("#field-contact-1-email").count() == 0


def test_one_s_last_dataset_is_copied_without_what_is_its_own(stack: Any, open_page: Opener) -> None:
    page = open_page("/dataset/new", user=stack.user("editor", "jalisco"))
    with page.expect_navigation():
        page.get_by_role("link", name="Copiar de mi último conjunto").click()
    expect(page.locator("#field-title")).to_have_value("")
    expect(page.locator("#field-notes")).not_to_have_value("")
    expect(page.locator("body")).to_contain_text("Copia de «")
