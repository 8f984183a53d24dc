"""Tables that people upload to look at first: taken in, kept for an hour, and shown with what was found in them."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from flask import current_app

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata.metadata.findings_table import findings_table
from ckanext.mxopendata.metadata.tables import MAXIMUM_BYTES, Table

MAXIMUM_UPLOAD = 10_000_000
FINDINGS_SHOWN = 200
# What a browser sends beside the file itself.
_AROUND_A_FILE = 100_000
_ROWS_NAMED = 12
# Between the preview and the word to store it.
_KEPT_SECONDS = 3_600


def uploaded() -> bytes:
    """The uploaded file; of one that is too large no more than shows it, and nothing where the request says so."""
    if (tk.request.content_length or 0) > MAXIMUM_UPLOAD + _AROUND_A_FILE:
        return b" " * (MAXIMUM_UPLOAD + 1)
    upload = tk.request.files.get("upload")
    return upload.stream.read(MAXIMUM_UPLOAD + 1) if upload else b""


def given_file(data_dict: Mapping[str, Any]) -> tuple[bytes, str]:
    """The file that an action is asked with as ``upload``, and how it is called.

    One that is too large is read so far as to show it; it has no name where nobody gave it one.

    Raises:
        ValidationError: without a file.
    """
    upload = data_dict.get("upload")
    if upload is None or not hasattr(upload, "read"):
        raise tk.ValidationError({"upload": [no_file()]})
    name = PurePath(getattr(upload, "filename", None) or "").name
    return getattr(upload, "stream", upload).read(MAXIMUM_BYTES + 1), name


def who() -> str:
    """Name of the user who uploads; empty for nobody that is logged in."""
    return tk.current_user.name if tk.current_user.is_authenticated else ""


def refused(content: bytes) -> tuple[str, int] | None:
    """What is said of an upload that cannot be looked at, and the status; ``None`` of one that can."""
    if not content:
        return no_file(), 400
    return (larger_than(MAXIMUM_UPLOAD), 413) if len(content) > MAXIMUM_UPLOAD else None


def findings_beside(table: Table, findings: Sequence[Mapping[str, Any]]) -> bytes:
    """The uploaded table with what was found beside each row, as it is kept: headings and rows in JSON."""
    return json.dumps(findings_table(table, findings), ensure_ascii=False).encode()


def no_file() -> str:
    """What is said where nothing was uploaded."""
    return tk._("Choose a CSV or XLSX file.")


def larger_than(maximum: int) -> str:
    """What is said of a file that is larger than so many bytes."""
    words = tk._("The file is larger than {size} MB. Split it, or ask whoever runs the portal to import it.")
    return words.format(size=f"{maximum / 1_000_000:.3g}")


def more_than_the_server_takes() -> str:
    """What is said of a request of 413: an operator may let the server take less than a page; a table that is sent as
    a field instead of a file is none.
    """
    maximum = min(MAXIMUM_UPLOAD, int(current_app.config.get("MAX_CONTENT_LENGTH") or MAXIMUM_UPLOAD))
    is_larger = (tk.request.content_length or 0) > maximum
    return larger_than(maximum) if is_larger else no_file()


def too_old() -> str:
    """What is said where the preview is not kept any more."""
    return tk._("The preview is older than an hour. Upload the table again.")


def together(findings: Iterable[Mapping[str, Any]], column: Callable[[str | None], str | None]) -> list[dict[str, Any]]:
    """Findings that say the same of several rows, as one line with all of them.

    Args:
        findings: each as ``Finding.to_dict``, with ``row``.
        column: the name for people of a field.
    """
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in findings:
        key = tuple(item[name] for name in ("code", "field", "value", "message"))
        line = lines.setdefault(key, {**item, "column": column(item["field"]), "rows": []})
        if item["row"]:
            line["rows"].append(item["row"])
    for line in lines.values():
        rows = [str(row) for row in line["rows"]]
        more = len(rows) - _ROWS_NAMED
        line["rows"] = ", ".join(rows[:_ROWS_NAMED]) + (f" (+{more})" if more > 0 else "") if rows else "–"
    return list(lines.values())


class Kept:
    """Uploads of one kind, kept for an hour where each of several machines of a portal finds them, and nobody else.

    Args:
        kind: what is uploaded, a word of the key in Redis.
        institution_id: for which institution.
    """

    def __init__(self, kind: str, institution_id: str) -> None:
        self._prefix = f"ckan:{tk.config['ckan.site_id']}:mxopendata:{kind}:{who()}:{institution_id}"

    def keep(self, parts: Mapping[str, bytes]) -> str:
        """Keep the parts of an upload; the token under which they are found again."""
        token = secrets.token_urlsafe(24)
        connection: Any = connect_to_redis()
        for part, octets in parts.items():
            connection.set(f"{self._prefix}:{token}:{part}", zlib.compress(octets), ex=_KEPT_SECONDS)
        return token

    def part(self, token: str, name: str) -> bytes | None:
        """A part of an upload, or ``None`` where it is not kept."""
        connection: Any = connect_to_redis()
        packed = connection.get(f"{self._prefix}:{token}:{name}") if token else None
        return zlib.decompress(packed) if packed else None
