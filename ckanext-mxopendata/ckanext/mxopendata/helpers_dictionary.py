"""Template helpers of files and their data dictionaries; :mod:`ckanext.mxopendata.helpers` hands them to CKAN."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import config
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.dictionary import TYPES, columns_of
from ckanext.mxopendata.metadata.units import units

__all__ = [
    "mxopendata_column_labels",
    "mxopendata_column_types",
    "mxopendata_columns",
    "mxopendata_form_file_bytes",
    "mxopendata_units",
]


def mxopendata_columns(value: Any) -> list[dict[str, str]]:
    """The columns of a stored Table Schema: ``name``, ``title``, ``description``, ``unit``, and ``type`` in words."""
    language = current_language()
    columns = []
    for column in columns_of(value):
        kind = str(column.get("type") or "")
        texts = {name: str(column.get(name) or "") for name in ("name", "title", "description", "unit")}
        columns.append({**texts, "type": TYPES.get(kind, {}).get(language, kind)})
    return columns


def mxopendata_column_types() -> list[tuple[str, str]]:
    """The types a column may have, with their names in the reader's language."""
    language = current_language()
    return [(kind, labels[language]) for kind, labels in TYPES.items()]


def mxopendata_column_labels() -> dict[str, str]:
    """What the controls of a column are called; ``{name}`` stands for the column."""
    return {
        "name": tk._("Name of column {name}"),
        "description": tk._("What column {name} holds"),
        "type": tk._("Type of column {name}"),
        "unit": tk._("Unit of column {name}"),
        "remove": tk._("Remove column {name}"),
    }


def mxopendata_units() -> list[str]:
    """The units that a column may count in, to be suggested."""
    return sorted(set(units().values()), key=str.casefold)


def mxopendata_form_file_bytes() -> int:
    """How much of a file the resource's form sends, in bytes."""
    return config.form_file_bytes()
