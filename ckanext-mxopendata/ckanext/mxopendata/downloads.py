"""What a page hands out as a file: CSV and XLSX that run nothing, JSON, or the page that refuses it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, stream_with_context

import ckan.plugins.toolkit as tk

# Without it spreadsheets take UTF-8 for something older.
_BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(heading: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The lines of a CSV file, one at a time, so that a long one is never held as a whole.

    Args:
        heading: names of the columns.
        rows: texts, numbers, or ``None`` for an empty cell.
    """
    yield _BYTE_ORDER_MARK + _line(heading)
    for row in rows:
        yield _line(harmless(cell) for cell in row)


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet runs: a text that looks like a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _line(cells: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def workbook(rows: Iterable[Iterable[Any]], headings: Iterable[str], title: str = "catalogo") -> bytes:
    """The table as an XLSX workbook; no cell is a formula."""
    from openpyxl import Workbook  # slow to load, and not for every start of ckan

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.append(list(headings))
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def safe_cell(cell: Any) -> Any:
    """A cell of a workbook: nothing that runs, and no control characters, which XLSX has no form for."""
    cell = harmless(cell)
    if not isinstance(cell, str):
        return cell
    return "".join(letter for letter in cell if letter >= " " or letter in "\n\t")[:32_767]


def csv_response(name: str, lines: Iterable[str]) -> Response:
    """A CSV file to save, sent line by line.

    Args:
        name: name of the file without its ending.
        lines: as :func:`csv_lines` makes them.
    """
    response = Response(stream_with_context(iter(lines)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def workbook_response(name: str, content: bytes) -> Response:
    """An XLSX workbook to save.

    Args:
        name: name of the file without its ending.
        content: the workbook.
    """
    response = Response(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def table_response(
    name: str, headings: Sequence[str], rows: Iterable[Iterable[Any]], extension: str, sheet: str
) -> Response:
    """A table as a file to save.

    Args:
        name: name of the file without its ending.
        headings: names of the columns.
        rows: texts, numbers, or ``None`` for an empty cell; read one at a time.
        extension: ``csv`` or ``xlsx``.
        sheet: name of the workbook's only sheet.
    """
    if extension == "xlsx":
        return workbook_response(name, workbook(rows, headings, sheet))
    return csv_response(name, csv_lines(headings, rows))


def json_response(document: Any) -> Response:
    """A JSON document as a page."""
    text = json.dumps(document, ensure_ascii=False, indent=1, default=str)
    return Response(text, content_type="application/json; charset=utf-8")


def refuse_in_words(blueprint: Blueprint) -> None:
    """Let every page of a blueprint answer 404, 403 and 400 with what an action said, in the reader's language."""

    @blueprint.errorhandler(tk.ObjectNotFound)
    def _not_found(error: tk.ObjectNotFound) -> tuple[str, int]:
        return refusal(404, tk._("Not found"), error.message or "")

    @blueprint.errorhandler(tk.NotAuthorized)
    def _not_allowed(_error: tk.NotAuthorized) -> tuple[str, int]:
        return refusal(403, tk._("Not allowed"), tk._("You may not see this page"))

    @blueprint.errorhandler(tk.ValidationError)
    def _not_valid(error: tk.ValidationError) -> tuple[str, int]:
        words = "; ".join(f"{name}: {problem}" for name, problem in error.error_summary.items())
        told = tk._("The address asks for something that does not exist: {words}").format(words=words)
        return refusal(400, tk._("Not understood"), told)


def refusal(code: int, name: str, words: str) -> tuple[str, int]:
    """CKAN's own error page with our words.

    Args:
        code: HTTP status.
        name: what it is called, in the reader's language.
        words: what is wrong, in the reader's language.
    """
    return tk.render("error_document_template.html", {"code": code, "name": name, "content": words}), code
