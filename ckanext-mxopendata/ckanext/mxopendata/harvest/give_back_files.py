"""The files that an institution takes home: data.json, the ``ds:/rs:`` template as CSV and as XLSX, changes marked."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import csv_lines, safe_cell
from ckanext.mxopendata.harvest import give_back
from ckanext.mxopendata.harvest.give_back_words import ChangeWords
from ckanext.mxopendata.metadata.mended import CHANGES, Change
from ckanext.mxopendata.metadata.mended_table import MENDED_COLUMNS, mended_rows
from ckanext.mxopendata.metadata.records import EXTENSION

# Headings of the sheet that lists the changes.
CHANGE_COLUMNS = ("conjunto", "titulo", "recurso", "campo", "decia", "dice", "motivo")
_SHEETS = ("catalogo", "cambios")
_FILL = "FFF2CC"  # pale yellow: black on it has a contrast of 18 to 1
_COMMENT_SIZE = (120, 320)


def json_parts(source_id: str) -> Iterator[bytes]:
    """A data.json of a source's datasets, each with its changes; made by the dcat room, some datasets at a time."""
    show = tk.get_action("mxopendata_datajson_show")
    # The catalogue that this file is to become is the institution's own.
    head = {name: value for name, value in show({}, {"ids": []})["catalogue"].items() if name != "@id"}
    yield f'{json.dumps(head, ensure_ascii=False)[:-1]}, "dataset": ['.encode()
    between = b"\n"
    for batch in give_back.batches(source_id):
        for found in show({}, {"ids": list(batch)})["datasets"]:
            yield between + json.dumps(_marked(found["entry"], batch[found["id"]]), ensure_ascii=False).encode()
            between = b",\n"
    yield b"\n]}\n"


def _marked(entry: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    if not changes:
        return entry
    return {**entry, EXTENSION: {**entry.get(EXTENSION, {}), CHANGES: [change.facts() for change in changes]}}


def csv_parts(source_id: str) -> Iterator[str]:
    """The template as the lines of a CSV file, with a last column that says what was changed."""
    words = ChangeWords()
    rows = (
        row.cells
        for dataset, changes in give_back.datasets(source_id)
        for row in mended_rows(dataset, changes, words.sentence)
    )
    return csv_lines(MENDED_COLUMNS, rows)


def workbook(source_id: str) -> bytes:
    """The template as an XLSX workbook: changed cells coloured, what was there as a comment; a sheet of changes."""
    from openpyxl import Workbook  # slow to load, and not for every start of ckan
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    words = ChangeWords()
    book = Workbook(write_only=True)
    table, listed = (book.create_sheet(name) for name in _SHEETS)
    table.append(list(MENDED_COLUMNS))
    listed.append(list(CHANGE_COLUMNS))
    fill = PatternFill("solid", fgColor=_FILL)
    site = tk.config.get("ckan.site_title") or "CKAN"
    for dataset, changes in give_back.datasets(source_id):
        for row in mended_rows(dataset, changes, words.sentence):
            cells: list[Any] = [safe_cell(text) for text in row.cells]
            for position, said in row.marks.items():
                cell = WriteOnlyCell(table, cells[position])
                cell.fill = fill
                cell.comment = Comment(safe_cell("\n".join(said)), site, *_COMMENT_SIZE)
                cells[position] = cell
            table.append(cells)
        for change in changes:
            listed.append([safe_cell(text) for text in _listed(dataset, change, words)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _listed(dataset: dict[str, Any], change: Change, words: ChangeWords) -> list[Any]:
    resources = dataset.get("resources", ())
    resource = ""
    if change.resource is not None and change.resource < len(resources):
        resource = resources[change.resource].get("name") or resources[change.resource].get("url") or ""
    label = words.label(change.field, "dataset" if change.resource is None else "resource")
    head = [dataset.get("identifier") or dataset["name"], dataset.get("title"), resource, label]
    return [*head, change.said or "", change.here or "", words.why(change)]
