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
