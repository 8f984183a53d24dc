"""The reader of every table that comes in: a CSV or XLSX file becomes rows under known headings, with findings.

Pure: it is given the file and the headings somebody waits for; what the rows mean is said elsewhere. It knows the
encodings, separators and headings met in the wild; what it cannot read it says. :func:`read_table` gives all rows at
once, for people who look at them; :func:`begin_table` one after the other, for files of any length.
"""

from __future__ import annotations

import difflib
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from ckanext.mxopendata.metadata.cells import Line, Sheet, UnreadableTableError, open_delimited
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.workbooks import is_workbook, open_workbook

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


@dataclass
class Reading:
    """A table whose headings were found.

    Attributes:
        table: what is known of it so far, without rows; findings come in while the rows are read.
        rows: each with its cells as the file has them, to be read once.
    """

    table: Table
    rows: Iterator[tuple[TableRow, Sequence[str]]]


@dataclass(frozen=True)
class Names:
    """The headings somebody waits for.

    Attributes:
        known: folded → as they are written properly.
        ignored: folded, of those that may be there and mean nothing.
    """

    known: Mapping[str, str]
    ignored: frozenset[str] = frozenset()

    @classmethod
    def of(cls, known: Iterable[str], ignored: Iterable[str] = ()) -> Names:
        """Of headings as they are written properly."""
        return cls({fold(name): name for name in known}, frozenset(fold(name) for name in ignored))


def read_table(content: bytes, known: Iterable[str], ignored: Iterable[str] = ()) -> Table:
    """Read a whole table.

    Args:
        content: the file; more than 50 MB are refused.
        known: the headings somebody waits for, as they are written properly.
        ignored: headings that may be there and mean nothing.

    Returns:
        A table without rows, and one finding of severity ``error``, where the file cannot be read.
    """
    try:
        reading = begin_table(io.BytesIO(content), known, ignored)
        table = reading.table
        for row, cells in reading.rows:
            table.rows.append(row)
            table.originals[row.number] = cells
    except UnreadableTableError as error:
        return Table(findings=[*error.findings, error.finding])
    return table


def begin_table(file: BinaryIO, known: Iterable[str], ignored: Iterable[str] = ()) -> Reading:
    """Find the table of a file, in whatever sheet and below whatever title it stands.

    Args:
        file: the file; it stays open while the rows are read.
        known: the headings somebody waits for, as they are written properly.
        ignored: headings that may be there and mean nothing.

    Raises:
        UnreadableTableError: where there is none; also while the rows are read.
    """
    names = Names.of(known, ignored)
    sheets, findings = open_sheets(file, names)
    return begin_best(sheets, names, findings)


