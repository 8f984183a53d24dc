"""What the pages of datasets and institutions are made of: places, dictionary, licence, citation, relatives."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ckanext.mxopendata.metadata import glance
from ckanext.mxopendata.metadata.citation import Cited, attribution, bibtex
from ckanext.mxopendata.metadata.kinship import Institution, family
from ckanext.mxopendata.metadata.vocabularies import vocabulary

DAY = date(2026, 11, 27)


class TestPlaces:
    @pytest.mark.parametrize(
        ("key", "text", "wanted"),
        [
            ("14", "", ("Jalisco", "vocab_state", "14")),
            ("14039", "Guadalajara, México", ("Guadalajara, Jalisco", "vocab_municipality", "14039")),
            ("140390001", "Zona Centro", ("Guadalajara, Jalisco (Zona Centro)", "vocab_municipality", "14039")),
            ("00", "", ("México (todo el país)", "vocab_state", "00")),
            ("", " Cuenca \n Lerma ", ("Cuenca Lerma", "", "")),
            ("99999", "", ("99999", "", "")),
        ],
    )
    def test_each_leads_to_the_search_of_its_state_or_municipality(self, key, text, wanted):
        place = glance.place(key, text)
        assert (place.name, place.field, place.key) == wanted

    def test_each_is_told_once_and_a_shape_is_no_name(self):
        rows = [{"cvegeo": "14"}, {"cvegeo": "14"}, {"geom": "POINT(1 2)"}, {"text": "Río"}]
        assert [one.name for one in glance.places({"spatial_coverage": rows})] == ["Jalisco", "Río"]

    @pytest.mark.parametrize("value", [None, "", "Jalisco", ["Jalisco"], "[", 5, {"cvegeo": ""}, [{}]])
    def test_what_another_schema_stored_there_is_left_out(self, value: Any):
        assert glance.places({"spatial_coverage": value}) == []
        assert glance.rows(value) in ([], [{"cvegeo": ""}])


class TestDictionary:
    def test_documents_resources_and_columns(self):
        found = glance.dictionary(
            {
                "documentation": ["https://x.mx/d.csv", "Anexo 3", "javascript:alert(1)"],
                "resources": [
                    {"id": "1", "name": "Diccionario de datos"},
                    {"id": "2", "name": "Alumnos", "schema": '{"fields": [{"name": "a"}, {"name": "b"}]}'},
                    {"id": "3", "name": "Otro", "schema": "no es JSON"},
                ],
            }
        )
        assert found.addresses == ("https://x.mx/d.csv",)
        assert found.texts == ("Anexo 3", "javascript:alert(1)")
        assert found.resources == (("1", "Diccionario de datos", 0), ("2", "Alumnos", 2))

    @pytest.mark.parametrize(
        "dataset", [{}, {"documentation": "", "resources": None}, {"resources": [{"schema": "[1]"}]}]
    )
    def test_nowhere(self, dataset: dict[str, Any]):
        assert not glance.dictionary(dataset)


class TestLicence:
    def test_every_licence_says_in_a_sentence_what_one_may_do(self):
        for term in vocabulary("licences").terms.values():
            for language in ("es", "en"):
                found = glance.licence({"license_id": term.id}, language)
                assert found is not None
                assert found.summary.endswith("."), (term.id, language)
                assert found.label == term.label(language)
        spanish, english = (glance.licence({"license_id": "libreusomx"}, language) for language in ("es", "en"))
        assert "cita la fuente" in spanish.summary
        assert "name the source" in english.summary
        assert spanish.is_open
        assert spanish.address == "https://datos.gob.mx/libreusomx"
        assert not glance.licence({"license_id": "cc-by-nc-4.0"}).is_open

    def test_an_operator_s_own_licence_is_called_as_ckan_calls_it(self):
        given = {"license_id": "propia", "license_title": "Propia", "license_url": "javascript:1", "isopen": True}
        assert glance.licence(given) == glance.Licence("Propia", "", "", True)
        assert glance.licence({**given, "license_url": "https://x.mx/l"}).address == "https://x.mx/l"

    def test_without_one(self):
        assert glance.licence({}) is None

    def test_every_frequency_can_be_said_in_a_sentence(self):
        for term in vocabulary("frequencies").terms.values():
            assert all(term.facts[f"every_{language}"] for language in ("es", "en")), term.id


class TestCitation:
    cited = Cited(
        "Matrícula “escolar”", "Secretaría de Educación", "SEJ", "https://x.mx/dataset/a", DAY, "CC BY", "2026"
    )

    def test_the_formula_of_libre_uso(self):
        line = "“Matrícula ‘escolar’”, SEJ; https://x.mx/dataset/a; 2026-11-27."
        assert attribution(self.cited) == line
        assert attribution(self.cited, with_licence=True) == line[:-1] + "; CC BY."

    def test_without_acronym_or_institution(self):
        assert (
            attribution(Cited("a\n b", "Municipio", "", "https://x", DAY)) == "“a b”, Municipio; https://x; 2026-11-27."
        )
        assert attribution(Cited("a", "", "", "https://x", DAY)) == "“a”; https://x; 2026-11-27."

    def test_bibtex(self):
        assert bibtex(self.cited, "a_b").splitlines() == [
            "@misc{a-b,",
            "  author  = {{Secretaría de Educación}},",
            "  title   = {{Matrícula “escolar”}},",
            "  year    = {2026},",
            "  url     = {https://x.mx/dataset/a},",
            "  urldate = {2026-11-27},",
            "  note    = {CC BY}",
            "}",
        ]

    def test_nothing_breaks_out_of_bibtex(self):
        entry = bibtex(Cited("100 % {a}_$x$ \\input", "A & B", "", "https://x/{a b}", DAY), "k,}")
        assert r"{{100 \% \{a\}\_\$x\$ \textbackslash{}input}}" in entry
        assert r"{{A \& B}}" in entry
        assert "url     = {https://x/%7Ba%20b%7D}" in entry
        assert entry.startswith("@misc{k-,")
        assert "year" not in entry
        assert "note" not in entry


class TestFamily:
    jalisco = Institution("jalisco", "Jalisco", "GEJ", "state", "14")
    gdl = Institution("gdl", "Guadalajara", "GDL", "municipal", "14039")
    zapopan = Institution("zapopan", "Zapopan", "", "municipal", "14120", "jalisco")
    mty = Institution("mty", "Monterrey", "", "municipal", "19039")
    sej = Institution("sej", "Secretaría de Educación", "SEJ", "state", "14", "jalisco")
    everybody = (jalisco, gdl, zapopan, mty, sej)

    def test_of_a_state(self):
        found = family(self.jalisco, self.everybody)
        assert (found.above, found.below, found.municipalities) == (None, (self.sej, self.zapopan), (self.gdl,))

    def test_of_a_municipality_that_names_nobody(self):
        assert family(self.gdl, self.everybody).above == self.jalisco
        assert not family(self.mty, self.everybody)

    def test_of_an_agency(self):
        found = family(self.sej, self.everybody)
        assert (found.above, found.below, found.municipalities) == (self.jalisco, (), ())

    def test_two_governments_of_one_state_are_neither(self):
        other = Institution("congreso", "Congreso", "", "state", "14")
        assert family(self.gdl, (*self.everybody, other)).above is None

    def test_a_parent_that_is_gone_is_not_replaced(self):
        orphan = Institution("o", "O", "", "municipal", "14070", "ninguna")
        assert not family(orphan, self.everybody)
