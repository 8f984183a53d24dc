"""From a raw value to what is stored, by the datatype a field has in the crosswalk, with findings for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mended import CONFIGURED, Change, reason
from ckanext.mxopendata.metadata.readers import Reading
from ckanext.mxopendata.metadata.readers.reading import unreadable
from ckanext.mxopendata.metadata.records import Found, as_list, is_empty, shown

# Whose values are personal data: a finding names the field, never the value (it ends in a public report).
PERSONAL = frozenset(("contact", "creator"))
# Where a value stands that an operator set.
_CONFIGURATION = "config."


@dataclass
class Notebook:
    """Collects the findings of one record, and what of it is written differently here.

    Attributes:
        date_order: how dates that allow several orders are read.
        within: INEGI key in which the names of municipalities are looked up.
        resource: position of the resource that is being read, ``None`` while it is the dataset.
        changes: see :mod:`.mended`.
    """

    date_order: str | None = None
    within: str | None = None
    findings: list[Finding] = field(default_factory=list)
    resource: int | None = None
    changes: list[Change] = field(default_factory=list)

    def change(self, name: str, why: str, said: Any = None, here: Any = None, instead: bool = False) -> None:
        """Write down that a value is written differently here.

        Args:
            name: the field, with the subfield after a dot.
            why: one of :data:`.mended.REASONS`.
            said: what the source says; an empty one is nothing.
            here: what is stored.
            instead: whether it takes the place of what was written down of this field before.
        """
        if instead:
            self.changes = [known for known in self.changes if (known.field, known.resource) != (name, self.resource)]
        if name.partition(".")[0] in PERSONAL:
            said = here = None
        texts = (None if is_empty(value) else shown(value) for value in (said, here))
        self.changes.append(Change(name, why, *texts, resource=self.resource))

    def compare(self, row: CrosswalkField, found: Found, here: Any) -> None:
        """Write down whether a value of the source is written differently here; not one of the configuration."""
        if found.location.startswith(_CONFIGURATION) or is_empty(found.value):
            return
        name = f"{row.field}.{row.subfield}" if row.subfield else row.field
        if found.said is not None:
            self.change(name, CONFIGURED, found.said, here)
        elif why := reason(row, found.value, here):
            self.change(name, why, found.value, here)

    def note(self, code: str, field_name: str | None, found: Found | None = None, **details: Any) -> None:
        """Write one finding down; the same one twice is one."""
        quoted = None if found is None or field_name in PERSONAL else shown(found.value)
        finding = Finding(code, field_name, found.location if found else None, quoted, details)
        if finding not in self.findings:
            self.findings.append(finding)

    def keep(self, reading: Reading, field_name: str, found: Found) -> Any:
        """The reading's value; its note becomes a finding."""
        if reading.note:
            self.note(reading.note, field_name, found, **_reads_as(reading, field_name))
        return reading.value


def _reads_as(reading: Reading, field_name: str) -> dict[str, Any]:
    if reading.value is None or field_name in PERSONAL:
        return {}
    return {"read": shown(reading.value)[:200]}


def scalar(value: Any) -> Any:
    """One value out of what a platform may give: the first of a list, the name of an object, the object's id."""
    if isinstance(value, (list, tuple)):
        return next((scalar(item) for item in value if not is_empty(item)), None)
    if isinstance(value, dict):
        for key in ("value", "@value", "name", "title", "id", "@id", "uri", "fn"):
            if not is_empty(value.get(key)):
                return scalar(value[key])
        return None
    return value


def _line(raw: Any, date_order: str | None) -> Reading:
    return _cleaned(raw, readers.clean_line(raw))


def _text(raw: Any, date_order: str | None) -> Reading:
    return _cleaned(raw, readers.clean_text(raw))


def _markdown(raw: Any, date_order: str | None) -> Reading:
    changed = readers.clean_line(raw) != " ".join(str(raw).split())
    return _cleaned(raw, readers.clean_text(raw), "text_cleaned" if changed else None)


