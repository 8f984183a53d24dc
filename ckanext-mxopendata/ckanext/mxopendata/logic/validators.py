"""Validators of the Mexican schema: each reads what was written by the datatype of its field, or says how to mend it.

What CKAN must refuse is a value that has no reading. A value that was stored before and comes back unchanged is never
refused, so that an old dataset can be edited; what is merely missing is looked at once, at the end, by
:mod:`ckanext.mxopendata.logic.completeness`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey

from ckanext.mxopendata.logic.completeness import is_blank, mxopendata_complete, on_users_request, sentence
from ckanext.mxopendata.logic.dataset_findings import today
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.coherence import institution_contradiction, is_future, text_contradicts_key
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, crosswalk
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers import Reading
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads
from ckanext.mxopendata.metadata.validation import MAXIMUM_TITLE
from ckanext.mxopendata.metadata.values import read_value
from ckanext.mxopendata.metadata.vocabularies import vocabulary

__all__ = [
    "mxopendata_after_start",
    "mxopendata_choice",
    "mxopendata_complete",
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

Validator = Callable[[FlattenKey, FlattenDataDict, FlattenErrorDict, Context], None]

# Columns of CKAN's own tables: a field that is left out keeps its old value there, so it is emptied instead.
_CORE_TEXTS = frozenset(("title", "notes", "url", "license_id", "description", "name", "format"))
_CORE_VALUES = frozenset(("size", "mimetype", "hash"))


def _refuse(
    note: str, key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context, **details: Any
) -> None:
    """Refuse a value, unless it is what the dataset or institution held before."""
    value = data[key]
    if _stored(key, data, context) == loads(value):
        return
    errors[key].append(sentence(Finding(note, str(key[-1]), None, str(value), details)))
    raise tk.StopOnError


def _stored(key: FlattenKey, data: FlattenDataDict, context: Context) -> Any:
    """What the updated dataset or institution held at this place; asked only where something is about to be refused."""
    package, group = context.get("package"), context.get("group")
    if package is None:
        name = str(key[0])
        return getattr(group, name, None) or getattr(group, "extras", {}).get(name)
    value: Any = tk.get_action("package_show")({"ignore_auth": True, "use_cache": False}, {"id": package.id})
    if key[0] == "resources":
        # CKAN 2.12 validates only the resources that changed, so that their places are not those of the stored ones
        resource_id = data.get((*key[:2], "id"))
        value = next((resource for resource in value["resources"] if resource["id"] == resource_id), {})
        key = key[2:]
    for step in key:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return loads(value)


def _empty(key: FlattenKey, data: FlattenDataDict) -> None:
    """Nothing was written: empty CKAN's own column, or leave the field out."""
    if key[-1] in _CORE_TEXTS and (len(key) == 1 or key[0] == "resources"):
        data[key] = ""
    elif key[-1] in _CORE_VALUES and key[0] == "resources":
        data[key] = None
    else:
        data.pop(key, None)
    raise tk.StopOnError


