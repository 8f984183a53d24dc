"""``data.json``: every entry is valid Project Open Data 1.1, non-federal."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource

from ckanext.mxopendata.dcat.datajson import DataJsonWriter, render_entry


def _catalogue(datasets, context) -> dict:
    written: list[bytes] = []
    writer = DataJsonWriter(context, written.append)
    writer.add(datasets)
    writer.finish()
    return json.loads(b"".join(written))


@pytest.mark.payloads
def test_every_dataset_is_valid(full, bare, dirty, context, shared):
    folder = shared / "shapes" / "pod-v1.1" / "non-federal"
    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    for schema in schemas.values():
        schema.pop("id", None)  # the schemas name one another by file
    registry = Registry().with_resources(
        (name, Resource.from_contents({"$schema": "http://json-schema.org/draft-04/schema#", **schema}))
        for name, schema in schemas.items()
    )
    catalogue = _catalogue([full, bare, dirty], context)
    validator = Draft4Validator(schemas["catalog.json"], registry=registry)
    assert [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(catalogue)] == []
    assert len(catalogue["dataset"]) == 3
    assert not validator.is_valid({**catalogue, "dataset": [{}]})


def test_what_is_known_is_said(full, context):
    entry = render_entry(full, context).dataset
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
            }
        ],
    }


def test_stand_ins_are_counted(bare, context):
    rendered = render_entry(bare, context)
    assert rendered.filled == {"notes": 1, "identifier": 1, "modified": 1, "contact.name": 1, "access_rights": 1}
    assert rendered.dataset["modified"] == "2026-11-01T00:00:00Z"
    assert rendered.dataset["contactPoint"]["fn"] == "Secretaría de Salud"


def test_an_empty_catalogue_is_a_catalogue(context):
    assert _catalogue([], context)["dataset"] == []
