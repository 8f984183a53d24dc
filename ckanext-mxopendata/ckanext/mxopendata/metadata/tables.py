"""The reader of every table that comes in: a CSV or XLSX file becomes rows under known headings, with findings.

Pure: it is given the file's bytes and the headings somebody waits for; what the rows mean is said elsewhere. It knows
the encodings, separators and headings met in the wild; what it cannot read it says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ckanext.mxopendata.metadata.cells import Sheet, read_delimited
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.workbooks import is_workbook, read_workbook

MAXIMUM_BYTES = 50_000_000
MAXIMUM_ROWS = 100_000
_HEADING_SEARCH = 30
_LEAST_HEADINGS = 2
_LONGEST_HEADING = 500
_ALIKE = 0.86
# What a file of another kind begins with, and what it is.
_OTHER_KINDS = (
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "XLS"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
)


@dataclass(frozen=True)
class TableRow:
    """One row: its number as a spreadsheet shows it (the first is 1), and heading → text of the cells not blank."""

    number: int
    cells: Mapping[str, str]


@dataclass
class Table:
    """What was read.

    Attributes:
        headings: the known headings found, in the order of the file.
        rows: the rows below the headings that are not blank.
        findings: what is wrong with the table as a whole or with a row; ``details["row"]`` is the row's number.
        heading_row: number of the row of headings, 0 where there is none.
        written: the headings as the file writes them, for who gives the file back.
        originals: row number → its cells as the file has them.
    """

    headings: tuple[str, ...] = ()
    rows: list[TableRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    heading_row: int = 0
    written: tuple[str, ...] = ()
    originals: dict[int, Sequence[str]] = field(default_factory=dict)

    @property
    def is_readable(self) -> bool:
        """Whether a row of headings was found."""
        return self.heading_row > 0


def read_table(content: bytes, known: Iterable[str], ignored: Iterable[str] = ()) -> Table:
    """Read a table.

    Args:
        content: the whole file; more than 50 MB are refused.
        known: the headings somebody waits for, as they are written properly.
        ignored: headings that may be there and mean nothing.

    Returns:
        A table without rows, and one finding of severity ``error``, where the file cannot be read.
    """
    table = Table()
    kind = _other_kind(content)
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        table.findings.append(Finding("table_empty"))
    elif len(content) > MAXIMUM_BYTES:
        table.findings.append(Finding("table_too_large", details={"megabytes": MAXIMUM_BYTES // 1_000_000}))
    elif kind:
        table.findings.append(Finding("table_of_another_kind", value=kind))
    else:
        names = {fold(name): name for name in known}
        sheets, findings = read_workbook(content) if is_workbook(content) else read_delimited(content, set(names))
        table.findings.extend(findings)
        if sheets:
            _take(sheets, names, {fold(name) for name in ignored}, table)
    return table


def _other_kind(content: bytes) -> str | None:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "HTML/XML"
    return next((name for magic, name in _OTHER_KINDS if content.startswith(magic)), None)


def _take(sheets: Sequence[Sheet], names: Mapping[str, str], ignored: set[str], table: Table) -> None:
    """Find the sheet and the row of headings, then read the rows below it."""
    best = max(sheets, key=lambda sheet: max((score for _, score in _scores(sheet, names)), default=0))
    position, score = max(_scores(best, names), key=lambda found: found[1], default=(0, 0))
    if score < min(_LEAST_HEADINGS, len(names)):
        table.findings.append(Finding("table_headings_unknown", value=", ".join(filter(None, _first_row(best)))))
        return
    table.findings.extend(best.findings)
    others = [sheet.name for sheet in sheets if sheet is not best and sheet.rows]
    if others:
        table.findings.append(Finding("table_sheets_left", value=", ".join(others), details={"read": best.name}))
    table.heading_row, written = best.rows[position]
    table.written = tuple(written)
    headings = _headings(written, names, ignored, table)
    table.headings = tuple(dict.fromkeys(name for name in headings if name))
    folded = [fold(text) for text in written]
    for number, cells in best.rows[position + 1 :]:
        if len(table.rows) >= MAXIMUM_ROWS:
            table.findings.append(Finding("table_too_long", details={"rows": MAXIMUM_ROWS, "row": number}))
            break
        if [fold(cell) for cell in cells] == folded:
            table.findings.append(Finding("row_repeats_headings", location=str(number), details={"row": number}))
            continue
        _take_row(number, cells, headings, table)


def _scores(sheet: Sheet, names: Mapping[str, str]) -> Iterable[tuple[int, int]]:
    """Position of each of the first rows, and how many known headings stand there."""
    for position, (_, cells) in enumerate(sheet.rows[:_HEADING_SEARCH]):
        yield position, len({_name_of(cell, names)[0] for cell in cells} - {None})


def _first_row(sheet: Sheet) -> Sequence[str]:
    return [clean_line(cell) for cell in sheet.rows[0][1]] if sheet.rows else []


def _name_of(text: str, names: Mapping[str, str]) -> tuple[str | None, bool]:
    """The known heading that a text means, and whether it is written as it should be."""
    if len(text) > _LONGEST_HEADING:  # comparing megabytes letter by letter takes minutes
        return None, True
    folded = fold(clean_line(text))
    if not folded:
        return None, True
    if folded in names:
        return names[folded], True
    if len(folded) > 5:
        near = difflib.get_close_matches(folded, names, n=1, cutoff=_ALIKE)
        if near and near[0][:3] == folded[:3]:
            return names[near[0]], False
    return None, True


def _headings(written: Sequence[str], names: Mapping[str, str], ignored: set[str], table: Table) -> list[str | None]:
    found: list[str | None] = []
    exact = {_name_of(text, names)[0] for text in written if _name_of(text, names)[1]}
    for text in written:
        name, well_written = _name_of(text, names)
        if name and not well_written and name in exact:
            name = None  # a heading of its own that looks like one that is there
        shown = clean_line(text)
        if name and not well_written:
            table.findings.append(Finding("table_heading_misspelt", value=shown, details={"read": name}))
        if name in found and name is not None:
            table.findings.append(Finding("table_heading_repeated", value=shown))
        if name is None and shown and fold(shown) not in ignored:
            table.findings.append(Finding("table_column_unknown", value=shown))
        found.append(name)
    return found


def _take_row(number: int, cells: Sequence[str], headings: Sequence[str | None], table: Table) -> None:
    if not any(cell.strip() for cell in cells):
        return
    table.originals[number] = cells
    if any(cell.strip() for cell in cells[len(headings) :]):
        beyond = " | ".join(cell for cell in cells[len(headings) :] if cell.strip())
        table.findings.append(Finding("row_too_long", None, str(number), beyond, {"row": number}))
    values: dict[str, str] = {}
    for name, cell in zip(headings, cells, strict=False):
        text = cell.strip()
        if name and text and name not in values:
            values[name] = _without_guard(text)
    table.rows.append(TableRow(number, values))


def _without_guard(text: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it (we write it ourselves)."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
