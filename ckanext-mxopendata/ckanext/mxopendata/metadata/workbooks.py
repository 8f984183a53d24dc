"""The cells of an XLSX workbook, within limits: a small file may hold gigabytes."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

from ckanext.mxopendata.metadata.cells import Sheet
from ckanext.mxopendata.metadata.findings import Finding

MAXIMUM_UNPACKED = 60_000_000
_MAXIMUM_PARTS = 2_000
_MAXIMUM_COLUMNS = 500
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


def is_workbook(content: bytes) -> bool:
    """Whether a file is a ZIP archive, as every XLSX is."""
    return content.startswith(b"PK\x03\x04")


def read_workbook(content: bytes) -> tuple[list[Sheet], list[Finding]]:
    """The tables of a workbook: values, not formulas; merged cells hold their value in each of their rows.

    Returns:
        No sheet, and one error, where the file is none of the kind or would unpack to more than 60 MB.
    """
    from openpyxl import load_workbook  # slow to load, and not for every start of ckan

    refused = _refusal(content)
    if refused:
        return [], [refused]
    try:
        workbook = load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
        sheets = [_sheet(sheet) for sheet in workbook.worksheets]
    except (*_BROKEN, SyntaxError) as error:  # the XML parser reports as a SyntaxError
        return [], [Finding("table_workbook_broken", value=type(error).__name__)]
    return [sheet for sheet in sheets if sheet.rows], []


def _refusal(content: bytes) -> Finding | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > _MAXIMUM_PARTS or unpacked > MAXIMUM_UNPACKED:
                return Finding("table_too_large_unpacked", details={"megabytes": MAXIMUM_UNPACKED // 1_000_000})
            # The sizes an archive names of itself may be lies: what it really holds is counted.
            for part in parts:
                with archive.open(part) as unpacking:
                    read = 0
                    while chunk := unpacking.read(1_000_000):
                        read += len(chunk)
                        if read > part.file_size:
                            return Finding("table_workbook_broken", value=part.filename)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError):
        return Finding("table_workbook_broken", value="ZIP")
    if "xl/workbook.xml" not in names:
        return Finding("table_of_another_kind", value="ZIP")
    return None


def _sheet(worksheet: Any) -> Sheet:
    sheet = Sheet(str(worksheet.title))
    if not hasattr(worksheet, "iter_rows"):  # a chart
        return sheet
    merged = {}
    for area in worksheet.merged_cells.ranges:
        value = worksheet.cell(area.min_row, area.min_col).value
        # Downwards only: a title merged over many columns is one cell.
        for row in range(area.min_row + 1, area.max_row + 1):
            merged[row, area.min_col] = value
    width = min(worksheet.max_column, _MAXIMUM_COLUMNS)
    for number, cells in enumerate(worksheet.iter_rows(max_col=width, values_only=True), 1):
        texts = [_text(merged.get((number, column), value)) for column, value in enumerate(cells, 1)]
        sheet.rows.append((number, texts))
    return sheet


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
