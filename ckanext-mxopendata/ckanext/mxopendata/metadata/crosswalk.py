"""The crosswalk: every field of the model, whose it is, where it is searched, and what others call it.

Read from ``schemas/crosswalk.csv``; mapping, indexing, export, forms, documentation and tests follow it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

LEVELS = ("dataset", "resource", "organization")
CARDINALITIES = ("single", "list", "repeating")
REQUIREMENTS = ("mandatory", "recommended", "optional")
OWNERS = ("source", "local")


@dataclass(frozen=True)
class CrosswalkField:
    """One row. A column of a platform holds the ways to it, best first, separated by ``|``; a dot steps inside.

    Attributes:
        level: ``dataset``, ``resource`` or ``organization``.
        field: our name of the field.
        subfield: our name within a repeating field, or empty for the field itself.
        cardinality: ``single``, ``list`` or ``repeating`` (a list of dictionaries).
        datatype: names the reader (``metadata/values.py``); so does ``datatype`` of a field of the forms.
        vocabulary: id of the vocabulary its values are terms of, or empty.
        requirement: ``mandatory`` (Guía 2017), ``recommended`` or ``optional``.
        owner: ``source`` (a harvest writes it) or ``local`` (a harvest never does).
        solr: field of the search index, or empty where it stays out.
        adela_json: ADELA's ``catalogo.json``.
        ckan_extra: CKAN's ``package_show``, extras counted as fields.
        inventory_csv: headings of the ``ds:/rs:`` template and of the inventory.
        pnda: the national portal of 2025 and its opening plans.
        datajson: Project Open Data 1.1.
        dcat: property at export.
    """

    level: str
    field: str
    subfield: str
    cardinality: str
    datatype: str
    vocabulary: str
    requirement: str
    owner: str
    solr: str
    adela_json: str
    ckan_extra: str
    inventory_csv: str
    pnda: str
    datajson: str
    dcat: str

    def ways(self, *columns: str) -> tuple[str, ...]:
        """The ways to the field on the platforms of these columns, best first, each once."""
        return _ways(tuple(getattr(self, column) for column in columns))


@cache
def _ways(cells: tuple[str, ...]) -> tuple[str, ...]:
    ways = (way.strip() for cell in cells for way in cell.split("|"))
    return tuple(dict.fromkeys(way for way in ways if way))


@cache
def crosswalk() -> tuple[CrosswalkField, ...]:
    """All rows, in the order of the file.

    Raises:
        ValueError: where a row has a level, cardinality, requirement or owner that is none, or stands twice.
    """
    text = (files("ckanext.mxopendata.schemas") / "crosswalk.csv").read_text(encoding="utf-8")
    names = [column.name for column in fields(CrosswalkField)]
    rows = tuple(CrosswalkField(**{name: row[name] for name in names}) for row in csv.DictReader(text.splitlines()))
    keys = [(row.level, row.field, row.subfield) for row in rows]
    if len(set(keys)) != len(keys):
        raise ValueError("crosswalk.csv has a field twice")
    for row in rows:
        known = (LEVELS, CARDINALITIES, REQUIREMENTS, OWNERS)
        for value, allowed in zip((row.level, row.cardinality, row.requirement, row.owner), known, strict=True):
            if value not in allowed:
                raise ValueError(f"crosswalk.csv, {row.level} {row.field}: {value!r} is none of {allowed}")
    return rows


@cache
def fields_of(level: str) -> dict[str, CrosswalkField]:
    """The fields themselves of one level by name, without the rows of subfields."""
    return {row.field: row for row in crosswalk() if row.level == level and not row.subfield}


@cache
def subfields_of(level: str, field: str) -> dict[str, CrosswalkField]:
    """The rows of the subfields of one repeating field, by name of the subfield."""
    return {row.subfield: row for row in crosswalk() if (row.level, row.field) == (level, field) and row.subfield}


@cache
def owned_by(level: str, owner: str) -> frozenset[str]:
    """Names of the fields of a level that belong to ``source`` or to ``local``."""
    return frozenset(name for name, row in fields_of(level).items() if row.owner == owner)
