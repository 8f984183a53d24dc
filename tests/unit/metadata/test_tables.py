"""Tables as institutions send them: encodings, separators, headings, quotes, workbooks; nothing raises or is lost."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ckanext.mxopendata.metadata import tables, workbooks
from ckanext.mxopendata.metadata.catalogue_table import COLUMNS, read_catalogue
from ckanext.mxopendata.metadata.findings_table import findings_table
from ckanext.mxopendata.metadata.tables import read_table

KNOWN = ("ds:identifier", "ds:title", "Periodicidad de publicación")


def read(text: str | bytes, known: Any = KNOWN) -> tables.Table:
    return read_table(text if isinstance(text, bytes) else text.encode(), known)


def codes(table: tables.Table) -> list[str]:
    return [finding.code for finding in table.findings]


def cells(table: tables.Table) -> list[dict[str, str]]:
    return [dict(row.cells) for row in table.rows]


def book(*rows: Any, merge: str | None = None, more: str | None = None) -> bytes:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    if more:
        workbook.create_sheet(more).append(["otra", "cosa"])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_encodings_and_separators(separator, encoding):
    lines = ("ds:identifier", "ds:title"), ("1", "Año de la niñez")
    table = read("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    assert cells(table) == [{"ds:identifier": "1", "ds:title": "Año de la niñez"}]
    assert codes(table) == (["table_encoding_assumed"] if encoding in ("latin-1", "cp1252") else [])


def test_headings_below_a_title_with_line_breaks_and_misspelt():
    table = read('Catálogo 2026,,\n,,\nds:identifier,ds:tittle,"Periodicidad de\n publicacación "\n7,Uno,anual\n')
    assert (table.heading_row, table.rows[0].number) == (3, 4)
    assert cells(table) == [{"ds:identifier": "7", "ds:title": "Uno", "Periodicidad de publicación": "anual"}]
    assert codes(table) == ["table_heading_misspelt"] * 2


def test_damaged_accents_and_nul_are_mended_and_told():
    table = read("ds:identifier,Periodicidad de publicaciÃ³n\n1,\x00AnualÃ­sima\n")
    assert cells(table) == [{"ds:identifier": "1", "Periodicidad de publicación": "Analísima".replace("Ana", "Anua")}]
    assert codes(table) == ["table_with_nul", "table_mojibake"]


def test_ragged_rows_blank_rows_and_repeated_headings():
    table = read("ds:identifier,ds:title,x,ds:title\n1\n\n2,a,b,c,demás\nds:identifier,ds:title,x,ds:title\n3,,z,d\n")
    assert cells(table) == [
        {"ds:identifier": "1"},
        {"ds:identifier": "2", "ds:title": "a"},
        {"ds:identifier": "3", "ds:title": "d"},
    ]
    assert [row.number for row in table.rows] == [2, 4, 6]
    assert codes(table) == ["table_column_unknown", "table_heading_repeated", "row_too_long", "row_repeats_headings"]


@pytest.mark.parametrize(
    ("lines", "titles", "code"),
    [
        ('1,"abierta y nunca cerrada\n2,b\n', ["abierta y nunca cerrada", "b"], "table_quote_unclosed"),
        ('1,"abierta\n2,"de ""dos"" veces"\n3,c\n', ["abierta", 'de "dos" veces', "c"], "table_quote_unclosed"),
        ('1,"a "b" c"\n2,d\n', ['a b" c"', "d"], "table_quote_stray"),
        ('1,a "b" c\n2,d\n', ['a "b" c', "d"], None),
        ('1,"dos\nlíneas"\n2,d\n', ["dos\nlíneas", "d"], None),
    ],
)
def test_quotes(lines, titles, code):
    table = read("ds:identifier,ds:title\n" + lines)
    assert [row.cells["ds:title"] for row in table.rows] == titles
    assert codes(table) == ([code] if code else [])


def test_a_workbook_with_dates_merged_cells_and_another_sheet():
    table = read(
        book(
            ["Instituto X"], list(KNOWN), ["A", date(2020, 1, 2), 12.0], [None, "b", True], merge="A3:A4", more="Notas"
        )
    )
    assert cells(table) == [
        {"ds:identifier": "A", "ds:title": "2020-01-02", "Periodicidad de publicación": "12"},
        {"ds:identifier": "A", "ds:title": "b", "Periodicidad de publicación": "sí"},
    ]
    assert codes(table) == ["table_sheets_left"]


def test_what_would_unpack_to_gigabytes_is_refused_unread(monkeypatch):
    monkeypatch.setattr(workbooks, "MAXIMUM_UNPACKED", 1_000_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    assert len(buffer.getvalue()) < 10_000
    assert codes(read(buffer.getvalue())) == ["table_too_large_unpacked"]


def test_what_is_too_large_or_too_long_says_so(monkeypatch):
    monkeypatch.setattr(tables, "MAXIMUM_BYTES", 100)
    assert codes(read("ds:identifier,ds:title\n" + "1,a\n" * 50)) == ["table_too_large"]
    monkeypatch.setattr(tables, "MAXIMUM_BYTES", 10_000)
    monkeypatch.setattr(tables, "MAXIMUM_ROWS", 3)
    table = read("ds:identifier,ds:title\n" + "1,a\n" * 50)
    assert (len(table.rows), codes(table)) == (3, ["table_too_long"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "table_empty"),
        (b"\xef\xbb\xbf \r\n", "table_empty"),
        (b"%PDF-1.4", "table_of_another_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "table_of_another_kind"),
        (b"<!DOCTYPE html><table>", "table_of_another_kind"),
        (b"PK\x03\x04", "table_workbook_broken"),
        (b"uno,dos\n1,2", "table_headings_unknown"),
    ],
)
def test_files_of_other_kinds(content, code):
    table = read(content)
    assert (codes(table), table.rows, table.is_readable) == ([code], [], False)
    assert table.findings[0].severity == "error"


def test_a_zip_of_other_things_is_no_workbook():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("datos.csv", "ds:identifier,ds:title\n1,a\n")
    assert codes(read(buffer.getvalue())) == ["table_of_another_kind"]


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: ("ds:identifier,ds:title\n" + text).encode("utf-8", "replace"))
)
def test_no_file_breaks_the_reader(content):
    table = read_table(content, KNOWN)
    assert table.is_readable or table.findings
    read_catalogue(content, "x")


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1).map(str.strip).filter(bool),
            st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1).map(str.strip).filter(bool),
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_well_written_file_is_read_as_it_is(rows):
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(["ds:identifier", "ds:title"])
    writer.writerows(rows)
    table = read(buffer.getvalue())
    expected = [(one, other) for one, other in rows if (one, other) != ("ds:identifier", "ds:title")]
    guarded = [(_plain(one), _plain(other)) for one, other in expected]
    if "table_mojibake" not in codes(table) and "row_repeats_headings" not in codes(table):
        assert [(row.cells.get("ds:identifier"), row.cells.get("ds:title")) for row in table.rows] == guarded


def _plain(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


class TestCatalogue:
    def test_rows_are_put_together_by_identifier(self):
        head = ",".join(COLUMNS[:2]) + ",rs:title,rs:downloadURL\n"
        content = (
            head + "a,Uno,r1,https://x.mx/1\nb,Dos,,\na,Otro nombre,r2,https://x.mx/2\n,Tres,r3,https://x.mx/3\n,,r4,\n"
        )
        catalogue = read_catalogue(content.encode(), "secretaria")
        assert [(item.identifier, item.rows, item.is_rejected) for item in catalogue.datasets] == [
            ("a", [2, 4], False), ("b", [3], False), ("derivado:secretaria:tres", [5], False), ("", [6], True),
        ]  # fmt: skip
        first = catalogue.datasets[0]
        assert (first.dataset["title"], len(first.dataset["resources"])) == ("Uno", 2)
        assert [(item.code, item.details["row"]) for item in first.findings] == [("row_contradicts_dataset", 4)]
        assert [item.code for item in catalogue.datasets[2].findings] == ["identifier_derived"]

    def test_findings_name_row_and_column(self):
        head = "ds:identifier,ds:title,ds:modified,rs:title,rs:downloadURL,rs:byteSize\n"
        content = head + "a,Uno,ayer,,,\na,,,r1,https://x.mx/1,12\na,,,r2,https://x.mx/2,enorme\n"
        found = read_catalogue(content.encode(), "x").datasets[0].findings
        assert {(item.field, item.details["row"]) for item in found} == {("ds:modified", 2), ("rs:byteSize", 4)}

    def test_the_table_goes_back_with_what_was_found(self):
        content = b"ds:identifier,ds:title,renglon,hallazgo\na,Uno,2,viejo\nb,Dos,3,\n"
        table = read_catalogue(content, "x").table
        facts = {"field": "ds:title", "severity": "warning", "message": "M", "cure": "C"}
        headings, rows = findings_table(table, [{**facts, "row": 3}, {**facts, "row": 3}, {**facts, "row": None}])
        assert headings == ["ds:identifier", "ds:title", "renglon", "campo", "gravedad", "hallazgo", "remedio"]
        assert rows == [
            ["a", "Uno", "2", "ds:title", "advertencia", "M", "C"],
            ["b", "Dos", "3", "ds:title | ds:title", "advertencia | advertencia", "M | M", "C | C"],
        ]
