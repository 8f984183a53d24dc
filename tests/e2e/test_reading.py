"""What anybody sees: the front page, the search in Spanish, a dataset, an institution."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]


def titles(page: Page) -> list[str]:
    """Titles of the datasets that the page lists."""
    return [text.strip() for text in page.locator(".dataset-item h2").all_inner_texts()]


def test_the_front_page_is_in_spanish_and_searches(open_page: Opener) -> None:
    page = open_page("/")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator("main input[name=q], [role=main] input[name=q]").first.fill("agua")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/dataset/?\?q=agua"))
    assert any("agua" in title.lower() for title in titles(page))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("educacion", "Matrícula escolar por nivel educativo"),
        ("educación", "Matrícula escolar por nivel educativo"),
        ("escuela", "Directorio de escuelas públicas"),
        ("VACUNA", "Dosis de vacunas aplicadas"),
        ("ciclovia", "Red de ciclovías"),
    ],
)
def test_the_search_knows_spanish(open_page: Opener, words: str, wanted: str) -> None:
    page = open_page(f"/dataset/?q={words}")
    found = titles(page)
    assert any(title.startswith(wanted) for title in found), found


def test_an_accent_makes_no_difference(stack: Any) -> None:
    counts = {word: stack.api("package_search", q=word, rows=0)["count"] for word in ("educacion", "Educación")}
    assert counts["educacion"] == counts["Educación"] > 0


def test_a_dataset_page_shows_its_metadata_in_words(stack: Any, open_page: Opener) -> None:
    page = open_page("/dataset/sequia-por-municipio-jalisco")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Monitor de sequía por municipio")
    text = page.locator("body").inner_text()
    for wanted in ("Quincenal", "Medio ambiente", "Secretaría de Gestión Integral del Agua", "Jalisco"):
        assert wanted in text, wanted
    # What machines store is not what people read.
    assert "R/P2W" not in text
    assert "medio_ambiente" not in text


def test_a_harvested_dataset_names_its_source(stack: Any, open_page: Opener) -> None:
    dataset = stack.datasets(fq="organization:monterrey", rows=1)[0]
    page = open_page(f"/dataset/{dataset['name']}")
    portal = next(portal for portal in stack.portals if portal["name"] == "monterrey")
    assert page.locator(f"a[href^='{portal['url'].rstrip('/')}']").count() > 0


def test_html_of_a_source_is_not_html_of_ours(stack: Any) -> None:
    # The portals write lists and bold face into their descriptions.
    for dataset in stack.datasets():
        assert not re.search(r"<\w+>|&nbsp;", dataset.get("notes") or ""), dataset["name"]


def test_an_institution_page_lists_its_datasets(stack: Any, open_page: Opener) -> None:
    page = open_page("/organization/puebla")
    count = stack.api("package_search", fq="organization:puebla", rows=0)["count"]
    assert count == 45
    expect(page.locator("body")).to_contain_text(str(count))
    assert len(titles(page)) == 20


def test_a_journalist_finds_everything_at_a_glance(open_page: Opener) -> None:
    page = open_page("/dataset/sequia-por-municipio-jalisco")
    glance = page.get_by_role("region", name="De un vistazo")
    for wanted in ("Gobierno del Estado de Jalisco", "GEJ", "Estatal", "cada quincena", "Puede copiar", "Jalisco"):
        expect(glance).to_contain_text(wanted)
    glance.get_by_role("link", name="Cómo citarlo").click()
    expect(page.get_by_role("heading", name="Cómo citarlo")).to_be_in_viewport()
    expect(page.locator("p.mxopendata-quoted")).to_contain_text("“Monitor de sequía por municipio”, GEJ; http")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copiar").first.click()
    expect(page.get_by_text("Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("p.mxopendata-quoted").inner_text()


def test_municipalities_are_offered_below_their_state(open_page: Opener) -> None:
    page = open_page("/dataset/")
    assert page.get_by_role("navigation", name="Filtrar por: Municipio").count() == 0
    page.get_by_role("navigation", name="Filtrar por: Estado").get_by_role("link", name="Jalisco").click()
    page.get_by_role("navigation", name="Filtrar por: Municipio").get_by_role("link", name="Guadalajara").click()
    expect(page.locator(".filter-list")).to_contain_text("Guadalajara, Jalisco")
    expect(page.locator(".dataset-item").first).to_contain_text("Guadalajara, Jalisco")
