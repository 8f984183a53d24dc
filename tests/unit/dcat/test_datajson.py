"""``data.json``: every entry is valid Project Open Data 1.1, non-federal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import form_sample
from ckanext.mxopendata.dcat.datajson import render_entry
from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.mapping import map_record
from pod_schema import pod_validator

from .assembling import write_catalogue
from .conftest import INSTITUTION


def _catalogue(datasets, context) -> dict:
    return json.loads(write_catalogue([datasets], context, "datajson")[0])


@pytest.mark.payloads
def test_every_dataset_is_valid(full, bare, dirty, context, shared):
    catalogue = _catalogue([full, bare, dirty], context)
    validator = pod_validator(shared)
    assert [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(catalogue)] == []
    assert len(catalogue["dataset"]) == 3
    assert not validator.is_valid({**catalogue, "dataset": [{}]})


def test_what_is_known_is_said(full, context):
    entry = render_entry(full, context).properties
    assert entry == {
        "@type": "dcat:Dataset",
        "title": "Camas hospitalarias",
        "description": "Camas **censables** y no censables.",
        "identifier": "SSA-0001",
        "modified": "2025-03-31T12:00:00-06:00",
        "issued": "2015",
        "keyword": ["hospitales", "camas"],
        "publisher": {"@type": "org:Organization", "name": "Secretaría de Salud"},
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": "Ana Pérez",
            "hasEmail": "mailto:datos@salud.gob.mx",
            "role": "Directora de información",
            "hasTelephone": "+52 55 5062 1600",
            "hasURL": "https://www.gob.mx/salud/contacto",
        },
        "accessLevel": "restricted public",
        "rights": "Se omiten datos personales.",
        "accrualPeriodicity": "R/P1Y",
        "theme": ["Salud", "Educación"],
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "language": ["es", "nah"],
        "spatial": "Alcaldía Tlalpan",
        "temporal": "2010-01-01/2024-12",
        "landingPage": "https://www.gob.mx/salud/camas",
        "describedBy": "https://datos.salud.gob.mx/diccionario.pdf",
        "conformsTo": "https://standard.open-contracting.org/",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": "Camas por hospital",
                "description": "Una fila por hospital.",
                "format": "CSV",
                "accessURL": "https://datos.salud.gob.mx/camas",
                "downloadURL": "https://datos.salud.gob.mx/camas.csv",
                "mediaType": "text/csv",
                "byteSize": 1258291,
                "checksum": {"algorithm": "sha256", "checksumValue": "ab" * 32},
                "issued": "2024-05-01",
                "modified": "2025-06",
                "accrualPeriodicity": "R/P1M",
                "temporal": "2020-01-01/2024-12-31",
                "spatial": "Valle de México",
                "license": "http://opendatacommons.org/licenses/odbl/1.0/",
                "rights": "Sin derechos de autor.",
                "conformsTo": "https://specs.frictionlessdata.io/table-schema/",
                "characterEncoding": "UTF-8",
                "mxopendata": {
                    "codelist": "Catálogo CLUES",
                    "codelist_link": "https://datos.salud.gob.mx/clues.csv",
                    "schema": full["resources"][0]["schema"],
                    "tools": "R 4.3",
                    "promised_on": "2024-04-30",
                    "availability": "stable",
                },
            }
        ],
        "mxopendata": {
            "creator": [{"name": "Dirección General de Información en Salud"}],
            "promised_on": "2015-01-31",
            "spatial_coverage": full["spatial_coverage"],
            "quality_url": "https://datos.salud.gob.mx/calidad",
            "version_notes": "Se añadió 2024.",
            "applicable_legislation": ["https://www.dof.gob.mx/ley-general-de-salud"],
            "legal_basis_text": "Artículo 5 de la Ley General de Salud.",
            "in_series": "Camas censables por año",
            "target_users": "Población abierta",
        },
    }


def test_stand_ins_are_counted(bare, context):
    rendered = render_entry(bare, context)
    assert rendered.filled == {"notes": 1, "identifier": 1, "modified": 1, "contact.name": 1, "access_rights": 1}
    assert rendered.properties["modified"] == "2026-11-01T00:00:00Z"
    assert rendered.properties["contactPoint"]["fn"] == "Secretaría de Salud"
    assert rendered.properties["mxopendata"] == {
        "stand_ins": ["description", "modified", "accessLevel", "contactPoint"]
    }


def test_an_empty_catalogue_is_a_catalogue(context):
    assert _catalogue([], context)["dataset"] == []


# Without these a dataset is none, or they follow from one another.
NEEDED = {"dataset": {"title", "name", "identifier"}, "resource": {"name", "url", "format", "mimetype"}}
LEFT_OUT = {
    level: sorted({(name, inner) for name, inner, *_ in form_sample.samples(level) if name not in NEEDED[level]})
    for level in NEEDED
}


def _without(level: str, number: int, left_out: set[tuple[str, str]], several: bool) -> dict[str, Any]:
    """The sample of a dataset or resource without some of its fields and subfields, with one or all items of lists."""
    stored: dict[str, Any] = {}
    for name, value in form_sample.expected(level, number).items():
        items = value if several or not isinstance(value, list) else value[:1]
        if items and isinstance(items, list) and isinstance(items[0], dict):
            items = [{key: text for key, text in box.items() if (name, key) not in left_out} for box in items]
            items = [box for box in items if box]
        if items and (name, "") not in left_out:
            stored[name] = items
    return stored


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    of_dataset=st.sets(st.sampled_from(LEFT_OUT["dataset"])),
    of_resource=st.sets(st.sampled_from(LEFT_OUT["resource"])),
    several=st.booleans(),
)
def test_whatever_is_filled_in_is_read_back_and_nothing_is_added(context, of_dataset, of_resource, several):
    dataset = _without("dataset", 0, of_dataset, several)
    tags = [{"name": name} for name in dataset.pop("tag_string", ())]
    resources = [_without("resource", number, of_resource, several) for number in range(2)]
    whole = {"id": "x", **dataset, "tags": tags, "organization": INSTITUTION}
    whole["resources"] = [{"id": str(number), **resource} for number, resource in enumerate(resources)]
    entry = json.loads(json.dumps(render_entry(whole, context).properties))
    read = map_record(entry, "datajson").dataset
    # What the mapping makes of any data.json: an institution that is not the source's own is an area of it, and what
    # most files promise, the dataset does.
    follows = {"creator": [{"name": INSTITUTION["title"]}]}
    if "frequency" in resources[0]:
        follows["frequency"] = resources[0]["frequency"]
    sources = [name for name, row in fields_of("dataset").items() if row.owner == "source" and name != "tag_string"]
    assert {name: read.get(name) for name in sources} == {
        name: dataset.get(name, follows.get(name)) for name in sources
    }
    assert read["tags"] == tags
    for resource in resources:
        if "access_url" in resource:
            resource["download_url"] = resource["url"]  # where there is a page, what is opened is the file
        if resource.get("license") == dataset.get("license_id"):
            resource.pop("license", None)  # is not said again of the files
    assert read["resources"] == resources


def test_an_address_without_a_file_of_its_own_is_the_file_where_there_is_a_page(full, context):
    """What a person fills in: an address, and the page that leads to it."""
    full["resources"][0].pop("download_url")
    (distribution,) = render_entry(full, context).properties["distribution"]
    assert distribution["accessURL"] == "https://datos.salud.gob.mx/camas"
    assert distribution["downloadURL"] == "https://datos.salud.gob.mx/camas.csv"


def test_what_stands_in_is_not_read_as_a_fact(bare, context):
    bare["resources"] = [{"id": "1"}, {"id": "2", "url": "https://x.mx/a", "download_url": "https://x.mx/a"}]
    entry = render_entry(bare, context).properties
    assert entry["description"] == "Mínimo"
    mapped = map_record(entry, "datajson").dataset
    assert mapped.keys() == {"title", "identifier", "resources", "tags", "creator"}
    assert [resource["url"] for resource in mapped["resources"]] == ["", "https://x.mx/a"]
    assert not [resource for resource in mapped["resources"] if "mimetype" in resource]


@pytest.mark.parametrize(
    ("extension", "left_out"),
    [({"colour": "red", "version_notes": "R"}, ["mxopendata.colour"]), ("x", []), ([{}], []), ({}, [])],
)
def test_an_extension_of_another_version_is_read_as_far_as_it_goes(extension, left_out):
    mapped = map_record({"title": "x", "contactPoint": {"fn": "Ana"}, "mxopendata": extension}, "datajson")
    assert mapped.dataset["contact"] == [{"name": "Ana"}]
    assert [finding.value for finding in mapped.findings if finding.code == "fields_left_out"] == left_out
