"""Of which place an institution is the government."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.mxopendata.metadata.readers import read_institution_place
from ckanext.mxopendata.metadata.vocabularies import vocabulary


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("H. Ayuntamiento de Juárez, Chihuahua", "08037"),
        ("Instituto Municipal de Planeación de León (IMPLAN)", "11020"),
        ("IMPLAN Puebla", "21114"),
        ("Alcaldía Tlalpan / otro.mx", "09012"),
        ("Municipality of Mexicali", "02002"),
        ("Gobierno de Monterrey", "19039"),
        ("Gobierno de Puebla", "21"),
        ("Jalisco Government", "14"),
        ("Mexico City government", "09"),
        ("City of Mexico (CDMX)", "09"),
        ("Gobierno del Estado de México", "15"),
        ("Gobierno de México", "00"),
        ("Campeche", "04"),
    ],
)
def test_governments(name, key):
    reading = read_institution_place(name)
    assert (reading.value["cvegeo"], reading.certain, reading.note) == (key, True, None)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("Municipio de Juárez", "place_ambiguous"),
        ("Universidad de Monterrey", "place_unknown"),
        ("Congreso del Estado de Guanajuato", "place_unknown"),
        ("Instituto Municipal de la Mujer", "place_unknown"),
        ("Agencia Digital de Innovación Pública", "place_unknown"),
        ("Ayuntamiento", "place_unknown"),
    ],
)
def test_what_governs_no_place_that_is_known(name, note):
    reading = read_institution_place(name)
    assert ("cvegeo" in reading.value, reading.certain, reading.note) == (False, False, note)


def test_the_state_tells_municipalities_of_one_name_apart():
    assert read_institution_place("Municipio de Juárez", within="08").value["cvegeo"] == "08037"
    assert read_institution_place("Municipio de Juárez", within="19").value["cvegeo"] == "19031"
    assert read_institution_place("Municipio de Zapopan", within="08").note == "place_unknown"


def test_the_registry_of_portals(shared):
    """Exactly the municipalities that own a portal are read as such, whoever else is in the list."""
    owners = {
        entry["owner"]["name"]
        for entry in json.loads((shared / "payloads/mx/registro-portales-mx.json").read_text(encoding="utf-8"))
        if (entry.get("owner") or {}).get("name")
    }
    keys = {(read_institution_place(name).value or {}).get("cvegeo", "") for name in owners}
    expected = "02002 02006 04004 08037 09009 09012 11020 14120 19039 21114 21140 30102 30193"
    assert {key for key in keys if len(key) == 5} == set(expected.split())
    assert {"09", "14"} <= keys


@given(st.text() | st.sampled_from(sorted(term.label_es for term in vocabulary("municipalities").active())))
def test_it_never_raises_and_says_the_same_again(name):
    for text in (name, f"Ayuntamiento de {name}", f"Gobierno de {name}"):
        reading = read_institution_place(text)
        if reading.value:
            assert read_institution_place(reading.value["text"]) == reading