def open_sheets(file: BinaryIO, names: Names) -> tuple[list[Sheet], list[Finding]]:
    """The sheets of a file, one of a text file, and what is to be said of the whole.

    Args:
        file: the file; it stays open while the sheets are read.
        names: the headings somebody waits for, which tell the separator of a text file.

    Raises:
        UnreadableTableError: where the file is of another kind, empty, or too large.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    beginning = file.read(512)
    kind = _other_kind(beginning)
    if size > MAXIMUM_BYTES:
        raise UnreadableTableError(Finding("table_too_large", details={"megabytes": MAXIMUM_BYTES // 1_000_000}))
    if _is_blank(file):
        raise UnreadableTableError(Finding("table_empty"))
    if kind:
        raise UnreadableTableError(Finding("table_of_another_kind", value=kind))
    if is_workbook(beginning):
        return open_workbook(file), []
    sheet, findings = open_delimited(file, set(names.known))
    return [sheet], findings


def _is_blank(file: BinaryIO) -> bool:
    file.seek(0)
    while octets := file.read(1_000_000):
        if octets.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
            return False
    return True


def _other_kind(beginning: bytes) -> str | None:
    start = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "HTML/XML"
    return next((name for magic, name in _OTHER_KINDS if beginning.startswith(magic)), None)


def begin_best(sheets: Sequence[Sheet], names: Names, findings: Sequence[Finding] = ()) -> Reading:
    """The table of the sheet that has most of the headings.

    Args:
        sheets: of a file.
        names: the headings somebody waits for.
        findings: what was said of the file so far.

    Raises:
        UnreadableTableError: where none has them.
    """
    best = max(sheets, key=lambda sheet: _best_row(sheet, names)[1], default=None)
    if best is None:
        raise UnreadableTableError(Finding("table_empty"), findings)
    others = [sheet.name for sheet in sheets if sheet is not best]
    left = Finding("table_sheets_left", value=", ".join(others), details={"read": best.name})
    return begin_sheet(best, names, findings, [left] if others else [])


def begin_sheet(sheet: Sheet, names: Names, findings: Sequence[Finding] = (), after: Sequence[Finding] = ()) -> Reading:
    """The table of one sheet.

    Args:
        sheet: the sheet.
        names: the headings somebody waits for.
        findings: what was said of the file so far.
        after: what is to be said behind the findings of the sheet.

    Raises:
        UnreadableTableError: where it has not enough of them.
    """
    position, score = _best_row(sheet, names)
    if score < min(_LEAST_HEADINGS, len(names.known)):
        first = ", ".join(filter(None, (clean_line(cell) for _, cells in sheet.head(1) for cell in cells)))
        raise UnreadableTableError(Finding("table_headings_unknown", value=first), findings)
    table = Table(findings=[*findings, *sheet.findings, *after])
    table.heading_row, written = sheet.head(position + 1)[position]
    table.written = tuple(written)
    headings = _headings(written, names, table)
    table.headings = tuple(dict.fromkeys(name for name in headings if name))
    return Reading(table, _rows(islice(sheet.read(table.findings), position + 1, None), headings, table))


def _rows(
    lines: Iterable[Line], headings: Sequence[str | None], table: Table
) -> Iterator[tuple[TableRow, Sequence[str]]]:
    """The rows below the headings that say something."""
    folded = [fold(text) for text in table.written]
    read = 0
    for number, cells in lines:
        if read >= MAXIMUM_ROWS:
            table.findings.append(Finding("table_too_long", details={"rows": MAXIMUM_ROWS, "row": number}))
            return
        if [fold(cell) for cell in cells] == folded:
            table.findings.append(Finding("row_repeats_headings", location=str(number), details={"row": number}))
        elif any(cell.strip() for cell in cells):
            read += 1
            yield _row(number, cells, headings, table), cells


def _best_row(sheet: Sheet, names: Names) -> tuple[int, int]:
    """Position of the row, among the first, with most known headings, and how many those are."""
    return max(_scores(sheet, names), key=lambda found: found[1], default=(0, 0))


def _scores(sheet: Sheet, names: Names) -> Iterable[tuple[int, int]]:
    """Position of each of the first rows, and how many known headings stand there."""
    for position, (_, cells) in enumerate(sheet.head(_HEADING_SEARCH)):
        yield position, len({_name_of(cell, names.known)[0] for cell in cells} - {None})


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


def _headings(written: Sequence[str], names: Names, table: Table) -> list[str | None]:
    found: list[str | None] = []
    known = names.known
    exact = {_name_of(text, known)[0] for text in written if _name_of(text, known)[1]}
    for text in written:
        name, well_written = _name_of(text, known)
        if name and not well_written and name in exact:
            name = None  # a heading of its own that looks like one that is there
        shown = clean_line(text)
        if name and not well_written:
            table.findings.append(Finding("table_heading_misspelt", value=shown, details={"read": name}))
        if name in found and name is not None:
            table.findings.append(Finding("table_heading_repeated", value=shown))
        if name is None and shown and fold(shown) not in names.ignored:
            table.findings.append(Finding("table_column_unknown", value=shown))
        found.append(name)
    return found


def _row(number: int, cells: Sequence[str], headings: Sequence[str | None], table: Table) -> TableRow:
    if any(cell.strip() for cell in cells[len(headings) :]):
        beyond = " | ".join(cell for cell in cells[len(headings) :] if cell.strip())
        table.findings.append(Finding("row_too_long", None, str(number), beyond, {"row": number}))
    values: dict[str, str] = {}
    for name, cell in zip(headings, cells, strict=False):
        text = cell.strip()
        if name and text and name not in values:
            values[name] = _without_guard(text)
    return TableRow(number, values)


def _without_guard(text: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it (we write it ourselves)."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
