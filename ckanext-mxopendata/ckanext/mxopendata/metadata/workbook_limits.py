"""What an XLSX workbook holds, counted before anything is built of it: a small file may be a bomb.

Kilobytes can stand for gigabytes: sheets of millions of cells, one cell in the last row and column, one merged area
over a whole sheet, strings and styles without end, entities. Each part is looked through once, as it unpacks.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

MAXIMUM_CELLS = 3_000_000
_MAXIMUM_STRINGS = 500_000
_MAXIMUM_ELEMENTS = 100_000  # of a part that holds neither cells nor strings
_MAXIMUM_SHEETS = 200
MAXIMUM_COLUMNS = 500
_LAST_ROW = 1_048_576
_CHUNK = 500_000
_CELL = re.compile(r"([A-Z]{1,3})\d*")
_AREA = re.compile(r"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})")


class TooLargeError(ValueError):
    """A workbook that would take more memory or time than it is given."""


@dataclass
class Extent:
    """How far the cells of a sheet that hold something reach.

    Attributes:
        rows: number of the last row with a value.
        columns: number of the last column with one, at most 500.
        merged: areas that are one cell, as first row, last row and column.
        formulas: how many cells have a formula and no value.
    """

    rows: int = 0
    columns: int = 0
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    formulas: int = 0


def measure(archive: zipfile.ZipFile) -> dict[str, Extent]:
    """Look through the parts of a workbook.

    Returns:
        The extent of each worksheet by the name of its part.

    Raises:
        TooLargeError: where it holds more than can be read.
        expat.ExpatError, zipfile.BadZipFile: where a part is none of the kind.
    """
    extents: dict[str, Extent] = {}
    room = MAXIMUM_CELLS
    for part in archive.infolist():
        if not part.filename.endswith((".xml", ".rels")):
            continue
        if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
            counter = _Cells(room)
            _look_through(archive, part, counter.start, counter.end)
            extents[part.filename] = counter.extent
            room -= max(counter.cells, counter.extent.rows * counter.extent.columns)
            if room < 0 or len(extents) > _MAXIMUM_SHEETS:
                raise TooLargeError(part.filename)
        else:
            strings = part.filename.lower().endswith("sharedstrings.xml")
            limit = _Elements(3 * _MAXIMUM_STRINGS if strings else _MAXIMUM_ELEMENTS)
            _look_through(archive, part, limit.start, None)
    return extents


def _look_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo, start: Any, end: Any) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _no_entities
    with archive.open(part) as unpacking:
        while chunk := unpacking.read(_CHUNK):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _no_entities(*_: object) -> None:
    """No program that writes workbooks declares a document type; whoever does wants its entities unfolded."""
    raise TooLargeError("DOCTYPE")


class _Elements:
    """Counts the elements of a part."""

    def __init__(self, most: int) -> None:
        self.left = most

    def start(self, name: str, _: dict[str, str]) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooLargeError(name)


class _Cells:
    """Counts the cells of a worksheet."""

    def __init__(self, room: int) -> None:
        self.extent = Extent()
        self.cells = 0
        self.room = room
        self.row = 0
        self.column = 0
        self.has_value = self.has_formula = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._start_row(attributes.get("r"))
        elif kind == "c":
            self._start_cell(attributes.get("r", ""))
        elif kind in ("v", "is"):
            self.has_value = True
            self.extent.rows = max(self.extent.rows, self.row)
            self.extent.columns = max(self.extent.columns, min(self.column, MAXIMUM_COLUMNS))
        elif kind == "f":
            self.has_formula = True
        elif kind == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        if self.has_formula and name.rpartition(":")[2] == "c":
            self.extent.formulas += not self.has_value
            self.has_formula = False

    def _start_row(self, written: str | None) -> None:
        self.row = int(written) if written and written.isdecimal() and len(written) < 9 else self.row + 1
        self.column = 0
        self._count()
        if self.row > _LAST_ROW:
            raise TooLargeError(f"row {self.row}")

    def _start_cell(self, reference: str) -> None:
        self._count()
        self.has_value = self.has_formula = False
        match = _CELL.match(reference)
        self.column = _number(match[1]) if match else self.column + 1

    def _count(self) -> None:
        self.cells += 1
        if self.cells > self.room:
            raise TooLargeError(f"row {self.row}")

    def _merge(self, reference: str) -> None:
        match = _AREA.match(reference)
        if match is None:
            return
        # beyond the last value there is nothing to fill in
        first, last = int(match[2]), min(int(match[3]), self.extent.rows)
        self.cells += max(0, last - first)
        self._count()
        if last > first:
            self.extent.merged.append((first, last, _number(match[1])))


def _number(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column
