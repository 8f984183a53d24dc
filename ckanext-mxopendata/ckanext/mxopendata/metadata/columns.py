"""The columns of a table as a Table Schema, guessed from its first rows: names, types, units. Pure.

The types are frictionless's; what is ours is which spellings of Mexico's files it tries, and what must stay text: a key
such as ``01001`` is no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers.reading import Reading
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.units import read_unit

MAXIMUM_COLUMNS = 500
# Rows above the headings that are looked through: a title, a period, an empty line.
_ABOVE = 20
_MAXIMUM_NAME = 200
# How cells say that they have no value.
MISSING = (
    "", "-", "--", "N/A", "NA", "N/D", "ND", "n/a", "na", "n/d", "nd", "n.d.", "N.D.", "s/d", "S/D", "null", "NULL",
    "None", "nan", "NaN", "No disponible", "NO DISPONIBLE", "no disponible", "Sin dato", "SIN DATO", "sin dato",
)  # fmt: skip
_DAY_FIRST, _MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
_YES = ("true", "True", "TRUE", "verdadero", "Verdadero", "VERDADERO", "sí", "Sí", "SÍ", "si", "Si", "SI")
_NO = ("false", "False", "FALSE", "falso", "Falso", "FALSO", "no", "No", "NO")
# In this order: what a date can be read as, no later type reads better.
_CANDIDATES: tuple[Mapping[str, Any], ...] = (
    {"type": "yearmonth"},
    {"type": "date"},
    {"type": "date", "format": _DAY_FIRST},
    {"type": "date", "format": "%d-%m-%Y"},
    {"type": "date", "format": "%d/%m/%y"},
    {"type": "date", "format": _MONTH_FIRST},
    {"type": "datetime"},
    {"type": "datetime", "format": "%Y-%m-%d %H:%M:%S"},
    {"type": "datetime", "format": "%d/%m/%Y %H:%M:%S"},
    {"type": "datetime", "format": "%d/%m/%Y %H:%M"},
    {"type": "time"},
    {"type": "time", "format": "%H:%M"},
    {"type": "integer"},
    {"type": "number"},
    {"type": "number", "groupChar": ","},
    {"type": "number", "decimalChar": ","},
    {"type": "number", "decimalChar": ",", "groupChar": "."},
    {"type": "integer", "bareNumber": False},
    {"type": "number", "bareNumber": False},
    {"type": "number", "groupChar": ",", "bareNumber": False},
    {"type": "boolean", "trueValues": list(_YES), "falseValues": list(_NO)},
    {"type": "geojson"},
    {"type": "string"},
)
NUMBERS = frozenset(("integer", "number"))
_YEARS = frozenset(("ano", "anio", "ejercicio", "ejercicio fiscal", "year", "ciclo"))
_KEY = re.compile(r"^0\d+$")
# Beyond this a number loses digits in a spreadsheet: it is a folio or an account.
_LONG_KEY = re.compile(r"^\d{16,}$")
# frictionless takes separators and letters out wherever they stand: «12,5» would be 125, and «folio 7» seven.
_DECIMAL_POINT = re.compile(r"^\$?\s*[+-]?\s*\$?\s*\d{1,3}((,\d{3})+|\d*)(\.\d*)?\s*%?$")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d{1,3}((\.\d{3})+|\d*)(,\d*)?$")
_NUMBER = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Columns:
    """What was made out of the columns of a table.

    Attributes:
        schema: the Table Schema: ``{"fields": [{"name", "type", "unit"?, …}], "missingValues"?}``.
        findings: what a person should look at.
        rows: how many rows of data were looked at.
        supposed: names of columns whose unit or type nothing in the file confirms.
    """

    schema: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    supposed: tuple[str, ...] = ()


def guess_columns(records: Sequence[Sequence[str]]) -> Columns:
    """The columns of a table whose headings are not known.

    Args:
        records: its first rows, lists of cells as texts; titles and empty rows above the headings are passed over.

    Returns:
        A schema without fields where there is no table. Findings: headings that are not in the first row, lack, repeat
        or are missing altogether; keys kept as text; days and months in an order that the cells do not tell.
    """
    findings: list[Finding] = []
    start = _heading_row(records)
    if start is None:
        return Columns({"fields": []})
    if _is_data(records[start]):
        findings.append(Finding("file_without_headings", "schema"))
        names = [f"columna_{number}" for number in range(1, len(records[start]) + 1)]
    else:
        if start:
            findings.append(Finding("file_headings_below", "schema", details={"row": start + 1}))
        names = _names(records[start], findings)
        start += 1
    rows = [row for row in records[start:] if any(cell.strip() for cell in row)]
    if len(names) > MAXIMUM_COLUMNS:
        findings.append(Finding("file_columns_many", "schema", details={"count": len(names), "most": MAXIMUM_COLUMNS}))
        names = names[:MAXIMUM_COLUMNS]
    fields, supposed, missing = [], [], set()
    for position, name in enumerate(names):
        cells = [row[position].strip() if position < len(row) else "" for row in rows]
        missing.update(cell for cell in cells if cell and cell in MISSING)
        guessed, sure = _column(name, [cell for cell in cells if cell not in MISSING], findings)
        fields.append(guessed)
        if not sure:
            supposed.append(name)
    schema: dict[str, Any] = {"fields": fields}
    if missing:
        schema["missingValues"] = ["", *sorted(missing)]
    return Columns(schema, list(_together(findings)), len(rows), tuple(supposed))


def _together(findings: Iterable[Finding]) -> Iterator[Finding]:
    """What is found of several columns, said once with all of their names."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for alike in by_code.values():
        names = [finding.value for finding in alike if finding.value]
        yield replace(alike[0], value=", ".join(f"«{name}»" for name in names)) if names else alike[0]


