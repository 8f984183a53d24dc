"""One model (rule 3 of the architecture): the forms and the crosswalk speak of the same fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ckanext.mxopendata.metadata.crosswalk import crosswalk

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
