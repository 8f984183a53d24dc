"""One mapping for all platforms: nothing of a record is lost, and what is not clear is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.metadata.mapping import MappedRecord, MappingSettings, map_record, record_identity, title_key


def codes(mapped: MappedRecord) -> set[str]:
    return {finding.code for finding in mapped.findings}


# Rebuilt from the ADELA serializers (the shape of catalogo.json, 2017); the names are made up.
ADELA = {
    "id": 7,
    "title": "Padrón de beneficiarios",
    "description": "Personas &amp; apoyos.",
    "identifier": "padron-de-beneficiarios",
    "issued": "2016-01-10",
    "modified": "2016-03-01",
    "theme": "Energía y Medio Ambiente",
    "keyword": ["padrón", "apoyos"],
    "language": "es",
    "contactPoint": "http://adela.datos.gob.mx/api/v1/datasets/7/contact_point.vcf",
    "temporal": "2015-01-01/2015-12-31",
    "spatial": "Nacional",
    "govType": "Federal",
    "accrualPeriodicity": "R/P1Y",
    "landingPage": "http://datos.ejemplo.gob.mx/diccionario.csv",
    "openessRating": 3,
    "comments": "Sin comentarios",
    "quality": "http://datos.ejemplo.gob.mx/calidad",
    "publisher": {"name": "Secretaría Ejemplo", "position": "Director", "mbox": "datos@ejemplo.gob.mx"},
    "public": True,
    "publishDate": "2016-05-01",
    "distribution": [
        {
            "title": "Padrón 2015",
            "downloadURL": "http://datos.ejemplo.gob.mx/padron.csv",
            "mediaType": "text/csv",
            "byteSize": 2048,
            "license": "http://datos.gob.mx/libreusomx/",
            "temporal": "2015-01-01/2015-12-31",
            "tools": "http://ejemplo.gob.mx/visor",
        }
    ],
}
# Rebuilt from the writer of the former national portal (datos.gob.mx, 2015-2024).
OLD_CKAN = {
    "id": "0b1c",
    "name": "padron",
    "title": "Padrón",
    "notes": "<p>Personas</p>",
    "url": "http://ejemplo.gob.mx/padron",
    "license_id": "libreusomx",
    "gov_type": ["Federal"],
    "tags": [{"name": "padrón"}],
    "extras": [
        {"key": "guid", "value": "padron-1"},
        {"key": "dcat_issued", "value": "2016-01-10"},
        {"key": "dcat_modified", "value": "2016-03-01"},
        {"key": "dcat_publisher_name", "value": "Ana Pérez"},
        {"key": "dcat_publisher_email", "value": "ana@ejemplo.gob.mx"},
        {"key": "publisher_type", "value": "Directora"},
        {"key": "theme", "value": "Salud"},
        {"key": "frequency", "value": "R/P1M"},
        {"key": "temporal_start", "value": "2015-01-01"},
        {"key": "temporal_end", "value": "2015-12-31"},
        {"key": "spatial_text", "value": "Jalisco"},
        {"key": "version_notes", "value": "Preliminar"},
        {"key": "dataDictionary", "value": "http://ejemplo.gob.mx/dic.csv"},
        {"key": "quality", "value": "http://ejemplo.gob.mx/calidad"},
        {"key": "language", "value": "es"},
    ],
    "resources": [
        {"name": "CSV", "description": "Todo", "url": "http://ejemplo.gob.mx/p.csv", "format": "csv", "size": 10}
    ],
}


class TestAdela:
    def test_every_field_arrives(self) -> None:
        mapped = map_record(ADELA, "datajson")
        dataset = mapped.dataset
        assert dataset["notes"] == "Personas & apoyos."
        assert dataset["theme"] == ["energia", "medio_ambiente"]
        assert dataset["contact"] == [
            {
                "position": "Director",
                "email": "datos@ejemplo.gob.mx",
                "url": "http://adela.datos.gob.mx/api/v1/datasets/7/contact_point.vcf",
            }
        ]
        assert "creator" not in dataset
        assert dataset["documentation"] == ["http://datos.ejemplo.gob.mx/diccionario.csv"]
        assert dataset["temporal_coverage"] == [{"start": "2015-01-01", "end": "2015-12-31"}]
        assert dataset["spatial_coverage"] == [{"cvegeo": "00", "text": "Nacional"}]
        expected = {
            "frequency": "R/P1Y",
            "gov_type": "federal",
            "access_rights": "public",
            "promised_on": "2016-05-01",
            "version_notes": "Sin comentarios",
            "quality_url": "http://datos.ejemplo.gob.mx/calidad",
            "language": ["es"],
            "identifier": "padron-de-beneficiarios",
        }
        assert {name: dataset[name] for name in expected} == expected
        resource = dataset["resources"][0]
        assert (resource["size"], resource["mimetype"], resource["format"]) == (2048, "text/csv", "CSV")
        assert (resource["license"], resource["temporal_coverage"]) == ("libreusomx", "2015-01-01/2015-12-31")
        assert codes(mapped) == {"text_cleaned"}


class TestCkan:
    def test_extras_of_the_former_national_portal(self) -> None:
        dataset = map_record(OLD_CKAN, "ckan").dataset
        assert dataset["identifier"] == "padron-1"
        assert dataset["notes"] == "Personas"
        assert dataset["contact"] == [{"name": "Ana Pérez", "position": "Directora", "email": "ana@ejemplo.gob.mx"}]
        assert dataset["theme"] == ["salud"]
        assert dataset["gov_type"] == "federal"
        assert dataset["temporal_coverage"] == [{"start": "2015-01-01", "end": "2015-12-31"}]
        assert dataset["spatial_coverage"] == [{"cvegeo": "14", "text": "Jalisco"}]
        assert dataset["documentation"] == ["http://ejemplo.gob.mx/dic.csv"]
        assert (dataset["issued"], dataset["modified"]) == ("2016-01-10", "2016-03-01")

    def test_a_place_in_several_extras_is_one_place(self) -> None:
        """As ckanext-dcat's former profiles leave it."""
        shape = '{"type": "Point", "coordinates": [-103.35, 20.67]}'
        written = {"spatial": shape, "spatial_text": "Guadalajara", "spatial_uri": "https://sws.geonames.org/4005539/"}
        extras = [{"key": key, "value": value} for key, value in {**written, "cvegeo": "14039"}.items()]
        (place,) = map_record({"title": "x", "extras": extras}, "ckan").dataset["spatial_coverage"]
        assert place.pop("geom") == shape
        assert place == {"cvegeo": "14039", "text": "Guadalajara", "uri": "https://sws.geonames.org/4005539/"}

    @pytest.mark.parametrize(
        "addresses",
        [
            {"url": "https://x.mx/a.csv"},
            {"url": "https://x.mx/a.csv", "access_url": "https://x.mx/pagina"},
            {"url": "https://x.mx/a.csv", "download_url": "https://x.mx/a.csv", "access_url": "https://x.mx/pagina"},
            {"url": "https://x.mx/visor", "download_url": "https://x.mx/a.csv", "access_url": "https://x.mx/pagina"},
        ],
    )
    def test_what_ckan_opens_stays_what_is_opened(self, addresses: dict[str, str]) -> None:
        (resource,) = map_record({"title": "x", "resources": [addresses]}, "ckan").dataset["resources"]
        assert {name: resource[name] for name in ("url", "download_url", "access_url") if name in resource} == addresses

    def test_without_an_address_to_open_it_is_the_file_or_the_page(self) -> None:
        resources = [{"download_url": "https://x.mx/a.csv"}, {"url": "", "access_url": "https://x.mx/pagina"}]
        mapped = map_record({"title": "x", "resources": resources}, "ckan").dataset
        assert [resource["url"] for resource in mapped["resources"]] == ["https://x.mx/a.csv", "https://x.mx/pagina"]

    def test_author_and_maintainer_are_both_kept(self) -> None:
        people = {"maintainer": "Ana", "maintainer_email": "ana@x.mx", "author": "Área", "author_email": "area@x.mx"}
        dataset = map_record({"title": "x", **people}, "ckan").dataset
        assert dataset["contact"] == [{"name": "Ana", "email": "ana@x.mx"}, {"name": "Área", "email": "area@x.mx"}]
        assert dataset["creator"] == [{"name": "Área"}]

    def test_the_national_portal_of_2025(self) -> None:
        record = {
            "id": "1",
            "title": "Incidencia delictiva",
            "notes": "Delitos",
            "license_id": "CC-BY-4.0",
            "maintainer": "Centro de Información",
            "maintainer_email": "datos@ejemplo.gob.mx",
            "groups": [{"name": "seguridad", "title": "Seguridad"}, {"name": "novedades", "title": "Novedades"}],
            "resources": [
                {"name": "a", "url": "https://x.mx/a.csv", "update_frequency": "Mensual"},
                {"name": "b", "url": "https://x.mx/b.csv", "update_frequency": "Anual"},
                {"name": "c", "url": "https://x.mx/c.csv", "update_frequency": "anual"},
                {"name": "d", "url": "https://x.mx/d.csv", "update_frequency": "mensual"},
            ],
        }
        mapped = map_record(record, "ckan")
        assert mapped.dataset["license_id"] == "cc-by-4.0"
        assert mapped.dataset["theme"] == ["seguridad"]
        assert {"name": "novedades"} in mapped.dataset["tags"]
        assert mapped.dataset["frequency"] == "R/P1M"  # the commonest, the shortest on a tie
        assert mapped.dataset["contact"][0]["email"] == "datos@ejemplo.gob.mx"
        assert "theme_unknown" in codes(mapped)

    def test_a_dataset_of_this_suite_comes_back_as_it_was(self) -> None:
        ours = {
            "title": "Rutas",
            "identifier": "r-1",
            "notes": "Rutas de **autobús**",
            "theme": ["movilidad", "territorio"],
            "contact": [{"name": "A", "email": "a@x.mx", "phone": "33 1234"}, {"email": "b@x.mx"}],
            "creator": [{"name": "Dirección de Movilidad"}],
            "frequency": "R/P1M",
            "issued": "2020",
            "modified": "2026-08-15",
            "promised_on": "2026-12-01",
            "temporal_coverage": [{"start": "2015", "end": "2026-06"}, {"start": "2026-07"}],
            "spatial_coverage": [{"cvegeo": "14039", "text": "Guadalajara"}, {"uri": "https://www.geonames.org/1"}],
            "access_rights": "restricted",
            "access_comment": "Art. 113",
            "license_id": "libreusomx",
            "url": "https://x.mx/rutas",
            "documentation": ["https://x.mx/d1.csv", "https://x.mx/d2.csv"],
            "quality_url": "https://x.mx/q",
            "version_notes": "Nada",
            "language": ["es", "nah"],
            "conforms_to": ["https://gtfs.org/"],
            "applicable_legislation": ["https://x.mx/ley"],
            "legal_basis_text": "Art. 70",
            "in_series": "Rutas por año",
            "target_users": "Desarrolladores",
            "gov_type": "municipal",
        }
        resource = {
            "name": "GTFS",
            "description": "Todo",
            "url": "https://x.mx/g.zip",
            "format": "GTFS",
            "mimetype": "application/zip",
            "size": 5,
            "frequency": "R/P1W",
            "issued": "2020-01",
            "modified": "2026-01-02",
            "temporal_coverage": "2020/..",
            "spatial_coverage": "Guadalajara",
            "license": "cc-by-4.0",
            "rights": "Ninguno",
            "encoding": "UTF-8",
            "tools": "Visor",
            "conforms_to": ["https://gtfs.org/"],
            "schema": '{"fields": [{"name": "id"}]}',
            "availability": "stable",
        }
        mapped = map_record({**ours, "resources": [resource], "tags": [{"name": "rutas"}]}, "ckan")
        assert {name: mapped.dataset.get(name) for name in ours} == ours
        assert {name: mapped.dataset["resources"][0].get(name) for name in resource} == resource
        assert mapped.findings == []


