"""A resource's Table Schema (the data dictionary itself) as ``csvw:Schema`` with its columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyoxigraph import Literal, NamedNode

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.dcat.terms import CSVW, DCT, RDFS

# Table Schema's types and what W3C calls them; a type without a counterpart keeps its name.
_DATATYPES = {
    "string": "string",
    "number": "double",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "dateTime",
    "year": "gYear",
    "yearmonth": "gYearMonth",
    "duration": "duration",
    "geojson": "json",
    "object": "json",
    "array": "json",
    "any": "anyAtomicType",
}


def add_table_schema(builder: Builder, owner: NamedNode, value: Any) -> None:
    """``csvw:tableSchema`` of a distribution.

    Args:
        builder: of the dataset.
        owner: the distribution.
        value: a Table Schema (``{"fields": […]}``), its list of fields, or either as JSON text; anything else is
            counted as dropped.
    """
    if not value:
        return
    fields = _read_fields(value)
    if fields is None:
        builder.drop("resource.schema", "dcat_invalid_table_schema")
        return
    if not fields:
        return
    schema = builder.part_of(owner, "tabla", CSVW.Schema)
    builder.add(owner, CSVW.tableSchema, schema)
    for position, field in enumerate(fields, start=1):
        _add_column(builder, schema, field, position)


def _read_fields(value: Any) -> list[Mapping[str, Any]] | None:
    """The named columns; ``None`` for what is no Table Schema."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    fields = value.get("fields") if isinstance(value, Mapping) else value
    if not isinstance(fields, list):
        return None
    named = [field for field in fields if isinstance(field, Mapping) and values.clean_text(field.get("name"))]
    return named if named or not fields else None


def _add_column(builder: Builder, schema: NamedNode, field: Mapping[str, Any], position: int) -> None:
    column = builder.part_of(schema, f"columna-{position}", CSVW.Column)
    builder.add(schema, CSVW.column, column)
    builder.add(column, CSVW.name, builder.plain(field.get("name")))
    builder.add(column, CSVW.title, builder.text(field.get("title")))
    builder.add(column, DCT.description, builder.text(field.get("description")))
    builder.add(column, RDFS.comment, builder.text(field.get("unit")))
    if kind := values.clean_text(field.get("type")):
        builder.add(column, CSVW.datatype, Literal(_DATATYPES.get(kind.lower(), kind)))
    constraints = field.get("constraints")
    if isinstance(constraints, Mapping) and constraints.get("required") is True:
        builder.add(column, CSVW.required, Literal(True))
