"""What stays behind when the suite goes: values that people can read, and a configuration without us."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.mxopendata.cli.uninstall import STOCK_MEANS
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.metadata.records import as_list, loads
from ckanext.mxopendata.removal.harvests import STOCK_TYPES
from ckanext.mxopendata.removal.plain import LISTS, REPEATING, readable, readable_extras, readable_resource
from ckanext.mxopendata.removal.settings import without_us

CONTACT = '[{"name": "Direcci\\u00f3n de Informaci\\u00f3n", "email": "datos@ejemplo.gob.mx"}]'


@pytest.mark.parametrize(
    ("field", "stored", "shown"),
    [
        ("language", '["es"]', "es"),
        ("theme", '["economia", "salud"]', '["economia", "salud"]'),
        ("contact", CONTACT, '[{"name": "Dirección de Información", "email": "datos@ejemplo.gob.mx"}]'),
        ("frequency", "R/P1M", "R/P1M"),
        # Not ours, or not what it seems: as it was written.
        ("own_field", '["es"]', '["es"]'),
        ("language", '["[1]"]', '["[1]"]'),
        ("version_notes", "[sic] datos", "[sic] datos"),
        ("language", "", ""),
        ("language", None, None),
    ],
)
def test_values_are_readable(field: str, stored: Any, shown: Any):
    assert readable("dataset", field, stored) == shown


@given(st.lists(st.text(), max_size=3))
def test_a_list_is_read_again_as_it_was(items: list[str]):
    """What our schema shows of it (``mxopendata_list_output``) is what it showed before."""
    stored = json.dumps(items)
    assert as_list(loads(readable("dataset", "theme", stored))) == as_list(loads(stored))


@given(st.lists(st.dictionaries(st.text(), st.text()), max_size=3))
def test_a_group_stays_json(groups: list[dict[str, str]]):
    assert json.loads(readable("dataset", "contact", json.dumps(groups))) == groups


def test_the_fields_are_those_of_the_crosswalk():
    assert "theme" in LISTS["dataset"]
    assert {"contact", "creator", "temporal_coverage", "spatial_coverage"} == REPEATING
    assert LISTS["organization"] == {"sectors"}


def test_nothing_to_change_gives_the_same_list():
    extras = [{"key": "frequency", "value": "R/P1M"}]
    assert readable_extras("dataset", extras) is extras
    assert readable_resource({"name": "Tabla", "conforms_to": '["https://e.mx"]'}) == {
        "name": "Tabla",
        "conforms_to": "https://e.mx",
    }


OURS = "mxopendata mxopendata_harvest mxopendata_dcat"


def test_the_configuration_without_us():
    changes = without_us(
        {
            "ckan.plugins": f"{OURS} own dcat harvest scheming_datasets scheming_organizations".split(),
            "scheming.dataset_schemas": "ckanext.mxopendata.schemas:mx_dataset.yaml",
            "scheming.organization_schemas": "own:organization.yaml ckanext.mxopendata.schemas:mx_organization.yaml",
            "scheming.presets": "ckanext.scheming:presets.json ckanext.mxopendata.schemas:presets.yaml",
            "ckanext.dcat.rdf.profiles": "mx_dcat_ap",
        }
    )
    assert changes == {
        "ckan.plugins": "own dcat harvest scheming_organizations",
        "scheming.dataset_schemas": None,
        "scheming.organization_schemas": "own:organization.yaml",
        "scheming.presets": "ckanext.scheming:presets.json",
        "ckanext.dcat.rdf.profiles": None,
    }


def test_a_configuration_of_others_is_left_alone():
    others = {"ckan.plugins": "harvest scheming_datasets", "scheming.dataset_schemas": "own:dataset.yaml"}
    assert without_us(others) == {"ckan.plugins": "harvest scheming_datasets"}


def test_of_every_source_type_is_said_who_else_could_take_it():
    """For ArcGIS Server, Junar and tables neither ckanext-harvest nor ckanext-dcat or ckanext-spatial has one."""
    assert set(CONNECTORS) - set(STOCK_TYPES) == {"mx_arcgis_server", "mx_junar", "mx_table"}
    assert set(STOCK_TYPES) <= set(CONNECTORS)
    assert set(STOCK_MEANS) == set(STOCK_TYPES)
