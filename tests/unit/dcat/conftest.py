"""A catalogue and four datasets: everything filled in, once or several times, the bare minimum, and dirty ones."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from absent import give_up
from ckanext.mxopendata.dcat.catalogue import foreign_labels
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from local import commands, maven, problem
from riot import Riot, fetched

SITE = "http://datos.example.gob.mx"
INSTITUTION = {
    "id": "0b6f7c1e-2f4b-4f3c-9e8d-6c6b1d1f0a01",
    "name": "ssa",
    "title": "Secretaría de Salud",
    "acronym": "SSA",
    "description": "Rectora del sistema de salud.",
    "gov_type": "state",
    "cvegeo": "09",
    "sectors": ["salud", "educacion"],
    "landing_page": "https://www.gob.mx/salud",
    "portal_url": "https://datos.salud.gob.mx",
    "image_url": "https://www.gob.mx/salud/logo.png",
    "parent_id": "0b6f7c1e-2f4b-4f3c-9e8d-6c6b1d1f0a02",
}


def make_context() -> ExportContext:
    """The catalogue they are in."""
    catalogue = Catalogue(
        uri=SITE,
        title="Datos abiertos de ejemplo",
        homepage=f"{SITE}/",
        issued="2026-01-01T00:00:00",
        modified="2026-11-22T10:00:00.123456",
    )
    return ExportContext(
        catalogue, f"{SITE}/vocabularios", organization=lambda short: INSTITUTION, labels=foreign_labels()
    )


@pytest.fixture(scope="session")
def riot() -> Riot:
    """Jena's reader. In CI (``CI=true``) its absence is an error: nothing may be skipped there."""
    try:
        return fetched()
    except (problem.Problem, maven.MissingError, commands.CommandFailed) as error:
        give_up(f"Jena's riot is not to be had: {getattr(error, 'last_words', error)}")


@pytest.fixture
def context() -> ExportContext:
    return make_context()


def _full_resource() -> dict[str, Any]:
    return {
        "id": "7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b01",
        "name": "Camas por hospital",
        "description": "Una fila por hospital.",
        "url": "https://datos.salud.gob.mx/camas.csv",
        "download_url": "https://datos.salud.gob.mx/camas.csv",
        "access_url": "https://datos.salud.gob.mx/camas",
        "format": "CSV",
        "mimetype": "text/csv",
        "size": 1258291,
        "hash": "sha256:" + "ab" * 32,
        "issued": "2024-05-01",
        "modified": "2025-06",
        "frequency": "R/P1M",
        "temporal_coverage": "2020-01-01/2024-12-31",
        "spatial_coverage": "Valle de México",
        "license": "odbl",
        "rights": "Sin derechos de autor.",
        "codelist": "Catálogo CLUES",
        "codelist_link": "https://datos.salud.gob.mx/clues.csv",
        "schema": {
            "fields": [
                {"name": "clues", "type": "string", "description": "Clave", "constraints": {"required": True}},
                {"name": "camas", "type": "integer", "title": "Camas", "unit": "camas"},
            ]
        },
        "encoding": "UTF-8",
        "tools": "R 4.3",
        "promised_on": "2024-04-30",
        "conforms_to": ["https://specs.frictionlessdata.io/table-schema/"],
        "availability": "stable",
    }


@pytest.fixture
def full() -> dict[str, Any]:
    return {
        "id": "3f1b2c4d-9a7e-4d7b-8a55-aa11bb22cc01",
        "name": "camas-hospitalarias",
        "title": "Camas hospitalarias",
        "identifier": "SSA-0001",
        "notes": "Camas **censables** y no censables.",
        "tags": [{"name": "hospitales", "display_name": "hospitales"}, {"name": "camas", "display_name": "camas"}],
        "theme": ["salud", "educacion"],
        "owner_org": INSTITUTION["id"],
        "organization": {key: INSTITUTION[key] for key in ("id", "name", "title")},
        "contact": [
            {
                "name": "Ana Pérez",
                "position": "Directora de información",
                "email": "datos@salud.gob.mx",
                "url": "https://www.gob.mx/salud/contacto",
                "phone": "+52 55 5062 1600",
            }
        ],
        "creator": [{"name": "Dirección General de Información en Salud"}],
        "frequency": "R/P1Y",
        "issued": "2015",
        "modified": "2025-03-31T12:00:00-06:00",
        "promised_on": "2015-01-31",
        "temporal_coverage": [{"start": "2010-01-01", "end": "2024-12"}],
        "spatial_coverage": [
            {
                "cvegeo": "09012",
                "text": "Alcaldía Tlalpan",
                "bbox": "-99.32,19.06,-99.10,19.30",
                "geom": '{"type": "Point", "coordinates": [-99.17, 19.2]}',
                "uri": "https://sws.geonames.org/8379372/",
            }
        ],
        "gov_type": "state",
        "access_rights": "restricted",
        "access_comment": "Se omiten datos personales.",
        "license_id": "cc-by-4.0",
        "url": "https://www.gob.mx/salud/camas",
        "documentation": ["https://datos.salud.gob.mx/diccionario.pdf"],
        "quality_url": "https://datos.salud.gob.mx/calidad",
        "version_notes": "Se añadió 2024.",
        "language": ["es", "nah"],
        "policy_alignment": ["sdg:3.8", "pdn:S1"],
        "conforms_to": ["https://standard.open-contracting.org/"],
        "priority_list": "candidate",
        "priority_category": "mar_costa",
        "priority_criteria": ["criterion:requests", "criterion:national_plan"],
        "applicable_legislation": ["https://www.dof.gob.mx/ley-general-de-salud"],
        "legal_basis_text": "Artículo 5 de la Ley General de Salud.",
        "in_series": "Camas censables por año",
        "target_users": "Población abierta",
        "provenance": "Cosechado del portal de la Secretaría.",
        "source_catalog": "https://datos.salud.gob.mx",
        "source_identifier": "camas-001",
        "source_url": "https://datos.salud.gob.mx/dataset/camas",
        "harvested_at": "2026-11-20T08:00:00",
        "metadata_created": "2026-11-01T00:00:00.000001",
        "metadata_modified": "2026-11-20T08:00:00.654321",
        "resources": [_full_resource()],
    }


