"""One model (rule 3 of the architecture): the forms and the crosswalk speak of the same fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import form_sample
from ckanext.mxopendata.metadata.crosswalk import crosswalk, fields_of

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
