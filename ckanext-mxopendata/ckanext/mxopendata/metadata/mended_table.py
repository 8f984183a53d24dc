"""The ``ds:/rs:`` table of datasets with what was changed in them: which cells, and in words at the end of each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ckanext.mxopendata.metadata.catalogue_table import CHANGES_COLUMN, COLUMNS, write_dataset
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.mended import Change

MENDED_COLUMNS = (*COLUMNS, CHANGES_COLUMN)
_BETWEEN = "; "
# Written in the column of the media type, where a file has only that.
_FORMAT_COLUMN = "rs:mediaType"


@dataclass(frozen=True)
class MendedRow:
    """A row of the template.

    Attributes:
        cells: under :data:`MENDED_COLUMNS`.
        marks: position of a changed cell → the changes, in words.
    """

    cells: list[str]
    marks: Mapping[int, list[str]]


def mended_rows(
    dataset: Mapping[str, Any], changes: Iterable[Change], words: Callable[[Change], str]
) -> Iterator[MendedRow]:
    """The rows of one dataset: that of the dataset, then one for each resource.

    Args:
        dataset: as ``package_show`` gives it.
        changes: what was changed in it; one of a resource that is not there any more is left out.
        words: a change in words.
    """
    by_row: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        by_row[0 if change.resource is None else change.resource + 1].append(change)
    for number, cells in enumerate(write_dataset(dataset)):
        marks: dict[int, list[str]] = defaultdict(list)
        said = [words(change) for change in by_row[number]]
        for change, text in zip(by_row[number], said, strict=True):
            column = column_of(change)
            if column is not None:
                marks[MENDED_COLUMNS.index(column)].append(text)
        yield MendedRow([*(cells.get(name, "") for name in COLUMNS), _BETWEEN.join(said)], marks)


def column_of(change: Change) -> str | None:
    """The column of the template that holds a field; ``None`` for one without (licence, language, theme)."""
    level = "dataset" if change.resource is None else "resource"
    return _columns().get((level, change.field))


@cache
def _columns() -> dict[tuple[str, str], str]:
    found = {("resource", "format"): _FORMAT_COLUMN}
    for row in crosswalk():
        name = f"{row.field}.{row.subfield}" if row.subfield else row.field
        prefix = "ds:" if row.level == "dataset" else "rs:"
        for way in row.ways("inventory_csv"):
            if way in COLUMNS and way.startswith(prefix):
                found.setdefault((row.level, name), way)
    return found