def _cleaned(raw: Any, text: str, note: str | None = None) -> Reading:
    if not text:
        return Reading(None) if is_empty(raw) else unreadable("text_empty_once_cleaned")
    return Reading(text, note=note)


def _date(raw: Any, date_order: str | None) -> Reading:
    return readers.read_date(raw, date_order)


_SINGLE: dict[str, Callable[[Any, str | None], Reading]] = {
    "line": _line,
    "identifier": _line,
    "slug": _line,
    "organization": _line,
    "text": _text,
    "markdown": _markdown,
    "date": _date,
    "boolean": lambda raw, _: readers.read_boolean(raw),
    "email": lambda raw, _: readers.read_email(raw),
    "url": lambda raw, _: readers.read_url(raw),
    "size": lambda raw, _: readers.read_size(raw),
    "frequency": lambda raw, _: readers.read_frequency(raw),
    "licence": lambda raw, _: readers.read_licence(raw),
    "language": lambda raw, _: readers.read_language(raw),
    "criterion": lambda raw, _: readers.read_criterion(raw),
    "access_rights": lambda raw, _: readers.read_access_rights(raw),
    "format": lambda raw, _: readers.read_format(raw),
    "media_type": lambda raw, _: readers.read_media_type(raw),
}


def can_read(datatype: str) -> bool:
    """Whether :func:`read_value` knows the datatype; groups, places and resources are put together elsewhere."""
    return datatype in _SINGLE or datatype in ("term", "themes", "keywords")


def read_value(row: CrosswalkField, raw: Any, date_order: str | None = None) -> Reading:
    """Read one value by the datatype of its field.

    Args:
        row: the field; a ``term`` without a vocabulary is any text.
        raw: one value, not a list.
        date_order: see :func:`readers.read_date`.

    Raises:
        KeyError: for a datatype that :func:`can_read` does not know.
    """
    if row.datatype == "identifier" and row.vocabulary:
        return readers.read_known_or_own(raw, row.vocabulary)
    if row.datatype == "term":
        return readers.read_term(raw, row.vocabulary) if row.vocabulary else _line(raw, None)
    if row.datatype == "themes":
        return readers.read_theme(raw)
    if row.datatype == "keywords":
        return readers.read_keywords([raw])
    return _SINGLE[row.datatype](raw, date_order)


def read_single(row: CrosswalkField, found: Found, notebook: Notebook) -> Any:
    """One stored value, or ``None`` with a finding where it cannot be read."""
    raw = scalar(found.value)
    if is_empty(raw):
        return None
    raw_found = Found(raw, found.location, found.said)
    value = notebook.keep(read_value(row, raw, notebook.date_order), row.field, raw_found)
    notebook.compare(row, raw_found, value)
    return value


def read_list(row: CrosswalkField, found: Found, notebook: Notebook) -> list[Any]:
    """The stored values of a list field, each once, in the order written."""
    raw = found.value
    if isinstance(raw, str) and row.datatype != "url":
        raw = [part for part in raw.replace(";", ",").split(",") if part.strip()]
    values: dict[Any, None] = {}
    for index, item in enumerate(as_list(raw)):
        location = f"{found.location}[{index}]" if isinstance(found.value, (list, tuple)) else found.location
        value = read_single(row, Found(item, location), notebook)
        if value is not None:
            values[value] = None
    return list(values)


def read_table_schema(found: Found, notebook: Notebook) -> str | None:
    """A Table Schema as JSON text, out of one, or out of the list of ``field`` of the Argentine profile."""
    raw = found.value
    columns = raw.get("fields") if isinstance(raw, dict) else raw
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        notebook.note("table_schema_unreadable", "schema", found)
        return None
    if isinstance(raw, dict):
        return json.dumps(raw, ensure_ascii=False)
    fields = [
        {
            key: readers.clean_line(column[source])
            for key, source in (("name", "title"), ("type", "type"), ("description", "description"))
            if not is_empty(column.get(source))
        }
        for column in columns
    ]
    return json.dumps({"fields": fields}, ensure_ascii=False)
