"""What commands share that take a table in: its bytes, its institution, and what was found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.cli.output import stop

_LINES_SHOWN = 50
_MARKS = {"error": "✘", "warning": "!", "advice": "·"}


def read_input(file: Path) -> bytes:
    """A table's bytes, at most one more than may be; ends the command where it cannot be read."""
    from ckanext.mxopendata.metadata.tables import MAXIMUM_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        stop(f"No se puede leer {file}: {error.strerror}")


def findings_file(path: Path | None) -> Path | None:
    """Where the findings go; ends the command where the name is neither of CSV nor of XLSX."""
    if path is not None and path.suffix.lower() not in (".csv", ".xlsx"):
        stop(f"El archivo de hallazgos debe terminar en .csv o .xlsx: {path}")
    return path


def find_organization(name: str) -> dict[str, Any]:
    """An institution by name or id; ends the command where there is none."""
    try:
        return tk.get_action("organization_show")({"ignore_auth": True}, {"id": name})
    except tk.ObjectNotFound:
        stop(f"No hay una institución «{name}».")


def write_table(path: Path, headings: list[str], rows: list[list[str]]) -> None:
    """Write a table whole or not at all; ends the command where the file cannot be written."""
    from ckanext.mxopendata.downloads import csv_lines, workbook

    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.suffix.lower() == ".xlsx":
            partial.write_bytes(workbook(rows, headings))
        else:
            with partial.open("w", encoding="utf-8", newline="") as opened:
                opened.writelines(csv_lines(headings, rows))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        stop(f"No se puede escribir {path}: {error.strerror}")


def print_findings(findings: Sequence[Mapping[str, Any]], place: Callable[[Mapping[str, Any]], str]) -> None:
    """The first findings of a table, a line each, and how many more there are.

    Args:
        findings: with ``row``, ``severity``, ``message``, ``cure``.
        place: what stands before a finding of a row.
    """
    for item in findings[:_LINES_SHOWN]:
        where = place(item) if item["row"] else ""
        click.echo(f"{_MARKS[item['severity']]} {where}{item['message']} {item['cure']}")
    left = len(findings) - _LINES_SHOWN
    if left > 0:
        click.echo(f"… y {left} hallazgos más: use --findings ARCHIVO o --json.")
