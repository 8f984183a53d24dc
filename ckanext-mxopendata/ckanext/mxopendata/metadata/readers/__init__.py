"""Reading what the world writes: small pure functions, each from any value to a :class:`Reading`.

None of them raises, and reading what was read gives the same again. What cannot be read has the value ``None`` and a
note; nothing is guessed silently.
"""

from __future__ import annotations

from ckanext.mxopendata.metadata.readers.boolean import read_boolean
from ckanext.mxopendata.metadata.readers.contact import read_email, read_url
from ckanext.mxopendata.metadata.readers.date_order import infer_date_order
from ckanext.mxopendata.metadata.readers.dates import interval_text, read_date, read_interval
from ckanext.mxopendata.metadata.readers.formats import file_name, read_file_type, read_format, read_media_type
from ckanext.mxopendata.metadata.readers.institution import read_institution_place
from ckanext.mxopendata.metadata.readers.place import read_cvegeo, read_geometry, read_place
from ckanext.mxopendata.metadata.readers.reading import Reading
from ckanext.mxopendata.metadata.readers.size import read_size
from ckanext.mxopendata.metadata.readers.terms import (
    read_access_rights,
    read_criterion,
    read_frequency,
    read_known_or_own,
    read_language,
    read_licence,
    read_term,
    read_theme,
)
from ckanext.mxopendata.metadata.readers.words import (
    MAXIMUM_KEYWORDS,
    clean_line,
    clean_text,
    read_keywords,
    repair_mojibake,
    without_control,
)

__all__ = [
    "interval_text",
    "MAXIMUM_KEYWORDS",
    "Reading",
    "clean_line",
    "clean_text",
    "file_name",
    "infer_date_order",
    "read_access_rights",
    "read_boolean",
    "read_criterion",
    "read_cvegeo",
    "read_date",
    "read_email",
    "read_file_type",
    "read_format",
    "read_frequency",
    "read_geometry",
    "read_institution_place",
    "read_interval",
    "read_known_or_own",
    "read_keywords",
    "read_language",
    "read_licence",
    "read_media_type",
    "read_place",
    "read_size",
    "read_term",
    "read_theme",
    "read_url",
    "repair_mojibake",
    "without_control",
]
