"""The catalogue template ``ds:/rs:`` of the Guía and ADELA: rows become records, one for each dataset, and back.

A row tells of a dataset (``ds:``), of one of its resources (``rs:``), or of both; ``ds:identifier`` says of which
dataset it is. Inventories and opening plans promise data: they are told apart and refused (rule 5 of the architecture).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record, title_key
from ckanext.mxopendata.metadata.names import derived_identifier
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads
from ckanext.mxopendata.metadata.tables import Table, TableRow, read_table
from ckanext.mxopendata.metadata.vocabularies import vocabulary

# Added to a table that goes back to its author with what was found; they mean nothing when it comes again.
FINDING_COLUMNS = ("renglon", "campo", "gravedad", "hallazgo", "remedio")
# Added to a table that goes home mended, with what was changed in words.
CHANGES_COLUMN = "cambios"
# The columns of the template, versions 1 to 3 together, in its order.
COLUMNS = (
    "ds:identifier", "ds:title", "ds:description", "ds:keyword", "ds:modified", "ds:contactPoint", "ds:mbox",
    "ds:accessLevel", "ds:accessLevelComment", "ds:temporal", "ds:spatial", "ds:dataDictionary", "ds:landingPage",
    "ds:accrualPeriodicity", "rs:title", "rs:description", "rs:downloadURL", "rs:mediaType", "rs:byteSize",
    "rs:temporal", "rs:spatial", "rs:accrualPeriodicity",
)  # fmt: skip
# What an inventory and an opening plan are told by; neither is a catalogue.
_INVENTORY = ("Nombre del conjunto", "Nombre del recurso", "¿De qué es?", "¿Tiene datos privados?", "Responsable")
_PLAN = (
    "conjunto_datos",
    "recurso_datos",
    "periodicidad_publicacion",
    "fecha_publicacion",
    "descripcion_conjunto_datos",
)
# Cells that may hold several values, parted by semicolons: the template has one column for each.
_SEVERAL = ("ds:temporal", "ds:spatial", "ds:dataDictionary")
_DATED = ("ds:modified", "ds:temporal", "rs:temporal")
_PLACE_IN_TABLE = "rs"
_OF_NOBODY = "row"


@dataclass
class CatalogueDataset:
    """A dataset of the table.

    Attributes:
        identifier: ``ds:identifier``, or derived of institution and title; empty for rows of no dataset.
        rows: numbers of its rows.
        dataset: as ``package_create`` takes it, without institution and name; empty where it is rejected.
        findings: what was noticed, each with ``details["row"]``.
    """

    identifier: str
    rows: list[int]
    dataset: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_rejected(self) -> bool:
        """Whether there is nothing to store."""
        return not self.dataset


@dataclass
class Catalogue:
    """The table and its datasets, in the order in which they first appear; every row belongs to one of them."""

    table: Table
    datasets: list[CatalogueDataset]


@dataclass
class _Group:
    rows: list[TableRow] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    resources: list[dict[str, str]] = field(default_factory=list)
    resource_rows: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_catalogue(content: bytes, institution: str, settings: MappingSettings | None = None) -> Catalogue:
    """Read a ``ds:/rs:`` catalogue.

    Args:
        content: the CSV or XLSX file.
        institution: name of the institution, for identifiers that have to be derived.
        settings: what is known of it: place, order of government, date order; ``None`` for the latter finds it out of
            the file, and leaves dates unread where the file does not tell.

    Returns:
        No dataset, and an ``error`` among the findings of the table, where the file is no such catalogue.
    """
    headings = {way for row in crosswalk() for way in row.ways("inventory_csv")}
    table = read_table(content, {*headings, *COLUMNS, *_INVENTORY, *_PLAN}, (*FINDING_COLUMNS, CHANGES_COLUMN))
    if not table.is_readable:
        return Catalogue(table, [])
    catalogue = sum(name in COLUMNS for name in table.headings)
    for names, code in ((_INVENTORY, "table_is_inventory"), (_PLAN, "table_is_plan")):
        if sum(name in names for name in table.headings) > catalogue:
            table.findings.append(Finding(code))
            return Catalogue(table, [])
    settings = settings or MappingSettings(date_order=None)
    if settings.date_order is None:
        settings = replace(settings, date_order=readers.infer_date_order(_dates(table)))
    groups = _grouped(table.rows)
    return Catalogue(table, [_dataset(key, group, institution, settings) for key, group in groups.items()])


def _dates(table: Table) -> Iterator[str]:
    """Everything that stands where the template has dates."""
    for row in table.rows:
        for name in _DATED:
            yield from re.split(r"\s*;\s*|(?<=\d{4})/|/(?=\d{4}-)", row.cells.get(name, ""))


def _grouped(rows: Iterable[TableRow]) -> dict[str, _Group]:
    """The rows of each dataset. One without an identifier goes by its title; one with neither is of nobody."""
    groups: dict[str, _Group] = {}
    for row in rows:
        _add(groups.setdefault(group_key(row) or f"{_OF_NOBODY} {row.number}", _Group()), row)
    return groups


def group_key(row: TableRow) -> str:
    """Of which dataset a row is: equal for the rows of one, empty for a row that says nothing of it."""
    identifier, title = (clean_line(row.cells.get(name, "")) for name in ("ds:identifier", "ds:title"))
    return f"id {identifier}" if identifier else f"title {title_key(title)}" if title else ""


def record_of(rows: Iterable[TableRow]) -> tuple[dict[str, Any], list[Finding]]:
    """The rows of one dataset as one record (``table``), and where they contradict each other."""
    group = _Group()
    for row in rows:
        _add(group, row)
    return _record(group), group.findings


def _add(group: _Group, row: TableRow) -> None:
    group.rows.append(row)
    for name, text in row.cells.items():
        if not name.startswith("ds:"):
            continue
        if name not in group.record:
            group.record[name] = text
            group.said[name] = row.number
        elif clean_line(group.record[name]) != clean_line(text):
            group.findings.append(
                Finding("row_contradicts_dataset", name, str(row.number), text[:100], {"row": row.number})
            )
    resource = {name: text for name, text in row.cells.items() if name.startswith("rs:")}
    if resource:
        group.resources.append(resource)
        group.resource_rows.append(row.number)


def _dataset(key: str, group: _Group, institution: str, settings: MappingSettings) -> CatalogueDataset:
    first_row = group.rows[0].number
    result = CatalogueDataset(clean_line(group.record.get("ds:identifier", "")), [row.number for row in group.rows])
    result.findings = group.findings
    title = clean_line(group.record.get("ds:title", ""))
    if key.startswith(f"{_OF_NOBODY} "):
        result.findings.append(Finding("row_without_dataset", "ds:identifier", None, None, {"row": first_row}))
        return result
    if not title:
        result.findings.append(
            Finding("dataset_without_title", "ds:title", None, result.identifier, {"row": first_row})
        )
        return result
    if not result.identifier:
        result.identifier = derived_identifier(institution, title_key(title))
        details = {"row": first_row, "read": result.identifier}
        result.findings.append(Finding("identifier_derived", "ds:identifier", None, title, details))
    mapped = map_record(_record(group), "table", settings)
    result.dataset = {**mapped.dataset, "identifier": result.identifier}
    result.findings += [_in_row(finding, group) for finding in mapped.findings]
    return result


def _record(group: _Group) -> dict[str, Any]:
    """The dataset as the mapping takes it: its cells by heading, contacts put together, resources in a list."""
    record: dict[str, Any] = dict(group.record)
    for name in _SEVERAL:
        if ";" in record.get(name, ""):
            record[name] = [part.strip() for part in record[name].split(";") if part.strip()]
    names = [part.strip() for part in record.pop("ds:contactPoint", "").split(";")]
    mails = [part.strip() for part in record.pop("ds:mbox", "").split(";")]
    count = max(len(names), len(mails))
    pairs = zip(names + [""] * (count - len(names)), mails + [""] * (count - len(mails)), strict=True)
    record["contactPoint"] = [
        {label: text for label, text in (("fn", name), ("hasEmail", mail)) if text} for name, mail in pairs
    ]
    record[_PLACE_IN_TABLE] = group.resources
    return record


def _in_row(finding: Finding, group: _Group) -> Finding:
    """A finding of the mapping, said of a row and a column of the table instead of a way in a record."""
    location = finding.location or ""
    row = group.rows[0].number
    name = finding.field
    if location.startswith(f"{_PLACE_IN_TABLE}["):
        position, _, column = location[len(_PLACE_IN_TABLE) + 1 :].partition("]")
        row = group.resource_rows[int(position)]
        name = column.lstrip(".") or finding.field
    else:
        column = location.split("[")[0]
        if column in group.said:
            row, name = group.said[column], column
        elif finding.field == "contact":
            row, name = group.said.get("ds:mbox", row), "ds:mbox"
    details: Mapping[str, Any] = {**finding.details, "row": row}
    return Finding(finding.code, name, str(row), finding.value, details)


def write_dataset(dataset: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of one dataset: one that tells of it, and one for each resource. The reverse of :func:`read_catalogue`.

    Args:
        dataset: as ``package_show`` gives it.

    Returns:
        Column → text; what the template has no column for (theme, licence, …) is left out.
    """
    identifier = str(dataset.get("identifier") or dataset.get("name") or "")
    contacts = [item for item in as_list(loads(dataset.get("contact"))) if isinstance(item, Mapping)]
    access = vocabulary("access_rights").get(str(dataset.get("access_rights") or ""))
    cells = {
        "ds:identifier": identifier,
        "ds:title": dataset.get("title"),
        "ds:description": dataset.get("notes"),
        "ds:keyword": ", ".join(tag["name"] for tag in dataset.get("tags", ())),
        "ds:modified": dataset.get("modified"),
        "ds:contactPoint": "; ".join(str(item.get("name", "")) for item in contacts).strip("; "),
        "ds:mbox": "; ".join(str(item.get("email", "")) for item in contacts).strip("; "),
        "ds:accessLevel": access.label("es") if access else "",
        "ds:accessLevelComment": dataset.get("access_comment"),
        "ds:temporal": "; ".join(_period(item) for item in as_list(loads(dataset.get("temporal_coverage")))),
        "ds:spatial": "; ".join(filter(None, map(_place, as_list(loads(dataset.get("spatial_coverage")))))),
        "ds:dataDictionary": "; ".join(str(item) for item in as_list(loads(dataset.get("documentation")))),
        "ds:landingPage": dataset.get("url"),
        "ds:accrualPeriodicity": dataset.get("frequency"),
    }
    rows = [_texts(cells)]
    for resource in dataset.get("resources", ()):
        cells = {
            "ds:identifier": identifier,
            "rs:title": resource.get("name"),
            "rs:description": resource.get("description"),
            "rs:downloadURL": resource.get("url"),
            "rs:mediaType": resource.get("mimetype") or resource.get("format"),
            "rs:byteSize": resource.get("size"),
            "rs:temporal": resource.get("temporal_coverage"),
            "rs:spatial": resource.get("spatial_coverage"),
            "rs:accrualPeriodicity": resource.get("frequency"),
        }
        rows.append(_texts(cells))
    return rows


def _texts(cells: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in cells.items() if not is_empty(value)}


def _period(period: Any) -> str:
    return readers.interval_text(period) if isinstance(period, Mapping) else ""


def _place(place: Any) -> str:
    """The text where it says the key, too; else the key."""
    if not isinstance(place, Mapping):
        return ""
    text, key = str(place.get("text") or ""), str(place.get("cvegeo") or "")
    if text and (readers.read_place(text).value or {}).get("cvegeo", "") == key:
        return text
    return key or text