def _heading_row(records: Sequence[Sequence[str]]) -> int | None:
    """The first row that is as full as the table is wide: what stands above is its title."""
    filled = [sum(bool(cell.strip()) for cell in record) for record in records]
    if not any(filled):
        return None
    # A table may have empty columns, and rows of totals: half of its usual width makes a row of headings.
    usual = sorted(count for count in filled if count)[len([count for count in filled if count]) // 2]
    wanted = max(usual / 2, 2) if usual > 1 else 1
    return next((row for row, count in enumerate(filled[:_ABOVE]) if count >= wanted), filled.index(max(filled)))


def _is_data(record: Sequence[str]) -> bool:
    """Whether a row that should hold headings has no word in it."""
    return not any(_LETTER.search(cell) for cell in record)


def _names(record: Sequence[str], findings: list[Finding]) -> list[str]:
    """The headings as names of columns, none empty and none twice."""
    cells = list(record)
    while cells and not cells[-1].strip():
        cells.pop()
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = clean_line(cell)[:_MAXIMUM_NAME]
        if not name:
            name = f"columna_{number}"
            findings.append(Finding("file_column_unnamed", "schema", None, name))
        if name in names:
            findings.append(Finding("file_column_repeated", "schema", None, name))
            name = next(tried for count in range(2, len(cells) + 2) if (tried := f"{name}_{count}") not in names)
        names.append(name)
    return names


def _column(name: str, cells: Sequence[str], findings: list[Finding]) -> tuple[dict[str, Any], bool]:
    """The field of a column, and whether its cells and its heading leave no doubt."""
    if not cells:
        findings.append(Finding("file_column_empty", "schema", None, name))
        return {"name": name, "type": "string"}, False
    guessed: dict[str, Any] = {"name": name, **_type(cells)}
    sure = True
    if guessed["type"] in NUMBERS and any(_KEY.match(cell) or _LONG_KEY.match(cell) for cell in cells):
        guessed = {"name": name, "type": "string"}
        findings.append(Finding("file_keys_are_text", "schema", None, name))
    elif guessed["type"] == "integer" and fold(name) in _YEARS and all(_is_year(cell) for cell in cells):
        guessed = {"name": name, "type": "year"}
    elif guessed["type"] in ("date", "datetime") and not guessed.get("format", "%Y").startswith("%Y"):
        order = "file_date_order_supposed" if _either_order(cells) else "file_dates_not_iso"
        findings.append(Finding(order, "schema", None, name, {"example": cells[0][:20]}))
        sure = order == "file_dates_not_iso"
    if guessed["type"] in NUMBERS:
        unit = read_unit(name)
        if unit.value is None and guessed.get("bareNumber") is False and all("%" in cell for cell in cells):
            unit = Reading("%")
        if unit.value:
            guessed["unit"] = unit.value
            sure = sure and unit.certain
    return guessed, sure


def _type(cells: Sequence[str]) -> dict[str, Any]:
    """Type and format, as frictionless reads all of the cells."""
    for candidate, read_cell in _readers():
        pattern = _spelling(candidate)
        if all((pattern is None or pattern.match(cell)) and not read_cell(cell)[1] for cell in cells):
            if candidate["type"] != "boolean":
                return dict(candidate)
            seen = {key: [word for word in candidate[key] if word in cells] for key in ("trueValues", "falseValues")}
            return {"type": "boolean", **{key: words for key, words in seen.items() if words}}
    return {"type": "string"}


def _spelling(candidate: Mapping[str, Any]) -> re.Pattern[str] | None:
    """How numbers of a kind must be written, besides what frictionless asks."""
    if "decimalChar" in candidate:
        return _DECIMAL_COMMA
    return _DECIMAL_POINT if "groupChar" in candidate or candidate.get("bareNumber") is False else None


@cache
def _readers() -> tuple[tuple[Mapping[str, Any], Any], ...]:
    # Loaded when a file is read, not when CKAN starts: it takes half a second.
    from frictionless import Schema

    fields = [{"name": str(number), **candidate} for number, candidate in enumerate(_CANDIDATES)]
    schema = Schema.from_descriptor({"fields": fields})
    return tuple((candidate, known.read_cell) for candidate, known in zip(_CANDIDATES, schema.fields, strict=True))


def _either_order(cells: Iterable[str]) -> bool:
    """Whether each date could have its day and its month the other way round."""
    return all(int(first) <= 12 and int(second) <= 12 for first, second, *_ in map(_NUMBER.findall, cells))


def _is_year(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and 1800 <= int(cell[:5]) <= 2200
