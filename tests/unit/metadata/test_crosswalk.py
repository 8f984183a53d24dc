"""One model (rule 3 of the architecture): the forms and the crosswalk speak of the same fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import form_sample
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, crosswalk, fields_of
from ckanext.mxopendata.metadata.mapping import map_record
from ckanext.mxopendata.metadata.values import can_read

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
FORMS = (
    ("dataset", "mx_dataset.yaml", "dataset_fields"),
    ("resource", "mx_dataset.yaml", "resource_fields"),
    ("organization", "mx_organization.yaml", "fields"),
)


def _fields(schema: dict[str, Any], part: str) -> Iterator[tuple[str, str]]:
    for field in schema[part]:
        yield field["field_name"], ""
        for subfield in field.get("repeating_subfields", ()):
            yield field["field_name"], subfield["field_name"]


@pytest.mark.parametrize(("level", "file", "part"), FORMS)
def test_every_field_of_a_form_has_its_row_and_every_row_its_field(level: str, file: str, part: str) -> None:
    schema = yaml.safe_load((SCHEMAS / file).read_text(encoding="utf-8"))
    rows = {(row.field, row.subfield or "") for row in crosswalk() if row.level == level}
    assert set(_fields(schema, part)) == rows


# A form's own refusal, one text instead of a group, a name that CKAN itself looks up.
FORM_READS_OTHERWISE = {
    ("dataset", "access_rights", ""): "access_rights",
    ("resource", "spatial_coverage", ""): "line",
    ("organization", "parent", ""): "slug",
}


def read_by_datatype() -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    """Every field and subfield that is read by its datatype, what its preset says included."""
    loaded = yaml.safe_load((SCHEMAS / "presets.yaml").read_text(encoding="utf-8"))["presets"]
    presets = {preset["preset_name"]: preset["values"] for preset in loaded}
    for level, file, part in FORMS:
        for field in yaml.safe_load((SCHEMAS / file).read_text(encoding="utf-8"))[part]:
            for inner in (field, *field.get("repeating_subfields", ())):
                whole = {**presets.get(inner.get("preset"), {}), **inner}
                if "mxopendata_read" in whole.get("validators", "").split():
                    yield (level, field["field_name"], "" if inner is field else inner["field_name"]), whole


def test_a_form_reads_a_field_as_a_harvest_does() -> None:
    rows = {(row.level, row.field, row.subfield): row for row in crosswalk()}
    read = dict(read_by_datatype())
    assert len(read) > len(rows) / 2
    for place, field in read.items():
        wanted = FORM_READS_OTHERWISE.get(place, rows[place].datatype)
        assert (field.get("datatype"), field.get("vocabulary", "")) == (wanted, rows[place].vocabulary), place
        assert can_read(field["datatype"]), place


def written_by_people() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that a person fills in, with the file and part it stands in."""
    for _, file, part in FORMS:
        for field in yaml.safe_load((SCHEMAS / file).read_text(encoding="utf-8"))[part]:
            if field.get("preset") != "mx_internal" and field.get("form_group") != "record":
                yield f"{part}.{field['field_name']}", field


WRITTEN = dict(written_by_people())


@pytest.mark.parametrize("name", WRITTEN)
def test_every_field_is_named_and_explained_in_both_languages(name: str) -> None:
    """The label says what it is; the help, what the norm asks or what it is for (issue 5, every field)."""
    field = WRITTEN[name]
    for words in (field["label"], field["help_text"]):
        assert all(words[language].strip() for language in ("es", "en")), name
    for inner in field.get("repeating_subfields", ()):
        assert all(inner["label"][language].strip() for language in ("es", "en")), f"{name}.{inner['field_name']}"


@pytest.mark.parametrize("level", form_sample.PARTS)
def test_every_field_of_a_form_has_a_sample_of_its_own(level: str) -> None:
    """Two fields with one value would hide that they were mixed up."""
    expected = form_sample.expected(level)
    assert set(expected) == set(form_sample.described(level)) - form_sample.of_the_site(level)
    texts = [str(value) for value in expected.values()]
    alike = {name for name, value in expected.items() if texts.count(str(value)) > 1}
    assert alike <= {"url", "download_url"}  # one address, as the model has it


