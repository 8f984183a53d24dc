"""A municipality without a portal uploads its table as its complete catalogue, twice, and sees what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Page, expect

from e2e.scripts import wait_for_scripts
from e2e.test_layout import NARROW, beyond_baseline, overflowing

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
HOME = "/organization/guadalajara/tabla"
HEADINGS = "ds:identifier,ds:title,rs:title,rs:downloadURL\n"


def table(*numbers: int) -> dict[str, Any]:
    rows = "".join(f"TZ-{n},Tabla de prueba {n},Archivo,https://tabla.guadalajara.gob.mx/{n}.csv\n" for n in numbers)
    return {"name": "catálogo 2026.csv", "mimeType": "text/csv", "buffer": (HEADINGS + rows).encode()}


@pytest.fixture
def nothing_left(stack: Any) -> Iterator[None]:
    """Takes the source and its datasets away afterwards."""
    yield
    token = stack.user("sysadmin").token
    with suppress(HTTPError):
        stack.api("harvest_source_delete", token=token, id="tabla-guadalajara")
    for number in range(6):
        with suppress(HTTPError):
            stack.api("dataset_purge", token=token, id=f"tabla-de-prueba-{number}")


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("viewport", [None, NARROW], ids=["wide", "narrow"])
def test_a_table_is_the_catalogue(stack: Any, open_page: Opener, viewport: Any) -> None:
    editor = stack.user("editor", "guadalajara")
    page = open_page(HOME, user=editor, viewport=viewport)
    _look(page, table(*range(5)), choose=True)
    page.get_by_role("button", name="Guardar como catálogo completo").click()
    expect(page).to_have_url(re.compile("/harvest/tabla-guadalajara/corrida/"))
    expect(page.locator("body")).to_contain_text("Tabla de")
    assert stack.status("/dataset/tabla-de-prueba-4") == 200

    page = open_page(HOME, user=editor, viewport=viewport)
    expect(page.locator("body")).to_contain_text("catálogo 2026.csv")
    expect(page.get_by_role("radio", name="Es el catálogo completo")).to_be_checked()
    _look(page, table(*range(4)), choose=False)
    expect(page.locator(".alert-warning")).to_contain_text("Tabla de prueba 4")
    page.get_by_role("button", name="Guardar como catálogo completo").click()
    expect(page).to_have_url(re.compile("/harvest/tabla-guadalajara/corrida/"))
    assert stack.status("/dataset/tabla-de-prueba-4") == 200, "it waits"


def _look(page: Page, file: dict[str, Any], *, choose: bool) -> None:
    if choose:
        page.get_by_role("radio", name="Es el catálogo completo").check()
    assert (overflowing(page), beyond_baseline(page, HOME)) == ([], [])
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Ver qué pasaría").click()
    expect(page.locator("#mxopendata-outcome")).to_be_visible()
    page.wait_for_load_state()
    wait_for_scripts(page)
    assert (overflowing(page), beyond_baseline(page, HOME)) == ([], [])
