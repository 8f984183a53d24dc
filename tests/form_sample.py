"""A value for every field of the forms, made out of the schema: by datatype, vocabulary and choices, never by hand.

A field that is added tomorrow is sampled by itself; one of a datatype that nobody has a sample for raises an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, crosswalk
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "mx_dataset.yaml"
PARTS = {"dataset": "dataset_fields", "resource": "resource_fields"}
SITE = "https://datos.ejemplo.gob.mx"
# How many boxes, lines and terms are filled in wherever there may be several.
SEVERAL = 2
# Each resource is another file.
FILE_TYPES = ("CSV", "JSON", "XML")
_FIRST_DAY = date(2010, 1, 1)


@dataclass(frozen=True)
class Sample:
    """What a person writes in one field, and what is stored of it.

    Attributes:
        typed: a text, or the texts of several controls of one name.
        stored: as ``package_show`` gives it.
    """

    typed: str | list[str]
    stored: Any


@dataclass(frozen=True)
class Place:
    """A field or subfield of a form.

    Attributes:
        row: its row of the crosswalk.
        field: its description in the schema.
        number: which of several boxes or resources.
    """

    row: CrosswalkField
    field: dict[str, Any]
    number: int

    @property
    def name(self) -> str:
        """What it is called in texts."""
        return self.row.subfield or self.row.field


def _same(text: str) -> Sample:
    return Sample(text, text)


def _line(place: Place) -> Sample:
    return _same(f"{place.row.level}: «{place.name}» núm. {place.number + 1} & ñandú, 50 % < 100")


def _text(place: Place) -> Sample:
    # A form sends the line breaks of the web.
    text = _line(place).stored
    return Sample(f"**{text}**\r\n\r\nSegundo párrafo.", f"**{text}**\n\nSegundo párrafo.")


def _date(place: Place) -> Sample:
    """Another day for every field; those of later rows are later, so that a period ends after it starts."""
    days = 37 * crosswalk().index(place.row) + 300 * place.number
    return _same((_FIRST_DAY + timedelta(days=days)).isoformat())


def _address(place: Place) -> Sample:
    ending = FILE_TYPES[place.number].lower() if place.row.level == "resource" else "html"
    # A file's own address and the one that downloads it are one (metadata model: download_url equals url).
    name = "url" if place.row.field == "download_url" else place.name
    return _same(f"{SITE}/{place.row.level}/{name}/{place.number + 1}.{ending}")


def _terms(place: Place) -> list[Term]:
    """The terms that may be chosen, without the first, which a form may choose by itself."""
    family = place.field.get("vocabulary_family")
    terms = vocabulary(place.row.vocabulary).active()
    chosen = [term for term in terms if not family or term.facts["family"] == family]
    return chosen[1:]


def _term(place: Place) -> Sample:
    choices = place.field.get("choices")
    if choices:
        return _same(choices[-1]["value"])
    terms = _terms(place)
    # What the dataset says and what its resources say are different things.
    return _same(terms[(place.number + (place.row.level == "resource") * SEVERAL) % len(terms)].id)


def _schema_of_columns(place: Place) -> Sample:
    columns = [
        {"name": "cct", "type": "string", "description": "Clave", "constraints": {"required": True}},
        {"name": f"valor_{place.number}", "type": "number", "title": "Valor", "unit": "personas"},
    ]
    text = json.dumps({"fields": columns}, ensure_ascii=False)
    return Sample(json.dumps({"fields": columns}, ensure_ascii=False, indent=2), text)


def _geometry(place: Place) -> Sample:
    west, south, east, north = (-103.47 + place.number, 20.6, -103.26 + place.number, 20.76)
    if place.name == "bbox":
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        stored = json.dumps({"type": "Polygon", "coordinates": [ring]})
        return Sample(f"{west}, {south}, {east}, {north}", stored)
    return _same(json.dumps({"type": "Point", "coordinates": [west, south]}))


_BY_DATATYPE: dict[str, Callable[[Place], Sample]] = {
    "line": _line,
    "text": _text,
    "markdown": _text,
    "place_text": _line,
    "slug": lambda place: _same("conjunto-de-todos-los-campos"),
    "date": _date,
    "interval_text": lambda place: _same(f"201{place.number}-01-01/201{place.number}-12-31"),
    "url": _address,
    "email": lambda place: _same(f"{place.row.field}.{place.number + 1}@ejemplo.gob.mx"),
    "keywords": lambda place: Sample("matrícula escolar, escuelas", ["escuelas", "matrícula escolar"]),
    "size": lambda place: Sample(f"{place.number + 1}.2 MB", (place.number + 1) * 1_000_000 + 200_000),
    "format": lambda place: _same(FILE_TYPES[place.number]),
    "media_type": lambda place: _same(vocabulary("file_types").terms[FILE_TYPES[place.number]].facts["media_type"]),
    "table_schema": _schema_of_columns,
    "cvegeo": lambda place: _same(list(vocabulary("municipalities").terms)[place.number * 1000 + 500]),
    "geometry": _geometry,
    **dict.fromkeys(
        ("themes", "term", "criterion", "identifier", "language", "licence", "frequency", "access_rights"), _term
    ),
}
# Texts of one line that say something a machine reads, too.
_BY_FIELD: dict[tuple[str, str], Callable[[Place], Sample]] = {
    ("resource", "hash"): lambda place: _same(f"{place.number + 1}a" * 32),
}


def sample(place: Place) -> Sample:
    """A sample of one field.

    Raises:
        LookupError: for a datatype that nobody has a sample of.
    """
    make = _BY_FIELD.get((place.row.level, place.row.field)) or _BY_DATATYPE.get(place.row.datatype)
    if make is None:
        raise LookupError(f"nobody has a sample of a {place.row.datatype}: {place.row.level}.{place.name}")
    return make(place)


@cache
def described(level: str) -> dict[str, dict[str, Any]]:
    """The fields of a form by name, as the schema describes them."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    return {field["field_name"]: field for field in schema[PARTS[level]]}


