"""A sysadmin writes the address of a portal, sees what it is and what its records would become, and goes no further."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.scripts import wait_for_scripts
from e2e.test_layout import NARROW, beyond_baseline, overflowing

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["wide", "narrow"])
def test_a_portal_is_looked_at_by_keyboard(stack: Any, open_page: Opener, viewport: Any) -> None:
    page = open_page("/cosechas", user=stack.user("sysadmin"), viewport=viewport)
    page.get_by_role("link", name="Agregar una fuente").click()
    url = next(line["url"] for line in stack.api("mxopendata_harvest_source_list") if line["name"] == "demo-puebla")
    field = page.get_by_label("Dirección del portal")
    field.focus()
    page.keyboard.type(url)
    page.keyboard.press("Enter")
    wait_for_scripts(page)
    expect(page.get_by_role("heading", name="Es un portal de tipo CKAN")).to_be_visible()
    rows = page.locator("table.mxoh-stack tbody tr")
    expect(rows).to_have_count(20)
    rows.first.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(rows.first.locator("dl dt").first).to_be_visible()
    assert (overflowing(page), beyond_baseline(page, "/cosechas/nueva")) == ([], [])
    # Nothing was stored by looking.
    assert stack.status("/harvest/127-0-0-1") == 404
