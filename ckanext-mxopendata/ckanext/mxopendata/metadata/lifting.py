"""What older metadata hold under the names of our fields, lifted to what the fields hold now.

A site that ran on CKAN's own schema may have extras such as ``contact`` = ``Juan Pérez <datos@x.gob.mx>`` or
``frequency`` = ``mensual``: plain text under the name of a field that now has a form of its own. Each is read by the
reader of its field. What cannot be read, or not without losing something, is kept word for word beside it, as
``original_<field>``.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, fields_of
from ckanext.mxopendata.metadata.groups import read_groups
from ckanext.mxopendata.metadata.mended import ISO_DATE
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads, shown
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.values import Notebook, read_value, scalar
from ckanext.mxopendata.metadata.vocabularies import vocabulary

ORIGINAL = "original_"
_ORIGINAL_KEY = re.compile(rf"{ORIGINAL}(?P<name>.+?)(_\d+)?")
# Fields that CKAN keeps in columns of its own tables: no extra can have their names.
CORE = {
    "dataset": frozenset(("title", "name", "notes", "tag_string", "owner_org", "license_id", "url")),
    "resource": frozenset(("name", "description", "url", "format", "mimetype", "size", "hash")),
    "organization": frozenset(("title", "name", "description", "image_url")),
}
# What parts the values of one text: addresses by blanks, keys by commas, words also by slashes.
_SEPARATORS = {"url": r"[\s;|]+|,\s*(?=https?:)", "identifier": r"\s*[,;|]\s*"}
_WORD_SEPARATOR = r"\s*[,;|/]\s*"
# Texts of any kind: what is written is what is stored.
_TEXTS = frozenset(("line", "text", "markdown", "slug", "identifier", "organization", "place_text", "table_schema"))
# Old plugins of CKAN stored a list as Python writes it: ['Federal'], [u'Federal'].
_PYTHON_LIST = re.compile(r"\s*\[\s*u?(['\"]).{0,2000}\1\s*\]\s*", re.DOTALL)
_POSTGRES_ARRAY = re.compile(r"\{.*\}", re.DOTALL)
# An address that needs no care: letters, digits and signs that stand for themselves, in a length that everybody allows.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(/[A-Za-z0-9._~/=&?%+-]{0,1000})?")
# A list of dictionaries longer than this is told by its ends: a polygon is not parsed to see whether it is a list.
_PARSED_CHARACTERS = 20_000


@dataclass(frozen=True)
class Lifting:
    """What became of some values.

    Attributes:
        fields: field → its proper value: a list for list fields, a list of dictionaries for repeating ones, else text.
        originals: ``original_<field>`` → the text as it was.
        unread: fields of whose text nothing could be read; a subset of those with an original.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


@cache
def extra_fields(level: str) -> dict[str, CrosswalkField]:
    """The fields of a level that CKAN stores as extras: the names under which older text may stand."""
    return {name: row for name, row in fields_of(level).items() if name not in CORE[level]}


def is_lifted(row: CrosswalkField, value: Any, choices: Mapping[str, Any] | None = None) -> bool:
    """Whether a stored value already has the form of its field, so that nothing is to be done.

    Args:
        row: the field.
        value: what is stored (text) or shown (a list).
        choices: the values allowed, where the schema names them itself.
    """
    if row.cardinality == "repeating":
        return _is_group(value)  # ckanext-scheming cannot even show an empty text there
    if is_empty(value):
        return True
    if row.cardinality == "list":
        items = loads(value)
        return isinstance(items, list) and all(isinstance(item, str) and _is_term(row, item) for item in items)
    if choices is not None:
        return str(value) in choices
    return isinstance(value, str) and (row.datatype in _TEXTS or _is_single(row, value))


