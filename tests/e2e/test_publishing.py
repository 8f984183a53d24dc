"""A publisher at work: captures a dataset, is told what lacks, mends it; a harvested one is mended at its source."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.scripts import wait_for_scripts

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
Passing = Callable[[str], str]
TABLE = {"name": "aforo.csv", "mimeType": "text/csv", "buffer": b"lugar,personas\nCentro,12\n"}


def choose(page: Page, field: str, words: str) -> None:
    """Type into a field with search and take the first that fits, with the keyboard."""
    page.locator(f"#field-{field}").press_sequentially(words)
    page.keyboard.press("Enter")


def fill(page: Page) -> None:
    """Everything the Guía makes mandatory, but for the description."""
    choose(page, "theme", "Movilidad")
    page.locator("#field-contact-0-email").fill("datos@jalisco.example.mx")
    page.locator("#field-contact-0-name").fill("Dirección de Movilidad")
    page.locator("#field-frequency").select_option("R/P1M")
    page.locator("#field-documentation").fill("https://jalisco.example.mx/diccionario.csv")


def press(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that answers."""
    with page.expect_navigation():
        button.click()
    wait_for_scripts(page)


def save(page: Page, button: str) -> None:
    """Press a button of the form by its name and wait for the page that answers."""
    press(page, page.get_by_role("button", name=button))


def finish(page: Page) -> None:
    """Press the button of the resource form that publishes the dataset."""
    press(page, page.locator("button[name=save][value=go-metadata]"))


def test_from_an_empty_form_to_a_published_dataset(stack: Any, open_page: Opener, passing: Passing) -> None:
    captured = passing("prueba-de-captura-en-el-navegador")
    editor = stack.user("editor", "jalisco")
    page = open_page("/dataset/new", user=editor)
    page.locator("#field-title").fill("Prueba de captura en el navegador")
    expect(page.locator("#field-name")).to_have_value(captured)
    fill(page)
    save(page, "Siguiente: Agregar Datos")
    expect(page).to_have_url(re.compile(f"/dataset/{captured}/resource/new"))
    # A draft may be incomplete; what publishing will want is said at once.
    expect(page.locator("body")).to_contain_text("Falta la descripción")
    page.locator("input[type=file]").set_input_files(TABLE)
    # CKAN offers the file's name.
    expect(page.locator("#field-name")).to_have_value("aforo.csv")
    page.locator("#field-name").fill("Aforo (CSV)")
    finish(page)
    # Not published: the description lacks.
    expect(page.locator(".error-explanation")).to_contain_text("Falta la descripción")
    assert stack.api("package_show", token=editor.token, id=captured)["state"] == "draft"

    page.goto(f"{stack.url}/dataset/edit/{captured}")
    page.locator("#field-notes").fill("Personas contadas por hora.")
    save(page, "Siguiente: Agregar Datos")
    finish(page)
    expect(page).to_have_url(re.compile(f"/dataset/{captured}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Prueba de captura en el navegador")
    expect(page.locator("body")).to_contain_text("Mensual")
    shown = stack.api("package_show", id=captured)
    assert (shown["state"], shown["theme"], shown["frequency"]) == ("active", ["movilidad"], "R/P1M")
    assert (shown["organization"]["name"], shown["gov_type"]) == ("jalisco", "state")
    assert [(r["name"], r["format"], r["mimetype"]) for r in shown["resources"]] == [("Aforo (CSV)", "CSV", "text/csv")]
    assert captured in [found["name"] for found in stack.datasets(fq=f"name:{captured}")]


def at_field(page: Page, field: str) -> Locator:
    """The sentences that stand in the same box as a field."""
    box = page.locator(f"xpath=//*[@id='{field}']/ancestor::*[.//*[contains(@class, 'error-block')]][1]")
    return box.locator(".error-block").first


def test_what_is_mandatory_is_asked_for_at_its_field(stack: Any, open_page: Opener) -> None:
    page = open_page("/dataset/new", user=stack.user("editor", "jalisco"))
    page.locator("#field-notes").fill("Una descripción sin título.")
    save(page, "Siguiente: Agregar Datos")
    expect(at_field(page, "field-title")).to_contain_text(re.compile("Falta", re.IGNORECASE))
    # What was typed is still there.
    expect(page.locator("#field-notes")).to_have_value("Una descripción sin título.")


def test_a_value_without_a_reading_is_refused_at_its_field(stack: Any, open_page: Opener) -> None:
    name = "carga-turistica-pueblos-magicos"
    before = stack.api("package_show", id=name)
    page = open_page(f"/dataset/edit/{name}", user=stack.user("editor", "jalisco"))
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("#field-quality_url").fill("pregunte en ventanilla")
    page.locator("#field-temporal_coverage-0-start").fill("la semana que viene")
    save(page, "Actualizar Conjunto de datos")
    expect(page.locator(".error-explanation")).to_contain_text("pregunte en ventanilla")
    expect(at_field(page, "field-quality_url")).to_contain_text("pregunte en ventanilla")
    expect(at_field(page, "field-temporal_coverage-0-start")).to_contain_text("No se entiende la fecha")
    # What was typed is still there, and nothing was saved.
    expect(page.locator("#field-quality_url")).to_have_value("pregunte en ventanilla")
    expect(page.locator("#field-temporal_coverage-0-start")).to_have_value("la semana que viene")
    assert stack.api("package_show", id=name)["metadata_modified"] == before["metadata_modified"]


def test_source_fields_of_a_harvested_dataset_are_read_only(stack: Any, open_page: Opener) -> None:
    harvested = next(d for d in stack.datasets(fq="organization:jalisco") if d.get("source_identifier"))
    page = open_page(f"/dataset/edit/{harvested['name']}", user=stack.user("editor", "jalisco"))
    for field in ("title", "notes", "frequency", "license_id", "modified"):
        assert page.locator(f"input[name={field}]:visible, textarea[name={field}]:visible").count() == 0, field
        assert page.locator(f"select[name={field}]:visible").count() == 0, field
    expect(page.locator("body")).to_contain_text(harvested["title"])
    # Where to mend them.
    assert page.locator(f"a[href='{harvested['source_url']}']").count() > 0
    # What is ours can be edited.
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    expect(page.locator("#field-policy_alignment")).to_be_editable()


def test_local_fields_of_a_harvested_dataset_are_saved(stack: Any, open_page: Opener) -> None:
    harvested = next(d for d in stack.datasets(fq="organization:guadalajara") if d.get("source_identifier"))
    page = open_page(f"/dataset/edit/{harvested['name']}", user=stack.user("editor", "guadalajara"))
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("#field-policy_alignment").fill("sdg:11.2")
    # The click that leaves the field counts, too.
    save(page, "Actualizar Conjunto de datos")
    expect(page).to_have_url(re.compile(f"/dataset/{harvested['name']}$"))
    shown = stack.api("package_show", id=harvested["name"])
    assert shown["policy_alignment"] == ["sdg:11.2"]
    for field in ("title", "notes", "identifier", "source_identifier", "contact", "frequency"):
        assert shown.get(field) == harvested.get(field), field
    assert [resource["id"] for resource in shown["resources"]] == [r["id"] for r in harvested["resources"]]


def test_a_member_does_not_edit_and_an_editor_not_elsewhere(stack: Any) -> None:
    member, editor = stack.user("member", "jalisco"), stack.user("editor", "guadalajara")
    for person in (member, editor):
        assert stack.status("/dataset/edit/carga-turistica-pueblos-magicos", person.token) == 403
    assert stack.status("/dataset/edit/carga-turistica-pueblos-magicos", stack.user("editor", "jalisco").token) == 200
