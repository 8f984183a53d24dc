"""The cells of an XLSX workbook, within limits: a small file may hold gigabytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from functools import partial
from typing import Any, BinaryIO
from xml.parsers.expat import ExpatError

from ckanext.mxopendata.metadata.cells import Line, Sheet, UnreadableTableError
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.workbook_limits import Extent, TooLargeError, measure

MAXIMUM_UNPACKED = 60_000_000
_MAXIMUM_PARTS = 2_000
# What openpyxl raises for workbooks that are none, or whose parts are not what they should be.
_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
)


def is_workbook(beginning: bytes) -> bool:
    """Whether a file is a ZIP archive, as every XLSX is."""
    return beginning.startswith(b"PK\x03\x04")


def open_workbook(file: BinaryIO) -> list[Sheet]:
    """The tables of a workbook: values, not formulas; merged cells hold their value in each of their rows.

    Args:
        file: the file; it stays open while its sheets are read, row by row.

    Returns:
        The sheets that hold something.

    Raises:
        UnreadableTableError: where the file is none of the kind, or would take more memory or time than a table may (60
            MB unpacked, three million cells).
    """
    from openpyxl import load_workbook  # slow to load, and not for every start of ckan

    with _explained():
        refused, extents = _looked_through(file)
        if refused:
            raise UnreadableTableError(refused)
        # Cell by cell: what a workbook says of its own size, and what lies beyond the last value, is not believed.
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = [_sheet(sheet, extents) for sheet in workbook.worksheets]
        return [sheet for sheet in sheets if sheet.head(1)]


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except UnreadableTableError:
        raise
    except TooLargeError as error:
        raise UnreadableTableError(_too_large()) from error
    except (*_BROKEN, ExpatError, SyntaxError) as error:  # the XML parser reports as a SyntaxError
        raise UnreadableTableError(Finding("table_workbook_broken", value=type(error).__name__)) from error


def _too_large() -> Finding:
    return Finding("table_too_large_unpacked", details={"megabytes": MAXIMUM_UNPACKED // 1_000_000})


def _looked_through(file: BinaryIO) -> tuple[Finding | None, Mapping[str, Extent]]:
    """Why the file is refused, else how far its sheets reach."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MAXIMUM_PARTS or sum(part.file_size for part in parts) > MAXIMUM_UNPACKED:
                return _too_large(), {}
            # The sizes an archive names of itself may be lies: what it really holds is counted.
            for part in parts:
                with archive.open(part) as unpacking:
                    read = 0
                    while chunk := unpacking.read(1_000_000):
                        read += len(chunk)
                        if read > part.file_size:
                            return Finding("table_workbook_broken", value=part.filename), {}
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                return Finding("table_of_another_kind", value="ZIP"), {}
            return None, measure(archive)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError):
        return Finding("table_workbook_broken", value="ZIP"), {}


def _sheet(worksheet: Any, extents: Mapping[str, Extent]) -> Sheet:
    extent = extents.get(str(getattr(worksheet, "_worksheet_path", "")), Extent())
    findings: list[Finding] = []
    if extent.formulas:
        findings.append(Finding("table_formula_without_value", details={"count": extent.formulas}))
    return Sheet(str(worksheet.title), partial(_lines, worksheet, extent), findings)


def _lines(worksheet: Any, extent: Extent, _findings: list[Finding]) -> Iterator[Line]:
    if not extent.columns:  # a chart, or nothing
        return
    # Downwards only: a title merged over many columns is one cell.
    tops = {(first, column): "" for first, _, column in extent.merged}
    below = {
        (row, column): (first, column) for first, last, column in extent.merged for row in range(first + 1, last + 1)
    }
    with _explained():
        worksheet.reset_dimensions()
        rows = worksheet.iter_rows(max_row=extent.rows, max_col=extent.columns, values_only=True)
        for number, cells in enumerate(rows, 1):
            texts = [_text(value) for value in cells] + [""] * (extent.columns - len(cells))
            if below or tops:
                _fill(number, texts, tops, below)
            if any(texts):
                yield number, texts


def _fill(
    number: int,
    texts: list[str],
    tops: dict[tuple[int, int], str],
    below: Mapping[tuple[int, int], tuple[int, int]],
) -> None:
    """Remember what the first cell of each merged area says, and write it into those below."""
    for position, text in enumerate(texts):
        here = (number, position + 1)
        if here in tops:
            tops[here] = text
        elif here in below:
            texts[position] = tops[below[here]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