class TestTable:
    @pytest.mark.parametrize(
        ("answer", "access"),
        [("Sí", "non_public"), ("NO", "public"), ("Privado", "non_public"), ("Publico", "public"), ("Tal vez", None)],
    )
    def test_who_has_private_data_is_not_public(self, answer: str, access: str | None) -> None:
        """The inventory asks for the contrary of what the template calls accessLevel."""
        mapped = map_record({"ds:title": "x", "¿Tiene datos privados?": answer}, "table")
        assert mapped.dataset.get("access_rights") == access
        assert codes(mapped) == (set() if access else {"access_rights_unknown"})


class TestNothingIsLost:
    def test_a_text_of_tags_only_is_reported_and_left_out(self) -> None:
        mapped = map_record({"title": "x", "description": "<p><br></p>", "distribution": []}, "datajson")
        assert "notes" not in mapped.dataset
        assert "text_empty_once_cleaned" in codes(mapped)
        assert "text_cleaned" not in codes(mapped)

    def test_excel_is_told_apart_by_the_address_and_a_contradiction_is_reported(self) -> None:
        record = {
            "title": "x",
            "distribution": [
                {"title": "a", "format": "Excel", "downloadURL": "https://x.mx/a.xlsx"},
                {"title": "b", "format": "CSV", "downloadURL": "https://x.mx/b.xlsx"},
            ],
        }
        mapped = map_record(record, "datajson")
        assert [resource["format"] for resource in mapped.dataset["resources"]] == ["XLSX", "CSV"]
        assert mapped.dataset["resources"][0]["mimetype"].endswith("spreadsheetml.sheet")
        contradicted = [finding for finding in mapped.findings if finding.code == "format_contradicted"]
        assert [finding.location for finding in contradicted] == ["distribution[1].format"]

    def test_a_distribution_without_an_address_is_kept_and_reported(self) -> None:
        mapped = map_record({"title": "x", "distribution": [{"title": "Sin liga", "format": "CSV"}, None]}, "datajson")
        assert [resource["name"] for resource in mapped.dataset["resources"]] == ["Sin liga"]
        assert mapped.dataset["resources"][0]["url"] == ""
        assert {"resource_without_url", "resource_unreadable"} <= codes(mapped)

    def test_the_words_of_an_unknown_licence_reach_the_reader(self) -> None:
        by_address = {
            "title": "x",
            "license": "https://x.mx/terminos",
            "distribution": [{"accessURL": "https://x.mx/a"}],
        }
        assert map_record(by_address, "datajson").dataset["resources"][0]["license"] == "https://x.mx/terminos"
        by_words = {"title": "x", "license": "No restrictions", "distribution": [{"accessURL": "https://x.mx/a"}]}
        assert map_record(by_words, "datajson").dataset["resources"][0]["rights"] == "No restrictions"

    def test_fields_the_model_has_not_are_named(self) -> None:
        mapped = map_record({"title": "x", "bureauCode": ["015:11"], "programCode": None}, "datajson")
        finding = next(finding for finding in mapped.findings if finding.code == "fields_left_out")
        assert finding.value == "bureauCode"

    def test_no_personal_data_in_findings(self) -> None:
        record = {"title": "x", "contactPoint": {"fn": "Ana", "hasEmail": "ana arroba x.mx"}}
        mapped = map_record(record, "datajson")
        assert "email_invalid" in codes(mapped)
        assert "ana" not in json.dumps([finding.facts() for finding in mapped.findings]).lower()

    @pytest.mark.parametrize(
        "record",
        [
            {},
            {"title": None, "distribution": None, "keyword": None, "theme": None, "contactPoint": None},
            {
                "title": ["a"],
                "distribution": {"a": 1},
                "keyword": "a, b",
                "theme": "x",
                "contactPoint": [],
                "spatial": 3,
            },
            {
                "title": {"es": "a"},
                "distribution": ["http://x.mx/a.csv"],
                "temporal": {"startDate": "2015"},
                "language": 5,
            },
            {"title": "x", "publisher": "Alguien", "license": ["a"], "modified": [], "issued": {}, "identifier": 7},
        ],
    )
    def test_no_shape_of_a_record_breaks_it(self, record: dict[str, Any]) -> None:
        for platform in ("ckan", "datajson"):
            assert "resources" in map_record(record, platform).dataset

    @pytest.mark.payloads
    @pytest.mark.parametrize(
        ("file", "datasets", "distributions"),
        [
            ("pod_us/opendataphilly.data.json", 402, 2841),
            ("datajson_ar/datos-gob-ar.2018-02.data.json", 617, 1494),
            ("datajson_ar/justicia.data.json", 18, 71),
            ("arcgis_hub/detroit.20230202.dcat-us-1.1.json", 176, 907),
        ],
    )
    def test_real_catalogues(self, shared: Path, file: str, datasets: int, distributions: int) -> None:
        records = json.loads((shared / "payloads/harvest" / file).read_text(encoding="utf-8"))["dataset"]
        mapped = [map_record(record, "datajson") for record in records]
        assert len(mapped) == datasets
        assert sum(len(one.dataset["resources"]) for one in mapped) == distributions
        assert all(one.dataset["title"] for one in mapped)