def of_the_site(level: str) -> frozenset[str]:
    """Fields of the dataset that only the site and the harvest set, and its institution: no form asks for them."""
    if level == "resource":
        return frozenset()
    internal = {name for name, field in described(level).items() if field.get("preset") == "mx_internal"}
    return frozenset({*internal, "owner_org"})


def samples(level: str, number: int = 0) -> Iterator[tuple[str, str, int, Sample]]:
    """A sample of each field of a form.

    Args:
        level: ``dataset`` or ``resource``.
        number: which of several resources; only the first has what the form keeps but does not ask for, so that the
            second is as a person makes it.

    Yields:
        Field, subfield (or empty), number of the box, sample.
    """
    rows = {(row.field, row.subfield): row for row in crosswalk() if row.level == level}
    for name, field in described(level).items():
        if name in of_the_site(level) or (number and field.get("preset") == "mx_internal"):
            continue
        row = rows[name, ""]
        inner = field.get("repeating_subfields")
        if inner:
            for box in range(1 if field.get("repeating_once") else SEVERAL):
                for subfield in inner:
                    place = Place(rows[name, subfield["field_name"]], subfield, box)
                    yield name, subfield["field_name"], box, sample(place)
        elif row.cardinality == "list" and row.datatype != "keywords":
            parts = [sample(Place(row, field, item)) for item in range(SEVERAL)]
            yield name, "", 0, Sample([str(part.typed) for part in parts], [part.stored for part in parts])
        else:
            yield name, "", 0, sample(Place(row, field, number))


def typed(level: str, number: int = 0) -> dict[str, str | list[str]]:
    """What a browser sends (``number``: of which resource): name of the control → text, or texts."""
    form: dict[str, str | list[str]] = {}
    for name, subfield, box, value in samples(level, number):
        control = f"{name}-{box}-{subfield}" if subfield else name
        lines = isinstance(value.typed, list) and described(level)[name].get("preset") == "mx_lines"
        form[control] = "\r\n".join(value.typed) if lines else value.typed
    return form


def expected(level: str, number: int = 0) -> dict[str, Any]:
    """What is stored of what :func:`typed` sends: field → value."""
    values: dict[str, Any] = {}
    for name, subfield, box, value in samples(level, number):
        if not subfield:
            values[name] = value.stored
            continue
        boxes = values.setdefault(name, [])
        if box == len(boxes):
            boxes.append({})
        boxes[box][subfield] = value.stored
    return values
