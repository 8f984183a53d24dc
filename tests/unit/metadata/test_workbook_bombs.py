"""Small workbooks that would unfold to gigabytes: refused, or read, in seconds and within memory."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile

import pytest
from openpyxl import Workbook

from ckanext.mxopendata.metadata import workbook_limits
from ckanext.mxopendata.metadata.tables import Table, read_table

KNOWN = ("ds:identifier", "ds:title")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>ds:identifier</t></is></c>'
HEAD += '<c r="B1" t="inlineStr"><is><t>ds:title</t></is></c></row>'
DATA = '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c></row>'


def book(rows: str, after: str = "", **parts: str) -> bytes:
    """A workbook of one sheet, its XML written by hand; the keywords replace parts."""
    original = io.BytesIO()
    Workbook().save(original)
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    replaced = {"xl/worksheets/sheet1.xml": sheet, **{f"xl/{name}.xml": text for name, text in parts.items()}}
    result = io.BytesIO()
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, replaced.pop(name, None) or old.read(name))
        for name, text in replaced.items():
            new.writestr(name, text)
    return result.getvalue()


@pytest.fixture(autouse=True)
def _a_thirtieth(monkeypatch):
    """Limits and bombs thirty times smaller than the real ones, so that the lane keeps its minute."""
    monkeypatch.setattr(workbook_limits, "MAXIMUM_CELLS", 100_000)
    monkeypatch.setattr(workbook_limits, "_MAXIMUM_STRINGS", 20_000)


def read(content: bytes) -> Table:
    """The table; within bounds of time and memory, whatever it is."""
    tracemalloc.start()
    began = time.process_time()
    table = read_table(content, KNOWN)
    took = time.process_time() - began
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 5
    assert most < 30_000_000
    return table


def codes(table: Table) -> list[str]:
    return [finding.code for finding in table.findings]


BILLION = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
BOMBS = {
    "cells without end": lambda: book(HEAD + "<row>" + "<c/>" * 130_000 + "</row>"),
    "rows without end": lambda: book(HEAD + "<row/>" * 130_000),
    "a row beyond the last": lambda: book(HEAD + '<row r="99999999"><c r="A1"><v>1</v></c></row>'),
    "values in opposite corners": lambda: book(HEAD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "styles without end": lambda: book(HEAD, styles=f'<styleSheet xmlns="{MAIN}">{"<xf/>" * 130_000}</styleSheet>'),
    "strings without end": lambda: book(HEAD, sharedStrings=f'<sst xmlns="{MAIN}">{"<si/>" * 80_000}</sst>'),
    "entities": lambda: book(HEAD, sharedStrings=f'<!DOCTYPE s [<!ENTITY a0 "x">{BILLION}]><sst>&a9;</sst>'),
    "merged areas without end": lambda: book(
        HEAD + '<row r="900000"><c r="A900000"><v>1</v></c></row>',
        "<mergeCells>" + '<mergeCell ref="A1:A900000"/>' * 50 + "</mergeCells>",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(bomb):
    content = BOMBS[bomb]()
    assert len(content) < 200_000
    table = read(content)
    assert (codes(table), table.rows) == (["table_too_large_unpacked"], [])


def test_many_sheets_are_refused():
    workbook = Workbook()
    for _ in range(workbook_limits._MAXIMUM_SHEETS + 1):
        workbook.create_sheet()
    buffer = io.BytesIO()
    workbook.save(buffer)
    assert codes(read(buffer.getvalue())) == ["table_too_large_unpacked"]


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        # formatted down to the last cell, as spreadsheets do when somebody formats whole columns
        (HEAD + DATA + '<row r="1048576"><c r="XFD1048576" s="0"/></row>', ""),
        # one area over the whole sheet
        (HEAD + DATA, '<mergeCells count="1"><mergeCell ref="C1:XFD1048576"/></mergeCells>'),
        # what the sheet says of its own size is not believed
        (f'{HEAD}{DATA}<row r="3"><c r="A3"/></row>', ""),
    ],
)
def test_what_only_looks_large_is_read(rows, after):
    table = read(book(rows, after))
    assert [dict(row.cells) for row in table.rows] == [{"ds:identifier": "1", "ds:title": "2"}]
    assert codes(table) == []


def test_a_wrong_dimension_hides_nothing():
    dimension = '<dimension ref="A1"/><sheetData>'
    sheet = f'<worksheet xmlns="{MAIN}">{dimension}{HEAD}{DATA}</sheetData></worksheet>'
    lying = book("", **{"worksheets/sheet1": sheet})
    assert [dict(row.cells) for row in read(lying).rows] == [{"ds:identifier": "1", "ds:title": "2"}]


def test_formulas_are_never_computed_and_one_without_a_result_is_told():
    cached = '<c r="B2"><f>SUM(1,1)</f><v>2</v></c>'
    bare = '<c r="B3"><f>HYPERLINK("http://x.mx","x")</f></c>'
    rows = f'{HEAD}<row r="2"><c r="A2"><v>1</v></c>{cached}</row><row r="3"><c r="A3"><v>3</v></c>{bare}</row>'
    table = read(book(rows))
    assert [dict(row.cells) for row in table.rows] == [
        {"ds:identifier": "1", "ds:title": "2"},
        {"ds:identifier": "3"},
    ]
    assert codes(table) == ["table_formula_without_value"]
    assert table.findings[0].details["count"] == 1


def test_a_line_of_megabytes_is_no_heading():
    assert "table_headings_unknown" in codes(read(b"a" * 1_500_000 + b",b\n"))
