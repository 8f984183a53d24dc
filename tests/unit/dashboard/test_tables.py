"""Tables as files: nothing a spreadsheet would run, nothing unknown written as a number."""

from __future__ import annotations

import csv
import io

import pytest

from ckanext.mxopendata import downloads
from ckanext.mxopendata.dashboard import tables
from ckanext.mxopendata.quality.register import HEADLINES


@pytest.mark.parametrize("text", ["=1+1", "+52 55", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_looks_like_a_formula_is_made_safe(text: str):
    assert downloads.harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(None, "sin datos"), (True, "sí"), (False, "no"), (-3, -3), (0, 0), (2.5, 2.5), ("a=b", "a=b"), ("", "")],
)
def test_other_cells_say_what_they_are(cell: object, expected: object):
    assert tables.in_words(downloads.harmless(cell)) == expected


def test_a_file_begins_with_a_mark_that_excel_needs_and_can_be_read_back():
    table = tables.Table("lines", {"nombre": lambda line: line["a"], "valor": lambda line: line["b"]})
    lines = [{"a": "=HYPERLINK(1)", "b": None}, {"a": 'con "comillas", y coma', "b": 3}]
    text = "".join(table.write(lines))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows == [["nombre", "valor"], ["'=HYPERLINK(1)", "sin datos"], ['con "comillas", y coma', "3"]]


def test_an_unknown_figure_is_not_a_zero_in_a_file():
    line = {
        "institution": "x",
        "title": "X",
        "gov_type": None,
        "state": None,
        "last_run": None,
        "indicators": {key: {"value": None} for key in HEADLINES},
    }
    text = "".join(tables.PORTAL["instituciones"].write([line]))
    cells = text.splitlines()[1].split(",")
    assert cells[:2] == ["x", "X"]
    assert set(cells[2:]) == {"sin datos"}
