"""The extras of the former national portal (2015-2024), turned into fields: ``dcat_issued``, ``guid``, ``quality``…

Which extra means which field is the crosswalk's column ``ckan_extra``. An extra goes where its field is empty and its
whole text was read; where only a part of it was, the text stays as ``original_<extra>``; where nothing was, or the
field already says something else, the extra stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, fields_of, subfields_of
from ckanext.mxopendata.metadata.groups import read_groups
from ckanext.mxopendata.metadata.lifting import ORIGINAL, as_written, extra_fields, read_field, words
from ckanext.mxopendata.metadata.records import is_empty, loads, shown
from ckanext.mxopendata.metadata.values import Notebook

_COLUMN = "ckan_extra"
# CKAN's own, never extras of a portal: columns of its tables, what it works out; ``spatial`` is ckanext-spatial's.
_NOT_FORMER = frozenset((
    "id", "title", "name", "notes", "url", "tags", "groups", "author", "author_email", "maintainer", "maintainer_email",
    "metadata_created", "metadata_modified", "display_name", "license", "license_id", "license_title", "license_url",
    "spatial",
))  # fmt: skip
# Kept where they are: what a dataset is called, whose it is, its keywords and its licence have homes of their own.
_NOT_FILLED = frozenset(("title", "name", "notes", "owner_org", "tag_string", "license_id"))


@dataclass
class FormerExtras:
    """What becomes of the extras of one dataset.

    Attributes:
        fields: field → its value, in the form of the dataset schema.
        moved: extras whose text is in the fields, or in ``originals``.
        originals: ``original_<extra>`` → text of which only a part was read.
        left: extra → ``unread`` (nothing was read) or ``taken`` (the field says something else).
    """

    fields: dict[str, Any] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    originals: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


@cache
def former_keys() -> Mapping[str, str]:
    """Names of extras with a meaning among our fields, under names that are not ours: extra → field."""
    keys: dict[str, str] = {}
    for row in fields_of("dataset").values():
        if row.field not in _NOT_FILLED:
            keys.update((key, row.field) for key in _ways(row) if key not in keys)
    return keys


def _ways(row: CrosswalkField) -> Iterator[str]:
    rows = (row, *subfields_of("dataset", row.field).values())
    for way in (way for part in rows for way in part.ways(_COLUMN)):
        if "." not in way and way not in _NOT_FORMER and way not in extra_fields("dataset"):
            yield way


def read_former_extras(dataset: Mapping[str, Any], extras: Mapping[str, Any]) -> FormerExtras:
    """Turn extras into fields.

    Args:
        dataset: as ``package_show`` gives it; its filled fields are never changed.
        extras: its extras by key; those that are none of :func:`former_keys` are left out of account.

    Returns:
        Every former extra that is not blank is in ``moved`` or in ``left``.
    """
    result = FormerExtras()
    present: dict[str, dict[str, Any]] = {}
    for key, name in former_keys().items():
        if key in extras:
            present.setdefault(name, {})[key] = extras[key]
    for name, values in present.items():
        blank = {key for key, value in values.items() if is_empty(value)}
        result.moved |= blank
        row = fields_of("dataset")[name]
        written = {key: value for key, value in values.items() if key not in blank}
        if written and row.cardinality == "repeating":
            _take_group(row, dataset.get(name), written, result)
        elif written:
            _take_values(row, dataset.get(name), written, result)
    return result


def _take_values(row: CrosswalkField, stored: Any, written: Mapping[str, Any], result: FormerExtras) -> None:
    for key, raw in written.items():
        value, whole = read_field("dataset", row, raw)
        if is_empty(value):
            result.left[key] = "unread"
            continue
        filled = result.fields.get(row.field, loads(stored))
        if is_empty(filled):
            result.fields[row.field] = value
        elif filled != value:
            result.left[key] = "taken"
            continue
        _move(key, raw, whole, result)


def _take_group(row: CrosswalkField, stored: Any, written: Mapping[str, Any], result: FormerExtras) -> None:
    notebook = Notebook("DMY")
    found = read_groups(row, dict(written), (_COLUMN,), notebook)
    if not found:
        result.left.update(dict.fromkeys(written, "unread"))
        return
    filled = loads(stored)
    if not is_empty(filled) and filled != found:
        result.left.update(dict.fromkeys(written, "taken"))
        return
    result.fields[row.field] = found
    said = words(shown(found))
    for key, raw in written.items():
        # a period and a place are said in other words: "2015" to "2018", the key of the INEGI
        reworded = row.field in ("temporal_coverage", "spatial_coverage") and not notebook.findings
        _move(key, raw, reworded or words(shown(raw)) <= said, result)


def _move(key: str, raw: Any, whole: bool, result: FormerExtras) -> None:
    result.moved.add(key)
    if not whole:
        result.originals[f"{ORIGINAL}{key}"] = as_written(raw)
