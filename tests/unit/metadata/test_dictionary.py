"""Columns, their types and units as they are guessed; and the dictionary that people make of them."""

from __future__ import annotations

import json

import pytest
from frictionless import Schema
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.mxopendata.metadata.columns import MISSING, guess_columns
from ckanext.mxopendata.metadata.dictionary import CSV_COLUMNS, TYPES, columns_of, dictionary_rows, merge
from ckanext.mxopendata.metadata.units import read_unit, units

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def guess(heading: str, *cells: str):
    columns = guess_columns([[heading, "otra"], *([cell, "x"] for cell in cells)])
    return columns.schema["fields"][0], {finding.code for finding in columns.findings}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1", "20", "-3"), {"type": "integer"}),
        (("1.5", "20"), {"type": "number"}),
        (("1,200", "12"), {"type": "number", "groupChar": ","}),
        (("1,200.50", "3"), {"type": "number", "groupChar": ","}),
        (("12,5", "3,25"), {"type": "number", "decimalChar": ","}),
        (("1.234,5", "3,25"), {"type": "number", "decimalChar": ",", "groupChar": "."}),
        (("$1,200.50", "$3"), {"type": "number", "groupChar": ",", "bareNumber": False}),
        (("$ 15", "$3"), {"type": "integer", "bareNumber": False}),
        (("2024-01-31", "2023-12-01"), {"type": "date"}),
        (("31/01/2024", "01/12/2023"), {"type": "date", "format": "%d/%m/%Y"}),
        (("01/31/2024", "12/01/2023"), {"type": "date", "format": "%m/%d/%Y"}),
        (("2024-01-31T10:00:00", "2023-12-01T00:00:00"), {"type": "datetime"}),
        (("10:30", "23:59"), {"type": "time", "format": "%H:%M"}),
        (("2024-01", "2023-12"), {"type": "yearmonth"}),
        (("Sí", "No"), {"type": "boolean", "trueValues": ["Sí"], "falseValues": ["No"]}),
        (("true", "false"), {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]}),
        (("01001", "14039"), {"type": "string"}),
        (("folio 7", "folio 8"), {"type": "string"}),
        (("A1", "2"), {"type": "string"}),
        (("1,2,3", "4,5"), {"type": "string"}),
        (("12345678901234567890", "1"), {"type": "string"}),
        (("N/D", "4"), {"type": "integer"}),
    ],
)
def test_types_as_mexico_writes_them(cells, expected):
    found, _ = guess("columna", *cells)
    assert found == {"name": "columna", **expected}


def test_a_year_is_one_where_the_heading_says_so():
    assert guess("Año", "2020", "2021")[0]["type"] == "year"
    assert guess("Ejercicio fiscal", "2020")[0]["type"] == "year"
    assert guess("total", "2020", "2021")[0]["type"] == "integer"
    assert guess("año", "20", "21")[0]["type"] == "integer"


def test_the_order_of_day_and_month_is_not_guessed_in_silence():
    assert guess("fecha", "03/04/2024", "05/06/2024")[1] == {"file_date_order_supposed"}
    assert guess("fecha", "03/04/2024", "25/06/2024")[1] == {"file_dates_not_iso"}
    assert guess("fecha", "2024-04-03")[1] == set()


def test_what_is_supposed_is_named():
    columns = guess_columns([["fecha", "monto_pesos", "clave"], ["03/04/2024", "5", "a"], ["04/05/2024", "6", "b"]])
    assert columns.supposed == ("fecha", "monto_pesos")
    assert columns.rows == 2


def test_words_for_no_value_become_part_of_the_schema():
    schema = guess_columns([["a", "b"], ["1", "N/D"], ["-", "2.5"]]).schema
    assert schema["missingValues"] == ["", "-", "N/D"]
    assert [field["type"] for field in schema["fields"]] == ["integer", "number"]


@pytest.mark.parametrize(
    ("records", "names", "found"),
    [
        (
            [["Título", "", ""], ["", "", ""], ["a", "b", "c"], ["1", "2", "3"]],
            ["a", "b", "c"],
            {"file_headings_below"},
        ),
        ([["1", "2"], ["3", "4"]], ["columna_1", "columna_2"], {"file_without_headings"}),
        ([["a", "", "c"], ["1", "2", "3"]], ["a", "columna_2", "c"], {"file_column_unnamed"}),
        ([["a", "a", "a_2"], ["1", "2", "3"]], ["a", "a_2", "a_2_2"], {"file_column_repeated"}),
        ([["a", "b", "", ""], ["1", "2", "", ""]], ["a", "b"], set()),
        ([["municipio", "2010", "2020"], ["x", "1", "2"]], ["municipio", "2010", "2020"], set()),
        ([["a", "b"]], ["a", "b"], {"file_column_empty"}),
        ([], [], set()),
        ([["", ""], [""]], [], set()),
    ],
)
def test_headings(records, names, found):
    columns = guess_columns(records)
    assert [field["name"] for field in columns.schema["fields"]] == names
    assert {finding.code for finding in columns.findings} == found


