"""File formats and media types."""

from __future__ import annotations

import re

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary

_MEDIA_TYPE = re.compile(r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$")


def _file_types(text: str) -> list[Term]:
    """The file types a format name, extension or media type may mean."""
    terms = vocabulary("file_types")
    bare = text.split(";", maxsplit=1)[0].strip()
    wanted = bare.lower()
    by_media_type = [term for term in terms.terms.values() if term.facts["media_type"] == wanted]
    return terms.candidates(bare.lstrip(".")) or by_media_type


def read_format(text: object) -> Reading:
    """A file type: the id of a term of ``file_types``, out of a format name, an extension or a media type.

    Returns:
        Note ``format_unknown`` where it is none of them, or several (``image/tiff`` is GeoTIFF too).
    """
    if text is None or not str(text).strip():
        return NOTHING
    found = _file_types(str(text))
    return Reading(found[0].id) if len(found) == 1 else unreadable("format_unknown")


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
