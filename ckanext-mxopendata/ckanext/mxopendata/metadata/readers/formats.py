"""File formats and media types."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary

_MEDIA_TYPE = re.compile(r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$")
# "Excel" and application/vnd.ms-excel are said of all of these; which it is, the file's name tells.
_FAMILIES = {
    "XLS": frozenset(("XLS", "XLSX", "XLSM", "XLSB")),
    "DOC": frozenset(("DOC", "DOCX")),
    "PPT": frozenset(("PPT", "PPTX")),
}
# Only among these is a difference a contradiction: a CSV in a ZIP, or a map behind a .php, is none.
_COMPARED = frozenset(("CSV", "TSV", "ODS", "PDF")).union(*_FAMILIES.values())


def _file_types(text: str) -> list[Term]:
    """The file types a format name, extension or media type may mean."""
    terms = vocabulary("file_types")
    bare = text.split(";", maxsplit=1)[0].strip()
    return terms.candidates(bare.lstrip(".")) or terms.with_fact("media_type", bare.lower())


def read_format(text: object) -> Reading:
    """A file type: the id of a term of ``file_types``, out of a format name, an extension or a media type.

    Returns:
        Note ``format_unknown`` where it is none of them, or several (``image/tiff`` is GeoTIFF too).
    """
    if text is None or not str(text).strip():
        return NOTHING
    found = _file_types(str(text))
    return Reading(found[0].id) if len(found) == 1 else unreadable("format_unknown")


def file_name(address: object) -> str:
    """The last part of the path of an address, or of a file's name; empty where there is none."""
    try:
        return unquote(PurePosixPath(urlsplit(str(address or "")).path).name)
    except ValueError:
        return ""


def read_file_type(written: object, media_type: object = None, address: object = None) -> Reading:
    """The file type of a resource, out of the format written, its media type and the end of its address.

    Args:
        written: the format as its publisher wrote it.
        media_type: likewise.
        address: URL or name of the file.

    Returns:
        What is written wins, then the media type, then the address; of ``Excel`` the address, then the media type,
        tell whether it is XLS or XLSX. Note ``format_contradicted`` where they contradict a table's or text's format,
        ``format_unknown`` where the format written is unknown.
    """
    by_address = read_format(PurePosixPath(file_name(address)).suffix).value
    by_media_type = read_format(media_type).value
    named = read_format(written)
    if named.value is None:
        if not named.certain:
            return named
        if by_media_type is None or (_is_vague(media_type, by_media_type) and by_address in _COMPARED):
            return Reading(by_address or by_media_type)
        return Reading(by_media_type)
    hints = [by_address, None if _is_vague(media_type, by_media_type) else by_media_type]
    if _is_vague(written, named.value):
        told = next((hint for hint in hints if hint in _FAMILIES[named.value]), None)
        if told:
            return Reading(told)
    hint = next((hint for hint in hints if hint in _COMPARED), None)
    if named.value in _COMPARED and hint and hint != named.value:
        return Reading(named.value, certain=False, note="format_contradicted")
    return named


def _is_vague(text: object, file_type: str | None) -> bool:
    """Whether a format is named by its family only: ``Excel``, not ``xls``."""
    term = vocabulary("file_types").get(file_type) if file_type in _FAMILIES else None
    return term is not None and fold(str(text)) not in (fold(term.id), fold(term.label_es))


def read_media_type(text: object) -> Reading:
    """A media type as IANA writes it, out of one or of a format name; parameters (``; charset=``) are left out."""
    if text is None or not str(text).strip():
        return NOTHING
    bare = str(text).split(";")[0].strip().lower()
    found = vocabulary("file_types").candidates(bare.lstrip("."))
    if len(found) == 1 and found[0].facts["media_type"]:
        return Reading(found[0].facts["media_type"])
    if _MEDIA_TYPE.match(bare):
        return Reading(bare)
    return unreadable("media_type_unknown")
