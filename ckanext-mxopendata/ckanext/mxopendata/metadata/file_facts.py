"""What a file says of itself: kind, size, letters and columns, out of how it begins. Pure.

What its name and its server say is held against it; where they contradict it, the file is believed and a person told.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import ijson

from ckanext.mxopendata.metadata import cells
from ckanext.mxopendata.metadata.columns import Columns, guess_columns
from ckanext.mxopendata.metadata.file_kinds import file_kind, is_text
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers.formats import file_name, read_format
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.metadata.workbooks import open_workbook

ROWS_LOOKED_AT = 1_000
_BY_SEPARATOR = {"\t": "TSV", "|": "PSV"}
_TABLES = frozenset(("CSV", "TSV", "PSV"))
# Texts that are neither markup nor tables: only their name tells which.
_OTHER_TEXTS = frozenset((
    "SQL", "YAML", "RDF_TURTLE", "RDF_N_TRIPLES", "RDF_N_QUADS", "RDF_TRIG", "SPARQLQ", "ICS", "DXF", "RTF",
))  # fmt: skip
# Kinds of file that are a special case of another, which is all that the file's first bytes tell.
_NARROWER = {
    "ZIP": frozenset(("SHP", "GDB", "GTFS")),
    "XML": frozenset(("GML", "SDMX", "RDF", "RDF_XML", "RSS", "ATOM")),
    "JSON": frozenset(("JSON_LD", "TOPOJSON", "GEOJSON", "SDMX")),
    "RDF_XML": frozenset(("RDF",)),
    "TIFF": frozenset(("GEOTIFF",)),
}
_WORKBOOKS = frozenset(("XLSX", "XLSM"))
_COLUMNS_UNREAD = frozenset((
    "XLS", "XLSB", "ODS", "DBF", "SHP", "GPKG", "GDB", "MDB", "PARQUET", "SAV", "DTA", "KML", "GML",
))  # fmt: skip
# What the reader of tables that become datasets says, in words for a file of data.
_IN_OTHER_WORDS = {
    "table_encoding_assumed": "file_not_utf8",
    "table_mojibake": "file_letters_damaged",
    "table_with_nul": "file_with_nul",
    "table_too_large_unpacked": "file_too_large_unpacked",
    "table_workbook_broken": "file_workbook_broken",
    "table_of_another_kind": "file_workbook_broken",
}
_MOST_OF_A_KIND = 5
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileFacts:
    """What a file says of itself.

    Attributes:
        format: id of a term of ``file_types``; ``None`` where neither the file nor its name tells.
        media_type: as IANA writes it; ``None`` likewise.
        size: bytes of the whole file, where they are known.
        encoding: of a text: ``UTF-8``, ``UTF-16`` or ``Windows-1252``.
        separator: what separates the cells of a table in text.
        columns: what was made out of its columns, where it has any that can be read.
        certain: whether the file itself tells its kind, and not only its name.
        findings: what is wrong, doubtful or could be better.
    """

    format: str | None = None
    media_type: str | None = None
    size: int | None = None
    encoding: str | None = None
    separator: str | None = None
    columns: Columns | None = None
    certain: bool = True
    findings: list[Finding] = field(default_factory=list)

    def values(self) -> dict[str, Any]:
        """The fields of a resource that follow from the file, without the dictionary of its columns."""
        told = {"format": self.format, "mimetype": self.media_type, "size": self.size, "encoding": self.encoding}
        return {name: value for name, value in told.items() if value is not None}


def read_facts(
    content: bytes, name: str = "", media_type: str = "", size: int | None = None, with_columns: bool = True
) -> FileFacts:
    """Read how a file begins.

    Args:
        content: its first bytes, or all of them.
        name: its name or address, for its ending.
        media_type: what its server says it is; empty where nobody says anything.
        size: bytes of the whole file; ``None`` where nobody knows.
        with_columns: whether its columns are looked at, too.

    Returns:
        The facts; never an error, whatever the bytes are.
    """
    if not content:
        return FileFacts(size=size, certain=False, findings=[Finding("file_empty", "url")])
    complete = size is not None and size <= len(content)
    kind = file_kind(content)
    ending = read_format(PurePosixPath(file_name(name)).suffix).value
    said = ending or read_format(media_type).value
    text, encoding, findings = _letters(content, complete) if is_text(content) else ("", None, [])
    separator, columns = None, None
    if encoding and kind is None:
        kind, separator, columns = _of_text(text, said, findings, with_columns)
    elif not with_columns:
        pass
    elif encoding and kind in ("JSON", "GEOJSON") and said not in _NARROWER["JSON"] - {"GEOJSON"}:
        columns = _of_json(content, kind)
    elif kind in _WORKBOOKS:
        columns = _of_workbook(content, complete, findings)
    findings += _contradiction(kind, ending, name)
    told = said if kind is None or said in _NARROWER.get(kind, ()) else kind
    if with_columns and told in _COLUMNS_UNREAD:
        findings.append(Finding("file_columns_unread", "schema", None, _label(told)))
    if columns:
        findings += columns.findings
    return FileFacts(told, _media_type(told), size, encoding, separator, columns, kind is not None, findings)


def _letters(content: bytes, complete: bool) -> tuple[str, str, list[Finding]]:
    """The text of a file, its encoding, and what is wrong with its letters."""
    whole = content if complete else _whole_lines(content)
    text, found = cells.decode(whole)
    codes = {finding.code for finding in found}
    encoding = "UTF-8"
    if whole.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "UTF-16"
        found.append(Finding("table_encoding_assumed", value=encoding))
    elif "table_encoding_assumed" in codes:
        encoding = "Windows-1252"
    return text, encoding, [_for_data(finding) for finding in found]


def _whole_lines(content: bytes) -> bytes:
    """What comes before the last end of a line: the line after it was cut, and perhaps a letter in it."""
    mark = b"\n\x00" if content.startswith(b"\xff\xfe") else b"\x00\n" if content.startswith(b"\xfe\xff") else b"\n"
    end = content.rfind(mark)
    if end > 0:
        return content[: end + len(mark)]
    # A text without lines, such as a JSON: at most the last letter was cut.
    return content[: len(content) - len(content) % 2] if mark != b"\n" else content.decode("utf-8", "ignore").encode()


def _of_text(
    text: str, said: str | None, findings: list[Finding], with_columns: bool
) -> tuple[str | None, str | None, Columns | None]:
    """Kind, separator and columns of a text that is neither markup nor JSON."""
    if said in _OTHER_TEXTS:
        return said, None, None
    records, separator, found = cells.first_records(text, ROWS_LOOKED_AT)
    if separator is None and said not in _TABLES:
        return "TXT", None, None
    findings += [_for_data(finding) for finding in found[:_MOST_OF_A_KIND]]
    kind = _BY_SEPARATOR.get(separator or "", "CSV")
    return kind, separator, guess_columns(records) if with_columns else None


def _of_json(content: bytes, kind: str) -> Columns | None:
    """The columns of a list of objects, or of the properties of features; ``None`` of any other document."""
    rows: list[dict[str, Any]] = []
    prefix = "features.item.properties" if kind == "GEOJSON" else "item"
    try:
        items = islice(ijson.items(io.BytesIO(content.removeprefix(_MARK)), prefix), ROWS_LOOKED_AT)
        rows.extend(item for item in items if isinstance(item, dict))
    except (ijson.JSONError, UnicodeDecodeError, RecursionError):
        pass  # cut off, or no JSON after all: what was read until there is looked at
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return None
    return guess_columns([names, *([_cell(row.get(name)) for name in names] for row in rows)])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else str(value)


def _of_workbook(content: bytes, complete: bool, findings: list[Finding]) -> Columns | None:
    """The columns of the largest sheet of a workbook."""
    if not complete:
        findings.append(Finding("file_workbook_cut", "schema", details={"megabytes": f"{len(content) / 1e6:.0f}"}))
        return None
    try:
        sheets = open_workbook(io.BytesIO(content))
        if not sheets:
            return None
        largest = max(sheets, key=lambda sheet: sum(1 for _ in sheet.read([])))
        rows = [row for _, row in largest.head(ROWS_LOOKED_AT)]
    except cells.UnreadableTableError as error:
        findings.append(_for_data(error.finding))
        return None
    if len(sheets) > 1:
        names = ", ".join(sheet.name for sheet in sheets if sheet is not largest)
        findings.append(Finding("file_several_sheets", "schema", None, largest.name, {"others": names[:200]}))
    findings += [_for_data(finding) for finding in largest.findings]
    return guess_columns(rows)


def _for_data(finding: Finding) -> Finding:
    """A finding of the readers of tables, in words for a file of data."""
    return replace(finding, code=_IN_OTHER_WORDS.get(finding.code, finding.code), field=finding.field or "url")


def _contradiction(kind: str | None, ending: str | None, name: str) -> Iterator[Finding]:
    if kind is None or kind == ending:
        return
    if kind == "HTML":
        yield Finding("file_is_a_page", "url", None, name)
    elif ending and not _same_family(kind, ending):
        details = {"said": _label(ending), "name": file_name(name)}
        yield Finding("file_is_another_kind", "format", None, _label(kind), details)


def _same_family(kind: str, other: str) -> bool:
    """Whether a file may bear either name: both are tables in text, or one is a case of the other."""
    both = {kind, other} <= {"TXT", *_TABLES}
    return both or other in _NARROWER.get(kind, ()) or kind in _NARROWER.get(other, ())


def _label(kind: str) -> str:
    term = vocabulary("file_types").get(kind)
    return term.label_es if term else kind


def _media_type(kind: str | None) -> str | None:
    if kind in _NARROWER["ZIP"]:
        return "application/zip"  # what travels is the archive
    term = vocabulary("file_types").get(kind) if kind else None
    return (term.facts["media_type"] or None) if term else None