def test_too_many_columns_are_said():
    columns = guess_columns([[f"c{number}" for number in range(700)], ["1"] * 700])
    assert len(columns.schema["fields"]) == 500
    assert "file_columns_many" in {finding.code for finding in columns.findings}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=5), max_size=6))
def test_whatever_the_cells_are_the_schema_is_one(records):
    schema = guess_columns(records).schema
    names = [field["name"] for field in schema["fields"]]
    assert len(set(names)) == len(names)
    assert all(names)
    assert len(Schema.from_descriptor({**schema, "fields": schema["fields"]}).fields) == len(names)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.dates(), st.booleans()), min_size=1, max_size=8))
def test_what_is_written_by_the_norm_is_read_as_what_it_is(rows):
    records = [["entero", "fecha", "vale"]]
    records += [[str(number), day.isoformat(), "true" if whether else "false"] for number, day, whether in rows]
    fields = guess_columns(records).schema["fields"]
    assert [field["type"] for field in fields] == ["integer", "date", "boolean"]


@pytest.mark.parametrize(
    ("heading", "unit", "certain"),
    [
        ("Superficie (km²)", "km²", True),
        ("Superficie [km2]", "km²", True),
        ("Temperatura (°C)", "°C", True),
        ("Presupuesto (miles de pesos)", "miles de MXN", True),
        ("Longitud (en metros)", "m", True),
        ("monto_pesos", "MXN", False),
        ("superficie_ha", "ha", False),
        ("PM2.5 (µg/m³)", "µg/m³", True),
        ("porcentaje de avance", "%", False),
        ("latitud", "°", False),
        ("Total (preliminar)", None, True),
        ("municipio", None, True),
        ("tipo_c", None, True),
        ("", None, True),
    ],
)
def test_units_of_headings(heading, unit, certain):
    reading = read_unit(heading)
    assert (reading.value, reading.certain) == (unit, certain)


def test_units_are_of_numbers_only_and_each_name_means_one():
    assert "unit" not in guess("Clave (m)", "a", "b")[0]
    assert guess("Altura (m)", "1.5")[0]["unit"] == "m"
    assert guess("avance", "10%", "9.5%")[0]["unit"] == "%"
    assert all(units()[name] for name in units())


KEPT = {"fields": [{"name": "b", "type": "string", "description": "Qué es b"}, {"name": "vieja", "type": "integer"}]}


def test_what_people_wrote_stays_when_the_file_is_read_again():
    guessed = {"fields": [{"name": "a", "type": "date"}, {"name": "b", "type": "integer", "unit": "m"}]}
    merged, found = merge(json.dumps({**KEPT, "primaryKey": "b"}), guessed)
    assert merged == {
        "primaryKey": "b",
        "fields": [
            {"name": "a", "type": "date"},
            {"name": "b", "type": "string", "unit": "m", "description": "Qué es b"},
            {"name": "vieja", "type": "integer"},
        ],
    }
    assert [finding.code for finding in found] == ["dictionary_column_absent"]
    assert "vieja" in found[0].to_dict()["message"]
    assert merge(merged, guessed)[0] == merged


@pytest.mark.parametrize("kept", ["", None, "{", "[1, 2]", '{"fields": "x"}', '{"fields": [1]}'])
def test_what_is_no_dictionary_is_replaced(kept):
    guessed = {"fields": [{"name": "a", "type": "date"}]}
    assert merge(kept, guessed) == (guessed, [])


def test_the_dictionary_as_a_table():
    schema = {
        "fields": [
            {"name": "CVEGEO", "type": "string", "description": "Clave del INEGI", "constraints": {"required": True}},
            {"name": "fecha", "type": "date", "format": "%d/%m/%Y", "title": "Fecha de alta"},
            {"name": "sexo", "type": "string", "constraints": {"enum": ["H", "M"]}},
            {"name": "edad", "type": "integer", "unit": "años", "constraints": {"minimum": 0, "maximum": 120}},
            {"name": "rara", "type": "nuestro-tipo", "format": "default"},
        ]
    }
    rows = [dict(zip(CSV_COLUMNS, row, strict=True)) for row in dictionary_rows(json.dumps(schema))]
    assert rows[0]["obligatoria"] == "sí"
    assert (rows[1]["titulo"], rows[1]["tipo"], rows[1]["formato"]) == ("Fecha de alta", "Fecha", "DD/MM/AAAA")
    assert rows[2]["valores_permitidos"] == "H; M"
    assert (rows[3]["unidad"], rows[3]["valores_permitidos"]) == ("años", "0 – 120")
    assert (rows[4]["tipo"], rows[4]["formato"]) == ("nuestro-tipo", "")
    assert columns_of({"fields": [{"name": ""}, 3, {"name": "x"}]}) == [{"name": "x"}]


def test_every_type_that_is_guessed_has_a_name_in_both_languages():
    from ckanext.mxopendata.metadata.columns import _CANDIDATES

    assert {candidate["type"] for candidate in _CANDIDATES} | {"year"} <= set(TYPES)
    assert all(labels["es"] and labels["en"] for labels in TYPES.values())
    assert "" in MISSING