def _for_scheming(make: Callable[[dict[str, Any]], Validator]) -> Callable[..., Validator]:
    """Mark a factory so that ckanext-scheming hands it the field's definition."""

    def for_field(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
        return make(field)

    for_field.is_a_scheming_validator = True  # type: ignore[attr-defined]
    return for_field


def _row(field: dict[str, Any], datatype: str) -> CrosswalkField:
    """A row for the reader: the datatype of the schema, the vocabulary of the field."""
    blank = dict.fromkeys(CrosswalkField.__dataclass_fields__, "")
    return CrosswalkField(
        **{**blank, "field": field["field_name"], "datatype": datatype, "vocabulary": field.get("vocabulary", "")}
    )


def mxopendata_read(datatype: str) -> Callable[..., Validator]:
    """Reads one value by a datatype of the crosswalk; booleans are stored as ``true`` and ``false``."""

    def make(field: dict[str, Any]) -> Validator:
        row = _row(field, datatype)

        def validator(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
            value = data.get(key)
            if is_blank(value):
                _empty(key, data)
            reading = read_value(row, value)
            if reading.value is None:
                _refuse(reading.note or "term_unknown", key, data, errors, context)
                return
            data[key] = str(reading.value).lower() if isinstance(reading.value, bool) else reading.value

        return validator

    return _for_scheming(make)


@_for_scheming
def mxopendata_read_list(field: dict[str, Any]) -> Validator:
    """Reads a list: a JSON list, one value, or lines of text; stored as a JSON list without repetitions."""
    known = next((row for row in crosswalk() if row.field == field["field_name"] and row.cardinality == "list"), None)
    row = _row(field, known.datatype if known else "line")

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
                if _stored(key, data, context) == value:
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
            _empty(key, data)
        if data[key] not in allowed:
            _refuse("term_unknown", key, data, errors, context)

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
        _empty(key, data)
    if vocabulary("licences").get(str(value)) or str(value) in model.Package.get_license_register():
        return
    reading = readers.read_licence(value)
    if reading.value is None:
        _refuse("licence_unknown", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_resource_licence(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """A licence of the vocabulary, or the address of any other."""
    value = data.get(key)
    if is_blank(value):
        _empty(key, data)
    reading = readers.read_licence(value)
    data[key] = reading.value or readers.read_url(value).value or value
    if reading.value is None and readers.read_url(value).value is None:
        _refuse("licence_unknown", key, data, errors, context)


def mxopendata_cvegeo(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """An INEGI key, or a name that is exactly one state or municipality; the key is stored."""
    value = data.get(key)
    if is_blank(value):
        _empty(key, data)
    reading = readers.read_cvegeo(value)
    if reading.value is None:
        _refuse(reading.note or "cvegeo_unknown", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_place_agrees(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """On a user's request: the description of a place is not the name of another one than its INEGI key."""
    cvegeo = data.get((*key[:-1], "cvegeo"))
    if on_users_request(data, context) and text_contradicts_key(data[key], cvegeo):
        _refuse("place_text_contradicts_key", key, data, errors, context, read=place_name(str(cvegeo)))


def mxopendata_institution_place(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """The INEGI key of an institution agrees with its name, its order of government and the institution above it."""
    above = data.get(("parent",))
    parent = model.Group.get(str(above)) if not is_blank(above) else None
    known = {"title": parent.title, "cvegeo": getattr(parent, "extras", {}).get("cvegeo")} if parent else None
    title, gov_type = (data.get((name,)) for name in ("title", "gov_type"))
    found = institution_contradiction(str(data[key]), "" if is_blank(title) else title, gov_type, known)
    if found:
        _refuse(found.code, key, data, errors, context, **found.details)


def mxopendata_image_url(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """The web address of an image, or the name that CKAN gave an uploaded one."""
    if is_blank(data.get(key)):
        data[key] = ""
        return
    reading = readers.read_url(data[key])
    if reading.value is None and not re.fullmatch(r"[\w.-]+", str(data[key])):
        _refuse(reading.note or "url_invalid", key, data, errors, context)
    data[key] = reading.value or data[key]


def mxopendata_not_in_future(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """On a user's request (asked last: that walks through the whole dataset): what has happened does not lie ahead."""
    if not context.get("ignore_auth") and is_future(data[key], today()) and on_users_request(data, context):
        _refuse("date_in_future", key, data, errors, context)


def mxopendata_geometry(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A rectangle or geometry: four numbers, GeoJSON or WKT; four numbers are stored as GeoJSON."""
    reading = readers.read_geometry(loads(data[key]))
    if reading.value is None:
        _refuse(reading.note or "place_unreadable", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_after_start(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """The end of a period does not precede its start."""
    start = data.get((*key[:-1], "start"))
    if isinstance(start, str) and start and readers.read_interval({"start": start, "end": data[key]}).value is None:
        errors[key].append(sentence(Finding("interval_reversed", str(key[0]), None, f"{start}/{data[key]}")))
        raise tk.StopOnError


def mxopendata_interval(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A period in one text, stored as ``start/end`` (``..`` where one is open)."""
    if is_blank(data.get(key)):
        _empty(key, data)
    reading = readers.read_interval(loads(data[key]))
    if reading.value is None:
        _refuse(reading.note or "interval_unreadable", key, data, errors, context)
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
        _refuse(reading.note or "url_invalid", key, data, errors, context)
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
        _refuse("media_type_unknown", key, data, errors, context)
        return
    data[key] = reading.value


def mxopendata_table_schema(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A Table Schema, stored as JSON text."""
    if is_blank(data.get(key)):
        _empty(key, data)
    schema = loads(data[key])
    columns = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        _refuse("table_schema_unreadable", key, data, errors, context)
        return
    if not all(column.get("name") for column in columns):
        _refuse("table_schema_column_unnamed", key, data, errors, context)
    data[key] = json.dumps(schema, ensure_ascii=False)


def mxopendata_unique_identifier(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """On a user's request: no other dataset of the institution has this identifier."""
    owner = data.get(("owner_org",))
    if context.get("ignore_auth") or is_blank(owner) or _stored(key, data, context) == data[key]:
        return
    quoted = str(data[key]).replace("\\", "\\\\").replace('"', '\\"')
    found = tk.get_action("package_search")(
        {"ignore_auth": True},
        {"fq": f'identifier:"{quoted}"', "include_private": True, "include_drafts": True, "rows": 50},
    )
    package = context.get("package")
    group = model.Group.get(str(owner))
    for other in found["results"]:
        if group and other["owner_org"] == group.id and (package is None or other["id"] != package.id):
            errors[key].append(sentence(Finding("identifier_taken", "identifier", None, str(data[key]))))
            raise tk.StopOnError
