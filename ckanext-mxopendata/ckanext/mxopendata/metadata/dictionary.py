"""The data dictionary of a file: what each of its columns holds, kept as a Table Schema (Guía 2017, 2.4). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import as_list, loads

# The types of Table Schema, the usual ones first, in words.
TYPES: Mapping[str, Mapping[str, str]] = {
    "string": {"es": "Texto", "en": "Text"},
    "integer": {"es": "Número entero", "en": "Integer"},
    "number": {"es": "Número decimal", "en": "Decimal number"},
    "date": {"es": "Fecha", "en": "Date"},
    "datetime": {"es": "Fecha y hora", "en": "Date and time"},
    "time": {"es": "Hora", "en": "Time"},
    "year": {"es": "Año", "en": "Year"},
    "yearmonth": {"es": "Año y mes", "en": "Year and month"},
    "boolean": {"es": "Sí o no", "en": "Yes or no"},
    "duration": {"es": "Duración", "en": "Duration"},
    "geopoint": {"es": "Punto geográfico", "en": "Geographic point"},
    "geojson": {"es": "GeoJSON", "en": "GeoJSON"},
    "array": {"es": "Lista", "en": "List"},
    "object": {"es": "Objeto", "en": "Object"},
    "any": {"es": "Cualquiera", "en": "Any"},
}
# The Guía asks for a CSV with the columns and what they mean; which columns that CSV has is ours.
CSV_COLUMNS = ("columna", "titulo", "descripcion", "tipo", "unidad", "formato", "obligatoria", "valores_permitidos")
# How a date's parts are written in Spanish, for those of strptime.
_LETTERS = (("%d", "DD"), ("%m", "MM"), ("%Y", "AAAA"), ("%y", "AA"), ("%H", "hh"), ("%M", "mm"), ("%S", "ss"))
_OF_A_PERSON = ("title", "description", "unit")


def columns_of(value: Any) -> list[Mapping[str, Any]]:
    """The columns that a dictionary explains.

    Args:
        value: a Table Schema or the JSON text of one; of anything else there are none.
    """
    schema = loads(value)
    found = as_list(schema.get("fields")) if isinstance(schema, Mapping) else []
    return [column for column in found if isinstance(column, Mapping) and column.get("name")]


def merge(kept: Any, guessed: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """The dictionary of a file that was read again: what people wrote of its columns stays.

    Args:
        kept: the dictionary there is, as :func:`columns_of` takes it.
        guessed: the Table Schema of the file as it is now.

    Returns:
        The columns in the order of the file, each with the type and words that were written of it; at the end those
        that the file does not have, and a finding that names them.
    """
    schema = loads(kept)
    before = {str(column["name"]): column for column in columns_of(schema)}
    merged = [_merged(before.pop(str(column["name"]), {}), column) for column in guessed.get("fields", ())]
    rest = schema if isinstance(schema, Mapping) else {}
    whole = {**guessed, **{key: value for key, value in rest.items() if key != "fields"}}
    whole["fields"] = [*merged, *(dict(column) for column in before.values())]
    absent = ", ".join(f"«{name}»" for name in before)
    return whole, [Finding("dictionary_column_absent", "schema", None, absent)] if before else []


def _merged(written: Mapping[str, Any], guessed: Mapping[str, Any]) -> dict[str, Any]:
    if written.get("type"):
        # The format belongs to the type.
        return {**{key: guessed[key] for key in _OF_A_PERSON if key in guessed}, **written}
    return {**guessed, **written}


def dictionary_rows(value: Any) -> Iterator[list[str]]:
    """The lines of the dictionary as a table, one for each column of the file, under :data:`CSV_COLUMNS`; in Spanish.

    Args:
        value: as :func:`columns_of` takes it.
    """
    for column in columns_of(value):
        given = column.get("constraints")
        constraints: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        kind = str(column.get("type") or "")
        yield [
            str(column["name"]),
            str(column.get("title") or ""),
            str(column.get("description") or ""),
            TYPES.get(kind, {}).get("es", kind),
            str(column.get("unit") or ""),
            _format(column),
            "sí" if constraints.get("required") is True else "",
            _allowed(constraints),
        ]


def _format(column: Mapping[str, Any]) -> str:
    """How the values are written, where it is not the type's usual way."""
    told = str(column.get("format") or "")
    for code, letters in _LETTERS:
        told = told.replace(code, letters)
    if column.get("decimalChar") == ",":
        return ", ".join(part for part in (told, "coma decimal") if part)
    return told if told != "default" else ""


def _allowed(constraints: Mapping[str, Any]) -> str:
    """What values a column may have: a list, a range, a pattern."""
    listed = constraints.get("enum")
    if isinstance(listed, list) and listed:
        return "; ".join(str(item) for item in listed)
    least, most = constraints.get("minimum"), constraints.get("maximum")
    if least is not None or most is not None:
        return f"{'' if least is None else least} – {'' if most is None else most}".strip()
    return str(constraints.get("pattern") or "")