def lift(level: str, values: Mapping[str, Any], choices: Mapping[str, Mapping[str, Any]] | None = None) -> Lifting:
    """Read values written under the names of our fields.

    Args:
        level: ``dataset``, ``resource`` or ``organization``.
        values: field → what was written: text, JSON text, Postgres' array text, or a list.
        choices: field → {value allowed: its label or labels}, for fields whose choices stand in the schema itself.

    Returns:
        What could be read and what is kept as it was; every value that is not blank is in one of both, or in both.

    Raises:
        KeyError: for a field that the level does not have.
    """
    fields: dict[str, Any] = {}
    originals: dict[str, str] = {}
    unread: list[str] = []
    for name, raw in values.items():
        if is_empty(loads(raw)) or raw == "null":
            continue
        value, whole = read_field(level, extra_fields(level)[name], raw, (choices or {}).get(name))
        if is_empty(value):
            unread.append(name)
        else:
            fields[name] = value
        if not whole:
            originals[f"{ORIGINAL}{name}"] = as_written(raw)
    return Lifting(fields, originals, tuple(unread))


def free_key(key: str, value: str, taken: Mapping[str, Any]) -> str | None:
    """A key under which a value can be kept without overwriting another: ``key``, ``key_2``, ``key_3`` …

    Returns:
        ``None`` where the same value is kept already.
    """
    number, candidate = 1, key
    while candidate in taken:
        if taken[candidate] == value:
            return None
        number += 1
        candidate = f"{key}_{number}"
    return candidate


def lifted_from(key: str, level: str = "dataset") -> str | None:
    """The field whose older text stands under a key such as ``original_theme`` or ``original_theme_2``, or ``None``."""
    match = _ORIGINAL_KEY.fullmatch(key)
    return match["name"] if match and match["name"] in extra_fields(level) else None


def stored_form(value: Any) -> str:
    """A lifted value as CKAN stores an extra: text, lists as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_written(raw: Any) -> str:
    """The text as somebody wrote it: the only item of a list without its brackets."""
    items = loads(raw)
    return items[0] if isinstance(items, list) and len(items) == 1 and isinstance(items[0], str) else shown(raw)


def read_field(level: str, row: CrosswalkField, raw: Any, choices: Mapping[str, Any] | None = None) -> tuple[Any, bool]:
    """The value of one field out of a text, and whether it says all that was written.

    Args:
        level: ``dataset``, ``resource`` or ``organization``.
        row: the field.
        raw: what was written, in any of the forms of :func:`lift`.
        choices: {value allowed: its label or labels} where the schema names them itself.
    """
    if row.cardinality == "repeating":
        return _read_group(row, raw)
    items = _items(row, raw)
    if row.cardinality == "list":
        found: dict[str, None] = {}
        whole = True
        for item in items:
            values, certain = _read_item(row, item)
            found.update(dict.fromkeys(values))
            whole &= certain
        return list(found), whole
    texts = [scalar(item) for item in items if not is_empty(scalar(item))]
    if choices is not None:
        value, certain = _choice(texts[0], choices) if texts else (None, False)
    else:
        value, certain = _read_one(level, row, texts[0]) if texts else (None, False)
    return value, certain and len(texts) == 1 and not is_empty(value)


def _items(row: CrosswalkField, raw: Any) -> list[Any]:
    """The items of a list, of JSON text, of Postgres' or Python's text of a list, or the one value."""
    value = loads(raw)
    if isinstance(value, str) and _PYTHON_LIST.fullmatch(value):
        value = _python_list(value)
    if isinstance(value, str) and _POSTGRES_ARRAY.fullmatch(value.strip()):
        inner = value.strip()[1:-1]
        return next(csv.reader([inner.replace("\n", " ")], escapechar="\\", skipinitialspace=True), [])
    if isinstance(value, str) and row.cardinality == "list":
        return value.splitlines()
    return as_list(value)


def _python_list(text: str) -> Any:
    """The list that Python's own writing of a list means, or the text where it means none."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _read_item(row: CrosswalkField, item: Any) -> tuple[list[str], bool]:
    """The values of one item of a list, and whether they say all of it.

    A word is a term as a whole before it is tried in its parts, since labels have commas; addresses and keys have none.
    """
    text = scalar(item)
    if is_empty(text):
        return [], True
    parts = [part for part in re.split(_SEPARATORS.get(row.datatype, _WORD_SEPARATOR), str(text)) if part]
    tries = [[text], parts] if row.datatype not in _SEPARATORS else [parts]
    for texts in tries:
        readings = [read_value(row, part) for part in texts]
        values = [str(value) for reading in readings for value in as_list(reading.value)]
        if values:
            return values, all(reading.value is not None and reading.note is None for reading in readings)
    return [], False


