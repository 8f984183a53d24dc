"""Validators of the Mexican schema: each reads what was written by the datatype of its field, or says how to mend it.

What CKAN must refuse is a value that has no reading. A value that was stored before and comes back unchanged is never
refused, so that an old dataset can be edited; what contradicts another field is looked at by
:mod:`ckanext.mxopendata.logic.coherence_validators`, what is merely missing once, at the end, by
:mod:`ckanext.mxopendata.logic.completeness`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey

from ckanext.mxopendata.logic.coherence_validators import (
    mxopendata_after_start,
    mxopendata_institution_place,
    mxopendata_not_in_future,
    mxopendata_place_agrees,
    mxopendata_unique_identifier,
)
from ckanext.mxopendata.logic.completeness import is_blank, mxopendata_complete, sentence
from ckanext.mxopendata.logic.refusal import Validator, leave_empty, refuse, stored_value
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, crosswalk
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers import Reading
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads, stored_list
from ckanext.mxopendata.metadata.validation import MAXIMUM_TITLE
from ckanext.mxopendata.metadata.values import read_value
from ckanext.mxopendata.metadata.vocabularies import vocabulary

__all__ = [
    "mxopendata_after_start",
    "mxopendata_choice",
    "mxopendata_complete",
    "mxopendata_first",
    "mxopendata_cvegeo",
    "mxopendata_format",
    "mxopendata_geometry",
    "mxopendata_image_url",
    "mxopendata_institution_place",
    "mxopendata_interval",
    "mxopendata_licence",
    "mxopendata_list_output",
    "mxopendata_media_type",
    "mxopendata_needed_once",
    "mxopendata_not_in_future",
    "mxopendata_place_agrees",
    "mxopendata_read",
    "mxopendata_read_list",
    "mxopendata_resource_licence",
    "mxopendata_resource_url",
    "mxopendata_table_schema",
    "mxopendata_title_length",
    "mxopendata_unique_identifier",
]


def _for_scheming(make: Callable[[dict[str, Any]], Validator]) -> Callable[..., Validator]:
    """Mark a factory so that ckanext-scheming hands it the field's definition."""

    def for_field(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
        return make(field)

    for_field.is_a_scheming_validator = True  # type: ignore[attr-defined]
    return for_field


def _row(field_name: str, datatype: str, vocabulary_id: str) -> CrosswalkField:
    """A row for the reader: the datatype of the schema, the vocabulary of the field."""
    blank = dict.fromkeys(CrosswalkField.__dataclass_fields__, "")
    return CrosswalkField(**{**blank, "field": field_name, "datatype": datatype, "vocabulary": vocabulary_id})


@_for_scheming
def mxopendata_read(field: dict[str, Any]) -> Validator:
    """Reads one value by the field's ``datatype`` (see the crosswalk); booleans are stored as ``true``, ``false``."""
    return _value_reader(field["field_name"], field.get("datatype", "line"), field.get("vocabulary", ""))


@_for_scheming
def mxopendata_read_list(field: dict[str, Any]) -> Validator:
    """Reads a list: a JSON list, one value, or lines of text; stored as a JSON list without repetitions."""
    return _list_reader(field["field_name"], field.get("vocabulary", ""))


def mxopendata_first(value: Any) -> Any:
    """The first of a list, also of one in JSON text: for a text that other plugins keep as a list under its name."""
    if isinstance(value, list) or (isinstance(value, str) and isinstance(loads(value), list)):
        return next((str(item) for item in stored_list(value)), "")
    return value


# ckanext-scheming asks for the validators of every field each time it validates a dataset. They follow from these
# words of the schema alone, so each is made once; what may change (vocabularies) they look up when they are called.
@cache
def _value_reader(field_name: str, datatype: str, vocabulary_id: str) -> Validator:
    row = _row(field_name, datatype, vocabulary_id)

    def validator(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
        value = data.get(key)
        if is_blank(value):
            leave_empty(key, data)
        reading = read_value(row, value)
        if reading.value is None:
            refuse(reading.note or "term_unknown", key, data, errors, context)
            return
        data[key] = str(reading.value).lower() if isinstance(reading.value, bool) else reading.value

    return validator


@cache
def _list_reader(field_name: str, vocabulary_id: str) -> Validator:
    known = next((row for row in crosswalk() if row.field == field_name and row.cardinality == "list"), None)
    row = _row(field_name, known.datatype if known else "line", vocabulary_id)

    def validator(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
        if errors[key]:
            return
        value = loads(data.get(key))
        items = [] if is_blank(value) else as_list(value)
        found: dict[Any, None] = {}
        for item in (line for text in items for line in (text.splitlines() if isinstance(text, str) else [text])):
            if is_empty(item):
                continue
            reading = read_value(row, item)
            if reading.value is None:
                if stored_value(key, data, context) == value:
                    found[item] = None
                    continue
                errors[key].append(sentence(Finding(reading.note or "term_unknown", row.field, None, str(item))))
                raise tk.StopOnError
            found.update(dict.fromkeys(as_list(reading.value)))
        if not found:
            data.pop(key, None)
            raise tk.StopOnError
        data[key] = json.dumps(list(found), ensure_ascii=False)

    return validator


def mxopendata_list_output(value: Any) -> list[Any]:
    """The stored list as a list; a text stored before there was a list is its only item."""
    return as_list(loads(value))


@_for_scheming
def mxopendata_choice(field: dict[str, Any]) -> Validator:
    """One of the choices of the schema, or nothing."""
    allowed = {choice["value"] for choice in field["choices"]}

    def validator(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
        if is_blank(data.get(key)):
            leave_empty(key, data)
        if data[key] not in allowed:
            refuse("term_unknown", key, data, errors, context)

    return validator


def mxopendata_needed_once(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A title or a name; who changes something that exists need not send it, as in stock CKAN.

    What PostgreSQL cannot store is taken out here, since CKAN's own validators of a name ask the database for it.
    """
    entity: Any = context.get("package") or context.get("group")
    if isinstance(data.get(key), str):
        data[key] = readers.without_control(data[key])
    if is_blank(data.get(key)) and entity is not None:
        data[key] = getattr(entity, str(key[-1])) or entity.name
    if is_blank(data.get(key)):
        errors[key].append(tk._("Missing value"))
        raise tk.StopOnError


def mxopendata_title_length(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A title that PostgreSQL can keep in CKAN's index of titles (2,704 bytes; a letter takes up to four)."""
    if isinstance(data[key], str) and len(data[key]) > MAXIMUM_TITLE:
        finding = Finding("title_too_long", "title", None, None, {"maximum": MAXIMUM_TITLE})
        errors[key].append(sentence(finding))
        raise tk.StopOnError


def mxopendata_licence(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A licence of the vocabulary, or one the operator registered with CKAN on their own."""
    value = data.get(key)
    if is_blank(value):
        leave_empty(key, data)
    if vocabulary("licences").get(str(value)) or str(value) in model.Package.get_license_register():
        return
    reading = readers.read_licence(value)
    if reading.value is None:
        refuse("licence_unknown", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_resource_licence(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """A licence of the vocabulary, or the address of any other."""
    value = data.get(key)
    if is_blank(value):
        leave_empty(key, data)
    reading = readers.read_licence(value)
    data[key] = reading.value or readers.read_url(value).value or value
    if reading.value is None and readers.read_url(value).value is None:
        refuse("licence_unknown", key, data, errors, context)


def mxopendata_cvegeo(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """An INEGI key, or a name that is exactly one state or municipality; the key is stored."""
    value = data.get(key)
    if is_blank(value):
        leave_empty(key, data)
    reading = readers.read_cvegeo(value)
    if reading.value is None:
        refuse(reading.note or "cvegeo_unknown", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_image_url(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """The web address of an image, or the name that CKAN gave an uploaded one."""
    if is_blank(data.get(key)):
        data[key] = ""
        return
    reading = readers.read_url(data[key])
    if reading.value is None and not re.fullmatch(r"[\w.-]+", str(data[key])):
        refuse(reading.note or "url_invalid", key, data, errors, context)
    data[key] = reading.value or data[key]


def mxopendata_geometry(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A rectangle or geometry: four numbers, GeoJSON or WKT; four numbers are stored as GeoJSON."""
    reading = readers.read_geometry(loads(data[key]))
    if reading.value is None:
        refuse(reading.note or "place_unreadable", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_interval(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A period in one text, stored as ``start/end`` (``..`` where one is open)."""
    if is_blank(data.get(key)):
        leave_empty(key, data)
    reading = readers.read_interval(loads(data[key]))
    if reading.value is None:
        refuse(reading.note or "interval_unreadable", key, data, errors, context)
        return
    data[key] = "/".join((reading.value.get("start", ".."), reading.value.get("end", "..")))


def mxopendata_resource_url(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A web address; the name of an uploaded file stays as it is."""
    value = data.get(key)
    if is_blank(value):
        data[key] = ""
        return
    beside = {name: data.get((*key[:-1], name)) for name in ("url_type", "upload")}
    if any(not is_blank(other) for other in beside.values()) or str(value) == "_datastore_only_resource":
        return
    reading = readers.read_url(value)
    if reading.value is None:
        refuse(reading.note or "url_invalid", key, data, errors, context)
        return
    data[key] = reading.value


def _file_type(key: FlattenKey, data: FlattenDataDict) -> Reading:
    """The file type out of the resource's format, its media type, and its address or the uploaded file's name."""
    beside = {name: data.get((*key[:-1], name)) for name in ("format", "mimetype", "url", "upload")}
    known = {name: None if is_blank(value) else value for name, value in beside.items()}
    address = getattr(known["upload"], "filename", None) or known["url"]
    return readers.read_file_type(known["format"], known["mimetype"], address)


def mxopendata_format(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A file type of the vocabulary; an unknown one is kept as written, none is taken from media type or address."""
    value = data.get(key)
    data[key] = _file_type(key, data).value or ("" if is_blank(value) else readers.clean_line(value))


def mxopendata_media_type(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A media type; where none is written, that of the format."""
    value = data.get(key)
    if is_blank(value):
        term = _file_type(key, data).value
        found = vocabulary("file_types").get(term) if term else None
        data[key] = found.facts["media_type"] if found else None
        return
    reading = readers.read_media_type(value)
    if reading.value is None:
        refuse("media_type_unknown", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_table_schema(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A Table Schema, stored as JSON text."""
    if is_blank(data.get(key)):
        leave_empty(key, data)
    schema = loads(data[key])
    columns = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        refuse("table_schema_unreadable", key, data, errors, context)
        return
    if not all(column.get("name") for column in columns):
        refuse("table_schema_column_unnamed", key, data, errors, context)
    data[key] = json.dumps(schema, ensure_ascii=False)
