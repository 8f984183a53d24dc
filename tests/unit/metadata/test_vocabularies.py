"""Vocabularies: well formed, complete, and the same as their counterparts abroad."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ckanext.mxopendata import licences
from ckanext.mxopendata.metadata.crosswalk import crosswalk, fields_of
from ckanext.mxopendata.metadata.findings import catalogue
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.validation import field_points, mandatory
from ckanext.mxopendata.metadata.values import can_read
from ckanext.mxopendata.metadata.vocabularies import VOCABULARIES, use_folders, vocabulary

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
PER_STATE = [11, 7, 5, 13, 38, 10, 124, 67, 16, 39, 46, 85, 84, 125, 125, 113, 36, 20, 51, 570, 217, 18, 11, 59, 20, 72]
PER_STATE += [17, 43, 60, 212, 106, 58]


def _schema(name: str) -> dict[str, Any]:
    return yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", VOCABULARIES)
def test_terms_are_well_formed(name: str) -> None:
    for term in vocabulary(name).terms.values():
        assert term.label_es, term
        assert term.label_en, term
        assert term.status in ("active", "deprecated")
        assert not term.replaced_by or term.replaced_by in vocabulary(name).terms
        assert vocabulary(name).find(term.id) is term


def test_how_many() -> None:
    sizes = {name: len(vocabulary(name).terms) for name in VOCABULARIES}
    assert (sizes["themes"], sizes["sectors"], sizes["frequencies"], sizes["states"]) == (28, 12, 14, 33)
    assert sizes["municipalities"] == 2478
    counted = Counter(term.broader for term in vocabulary("municipalities").terms.values())
    assert [counted[f"{state:02}"] for state in range(1, 33)] == PER_STATE
    assert place_name("14039") == "Guadalajara, Jalisco"


def test_sectors_lead_to_themes() -> None:
    themes = [t for term in vocabulary("sectors").terms.values() for t in term.facts["themes"].split(";") if t]
    assert themes
    assert all(theme in vocabulary("themes").terms for theme in themes)


def test_a_word_of_two_terms_is_neither() -> None:
    assert vocabulary("municipalities").find("Juárez") is None
    assert len(vocabulary("municipalities").candidates("Juárez")) > 1
    assert vocabulary("states").find("México") is None


@pytest.mark.parametrize("base", ["https://datos.gob.mx/vocabularios", "http://localhost:5000/otro/lugar"])
def test_an_address_that_a_portal_of_this_suite_coined_is_its_term(base):
    assert vocabulary("themes").find(f"{base}/themes/educacion").id == "educacion"
    assert vocabulary("themes").find(f"{base}/themes/ninguno") is None
    assert vocabulary("sectors").find(f"{base}/themes/educacion") is None
    assert vocabulary("themes").find("/themes/educacion") is None


def test_an_operator_s_file_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "vocabularies").mkdir()
    header = "id,label_es,label_en,uri,broader,status,replaced_by,exact_match,source"
    (tmp_path / "vocabularies" / "themes.csv").write_text(f"{header}\nagua,Agua,Water,,,active,,,x\n", encoding="utf-8")
    try:
        use_folders([tmp_path])
        assert list(vocabulary("themes").terms) == ["agua"]
    finally:
        use_folders([])
    assert len(vocabulary("themes").terms) == 28


def test_the_licence_register_is_the_vocabulary() -> None:
    assert licences.register_path().read_text(encoding="ascii") == licences.register_text()
    assert {"libreusomx", "cc-by-4.0", "cc0-1.0"} <= {entry["id"] for entry in licences.register()}


@pytest.mark.payloads
class TestCounterparts:
    def _column(self, shared: Path, name: str, column: int) -> set[str]:
        with (shared / "payloads/quality/mqa-vocabularies" / name).open(encoding="utf-8", newline="") as file:
            return {row[column] for row in csv.reader(file) if row}

    def test_groups_of_the_national_portal(self, shared: Path) -> None:
        groups = json.loads((shared / "payloads/mx/ref/datosgobmx-grupos-2026-03.json").read_text(encoding="utf-8"))
        assert {group["name"]: group["title"] for group in groups} == {
            term.id: term.label_es for term in vocabulary("themes").terms.values()
        }

    def test_municipalities_of_inegi(self, shared: Path) -> None:
        rows = json.loads((shared / "payloads/mx/ref/inegi-municipios-2020.json").read_text(encoding="utf-8"))
        assert {row["cve_completa"]: row["nom_municipio"] for row in rows} == {
            term.id: term.label_es for term in vocabulary("municipalities").terms.values()
        }

    def test_file_types_of_the_eu(self, shared: Path) -> None:
        known = self._column(shared, "file-types.csv", 0)
        open_ones = self._column(shared, "non-proprietary.csv", 0)
        media_types = {text.lower() for text in self._column(shared, "media-types.csv", 1)}
        for term in vocabulary("file_types").terms.values():
            assert set(term.exact_match) <= known, term.id
            if set(term.exact_match) & open_ones:
                assert term.facts["open"] == "true", term.id
        ours = {term.facts["media_type"] for term in vocabulary("file_types").terms.values()}
        assert {"text/csv", "application/geo+json", "application/json"} <= ours & media_types

    def test_licences_and_access_rights_of_the_eu(self, shared: Path) -> None:
        known = self._column(shared, "licenses.csv", 2)
        for term in vocabulary("licences").terms.values():
            assert set(term.exact_match) <= known, term.id
        rights = self._column(shared, "access-right.csv", 0)
        for term in vocabulary("access_rights").terms.values():
            assert set(term.exact_match) <= rights


class TestOneModel:
    """Schema, crosswalk, points and sentences speak of the same fields (rule 3 of the architecture)."""

    def test_every_field_has_its_row_and_every_row_its_field(self) -> None:
        schema = _schema("mx_dataset.yaml")
        organization = _schema("mx_organization.yaml")
        levels = {
            "dataset": schema["dataset_fields"],
            "resource": schema["resource_fields"],
            "organization": organization["fields"],
        }
        for level, fields in levels.items():
            assert {field["field_name"] for field in fields} == set(fields_of(level)), level

    def test_subfields(self) -> None:
        schema = _schema("mx_dataset.yaml")
        ours = {
            (field["field_name"], sub["field_name"])
            for field in schema["dataset_fields"]
            for sub in field.get("repeating_subfields", [])
        }
        assert ours == {(row.field, row.subfield) for row in crosswalk() if row.subfield}

    def test_every_text_is_in_both_languages(self) -> None:
        schema = _schema("mx_dataset.yaml")

        def walk(value: Any, path: str) -> None:
            if isinstance(value, dict):
                if {"es", "en"} & set(value):
                    assert set(value) == {"es", "en"}, path
                    assert all(value.values()), path
                for key, inner in value.items():
                    assert key != "label" or isinstance(inner, dict), path
                    walk(inner, f"{path}/{key}")
            elif isinstance(value, list):
                for index, inner in enumerate(value):
                    walk(inner, f"{path}/{index}")

        walk(schema, "dataset")
        walk(_schema("mx_organization.yaml"), "organization")

    def test_points_add_up_and_every_field_with_points_has_a_sentence(self) -> None:
        worth = field_points()
        assert sum(sum(level.values()) for level in worth.values()) == 100
        assert {f"missing_{name}" for name in worth["dataset"]} <= set(catalogue())
        assert {f"missing_resource_{name}" for name in worth["resource"]} <= set(catalogue())
        assert mandatory() <= set(worth["dataset"])
        for name in worth["dataset"]:
            severity = catalogue()[f"missing_{name}"]["severity"]
            assert severity == ("warning" if name in mandatory() else "advice"), name

    def test_vocabularies_and_readers_exist(self) -> None:
        composed = {"group", "interval", "place", "interval_text", "place_text", "table_schema", "cvegeo", "geometry"}
        for row in crosswalk():
            assert not row.vocabulary or row.vocabulary in VOCABULARIES, row
            assert can_read(row.datatype) or row.datatype in composed, row
            assert not row.solr.endswith("_date"), row

    def test_lists_are_searched_in_fields_that_hold_several(self) -> None:
        for row in crosswalk():
            if row.cardinality in ("list", "repeating") and row.level == "dataset" and row.field != "tag_string":
                assert all(column.startswith("vocab_") for column in row.ways("solr")) or row.field == "creator", row


def test_a_vocabulary_is_read_once_however_often_it_is_asked(monkeypatch):
    from ckanext.mxopendata.metadata import vocabularies

    read: list[str] = []
    build = vocabularies._build

    def noted(vocabulary_id, rows):
        read.append(vocabulary_id)
        return build(vocabulary_id, rows)

    monkeypatch.setattr(vocabularies, "_build", noted)
    vocabularies.vocabulary.cache_clear()
    for _ in range(1000):
        assert vocabularies.vocabulary("municipalities").find("09012").id == "09012"
        assert vocabularies.vocabulary("themes").get("salud")
    assert read == ["municipalities", "themes"]
