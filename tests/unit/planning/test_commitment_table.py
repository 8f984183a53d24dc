"""Tables that promise data: every heading, date and level of access met in the wild becomes lines and findings."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from ckanext.mxopendata.metadata.commitment_columns import HEADINGS, year_in
from ckanext.mxopendata.metadata.commitment_table import (
    MAXIMUM_TITLE,
    CommitmentTable,
    first_day,
    last_day,
    line_key,
    read_commitments,
)

PLAN_2026 = """Plan de apertura,,,,,,
Conjunto de datos ,"DescripciÃ³n del conjunto de datos",Recurso de datos,Area que genera recurso datos,"Periodicidad de
 publicación",Fecha publicacación 2026,fundamento
Rutas,d,r1,Movilidad,Anual,{dates[0]},Ley
"""
INVENTORY = (
    "Responsable",
    "Nombre del conjunto",
    "Nombre del recurso",
    "¿De qué es?",
    "¿Tiene datos privados? (Publico|Privado)",
    "Razón por la cual los datos son privados",
    "¿En qué plataforma, tecnología, programa o sistema se albergan?",
    "Fecha estimada de publicación en datos.gob.mx (AAAA-MM[-DD])",
)


def read(text: str) -> CommitmentTable:
    return read_commitments(text.encode())


def codes(found: CommitmentTable) -> Counter[str]:
    return Counter(finding.code for finding in [*found.table.findings, *found.findings])


def plan(*dates: str) -> CommitmentTable:
    rows = "\n".join(f"Conjunto {number},r,{text}" for number, text in enumerate(dates))
    return read(f"conjunto_datos,recurso_datos,Fecha publicación 2026\n{rows}\n")


def inventory(*cells: str) -> CommitmentTable:
    book = Workbook()
    sheet: Any = book.active
    sheet.append(INVENTORY)
    sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return read_commitments(buffer.getvalue())


def test_headings_as_institutions_write_them():
    found = read(PLAN_2026.format(dates=["2026-03-15"]))
    assert (found.kind, found.rejected) == ("plan", [])
    line = found.lines[0]
    assert (line.row, line.title, line.resource, line.area) == (3, "Rutas", "r1", "Movilidad")
    assert (line.frequency, line.promised, line.legal_basis, line.description) == ("R/P1Y", "2026-03-15", "Ley", "d")
    assert line.open_to_all
    assert codes(found) == {"table_mojibake": 1, "table_heading_misspelt": 1}


@pytest.mark.parametrize(
    "heading",
    [
        "Fecha publicación 2026", "Fecha de publicacion 2026", "fecha_publicacion_2026", "Fecha publicación\n 2026",
        "Fecha publicacación 2026",
    ],
)  # fmt: skip
def test_a_year_of_the_heading_is_that_of_dates_without_one(heading):
    found = read(f'conjunto_datos,"{heading}"\nRutas,15 de marzo\n')
    assert found.lines[0].promised == "2026-03-15"
    said = next(finding for finding in found.findings if finding.code == "commitment_year_of_heading")
    assert (said.details["read"], said.details["row"]) == ("2026-03-15", 2)


@pytest.mark.parametrize(
    ("text", "promised", "code"),
    [
        ("2026-03-09", "2026-03-09", None),
        ("25-03-2026", "2026-03-25", None),
        ("25/03/2026", "2026-03-25", None),
        ("enero", "2026-01", "commitment_year_of_heading"),
        ("enero 2027", "2027-01", None),
        ("ene-26", "2026-01", None),
        ("2026 enero", "2026-01", None),
        ("mzo", "2026-03", "commitment_year_of_heading"),
        ("2026", "2026", None),
        ("03/04/2026", None, "date_order_unknown"),
        ("31/02/2026", None, "date_impossible"),
        ("R/P1D", None, "date_is_interval"),
        ("cuando se pueda", None, "date_unreadable"),
        ("", None, None),
    ],
)
def test_dates(text, promised, code):
    found = plan(text)
    assert found.lines[0].promised == promised
    expected = {code} - {None} | (set() if promised else {"commitment_without_date"})
    assert set(codes(found)) == expected


def test_the_order_of_one_date_is_that_of_the_others_of_the_file():
    found = plan("03/04/2026", "25/04/2026", "2026-01-02")
    assert [line.promised for line in found.lines] == ["2026-04-03", "2026-04-25", "2026-01-02"]
    assert codes(found) == {"date_order_assumed": 1}
    assert (
        read_commitments(b"conjunto_datos,fecha_publicacion\nA,03/04/2026\n", "MDY").lines[0].promised == "2026-03-04"
    )


def test_two_columns_of_dates():
    found = read("conjunto_datos,fecha_publicacion,Fecha publicación 2026\nRutas,2026-01,2026-05\n")
    assert found.lines[0].promised == "2026-01"
    assert codes(found)["commitment_two_dates"] == 1


@pytest.mark.parametrize(
    ("access", "level", "open_to_all", "code"),
    [
        ("Publico", "public", True, None),
        ("No", "public", True, None),
        ("Privado", "non_public", False, None),
        ("Sí", "non_public", False, None),
        ("Restringidos", "restricted", False, None),
        ("depende", None, False, "commitment_access_unknown"),
        ("", None, False, "commitment_access_unknown"),
    ],
)
def test_levels_of_access_in_the_inventory_of_eight_columns(access, level, open_to_all, code):
    found = inventory("RH", "Nómina", "Plazas", "Sueldos", access, "LGTAIP 113", "SAP", "2026-05")
    line = found.lines[0]
    assert (found.kind, line.area, line.title, line.resource) == ("inventory", "RH", "Nómina", "Plazas")
    assert (line.access_level, line.open_to_all, line.reason, line.promised) == (
        level,
        open_to_all,
        "LGTAIP 113",
        "2026-05",
    )
    assert set(codes(found)) == {code} - {None}


def test_a_line_that_is_not_public_says_why_and_needs_no_date():
    found = inventory("RH", "Nómina", "Plazas", "Sueldos", "Privado", "", "SAP", "")
    assert codes(found) == {"commitment_reason_missing": 1}


def test_the_same_inventory_as_latin_1():
    text = ";".join(INVENTORY) + "\nRH;Nómina;Plazas;Sueldos;Público;;SAP;2026-05\n"
    found = read_commitments(text.encode("latin-1"))
    assert (found.lines[0].title, found.lines[0].access_level) == ("Nómina", "public")
    assert codes(found) == {"table_encoding_assumed": 1}


def test_a_row_without_a_title_is_rejected_and_said():
    found = read("conjunto_datos,recurso_datos,fecha_publicacion\n,r1,2026-01\nRutas,r1,2026-01\n")
    assert (found.rejected, [line.row for line in found.lines]) == ([2], [3])
    assert [finding.details["row"] for finding in found.findings] == [2]


def test_counts_keep_zeros_and_make_no_lines():
    found = read(',institucion,filas_en_plan\n0,"Instituto X (IX)",0\n1,Instituto Y,12\n2,Instituto Z,doce\n3,,4\n')
    assert (found.kind, found.lines) == ("totals", [])
    assert [(total.institution, total.committed) for total in found.totals] == [
        ("Instituto X (IX)", 0),
        ("Instituto Y", 12),
    ]
    assert found.rejected == [4, 5]
    assert codes(found) == {"commitment_total_unreadable": 1, "commitment_institution_missing": 1}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ds:identifier,ds:title,rs:title\na,b,c\n", "commitment_table_is_catalogue"),
        ("a,b,c\n1,2,3\n", "commitment_headings_unknown"),
        ("recurso_datos,fecha_publicacion\nr1,2026-01\n", "commitment_headings_unknown"),
        ("", "table_empty"),
        ("%PDF-1.4", "table_of_another_kind"),
    ],
)
def test_what_promises_nothing_is_refused(text, code):
    found = read(text)
    assert (found.kind, found.lines, found.totals) == ("", [], [])
    assert code in codes(found)


@pytest.mark.parametrize(
    ("promised", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-02-10", date(2024, 2, 10), date(2024, 2, 10)),
    ],
)
def test_when_a_promise_falls_due(promised, first, last):
    assert (first_day(promised), last_day(promised)) == (first, last)


def test_the_key_is_the_same_for_two_spellings():
    assert line_key("Educación  BÁSICA.", "Por plantel") == line_key("educacion basica", "por  plantel")
    assert line_key("a b", "c") != line_key("a", "b c")
    assert len(line_key("x " * 5000)) <= 75


@given(st.text(), st.text())
def test_no_text_breaks_the_key(title, resource):
    assert line_key(title, resource) == line_key(title, resource)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_no_cell_breaks_the_reader(cells):
    found = read_commitments(
        ("conjunto_datos,recurso_datos,fecha_publicacion\n" + ",".join(cells)).encode("utf-8", "replace")
    )
    assert all(len(line.title) <= MAXIMUM_TITLE for line in found.lines)


def test_the_year_of_a_name():
    assert year_in("planes-apertura-2016.csv") == "2016"
    assert year_in("2015-2016.csv") is None
    assert len(HEADINGS) > 80


@pytest.mark.payloads
def test_the_plans_of_2016(shared: Path):
    found = read_commitments((shared / "payloads/mx/adela-planes-apertura-2016.csv").read_bytes())
    assert (found.kind, len(found.lines), found.rejected) == ("plan", 2535, [])
    assert len({line.institution for line in found.lines}) == 175
    assert all(line.promised for line in found.lines)
    assert len({(line.institution, line.key) for line in found.lines}) == 2532


@pytest.mark.payloads
def test_the_counts_of_2026(shared: Path):
    found = read_commitments((shared / "payloads/mx/pnda-planes-apertura-conteo-2026.csv").read_bytes())
    assert (found.kind, found.lines, len(found.totals), found.rejected) == ("totals", [], 149, [])
    assert sum(total.committed for total in found.totals) == 1592
    assert sum(total.committed == 0 for total in found.totals) == 4


@pytest.mark.payloads
@pytest.mark.parametrize("name", ["mx/adela-inventario-sedesol-2014.csv", "harvest/inventory/catalogo-justicia.xlsx"])
def test_catalogues_promise_nothing(shared: Path, name: str):
    found = read_commitments((shared / "payloads" / name).read_bytes())
    assert (found.kind, found.lines) == ("", [])
    assert any(finding.severity == "error" for finding in found.table.findings)
