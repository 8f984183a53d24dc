"""Tables taken apart: what kind of table a file is, its rows into the store, the rows of a dataset into a record.

Every record comes out as an item of a data.json: the two kinds of catalogues, the template ``ds:/rs:`` and the workbook
of pydatajson, are then read by the same ways of the crosswalk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Noted
from ckanext.mxopendata.harvest.connectors.table_store import Rows, Store
from ckanext.mxopendata.metadata import catalogue_table, five_sheets
from ckanext.mxopendata.metadata.cells import UnreadableTableError
from ckanext.mxopendata.metadata.commitment_columns import CATALOGUE, KNOWN, kind_of
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import EXTENSION, is_empty
from ckanext.mxopendata.metadata.tables import Names, Reading, TableRow, begin_best, begin_sheet, open_sheets

# A file that is no table of ours, such as one of data; all else is wrong with the file itself.
NO_TABLE = frozenset(("table_empty", "table_headings_unknown", "table_of_another_kind"))
_ROW = "row"
_DATASET: Mapping[str, str] = {
    "ds:identifier": "identifier",
    "ds:title": "title",
    "ds:description": "description",
    "ds:keyword": "keyword",
    "ds:modified": "modified",
    "contactPoint": "contactPoint",
    "ds:accessLevel": "accessLevel",
    "ds:temporal": "temporal",
    "ds:spatial": "spatial",
    "ds:landingPage": "landingPage",
    "ds:accrualPeriodicity": "accrualPeriodicity",
}
# Project Open Data has no property for these.
_OF_THE_EXTENSION: Mapping[str, str] = {"ds:accessLevelComment": "access_comment", "ds:dataDictionary": "documentation"}


def take_in(path: Path, url: str, store: Store, mark: str) -> str:
    """Read a file into the store.

    Args:
        path: the file.
        url: where it came from, for messages.
        store: where its rows go, all of them or none.
        mark: name of the fact that says, together with the rows, what it is.

    Returns:
        What it is: ``catalogue``; or ``plan``, ``inventory`` or ``totals``, of which nothing is kept.

    Raises:
        SourceError: where it is no table of ours, or cannot be read to its end.
    """
    try:
        with path.open("rb") as file, store.filling():
            kind = _take_in(file, store)
            store.remember(mark, kind)
            return kind
    except UnreadableTableError as error:
        found = error.finding
        raise SourceError(Finding(found.code, found.field, url, found.value, found.details)) from error


def _take_in(file: BinaryIO, store: Store) -> str:
    ways = {way for row in crosswalk() for way in row.ways("inventory_csv")}
    names = Names.of({*KNOWN, *ways}, catalogue_table.FINDING_COLUMNS)
    sheets, findings = open_sheets(file, names)
    linked = five_sheets.sheets_of(sheets)
    if not linked:
        reading = begin_best(sheets, names, findings)
        kind = kind_of(reading.table.headings)
        if kind == CATALOGUE:
            _keep(reading, store, _keep_of_template)
        return kind
    for kind in five_sheets.KINDS:
        if kind in linked:
            _keep(begin_sheet(linked[kind], five_sheets.names_of(kind)), store, partial(_keep_linked, kind))
    _say_orphans(store)
    return CATALOGUE


def _keep_of_template(row: TableRow, store: Store) -> str | None:
    """Keep a row of the template; gives the key of its dataset, or ``None`` where it says of none."""
    key = catalogue_table.group_key(row)
    if not key:
        store.say([Finding("row_without_dataset", "ds:identifier", str(row.number), None, {"row": row.number})])
        return None
    store.add(_ROW, key, row, is_dataset=True)
    return key


def _keep_linked(kind: str, row: TableRow, store: Store) -> str:
    """Keep a row of a sheet of pydatajson's workbook; gives the key of its dataset."""
    identifier, title = five_sheets.identity_of(row)
    known = None if identifier else store.called(title)
    key = f"id {identifier}" if identifier else known or f"title {title}"
    if kind == five_sheets.DATASET and title:
        store.call(title, key)
    store.add(kind, key, row, is_dataset=kind == five_sheets.DATASET)
    return key


def _keep(reading: Reading, store: Store, keep: Callable[[TableRow, Store], str | None]) -> None:
    said = reading.table.findings
    for row, _ in reading.rows:
        key = keep(row, store)
        if said:
            own = [finding for finding in said if key is not None and finding.details.get("row") == row.number]
            store.say(own, key)
            store.say(finding for finding in said if finding not in own)
            said.clear()
    for finding in said:
        if finding.code == "table_too_long":
            raise UnreadableTableError(finding)  # half a list is none
    store.say(said)


def _say_orphans(store: Store) -> None:
    for kind in (five_sheets.DISTRIBUTION, five_sheets.FIELD):
        store.say(
            Finding(
                "linked_row_without_dataset",
                "dataset_identifier",
                str(row.number),
                " – ".join(filter(None, five_sheets.identity_of(row))),
                {"row": row.number, "sheet": kind},
            )
            for row in store.orphans(kind)
        )


def records_of(rows: Rows) -> Iterator[Noted]:
    """The records of a dataset's rows: one, or as many as a workbook has rows that say they are it."""
    datasets = rows.of(five_sheets.DATASET)
    if not datasets:
        record, findings = catalogue_table.record_of(rows.of(_ROW))
        yield Noted(as_data_json(record), [*rows.findings, *findings])
        return
    distributions, fields = rows.of(five_sheets.DISTRIBUTION), rows.of(five_sheets.FIELD)
    record, findings = five_sheets.record_of(datasets[0], distributions, fields)
    yield Noted(record, [*rows.findings, *findings])
    for again in datasets[1:]:
        yield Noted(five_sheets.record_of(again, (), ())[0], ())


def as_data_json(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the template (``table``) as an item of a data.json that says the same."""
    item = {meant: record[name] for name, meant in _DATASET.items() if not is_empty(record.get(name))}
    own = {meant: record[name] for name, meant in _OF_THE_EXTENSION.items() if not is_empty(record.get(name))}
    if own:
        item[EXTENSION] = own
    distributions = [
        {name.removeprefix("rs:"): text for name, text in resource.items()} for resource in record.get("rs", ())
    ]
    if distributions:
        item["distribution"] = distributions
    return item
