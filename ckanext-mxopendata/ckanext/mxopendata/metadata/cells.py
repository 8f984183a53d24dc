"""The cells of a text file with separators: encoding and separator found out, unclosed quotes survived."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

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
_CHUNK = 256 * 1024
# A row's number as a spreadsheet shows it, and the texts of its cells.
Line = tuple[int, Sequence[str]]


class UnreadableTableError(ValueError):
    """A file that is no table, or one that cannot be read.

    Attributes:
        finding: why.
        findings: what else was noticed until then.
    """

    def __init__(self, finding: Finding, findings: Sequence[Finding] = ()) -> None:
        super().__init__(finding.code)
        self.finding = finding
        self.findings = list(findings)


@dataclass(frozen=True)
class Sheet:
    """The cells of one table; they stay in the file until somebody asks.

    Attributes:
        name: of the sheet, or nothing.
        read: the rows from the first on, each time anew; what is noticed meanwhile goes into the list given. It raises
            :class:`UnreadableTableError`.
        findings: what is to be said of the sheet as a whole.
    """

    name: str
    read: Callable[[list[Finding]], Iterator[Line]]
    findings: list[Finding] = field(default_factory=list)

    def head(self, most: int) -> list[Line]:
        """The first rows."""
        return list(islice(self.read([]), most))


def decode(content: bytes) -> tuple[str, list[Finding]]:
    """The text of a file, and what had to be supposed: UTF-8 and UTF-16 by their marks, UTF-8, else Windows-1252."""
    file = io.BytesIO(content)
    encoding, findings = _encoding(file)
    return "".join(_pieces(file, encoding, findings)), findings


def _encoding(file: BinaryIO) -> tuple[str, list[Finding]]:
    file.seek(0)
    if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", []
    if _decodes(file, "utf-8"):
        return "utf-8-sig", []
    # Every octet but five means something in Windows-1252; those five are what Latin-1 has in their place.
    encoding = "cp1252" if _decodes(file, "cp1252") else "latin-1"
    return encoding, [Finding("table_encoding_assumed", value="Windows-1252")]


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while octets := file.read(_CHUNK):
            decoder.decode(octets)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(file: BinaryIO, encoding: str, findings: list[Finding]) -> Iterator[str]:
    """The text of a file, mended, in pieces that end where a line does."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    said = {finding.code for finding in findings}
    rest, position = "", 0
    while True:
        # Several may read the same file in turns.
        file.seek(position)
        octets = file.read(_CHUNK)
        position = file.tell()
        text = rest + decoder.decode(octets, final=not octets)
        # A carriage return at the very end may have its line feed in what comes next.
        cut = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1 if octets else len(text)
        text, rest = text[:cut], text[cut:]
        if "\x00" in text:
            text = text.replace("\x00", "")
            _say_once("table_with_nul", said, findings)
        repaired = repair_mojibake(text)
        if repaired != text:
            _say_once("table_mojibake", said, findings)
        if repaired:
            yield repaired
        if not octets:
            return


def _say_once(code: str, said: set[str], findings: list[Finding]) -> None:
    if code not in said:
        said.add(code)
        findings.append(Finding(code))


def open_delimited(file: BinaryIO, headings: set[str]) -> tuple[Sheet, list[Finding]]:
    """The table of a text file.

    Args:
        file: the file; it stays open while the sheet is read.
        headings: folded texts that tell the row of headings, and with it the separator.

    Returns:
        Its sheet, and what is to be said of its encoding.
    """
    encoding, findings = _encoding(file)

    def lines(said: list[Finding]) -> Iterator[str]:
        for piece in _pieces(file, encoding, said):
            yield from piece.splitlines(keepends=True)

    separator = _separator(list(islice(lines([]), _SAMPLE_LINES)), headings)

    def read(said: list[Finding]) -> Iterator[Line]:
        return enumerate(_records(lines(said), separator, said), 1)

    return Sheet("", read), findings


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


def _records(lines: Iterable[str], separator: str, findings: list[Finding]) -> Iterator[list[str]]:
    """The records, one after the other; a record whose quote is never closed is its first line."""
    number, width = 0, 0
    csv.field_size_limit(max(csv.field_size_limit(), _MAXIMUM_CELL))
    source = iter(lines)
    waiting: deque[str] = deque(islice(source, _LINES_OF_A_CELL))
    while waiting:
        number += 1
        window = list(waiting)
        record, used, code = _record(window, separator, width)
        width = width or (len(record) if len(record) > 1 else 0)
        if code:
            findings.append(Finding(code, None, str(number), window[0].strip(), {"row": number}))
        yield record
        for _ in range(used):
            waiting.popleft()
        waiting.extend(islice(source, used))


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
