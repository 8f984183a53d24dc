"""What our commands have in common: one JSON document, tables for people, moments, exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timezone
from functools import wraps
from typing import Any, NoReturn

import click
from flask import has_request_context

from ckanext.mxopendata.moments import read_moment

DONE, DONE_WITH_ERRORS, NOTHING_DONE = 0, 1, 2


def print_json(document: Any) -> None:
    """The one document that ``--json`` promises."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for people: columns as wide as they need, numbers to the right."""
    lines = [[("" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(len(line[index]) for line in [list(headings), *lines]) for index in range(len(headings))]
    click.echo("  ".join(f"{heading:<{width}}" for heading, width in zip(headings, widths, strict=True)).rstrip())
    for line in lines:
        cells = [
            f"{cell:>{width}}" if cell.isdigit() else f"{cell:<{width}}"
            for cell, width in zip(line, widths, strict=True)
        ]
        click.echo("  ".join(cells).rstrip())


def stop(message: str, code: int = NOTHING_DONE) -> NoReturn:
    """End the command with one line that says why."""
    click.echo(message, err=True)
    sys.exit(code)


def moment_option(text: str | None) -> datetime:
    """The moment that an option names, or now; ends the command when it is no date."""
    if not text:
        return datetime.now(timezone.utc)
    moment = read_moment(text)
    if moment is None:
        stop(f"No se entiende la fecha «{text}»: escriba AAAA-MM-DD o, con hora, 2026-11-22T18:00:00Z.")
    return moment


def in_request(command: Callable[..., None]) -> Callable[..., None]:
    """Run a command inside a request, as ckanext-harvest's consumers are: CKAN's translations and helpers need one."""

    @click.pass_context
    @wraps(command)
    def wrapped(context: click.Context, *args: Any, **options: Any) -> None:
        app = context.meta.get("flask_app")
        with nullcontext() if app is None or has_request_context() else app.test_request_context():
            command(*args, **options)

    return wrapped
