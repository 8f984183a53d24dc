"""An institution promises data by hand and by its plan; everybody sees what came of it on a line of time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.test_layout import NARROW, beyond_baseline, overflowing

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
PLAN = "conjunto_datos,fecha_publicacion\nAforo ciclista,2026-01-31\nPozos de agua,2027-06\nAforo ciclista,2026-02-28\n"
UPLOAD = {"name": "plan-2026.csv", "mimeType": "text/csv", "buffer": PLAN.encode("latin-1")}
HOME = "/organization/jalisco/compromisos"


@pytest.fixture(scope="module")
def promised(stack: Any) -> dict[str, str]:
    """The ids of two promises by title, entered before any page of them is looked at."""
    token = stack.user("admin", "jalisco").token
    known = {}
    for title, promised in (("Aforo ciclista", "2026-01-31"), ("Reservado", "2027-01")):
        found = stack.api("mxopendata_commitment_list", token=token, institution="jalisco", limit=1000)["results"]
        line = next((line for line in found if line["title"] == title), None)
        given = {"title": title, "promised": promised, "in_plan": True, "open_to_all": title != "Reservado"}
        action = "mxopendata_commitment_update" if line else "mxopendata_commitment_create"
        whose = {"id": line["id"]} if line else {"institution": "jalisco"}
        known[title] = stack.api(action, token=token, **whose, **given)["id"]
    moved = {"id": known["Aforo ciclista"], "promised": "2026-03-31"}
    stack.api("mxopendata_commitment_update", token=token, **moved)
    return known


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["wide", "narrow"])
def test_pages_of_promises(stack: Any, promised: dict[str, str], open_page: Opener, viewport: Any) -> None:
    admin = stack.user("admin", "jalisco")
    line = promised["Aforo ciclista"]
    paths = ("/tablero/institucion/jalisco", HOME, f"{HOME}/nuevo", f"{HOME}/importar", f"/compromisos/{line}/editar",
             "/compromisos?institucion=jalisco&cuenta=late", f"/compromisos/{line}")  # fmt: skip
    for path in paths:
        page = open_page(path, user=admin, viewport=viewport)
        assert overflowing(page) == [], path
        assert beyond_baseline(page, path) == [], path


def test_the_line_of_time_needs_no_script(stack: Any, promised: dict[str, str], browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, locale="es-MX", viewport=NARROW)
    page = context.new_page()
    page.goto(f"{stack.url}/tablero/institucion/jalisco")
    row = page.locator("table.mxod-timeline tbody tr").filter(has_text="Aforo ciclista")
    expect(row).to_contain_text("31 de enero de 2026")
    expect(row).to_contain_text("Vencido")
    drawn = row.locator("svg.mxod-time .mxod-time-promised circle").bounding_box()
    frame = row.bounding_box()
    assert drawn is not None
    assert frame is not None
    assert frame["x"] <= drawn["x"] < frame["x"] + frame["width"]
    assert "Reservado" not in page.content()
    context.close()


def test_an_administrator_looks_first_and_then_stores(stack: Any, promised: dict[str, str], open_page: Opener) -> None:
    page = open_page(f"{HOME}/importar", user=stack.user("admin", "jalisco"))
    page.locator("input[type=file]").set_input_files(UPLOAD)
    page.get_by_role("button", name="Ver qué pasaría").click()
    expect(page.locator("#mxopendata-outcome")).to_be_visible()
    # The third row contradicts the first.
    expect(page.locator("body")).to_contain_text("Rechazado")
    assert beyond_baseline(page, f"{HOME}/importar") == []
    page.get_by_role("button", name="Guardar estos compromisos").click()
    expect(page.get_by_role("heading", name="Guardado")).to_be_visible()
    page.get_by_role("link", name="Todos los compromisos de la institución").click()
    expect(page).to_have_url(re.compile("/compromisos"))
    expect(page.locator("body")).to_contain_text("Pozos de agua")
    found = stack.api("mxopendata_commitment_list", institution="jalisco", limit=1000)["results"]
    assert [line["title"] for line in found].count("Aforo ciclista") == 1


def test_an_upload_without_its_token_is_refused(stack: Any, open_page: Opener) -> None:
    page = open_page(f"{HOME}/importar", user=stack.user("admin", "jalisco"))
    for address in (f"{HOME}/importar", f"{HOME}/importar/guardar", f"{HOME}/nuevo"):
        answer = page.context.request.post(f"{stack.url}{address}", multipart={"upload": UPLOAD, "title": "Ajeno"})
        assert answer.status == 400, address
        assert "CSRF" in answer.text(), address
