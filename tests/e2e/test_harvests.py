"""What people see of the harvests: the list of sources, the report of a run, the findings with their cure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def run(stack: Any) -> dict[str, Any]:
    """The newest run over the portal of Guadalajara, which holds a record without title."""
    return stack.api("mxopendata_harvest_run_list", source="demo-guadalajara", limit=1)[0]


def test_every_portal_stands_in_the_list_of_harvests(stack: Any, open_page: Opener) -> None:
    page = open_page("/cosechas")
    text = page.locator("body").inner_text()
    for portal in stack.portals:
        assert portal["title"] in text, portal["title"]
    for word in ("finished_with_errors", "mx_datajson:", "None"):
        assert word not in text


def test_sources_are_found_by_keyboard_and_tell_their_past_and_their_next_run(stack: Any, open_page: Opener) -> None:
    page = open_page("/cosechas")
    field = page.get_by_role("searchbox", name="Fuente o institución")
    field.focus()
    page.keyboard.type("mÉrida demo")
    page.keyboard.press("Enter")
    rows = page.locator("table.mxoh-stack tbody tr")
    expect(rows).to_have_count(1)
    drawing = rows.locator("svg.mxoh-trend")
    expect(drawing).to_be_visible()
    said = drawing.locator("title").text_content() or ""
    assert "leídos: de" in said
    source = stack.api("mxopendata_harvest_source_search", q="merida demo")["results"][0]
    assert said.count(":") >= 2
    assert len(source["recent"]) >= 1
    assert source["next_run"] is not None
    expect(rows.get_by_text("Cada día")).to_be_visible()
    # What was looked for stays when a state is chosen.
    page.get_by_role("navigation", name="Por estado").get_by_role("link").nth(1).click()
    assert "q=m" in page.url
    expect(rows).to_have_count(1)


def test_a_run_is_compared_with_the_one_before(stack: Any, open_page: Opener) -> None:
    run = stack.api("mxopendata_harvest_run_list", source="demo-merida", limit=1)[0]
    shown = stack.api("mxopendata_harvest_run_show", run=run["run"], causes=True)
    assert shown["previous"] is not None, "the demonstration harvests twice"
    page = open_page(run["report_url"].removeprefix(stack.url))
    expect(page.get_by_role("columnheader", name="Diferencia")).to_be_visible()
    expect(page.get_by_text("registros por segundo")).to_be_visible()


def test_the_sums_of_a_run_add_up(stack: Any) -> None:
    parts = ("created", "updated", "unchanged", "matched", "restored", "duplicate", "excluded", "rejected")
    for portal in stack.portals:
        run = stack.api("mxopendata_harvest_run_list", source=f"demo-{portal['name']}", limit=1)[0]
        assert sum(run[part] for part in parts) == run["read"] == portal["datasets"]
        held = stack.api("package_search", fq=f"organization:{portal['name']}", rows=0)["count"]
        captured = sum(not d.get("source_identifier") for d in stack.datasets(fq=f"organization:{portal['name']}"))
        assert held - captured == portal["datasets"] - run["rejected"]


def test_the_report_of_a_run_names_what_was_rejected_and_how_to_mend_it(
    stack: Any, open_page: Opener, run: dict[str, Any]
) -> None:
    assert run["rejected"] == 1
    path = run["report_url"].removeprefix(stack.url)
    page = open_page(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    records = stack.api("mxopendata_harvest_record_list", run=run["run"], action="rejected", offset=0, limit=10)
    assert records["count"] == 1
    finding = records["results"][0]["findings"][0]
    text = page.locator("body").inner_text()
    assert finding["message"] in text
    assert finding["cure"] in text


def test_a_run_is_also_a_file(stack: Any, run: dict[str, Any]) -> None:
    path = run["report_url"].removeprefix(stack.url)
    assert json.loads(stack.get(f"{path}.json"))
    rows = list(csv.DictReader(io.StringIO(stack.get(f"{path}.csv").decode("utf-8-sig"))))
    assert rows


def test_a_run_names_nobody(stack: Any, run: dict[str, Any]) -> None:
    path = run["report_url"].removeprefix(stack.url)
    for ending in ("", ".csv", ".json"):
        assert b"@guadalajara.example.mx" not in stack.get(f"{path}{ending}"), ending