class TestSettings:
    def test_defaults_fixed_values_and_field_map(self) -> None:
        settings = MappingSettings(
            license="Libre Uso MX",
            defaults={"frequency": "mensual", "title": "nunca", "tag_string": "agua, ríos"},
            fixed={"theme": ["Salud"], "access_rights": "público"},
            values={"language": {"Castellano antiguo": "es"}},
            field_map={"notes": "resumen.texto"},
            gov_type="municipal",
        )
        record = {"title": "x", "resumen": {"texto": "Breve"}, "language": "castellano ANTIGUO", "theme": "otra cosa"}
        dataset = map_record(record, "datajson", settings).dataset
        assert dataset["title"] == "x"
        assert dataset["notes"] == "Breve"
        assert dataset["language"] == ["es"]
        assert dataset["frequency"] == "R/P1M"
        assert dataset["theme"] == ["salud"]
        assert dataset["license_id"] == "libreusomx"
        assert dataset["gov_type"] == "municipal"
        assert dataset["tags"] == [{"name": "agua"}, {"name": "ríos"}]

    def test_dates_are_read_by_the_source_s_order(self) -> None:
        record = {"title": "x", "modified": "05/04/2016"}
        assert map_record(record, "datajson", MappingSettings(date_order="MDY")).dataset["modified"] == "2016-05-04"
        unread = map_record(record, "datajson", MappingSettings(date_order=None))
        assert "modified" not in unread.dataset
        assert "date_order_unknown" in codes(unread)

    def test_a_publisher_is_an_area_unless_it_is_the_institution(self) -> None:
        record = {"title": "x", "publisher": {"name": "Dirección de Agua"}}
        assert map_record(record, "datajson").dataset["creator"] == [{"name": "Dirección de Agua"}]
        settings = MappingSettings(institution_title="DIRECCION de agua")
        assert "creator" not in map_record(record, "datajson", settings).dataset


def test_identity_and_title_key() -> None:
    assert record_identity(OLD_CKAN, "ckan").identifier == "padron-1"
    assert record_identity({"id": "9", "title": " A  b "}, "ckan") == record_identity({"id": 9, "title": "A b"}, "ckan")
    assert record_identity({"title": "x"}, "datajson").identifier is None
    assert title_key("  Educación,  BÁSICA ") == title_key("educacion basica")


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(ValueError, match="socrata"):
        map_record({}, "socrata")
