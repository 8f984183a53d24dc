"""The cells of a text file with separators: encoding and separator found out, unclosed quotes survived."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers.words import repair_mojibake
from ckanext.mxopendata.metadata.text import fold

_SEPARATORS = (",", ";", "\t", "|")
# What separates the cells of a table with one column: a character that no text holds.
_NO_SEPARATOR = "\x1f"
_SAMPLE_LINES = 40
# Share of records that must have as many cells as each other for a character to be what separates them.
_AGREEMENT = 0.6
# A cell with more lines than this was opened by a quote that nobody closed.
_LINES_OF_A_CELL = 400
_MAXIMUM_CELL = 1_000_000


@dataclass
class Sheet:
    """The cells of one table: row numbers as a spreadsheet shows them, and texts."""

    name: str = ""
    rows: list[tuple[int, Sequence[str]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def decode(content: bytes) -> tuple[str, list[Finding]]:
    """The text of a file, and what had to be supposed: UTF-8 and UTF-16 by their marks, UTF-8, else Windows-1252."""
    findings: list[Finding] = []
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Every octet but five means something there; those five are what Latin-1 has in their place.
            text = "".join(_windows(content))
            findings.append(Finding("table_encoding_assumed", value="Windows-1252"))
    if "\x00" in text:
        text = text.replace("\x00", "")
        findings.append(Finding("table_with_nul"))
    repaired = repair_mojibake(text)
    if repaired != text:
        findings.append(Finding("table_mojibake"))
    return repaired, findings


def _windows(content: bytes) -> Iterator[str]:
    try:
        yield content.decode("cp1252")
    except UnicodeDecodeError:
        yield content.decode("latin-1")


def read_delimited(content: bytes, headings: set[str]) -> tuple[list[Sheet], list[Finding]]:
    """The table of a text file.

    Args:
        content: the file.
        headings: folded texts that tell the row of headings, and with it the separator.

    Returns:
        One sheet, and findings about encoding and quotes.
    """
    text, findings = decode(content)
    lines = text.splitlines(keepends=True)
    sheet = Sheet()
    for number, cells in enumerate(_records(lines, _separator(lines, headings), findings), 1):
        sheet.rows.append((number, cells))
    return [sheet], findings


def first_records(text: str, most: int) -> tuple[list[list[str]], str | None, list[Finding]]:
    """How a text with separators begins, where nobody knows its headings.

    Args:
        text: its characters.
        most: how many records to read.

    Returns:
        The records; the separator under which most of them have as many cells as each other, or ``None`` where no
        character separates anything, and each line is one cell; findings about quotes.
    """
    lines = text.splitlines(keepends=True)

    def worth(separator: str) -> tuple[float, int]:
        widths = [len(record) for record in _records(lines[:_SAMPLE_LINES], separator, []) if any(record)]
        usual = max(set(widths), key=widths.count, default=0)
        # A comma in some lines of prose separates nothing.
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    worths = {separator: worth(separator) for separator in _SEPARATORS}
    agreed = {separator: (cells, share) for separator, (share, cells) in worths.items() if share >= _AGREEMENT}
    # On a tie the one with most cells, then the one in which most records agree.
    found = max(agreed, key=agreed.__getitem__, default=None)
    findings: list[Finding] = []
    records = _records(lines, found or _NO_SEPARATOR, findings)
    return list(islice(records, most)), found, findings


def _separator(lines: Sequence[str], headings: set[str]) -> str:
    """The separator under which most known headings appear; on a tie the one with most cells."""

    def worth(separator: str) -> tuple[int, int]:
        records = list(_records(lines[:_SAMPLE_LINES], separator, []))
        known = [sum(fold(cell) in headings for cell in record) for record in records]
        return max(known, default=0), max((len(record) for record in records), default=0)

    return max(_SEPARATORS, key=worth)


def _records(lines: Sequence[str], separator: str, findings: list[Finding]) -> Iterator[list[str]]:
    """The records, one after the other; a record whose quote is never closed is its first line."""
    position, number, width = 0, 0, 0
    csv.field_size_limit(max(csv.field_size_limit(), _MAXIMUM_CELL))
    while position < len(lines):
        number += 1
        window = lines[position : position + _LINES_OF_A_CELL]
        record, used, code = _record(window, separator, width)
        width = width or (len(record) if len(record) > 1 else 0)
        if code:
            findings.append(Finding(code, None, str(number), window[0].strip(), {"row": number}))
        yield record
        position += used


def _record(window: Sequence[str], separator: str, width: int) -> tuple[list[str], int, str | None]:
    """The first record of some lines, how many lines it takes, and what is wrong with it.

    A quote in the middle of a cell is kept as it is. Where one opens a cell and no other closes it, the next quote of
    a later line would: it is not believed where a line between looks like a record, or the cells are not as many as
    those of the first record.
    """
    reader = csv.reader(window, delimiter=separator, strict=True)
    try:
        return next(reader, []), max(reader.line_num, 1), None
    except csv.Error as error:
        ends = 1 if "unexpected end of data" in str(error) else reader.line_num
    lenient = csv.reader(window[:ends], delimiter=separator)
    try:
        cells = next(lenient, [])
        own_lines = any(line.count(separator) == width - 1 for line in window[1 : lenient.line_num])
        if (ends == 1 and window[0].count('"') % 2 == 0) or (ends > 1 and len(cells) == width and not own_lines):
            return cells, max(lenient.line_num, 1), "table_quote_stray"
    except csv.Error:
        pass  # a cell beyond every limit: its line is taken apart without regard to quotes
    cells = window[0].rstrip("\r\n").split(separator)
    return [cell.strip().strip('"') for cell in cells], 1, "table_quote_unclosed"
