"""A publisher adds a file: the form reads it, its columns become a dictionary, and everybody can take that along."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import NARROW
from e2e.scripts import wait_for_scripts
from e2e.test_layout import beyond_baseline, overflowing

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
NAME = "aforo-con-archivos"
COUNTED = "CVEGEO,fecha,personas,largo (m)\n14039,03/04/2026,120,1.5\n14120,05/06/2026,80,2\n"
FILE = {"name": "aforo.csv", "mimeType": "text/csv", "buffer": COUNTED.encode("cp1252")}


@pytest.fixture
def form(stack: Any) -> Iterator[str]:
    """The address of the form for a file of a draft that is gone again after the test."""
    token = stack.user("sysadmin").token
    stack.api("package_create", token=token, name=NAME, title="Aforo", owner_org="jalisco", state="draft")
    yield f"/dataset/{NAME}/resource/new"
    stack.api("dataset_purge", token=token, id=NAME)


def read(page: Page, file: dict[str, Any]) -> None:
    """Choose a file and wait for what it tells of itself."""
    page.locator("input[type=file][name=upload]").set_input_files([file])  # pyright: ignore[reportArgumentType]
    expect(page.locator(".mxopendata-file-facts")).to_contain_text("Leído del archivo")


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["1280", "390"])
def test_a_file_is_read_described_and_published(stack: Any, open_page: Opener, form: str, viewport: Any) -> None:
    page = open_page(form, user=stack.user("editor", "jalisco"), viewport=viewport)
    read(page, FILE)
    for field, value in (
        ("format", "CSV"),
        ("mimetype", "text/csv"),
        ("size", str(len(COUNTED))),
        ("encoding", "UTF-8"),
    ):
        expect(page.locator(f"#field-{field}")).to_have_value(value)
    expect(page.locator(".mxopendata-file-facts")).to_contain_text("ponen primero el día o el mes")
    table = page.locator(".mxopendata-dictionary-table")
    expect(table).to_be_visible()
    expect(page.get_by_label("Unidad de la columna largo (m)")).to_have_value("m")
    page.get_by_label("Tipo de la columna CVEGEO").select_option("string")
    page.get_by_label("Qué contiene la columna CVEGEO").fill("Clave geoestadística del municipio")
    assert overflowing(page) == []
    assert beyond_baseline(page, form.replace(NAME, "x")) == []
    page.locator("#field-name").fill("Aforo peatonal (CSV)")
    with page.expect_navigation():
        page.locator("button[name=save][value=again]").click()
    wait_for_scripts(page)

    token = stack.user("editor", "jalisco").token
    resource = stack.api("package_show", token=token, id=NAME)["resources"][0]
    assert (resource["format"], resource["size"], resource["encoding"]) == ("CSV", len(COUNTED), "UTF-8")
    path = f"/dataset/{NAME}/resource/{resource['id']}"
    page.goto(f"{stack.url}{path}")
    section = page.locator("#diccionario")
    expect(section).to_contain_text("Clave geoestadística del municipio")
    assert overflowing(page) == []
    assert beyond_baseline(page, path) == []
    text = stack.get(f"{path}/diccionario.csv", token).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["columna"] for row in rows] == ["CVEGEO", "fecha", "personas", "largo (m)"]
    assert rows[1]["formato"] == "DD/MM/AAAA"


def test_a_linked_file_is_read_when_somebody_asks(stack: Any, open_page: Opener, form: str) -> None:
    page = open_page(form, user=stack.user("editor", "jalisco"))
    page.get_by_text("Enlace", exact=True).click()
    button = page.get_by_role("button", name="Leer el archivo")
    button.press("Enter")
    expect(page.locator(".mxopendata-file-facts")).to_contain_text("Primero elija un archivo")
    page.locator("input[name=url]").fill(f"{stack.portals[0]['url']}/archivos/redes-wifi.csv")
    button.press("Enter")
    expect(page.locator("#field-format")).to_have_value("CSV")
    expect(page.locator(".mxopendata-dictionary-table tbody tr").first).to_be_visible()
    page.locator("input[name=url]").fill("http://127.0.0.1:1/nada.csv")
    button.press("Enter")
    expect(page.locator(".mxopendata-file-facts .alert-danger")).to_contain_text("privada")


def test_the_columns_are_edited_with_the_keyboard(stack: Any, open_page: Opener, form: str) -> None:
    page = open_page(form, user=stack.user("editor", "jalisco"))
    summary = page.locator("details.mxopendata-group > summary", has_text="Diccionario de columnas")
    summary.press("Enter")
    page.get_by_role("button", name="Agregar una columna").press("Enter")
    expect(page.locator("[data-part=name]")).to_be_focused()
    page.keyboard.type("sexo")
    page.keyboard.press("Tab")
    page.keyboard.type("Sexo de la persona")
    page.get_by_role("button", name="Agregar una columna").press("Enter")
    page.keyboard.type("edad")
    field = page.locator("#field-schema")
    expect(field).to_have_value('{"fields":[{"name":"sexo","description":"Sexo de la persona"},{"name":"edad"}]}')
    page.get_by_role("button", name="Quitar la columna sexo").press("Enter")
    expect(page.get_by_role("button", name="Quitar la columna edad")).to_be_focused()
    expect(page.locator(".mxopendata-dictionary-table [role=status]")).to_have_text("Se quitó la columna sexo.")
    page.get_by_role("button", name="Quitar la columna edad").press("Enter")
    expect(page.get_by_role("button", name="Agregar una columna")).to_be_focused()
    expect(field).to_have_value("")


def test_a_column_that_was_described_outlives_another_reading(stack: Any, open_page: Opener, form: str) -> None:
    page = open_page(form, user=stack.user("editor", "jalisco"))
    read(page, FILE)
    page.get_by_label("Qué contiene la columna personas").fill("Personas contadas")
    page.get_by_label("Tipo de la columna fecha").select_option("string")
    newer = COUNTED.replace("largo (m)", "ancho (m)")
    read(page, {**FILE, "name": "aforo-2.csv", "buffer": newer.encode()})
    expect(page.locator(".mxopendata-file-facts")).to_contain_text("«largo (m)»")
    expect(page.get_by_label("Qué contiene la columna personas")).to_have_value("Personas contadas")
    expect(page.get_by_label("Tipo de la columna fecha")).to_have_value("string")
    assert '"format"' not in page.locator("#field-schema").input_value(), "a date's format says nothing of a text"


def test_what_cannot_be_shown_as_a_table_stays_as_text(stack: Any, open_page: Opener, form: str) -> None:
    page = open_page(form, user=stack.user("editor", "jalisco"))
    page.locator("#field-name").fill("Mal")
    page.evaluate("() => { document.getElementById('field-schema').value = '{\"fields\": 3}'; }")
    page.locator("input[name=url]").evaluate("(field, url) => { field.value = url; }", f"https://x.mx/{_today()}.csv")
    with page.expect_navigation():
        page.locator("button[name=save][value=again]").click()
    wait_for_scripts(page)
    expect(page.locator("details[open] #field-schema")).to_be_visible()
    expect(page.locator("#field-schema")).to_have_value('{"fields": 3}')
    expect(page.locator(".mxopendata-dictionary-text .error-block")).to_contain_text("no se entiende")


def _today() -> str:
    return datetime.now(timezone.utc).date().isoformat()