@pytest.fixture
def whole(full: dict[str, Any]) -> dict[str, Any]:
    """The full dataset with several values wherever there may be several."""
    full.update(archived_at="2026-11-01T00:00:00", possible_duplicate_of="3f1b2c4d-9a7e-4d7b-8a55-aa11bb22cc09")
    full["theme"] = ["salud", "agricultura", "educacion"]
    full["contact"].append({"name": "Buzón", "email": "otra@salud.gob.mx", "phone": "55 1234 5678 ext. 12"})
    full["temporal_coverage"].append({"start": "2000"})
    full["spatial_coverage"] += [
        {"cvegeo": "14039"},
        {"cvegeo": "14", "uri": "https://sws.geonames.org/4004156/"},
        {"uri": "https://sws.geonames.org/3996063/"},
        {"text": "Cuenca Lerma-Chapala"},
        {"bbox": "-103.5,20.5,-103.2,20.8"},
    ]
    full["documentation"].append("https://datos.salud.gob.mx/notas.html")
    full["conforms_to"].append("https://specs.frictionlessdata.io/table-schema/")
    full["applicable_legislation"].append("https://www.dof.gob.mx/ley-de-transparencia")
    full["policy_alignment"] += ["sdg:17", "sendai:A", "Programa Sectorial de Salud 2025–2030"]
    other = copy.deepcopy(full["resources"][0])
    other.update(id="7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b99", url="https://datos.salud.gob.mx/otro.json", format="JSON")
    other.update(download_url=other["url"], mimetype="application/json", hash="ab" * 16, temporal_coverage="2020/..")
    other["conforms_to"].append("https://otro.mx/estandar")
    full["resources"].append(other)
    return full


@pytest.fixture
def bare() -> dict[str, Any]:
    return {
        "id": "3f1b2c4d-9a7e-4d7b-8a55-aa11bb22cc02",
        "name": "minimo",
        "title": "Mínimo",
        "notes": "",
        "tags": [],
        "organization": {key: INSTITUTION[key] for key in ("id", "name", "title")},
        "metadata_created": "2026-11-01T00:00:00",
        "metadata_modified": "2026-11-01T00:00:00",
        "resources": [],
    }


@pytest.fixture
def dirty() -> dict[str, Any]:
    return {
        "id": "3f1b2c4d-9a7e-4d7b-8a55-aa11bb22cc03",
        "name": "sucio",
        "title": "\ufeffTítulo\x00 con\x0b <etiqueta> & \ud800 \U0001f600\r\n",
        "identifier": 42,
        "notes": "<p>]]>\u2028 \uffff \x1b[0m</p>",
        "tags": [{"name": "á\x00"}, {"name": ""}, {}],
        "theme": "salud",
        "language": "es",
        "organization": None,
        "contact": '[{"email": "no es correo", "phone": "sin número", "url": "javascript:alert(1)"}]',
        "creator": [{"name": ""}, "Área generadora"],
        "frequency": "cuando se pueda",
        "issued": "31/02/2020",
        "modified": "2020-02-30",
        "temporal_coverage": [{"start": "ayer", "end": "2020-13"}, {}, "2019/2020"],
        "spatial_coverage": [{"cvegeo": "X9", "bbox": "1,2,3", "geom": "{", "text": " "}, {"geom": {"type": "Nada"}}],
        "access_rights": "quién sabe",
        "license_id": "licencia rara {1}",
        "license_title": "Licencia rara",
        "license_url": "http://exa mple/{licencia}",
        "url": 'http://www.example.mx/a b/{c}?d=<e>|f^g`h"i\\j#k#l',
        "documentation": ["http://[malo", "no es url", None, "www.example.mx/ñandú.pdf"],
        "quality_url": "http://",
        "conforms_to": "OCDS",
        "policy_alignment": ["", "sdg:", "algo <raro>"],
        "priority_list": "none",
        "applicable_legislation": "Ley de datos",
        "source_catalog": "Portal sin dirección",
        "source_url": "/dataset/x",
        "metadata_created": "nunca",
        "metadata_modified": None,
        "extras": [{"key": "version_notes", "value": "de un extra"}, {"key": "title", "value": "no manda"}],
        "resources": [
            {"id": "7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b02", "url": "", "format": "Archivo <raro> ñ", "mimetype": "CSV"},
            {"id": "7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b03", "url": "c:\\archivo.xls", "size": "1.2 MB", "hash": "xyz"},
            {
                "id": "7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b04",
                "url": "https://example.mx/%zz/á é.csv",
                "mimetype": "text/csv; charset=latin-1",
                "schema": "no es json",
                "availability": "mientras dure",
                "conforms_to": "norma interna",
                "spatial_coverage": "09",
                "frequency": ["R/P1D"],
            },
        ],
    }
