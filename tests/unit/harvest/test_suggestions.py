"""What a new source would be called, and whose it is."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.mxopendata.harvest.suggestions import KnownInstitution, host_of, suggest

AGUA = KnownInstitution("sistema-de-agua", "Sistema de Agua", "SAPA", "14039", frozenset({"agua.ejemplo.gob.mx"}))
OBRAS = KnownInstitution("obras", "Dirección de Obras", "", "", frozenset())
FILE = {
    "name": "mx-zapopan",
    "title": "Datos Abiertos de Zapopan",
    "url": "https://datos.zapopan.ejemplo.mx/data.json",
    "cvegeo": "14120",
    "institution": {"name": "ayuntamiento-zapopan", "title": "Ayuntamiento de Zapopan", "gov_type": "municipal"},
}


def record(publisher: str = "", licence: str = "") -> dict[str, Any]:
    return {"dataset": {"title": "Uno", "creator": [{"name": publisher}], "license_id": licence}}


def test_a_file_for_the_host_knows_best():
    found = suggest("https://datos.zapopan.ejemplo.mx/", "Inicio", [record("Sistema de Agua")], [AGUA], [FILE])
    assert {key: found[key] for key in ("name", "title", "institution", "cvegeo")} == {
        "name": "mx-zapopan",
        "title": "Datos Abiertos de Zapopan",
        "institution": "ayuntamiento-zapopan",
        "cvegeo": "14120",
    }
    assert found["new_institution"] == FILE["institution"]


def test_an_institution_that_is_here_is_not_made_again():
    here = KnownInstitution("ayuntamiento-zapopan", "H. Ayuntamiento", "", "14120", frozenset())
    found = suggest("https://datos.zapopan.ejemplo.mx/", "", [], [here], [FILE])
    assert (found["institution_title"], found["new_institution"]) == ("H. Ayuntamiento", None)


def test_several_files_of_a_host_say_what_they_agree_on():
    other = {**FILE, "name": "mx-zapopan-mapas", "url": "https://datos.zapopan.ejemplo.mx/mapas"}
    found = suggest("https://datos.zapopan.ejemplo.mx/csw", "Geoportal", [], [], [FILE, other])
    assert (found["title"], found["institution"]) == ("Geoportal", "ayuntamiento-zapopan")
    assert found["name"] == "datos-zapopan-ejemplo-mx"


def test_the_institution_is_told_by_the_host_of_its_page():
    found = suggest("https://www.agua.ejemplo.gob.mx/data.json", "", [], [AGUA, OBRAS], [])
    assert (found["institution"], found["cvegeo"], found["title"]) == ("sistema-de-agua", "14039", "Sistema de Agua")


@pytest.mark.parametrize(
    ("publishers", "expected"),
    [
        (["SAPA", "Sistema de agua", "sistema de AGUA"], "sistema-de-agua"),
        (["SAPA", "Dirección de Obras"], None),
        (["Otra", "Otra"], None),
        (["", ""], None),
        ([], None),
    ],
)
def test_the_institution_is_told_by_what_most_records_name(publishers, expected):
    found = suggest("https://otro.ejemplo.mx/", "", [record(name) for name in publishers], [AGUA, OBRAS], [])
    assert found["institution"] == expected


def test_two_institutions_of_one_host_are_not_guessed():
    twin = KnownInstitution("gemela", "Gemela", "", "", AGUA.hosts)
    assert suggest("https://agua.ejemplo.gob.mx", "", [], [AGUA, twin], [])["institution"] is None


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        (["libreusomx", "", "libreusomx"], "libreusomx"),
        # All name one: there is nothing to say for them.
        (["libreusomx", "libreusomx"], None),
        (["", "notspecified"], None),
    ],
)
def test_a_licence_is_suggested_for_those_that_name_none(licences, expected):
    found = suggest("https://x.ejemplo.mx", "", [record(licence=one) for one in licences], [], [])
    assert found["license"] == expected


@pytest.mark.parametrize("text", ["", "nada", "http://[", None, "mailto:a@b.mx"])
def test_what_is_no_address_has_no_host(text):
    assert host_of(text) == ""
    assert suggest(text or "", "", [], [AGUA], [])["title"] == ""
