"""What is entered of a commitment by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.mxopendata.planning.entries import read_entry

RIGHT = {"title": " Rutas  de\ncamión ", "promised": "2027-03", "in_plan": "1"}


def test_what_is_right_is_read():
    entry = read_entry({**RIGHT, "frequency": "anual", "description": "Uno\ndos", "area": None})
    assert entry.errors == {}
    assert (entry.values["title"], entry.values["promised"], entry.values["frequency"]) == (
        "Rutas de camión", "2027-03", "R/P1Y",
    )  # fmt: skip
    assert (entry.values["in_plan"], entry.values["in_inventory"], entry.values["open_to_all"]) == (True, False, True)
    assert entry.values["area"] == ""


@pytest.mark.parametrize("text", ["2027", "2027-03", "2027-03-15"])
def test_a_date_keeps_its_precision_and_reads_itself_again(text):
    assert read_entry({**RIGHT, "promised": text}).values["promised"] == text


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"title": "  "}, "title", "commitment_title_missing"),
        ({"title": "x" * 501}, "title", "commitment_text_too_long"),
        ({"promised": "05/06/2027"}, "promised", "date_order_unknown"),
        ({"promised": "pronto"}, "promised", "date_unreadable"),
        ({"frequency": "cada eclipse"}, "frequency", "frequency_unknown"),
        ({"access_level": "secreto"}, "access_level", "commitment_level_unknown"),
        ({"access_level": "restricted"}, "access_reason", "commitment_reason_needed"),
        ({"in_plan": "", "in_inventory": False}, "in_plan", "commitment_of_no_document"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(given: dict[str, Any], field: str, code: str):
    errors = read_entry({**RIGHT, **given}).errors
    assert [(name, finding.code) for name, finding in errors.items()] == [(field, code)]


@pytest.mark.parametrize(("said", "shown"), [(None, False), (True, True), ("", False)])
def test_a_closed_level_closes_the_line_unless_somebody_says_otherwise(said, shown):
    given = {**RIGHT, "access_level": "non_public", "access_reason": "LGTAIP", "open_to_all": said}
    assert read_entry(given).values["open_to_all"] is shown
