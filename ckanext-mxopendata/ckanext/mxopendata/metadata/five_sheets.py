"""The workbook of pydatajson: sheets of datasets, of distributions and of fields, linked by the dataset's identifier.

Pure: rows become items of ``dataset`` as a data.json of the Argentine profile has them. The sheets of the catalogue and
of its themes say nothing of a dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckanext.mxopendata.metadata.cells import Sheet
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import title_key
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.tables import Names, TableRow
from ckanext.mxopendata.metadata.text import fold

DATASET, DISTRIBUTION, FIELD = "dataset", "distribution", "field"
KINDS = (DATASET, DISTRIBUTION, FIELD)
_OF_A_DATASET = ("dataset_identifier", "dataset_title")
# The columns of the templates of 2017 and of today.
_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    DATASET: (
        "identifier", "title", "description", "publisher_name", "publisher_mbox", "contactPoint_fn",
        "contactPoint_hasEmail", "source", "landingPage", "superTheme", "theme", "keyword", "tags",
        "accrualPeriodicity", "issued", "modified", "language", "spatial", "temporal", "license",
    ),
    DISTRIBUTION: (
        "identifier", "title", "description", "fileName", "downloadURL", "type", "accessURL", "issued", "modified",
        "format", "mediaType", "byteSize", "license", "rights", "scrapingFileURL", "scrapingFileSheet",
    ),
    FIELD: ("title", "type", "specialType", "specialTypeDetail", "description", "id", "units"),
}  # fmt: skip
_LISTS = ("superTheme", "theme", "tags", "keyword", "language")
_OBJECTS = ("publisher", "contactPoint")


def sheets_of(sheets: Sequence[Sheet]) -> dict[str, Sheet]:
    """The sheets of each kind by their names; none where there is no sheet of datasets."""
    found = {kind: sheet for sheet in sheets for kind in KINDS if fold(sheet.name) == kind}
    return found if DATASET in found else {}


def names_of(kind: str) -> Names:
    """The headings of a sheet."""
    own = (f"{kind}_{name}" for name in _PROPERTIES[kind])
    others = (f"distribution_{name}" for name in ("identifier", "title") if kind == FIELD)
    return Names.of((*_OF_A_DATASET, *own, *others))


def identity_of(row: TableRow) -> tuple[str, str]:
    """The identifier and the folded title of the dataset that a row is of; each may be empty."""
    identifier, title = (clean_line(row.cells.get(name, "")) for name in _OF_A_DATASET)
    return identifier, title_key(title)


def record_of(
    dataset: TableRow, distributions: Sequence[TableRow], fields: Sequence[TableRow]
) -> tuple[dict[str, Any], list[Finding]]:
    """An item of ``dataset``.

    Args:
        dataset: its row.
        distributions: the rows of its distributions.
        fields: those of the columns of their files.

    Returns:
        The item, and what of the fields belongs to no distribution.
    """
    record: dict[str, Any] = _without_prefix(DATASET, dataset)
    for name in _LISTS:
        if name in record:
            record[name] = [part for text in record[name].split(",") if (part := text.strip())]
    for name in _OBJECTS:
        parts = [key for key in record if key.startswith(f"{name}_")]
        if parts:
            record[name] = {key.removeprefix(f"{name}_"): record.pop(key) for key in parts}
    items: list[dict[str, Any]] = [_without_prefix(DISTRIBUTION, row) for row in distributions]
    findings: list[Finding] = []
    for row in fields:
        owners = [item for item in items if _is_of(row, item)]
        if len(owners) == 1:
            owners[0].setdefault(FIELD, []).append(_without_prefix(FIELD, row))
        else:
            named = row.cells.get("distribution_title") or row.cells.get("distribution_identifier", "")
            findings.append(Finding("field_without_distribution", FIELD, str(row.number), named, {"row": row.number}))
    if items:
        record["distribution"] = items
    return record, findings


def _without_prefix(kind: str, row: TableRow) -> dict[str, Any]:
    return {name: row.cells[heading] for name in _PROPERTIES[kind] if (heading := f"{kind}_{name}") in row.cells}


def _is_of(field: TableRow, distribution: Mapping[str, Any]) -> bool:
    """Whether a field is of a distribution: by its identifier where both have one, else by its title."""
    identifier = field.cells.get("distribution_identifier")
    if identifier and distribution.get("identifier"):
        return clean_line(identifier) == clean_line(distribution["identifier"])
    title = title_key(field.cells.get("distribution_title", ""))
    return title != "" and title == title_key(str(distribution.get("title", "")))
