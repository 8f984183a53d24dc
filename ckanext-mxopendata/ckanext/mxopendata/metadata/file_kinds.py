"""What kind of file some bytes are the beginning of, whatever its name and its server say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from struct import Struct

import magic

from ckanext.mxopendata.metadata.readers.formats import read_format

# Enough for libmagic, which looks no further.
_LOOKED_AT = 65_536
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# The head of an entry of a ZIP archive: how long its name and what follows it are.
_ENTRY = Struct("<26xHH")
_ENTRY_BEGINS = re.compile(re.escape(b"PK\x03\x04"))
_MAXIMUM_ENTRIES = 2_000
# What a part of an Office document, or of what else travels as a ZIP archive, is called.
_PARTS = (
    (re.compile(r"^xl/vbaProject\.bin$"), "XLSM"),
    (re.compile(r"^xl/workbook\.bin$"), "XLSB"),
    (re.compile(r"^xl/"), "XLSX"),
    (re.compile(r"^word/"), "DOCX"),
    (re.compile(r"^ppt/"), "PPTX"),
    (re.compile(r"(^|/)stops\.txt$"), "GTFS"),
    (re.compile(r"(^|/)doc\.kml$"), "KMZ"),
    (re.compile(r"\.gdb/"), "GDB"),
    (re.compile(r"\.shp$", re.IGNORECASE), "SHP"),
)
# Kinds that libmagic does not know, or that begin like a text.
_SIGNATURES = {b"PAR1": "PARQUET", b"%PDF-": "PDF", b"{\\rtf": "RTF"}
# Streams of an OLE 2 file, which Word, Excel and PowerPoint of before 2007 all are.
_STREAMS = {"Workbook": "XLS", "Book": "XLS", "WordDocument": "DOC", "PowerPoint Document": "PPT"}
_ROOTS = {
    "html": "HTML",
    "table": "HTML",
    "rdf": "RDF_XML",
    "kml": "KML",
    "rss": "RSS",
    "feed": "ATOM",
    "svg": "SVG",
    "featurecollection": "GML",
    "wms_capabilities": "WMS_SRVC",
    "wmt_ms_capabilities": "WMS_SRVC",
    "wfs_capabilities": "WFS_SRVC",
}
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\])?\s*>)", re.IGNORECASE | re.DOTALL)
_GEOJSON = re.compile(r'"type"\s*:\s*"(?:FeatureCollection|Feature)"')
_JSON_LD = re.compile(r'"@(?:context|graph)"\s*:')
_TOPOJSON = re.compile(r'"type"\s*:\s*"Topology"')


def file_kind(content: bytes) -> str | None:
    """The id of a term of ``file_types``; ``None`` for text that is neither markup nor JSON, and for what is unknown.

    Args:
        content: how the file begins, or all of it.
    """
    if content.startswith(b"PK\x03\x04"):
        return _archive_kind(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        return next((kind for name, kind in _STREAMS.items() if name.encode("utf-16-le") in content), None)
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            return kind
    if content.startswith(b"SQLite format 3\x00"):
        return "GPKG" if content[68:72] in (b"GPKG", b"GP10", b"GP11") else "SQLITE"
    if is_text(content):
        return _markup_kind(beginning_of_text(content))
    return read_format(magic.from_buffer(content[:_LOOKED_AT], mime=True)).value


def is_text(content: bytes) -> bool:
    """Whether bytes are letters: no zero among them, but in UTF-16, and no control character that texts do not have."""
    if content.startswith(_MARKS[1:]):
        return True
    head = content[:_LOOKED_AT]
    controls = sum(octet < 9 or 13 < octet < 32 for octet in head)
    return bool(head) and controls * 100 <= len(head) and head.count(0) * 1000 <= len(head)


def beginning_of_text(content: bytes) -> str:
    """The first characters of a text, to be looked at and not to be kept."""
    head = content[:_LOOKED_AT]
    if head.startswith(_MARKS[1:]):
        return head.decode("utf-16", "replace")
    return head.removeprefix(_MARKS[0]).decode("utf-8", "replace")


def _archive_kind(content: bytes) -> str:
    names = list(_entries(content))
    if names[:1] == ["mimetype"]:
        # OpenDocument and EPUB write their media type as the first, uncompressed file.
        media_type = content[38:200].split(b"PK")[0].decode("ascii", "replace").strip()
        if told := read_format(media_type).value:
            return told
    for pattern, kind in _PARTS:
        if any(pattern.search(name) for name in names):
            return kind
    return "ZIP"


def _entries(content: bytes) -> Iterable[str]:
    """Names in an archive, read from the heads of its entries: the directory is at the end, which may not be here."""
    for number, found in enumerate(_ENTRY_BEGINS.finditer(content)):
        head = content[found.start() : found.start() + _ENTRY.size]
        if number >= _MAXIMUM_ENTRIES or len(head) < _ENTRY.size:
            return
        length, _ = _ENTRY.unpack(head)
        start = found.start() + _ENTRY.size
        yield content[start : start + length].decode("utf-8", "replace")


def _markup_kind(text: str) -> str | None:
    bare = text.lstrip()
    if bare.startswith("<"):
        return _xml_kind(bare)
    if bare.startswith(("{", "[")):
        return _json_kind(bare)
    return None


def _xml_kind(text: str) -> str | None:
    position = 0
    while prologue := _PROLOGUE.match(text, position):
        if re.search(r"doctype\s+html", prologue[0], re.IGNORECASE):
            return "HTML"
        position = prologue.end()
    root = _ROOT.match(text[position:].lstrip())
    return _ROOTS.get(root[1].lower(), "XML") if root else None


def _json_kind(text: str) -> str | None:
    kinds: Mapping[str, re.Pattern[str]] = {"GEOJSON": _GEOJSON, "TOPOJSON": _TOPOJSON, "JSON_LD": _JSON_LD}
    # A text in brackets is no JSON yet: «[nota] …».
    if not re.match(r'[\[{]\s*(?:["{\[\]}\d-]|true|false|null|$)', text):
        return None
    return next((kind for kind, pattern in kinds.items() if pattern.search(text)), "JSON")
