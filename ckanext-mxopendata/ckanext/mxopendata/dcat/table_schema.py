"""A resource's Table Schema (the data dictionary itself) as ``csvw:Schema`` with its columns, and back.

What W3C's columns cannot say of it (patterns, keys, types of Table Schema alone) would be lost on the way: then the
whole document stands beside them as ``rdf:value``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyoxigraph import Literal, NamedNode

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.dcat.graph import Graph, Node
from ckanext.mxopendata.dcat.terms import CSVW, DCT, RDF, RDFS

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
_TYPES = {theirs: ours for ours, theirs in _DATATYPES.items() if theirs != "json"}
_TEXTS = ("name", "title", "description", "unit")


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
    document = json.loads(value) if isinstance(value, str) else value
    if not _columns_say_all(document):
        builder.add(schema, RDF.value, Literal(values.clean_text(_to_json(document)), datatype=RDF.JSON))


def _to_json(document: Any) -> str:
    return json.dumps(document if isinstance(document, Mapping) else {"fields": document}, ensure_ascii=False)


def _columns_say_all(document: Any) -> bool:
    if isinstance(document, Mapping) and len(document) > 1:
        return False
    fields = document["fields"] if isinstance(document, Mapping) else document
    return all(isinstance(field, Mapping) and _column_says_all(field) for field in fields)


def _column_says_all(field: Mapping[str, Any]) -> bool:
    kind = field.get("type") or ""
    return (
        field.keys() <= {*_TEXTS, "type", "constraints"}
        and all(values.clean_text(field.get(name)) == (field.get(name) or "") for name in _TEXTS)
        and bool(field.get("name"))
        and (_TYPES.get(_DATATYPES.get(kind, kind), kind) == kind if isinstance(kind, str) else False)
        and _DATATYPES.get(kind) != "json"
        and field.get("constraints") in (None, {}, {"required": True})
    )


def parse_table_schema(graph: Graph, owner: Node) -> dict[str, Any] | None:
    """The Table Schema of a distribution, or ``None`` where it has none.

    Args:
        graph: the document.
        owner: the distribution.
    """
    for schema in graph.nodes(owner, CSVW.tableSchema):
        for text in graph.texts(schema, RDF.value):
            document = _loads(text.value)
            if isinstance(document, dict) and _read_fields(document):
                return document
        columns = graph.in_order(graph.nodes(schema, CSVW.column))
        if fields := [field for field in (_parse_column(graph, column) for column in columns) if field]:
            return {"fields": fields}
    return None


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _parse_column(graph: Graph, column: Node) -> dict[str, Any]:
    field: dict[str, Any] = {}
    for name, properties in (
        ("name", (CSVW.name,)),
        ("title", (CSVW.title,)),
        ("type", (CSVW.datatype,)),
        ("description", (DCT.description,)),
        ("unit", (RDFS.comment,)),
    ):
        if text := graph.text(column, *properties):
            field[name] = _TYPES.get(text, text) if name == "type" else text
    if field and not field.get("name"):
        field = {"name": field.get("title", ""), **field}
    if any(text.value in ("true", "1") for text in graph.texts(column, CSVW.required)):
        field["constraints"] = {"required": True}
    return field if field.get("name") else {}


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
