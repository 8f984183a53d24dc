"""The dashboard: its figures recomputed from the API, its tables as files, its pages in a browser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e
Opener = Callable[..., Page]
VOCABULARIES = Path(__file__).resolve().parents[2] / "schemas" / "vocabularies"
PERIODS = {"D": 1, "W": 7, "M": 30, "Y": 365}
TOLERANCE = 1.2


def periodic_days(frequency: str | None) -> int | None:
    """Days between two updates; nothing for a frequency without a period."""
    match = re.fullmatch(r"R/P(\d+)([DWMY])", frequency or "")
    return int(match[1]) * PERIODS[match[2]] if match else None


def moment(text: str | None) -> datetime | None:
    """A date as stored: a day, a month, a year or a moment; without zone it is UTC."""
    if not text:
        return None
    padded = text + "-01" * (2 - text.count("-")) if len(text) < 10 else text
    found = datetime.fromisoformat(padded.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def last_update(dataset: dict[str, Any]) -> datetime | None:
    """When the data changed: what the dataset says, else the newest of its resources."""
    said = moment(dataset.get("modified"))
    return said or max(
        filter(None, (moment(resource.get("modified")) for resource in dataset["resources"])), default=None
    )


def recomputed(datasets: Iterable[dict[str, Any]], now: datetime) -> dict[str, tuple[float, float | None]]:
    """(numerator, denominator) of each figure, from what the API says of the datasets."""
    chosen = list(datasets)
    ages = [
        ((now - modified).total_seconds() / 86400, days)
        for dataset in chosen
        if (days := periodic_days(dataset.get("frequency"))) and (modified := last_update(dataset))
    ]
    fresh = sum(age < TOLERANCE * days for age, days in ages)
    with (VOCABULARIES / "file_types.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    # A media type of several formats says nothing.
    media_types = Counter(row["media_type"] for row in rows)
    types = {row["media_type"]: row for row in rows if media_types[row["media_type"]] == 1}
    types |= {row["id"]: row for row in rows}
    resources = [resource for dataset in chosen for resource in dataset["resources"]]
    # A format that no vocabulary knows ("www:link") leaves the media type to go by.
    known = [types.get(resource["format"]) or types.get(resource.get("mimetype")) for resource in resources]
    kinds = [kind for kind in known if kind]
    contacts = [any(contact.get("email") for contact in dataset.get("contact") or []) for dataset in chosen]
    return {
        "mx.datasets": (len(chosen), None),
        "mx.resources": (len(resources), None),
        "mx.up_to_date": (fresh, len(ages)),
        "mx.overdue": (len(ages) - fresh, len(ages)),
        "mx.open_formats": (sum(kind["open"] == "true" for kind in kinds), len(resources)),
        "mx.machine_readable": (sum(kind["machine_readable"] == "true" for kind in kinds), len(resources)),
        "mx.with_contact": (sum(contacts), len(chosen)),
    }


def assert_same(shown: dict[str, Any], expected: dict[str, tuple[float, float | None]]) -> None:
    for name, (numerator, denominator) in expected.items():
        figure = shown[name]
        if figure["unit"] == "percent":
            assert (figure["numerator"], figure["denominator"]) == (numerator, denominator), name
            assert denominator, name
            assert figure["value"] == pytest.approx(100 * numerator / denominator, abs=0.06), name
        else:
            assert figure["value"] == numerator, name


def test_each_institutions_figures_are_those_of_its_datasets(stack: Any) -> None:
    for portal in stack.portals:
        name = portal["name"]
        report = stack.api("mxopendata_institution_report", id=name)
        assert_same(
            report["indicators"], recomputed(stack.datasets(fq=f"organization:{name}"), moment(report["as_of"]))
        )


def test_the_portals_figures_are_those_of_all_datasets(stack: Any) -> None:
    shown = json.loads(stack.get("/tablero.json"))
    expected = recomputed(stack.datasets(), datetime.now(timezone.utc))
    assert_same(shown["indicators"], expected)
    assert sum(one["indicators"]["mx.datasets"]["value"] for one in shown["institutions"]) == expected["mx.datasets"][0]


def test_harvest_figures_are_those_of_the_last_run(stack: Any) -> None:
    for portal in stack.portals:
        run = stack.api("mxopendata_harvest_run_list", source=f"demo-{portal['name']}", limit=1)[0]
        figures = stack.api("mxopendata_institution_report", id=portal["name"])["indicators"]
        assert figures["mx.last_harvest"]["value"] == 0
        assert figures["mx.harvest_findings"]["denominator"] == run["read"] == portal["datasets"]


def test_there_is_something_of_each_kind_to_look_at(stack: Any) -> None:
    figures = json.loads(stack.get("/tablero.json"))["indicators"]
    assert 0 < figures["mx.up_to_date"]["value"] < 100
    assert figures["mx.overdue"]["value"] > 20
    assert figures["mx.up_to_date"]["denominator"] < figures["mx.datasets"]["value"]


@pytest.mark.parametrize(
    "path",
    [
        "/tablero",
        "/tablero/conjuntos",
        "/tablero/metodologia",
        "/tablero/institucion/jalisco",
        "/tablero/clasificacion",
        "/tablero/datos/sequia-por-municipio-jalisco",
    ],
)
def test_every_table_is_also_a_file(stack: Any, path: str) -> None:
    rows = list(csv.reader(io.StringIO(stack.get(f"{path}.csv").decode("utf-8-sig"))))
    assert len(rows) > 3
    assert len({len(row) for row in rows}) == 1
    assert json.loads(stack.get(f"{path}.json"))


def test_the_list_behind_a_figure_has_as_many_rows_as_the_figure_says(stack: Any, open_page: Opener) -> None:
    figures = stack.api("mxopendata_institution_report", id="nuevo-leon")["indicators"]
    overdue = figures["mx.overdue"]
    address = overdue["list_url"]
    path = address.removeprefix(stack.url)
    page = open_page(path)
    assert page.locator("main table tbody tr, [role=main] table tbody tr").count() >= overdue["value"] > 0
    address_of_file = path.replace("?", ".csv?", 1)
    rows = list(csv.DictReader(io.StringIO(stack.get(address_of_file).decode("utf-8-sig"))))
    assert len(rows) == overdue["value"]


def test_an_institutions_tab_leads_to_its_figures(stack: Any, open_page: Opener) -> None:
    page = open_page("/organization/jalisco")
    page.locator("a[href$='/tablero/institucion/jalisco']").first.click()
    expect(page).to_have_url(f"{stack.url}/tablero/institucion/jalisco")
    report = stack.api("mxopendata_institution_report", id="jalisco")
    expect(page.locator("body")).to_contain_text(str(report["indicators"]["mx.datasets"]["value"]))
    # A chart never stands without the table of its numbers.
    charts = page.locator("svg[role=img], figure svg").count()
    assert charts > 0
    assert page.locator("main table, [role=main] table").count() > 0


def test_what_is_unknown_is_not_zero(stack: Any, open_page: Opener) -> None:
    without = [dataset for dataset in stack.datasets() if not dataset.get("frequency")]
    assert without
    dataset = without[0]
    page = open_page(f"/tablero/institucion/{dataset['organization']['name']}?frescura=sin-frecuencia")
    row = page.locator("tr, li, article").filter(has_text=dataset["title"]).last
    expect(row).to_contain_text(re.compile("sin datos|sin frecuencia", re.IGNORECASE))