def _read_one(level: str, row: CrosswalkField, text: Any) -> tuple[str | None, bool]:
    if row.datatype in _TEXTS:
        return str(text), True
    if row.datatype == "cvegeo":
        reading = readers.read_place(text)
        return (reading.value or {}).get("cvegeo"), reading.certain
    if row.datatype == "interval_text":
        reading = readers.read_interval(text)
        return (readers.interval_text(reading.value) if reading.value else None), reading.note is None
    # dates of a Mexican site; where day and month could change places the text stays beside it
    reading = read_value(row, text, "DMY")
    if reading.value is None and row.datatype == "licence" and level == "resource":
        reading = readers.read_url(text)  # the address of any other licence
    if reading.value is None:
        return None, False
    value = str(reading.value).lower() if isinstance(reading.value, bool) else str(reading.value)
    return value, reading.note is None


def _choice(text: Any, choices: Mapping[str, Any]) -> tuple[str | None, bool]:
    folded = fold(text)
    for value, label in choices.items():
        labels: Iterable[Any] = label.values() if isinstance(label, Mapping) else (label,)
        if folded in {fold(word) for word in (value, *labels)}:
            return value, True
    return None, False


def _read_group(row: CrosswalkField, raw: Any) -> tuple[list[dict[str, str]], bool]:
    notebook = Notebook("DMY")
    value = loads(raw)
    if isinstance(value, str) and _POSTGRES_ARRAY.fullmatch(value.strip()):
        value = _items(row, value)
    if row.field == "contact":
        if isinstance(value, str) and value.count("@") > 1:
            value = [part for part in re.split(r"[,;|\n]+", value) if part.strip()]
        # ways of a contactPoint, which are those of our own subfields, too
        found = read_groups(row, {"contactPoint": value}, ("datajson",), notebook)
    else:
        found = read_groups(row, {row.field: value}, ("ckan_extra",), notebook)
    if not found:
        return [], False
    if row.field == "temporal_coverage":
        return found, not notebook.findings
    whole = words(shown(value)) <= words(shown(found)) | set(_own_words(value))
    return found, whole or (row.field == "spatial_coverage" and not notebook.findings)


def _own_words(value: Any) -> Iterable[str]:
    """Names of keys are no part of what was written."""
    for item in as_list(value):
        if isinstance(item, Mapping):
            yield from (word for key in item for word in words(str(key)))


def words(text: str) -> set[str]:
    """The words of a text, folded: two texts with the same ones say the same."""
    return set(fold(text).split()) - {"mailto"}


def _is_group(value: Any) -> bool:
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _PARSED_CHARACTERS:
            return text.startswith("[{") and text.endswith("}]")
        value = loads(text)
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _is_term(row: CrosswalkField, item: str) -> bool:
    return row.datatype in _TEXTS or _is_single(row, item)


def _is_single(row: CrosswalkField, text: str) -> bool:
    check = _FORMS.get(row.datatype)
    if check is not None:
        return check(text)
    if not row.vocabulary:
        return True
    return vocabulary(row.vocabulary).get(text) is not None or (row.datatype == "licence" and _is_address(text))


def _is_address(text: str) -> bool:
    # Nearly all addresses are plain, and reading one takes a while.
    if _PLAIN_ADDRESS.fullmatch(text):
        return True
    return readers.read_url(text).value is not None


def _is_period(text: str) -> bool:
    period = readers.read_interval(text).value
    return bool(period) and readers.interval_text(period) == text


# The form in which a single value of a datatype is stored.
_FORMS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: ISO_DATE.fullmatch(text) is not None,
    "url": _is_address,
    "boolean": lambda text: text in ("true", "false"),
    "cvegeo": lambda text: text.isdecimal() and readers.read_place(text).value is not None,
    "interval_text": _is_period,
}
