"""Two schemas of datasets made one, and where schemas stand."""

from __future__ import annotations

import json

import pytest

from ckanext.mxopendata.schema_files import DATASET_SCHEMA, merge_schemas, read_schema

THEIRS = {
    "dataset_type": "dataset",
    "before_validators": "antes",
    "after_validators": "despues",
    "dataset_fields": [
        {"field_name": "theme", "label": "Tema"},
        {"field_name": "folio", "label": "Folio", "preset": "suyo", "start_form_page": {"title": "2"}},
    ],
    "resource_fields": [{"field_name": "responsable", "label": "Responsable"}],
}


def test_ours_stay_and_theirs_are_added():
    ours = read_schema(DATASET_SCHEMA)
    merged = merge_schemas(ours, THEIRS)
    assert merged.schema["dataset_fields"][:-1] == ours["dataset_fields"]
    assert merged.schema["dataset_fields"][-1] == {
        "field_name": "folio", "label": "Folio", "preset": "suyo", "form_group": "own",
    }  # fmt: skip
    assert (merged.added, merged.ours) == (["folio", "resources.responsable"], ["theme"])
    assert merged.schema["form_groups"][-1]["name"] == "own"
    assert merged.schema["before_validators"] == "antes"
    assert merged.schema["after_validators"] == f"{ours['after_validators']} despues"


def test_a_schema_without_fields_of_its_own_adds_no_group():
    ours = read_schema(DATASET_SCHEMA)
    assert merge_schemas(ours, {"dataset_fields": [{"field_name": "theme"}]}).schema == ours


def test_where_a_schema_is_read_from(tmp_path):
    path = tmp_path / "un esquema.json"
    path.write_text(json.dumps(THEIRS), encoding="utf-8")
    assert read_schema(path.as_uri()) == read_schema(str(path)) == THEIRS
    assert read_schema("no.existe:x.yaml") is None
    path.write_text("[1", encoding="utf-8")
    with pytest.raises(ValueError, match="Expecting"):
        read_schema(str(path))
