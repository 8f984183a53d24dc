"""One model (rule 3 of the architecture): the forms and the crosswalk speak of the same fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ckanext.mxopendata.metadata.crosswalk import crosswalk
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
READ_OTHERWISE = {
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
        wanted = READ_OTHERWISE.get(place, rows[place].datatype)
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