def test_a_field_of_a_new_type_has_to_be_given_a_sample() -> None:
    row = dataclasses.replace(fields_of("dataset")["title"], datatype="colour")
    with pytest.raises(LookupError, match=r"colour: dataset\.title"):
        form_sample.sample(form_sample.Place(row, {}, 0))


# Column → platform, and what stands beside the way in a record of it.
PLATFORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "adela_json": ("datajson", {"govType": "Federal"}),
    "ckan_extra": ("ckan", {}),
    "pnda": ("ckan", {}),
    "inventory_csv": ("table", {}),
    "datajson": ("datajson", {}),
}
RESOURCES = {"ckan": "resources", "datajson": "distribution", "table": "rs"}
# Fields that are put together: a text of each, and what is read of it.
GROUPS = {
    "contact": ("Ana Pérez", [{"name": "Ana Pérez"}]),
    "creator": ("Dirección de Estadística", [{"name": "Dirección de Estadística"}]),
    "temporal_coverage": ("2010/2015", [{"start": "2010", "end": "2015"}]),
    "spatial_coverage": ("14039", [{"cvegeo": "14039"}]),
}
# Ways that are read, but not by the mapping of one record alone, or not as themselves.
READ_OTHERWISE = {
    ("contact", "publisher", "datajson"): "a person only with post or e-mail, which are ways of their own",
    ("contact", "mxopendata.contact", "datajson"): "boxes, not a text",
    ("name", "ds:contactPoint", "inventory_csv"): "put together with ds:mbox by the reader of the template",
    ("email", "ds:mbox", "inventory_csv"): "put together with ds:contactPoint by the reader of the template",
    ("name", "Responsable", "inventory_csv"): "of an inventory, whose lines are promises, not datasets",
    ("access_url", "access_url", "ckan_extra"): "alone it is the address that is opened",
    ("access_url", "accessURL", "datajson"): "alone it is the address that is opened",
}
WAYS = [
    (row, column, way)
    for row in crosswalk()
    if row.level != "organization" and row.owner == "source"
    for column in PLATFORMS
    for way in row.ways(column)
    if ((row.subfield or row.field), way, column) not in READ_OTHERWISE
]


def _record(row: CrosswalkField, column: str, way: str, value: Any) -> dict[str, Any]:
    """A record of the platform in which nothing but this way, and what belongs to it, is written."""
    platform, record = PLATFORMS[column][0], dict(PLATFORMS[column][1])
    for step in reversed(way.split(".")):
        value = {step: value}
    if row.level == "resource":
        return {**record, RESOURCES[platform]: [value]}
    if row.field == "contact" and column == "datajson" and row.subfield:
        return {**record, "contactPoint": value}
    if row.field == "contact" and column == "ckan_extra" and row.subfield in ("position", "phone"):
        record["maintainer"] = "Ana Pérez"  # whose they are
    return {**record, **value}


@pytest.mark.parametrize(("row", "column", "way"), WAYS, ids=lambda value: getattr(value, "field", value))
def test_every_way_is_read(row: CrosswalkField, column: str, way: str) -> None:
    """A way that nobody reads promises what is not so."""
    described = form_sample.described(row.level)[row.field]
    for part in described.get("repeating_subfields", ()):
        described = part if part["field_name"] == row.subfield else described
    if row.level == "dataset" and row.field in GROUPS and not row.subfield:
        value = form_sample.Sample(*GROUPS[row.field])
    else:
        value = form_sample.sample(form_sample.Place(row, described, 0))
    mapped = map_record(_record(row, column, way, value.typed), PLATFORMS[column][0]).dataset
    found = mapped if row.level == "dataset" else mapped["resources"][0]
    if row.datatype == "keywords":
        assert sorted(tag["name"] for tag in found["tags"]) == value.stored
    elif row.subfield:
        assert [box[row.subfield] for box in found[row.field]] == [value.stored]
    else:
        assert found[row.field] in (value.stored, [value.stored])


def test_what_is_read_otherwise_is_a_way() -> None:
    ways = {
        (row.subfield or row.field, way, column)
        for row in crosswalk()
        for column in PLATFORMS
        for way in row.ways(column)
    }
    assert set(READ_OTHERWISE) - ways == set()
