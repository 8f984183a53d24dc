"""What stands on the site before the suite comes: institutions, people, groups, 60 datasets of the default schema."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from portals.datajson import MEDIA_TYPES
from portals.governments import government
from portals.records import Record, records

TODAY = date(2026, 11, 20)
DATASETS = 60
HARVESTED = 20
INSTITUTIONS = {"obras-publicas": "Secretaría de Obras Públicas", "salud": "Secretaría de Salud"}
GROUPS = {"infraestructura": "Infraestructura", "bienestar": "Bienestar"}
ROLES = ("admin", "editor", "member")
PRIVATE = (7, 38)
# From before institutions were asked for.
UNOWNED = 11
# What people wrote by hand under names that are fields of ours; the last row is what nobody can read.
OLD_EXTRAS: tuple[dict[str, str], ...] = (
    {
        "contact": "Unidad de Transparencia, datos@ejemplo.gob.mx",
        "creator": "Dirección de Informática",
        "theme": "Salud",
        "language": "Español",
        "frequency": "Mensual",
    },
    {"contact": "datos@ejemplo.gob.mx", "theme": "Medio ambiente", "language": "es", "frequency": "anual"},
    {"contact": "Ventanilla 3", "creator": "Varios", "theme": "Otros", "language": "castellano", "frequency": "R/P1M"},
    {"theme": "Lo que sea", "language": "??", "frequency": "cuando se pueda", "contact": "-"},
)
OLD_KEYS = frozenset(key for row in OLD_EXTRAS for key in row)
# What ckanext-dcat, ckanext-spatial and their forerunners left behind; the last value is about as long as Solr takes.
OTHER_EXTRAS = {
    "issued": "2019-05-01",
    "modified": "hace poco",
    "identifier": "ID-33/2019",
    "spatial": '{"type": "Point", "coordinates": [-100.31, 25.67]}',
    "publisher_name": "Secretaría de Salud",
    "temporal_coverage": "2015-2018",
    "spatial_coverage": "Nuevo León",
    "conforms_to": "https://www.ejemplo.gob.mx/norma, ninguna",
    "provenance": "Registros administrativos",
    "version_notes": "",
    "url_documento": "https://www.ejemplo.gob.mx/100%25?a=b&c=d",
    "bitácora": "Renglón. " * 3000,
}
INSTITUTION_EXTRAS = {"gov_type": "Gobierno estatal", "sectors": "Salud y obras", "cvegeo": "Nuevo León", "clave": "12"}


def user_name(institution: str, role: str) -> str:
    """Name of the person with a role in an institution."""
    return f"{institution}-{role}"


def old_extras(number: int) -> dict[str, str]:
    """The extras of one dataset that are named like fields of ours; empty for most."""
    return OLD_EXTRAS[number // 5 % len(OLD_EXTRAS)] if number % 5 == 0 else {}


def has_old_values(number: int) -> bool:
    """Whether a dataset, or a file of it, holds anything under the name of a field of ours."""
    return bool(old_extras(number)) or number % 20 == 3 or number % 9 == 4


def dataset(number: int) -> dict[str, Any]:
    """One dataset of the site, as a publisher made it years ago; no two lack the same things."""
    institution = list(INSTITUTIONS)[number % 2]
    extras = {"clave_interna": f"K-{number:03}", "revisado por": "Mesa de datos", **old_extras(number)}
    if number % 20 == 3:
        extras |= OTHER_EXTRAS
    formats = ("CSV", "XLSX", "PDF", "")[: number % 4 + (number % 10 != 9)]
    made: dict[str, Any] = {
        "name": f"conjunto-{number:02}",
        "title": f"Conjunto de datos {number:02} de obras y salud",
        "notes": f"Registro {number} de lo que se hizo, en texto *libre*." if number % 6 else "",
        "owner_org": institution,
        "private": number in PRIVATE,
        "license_id": ("cc-by", "notspecified", "", "odc-odbl", "licencia-del-estado")[number % 5],
        "author": "Área de archivo",
        "maintainer_email": f"archivo{number}@ejemplo.gob.mx",
        "version": "1.0" if number % 3 else "",
        "groups": [{"name": list(GROUPS)[number % 2]}] if number % 3 else [],
        "tags": [{"name": name} for name in ("obra", "Salud pública", f"serie {number % 7}")[: number % 4]],
        "extras": [{"key": key, "value": value} for key, value in extras.items()],
        "resources": [
            {
                "name": f"Archivo {position + 1}" if number % 8 else "",
                "url": f"https://archivos.ejemplo.gob.mx/{number}/{position}.{kind.lower() or 'dat'}",
                "format": kind,
                "description": "Una hoja por mes",
                "licencia_interna": "ninguna",
                **({"frequency": "Cada mes", "language": "Español", "modified": "ayer"} if number % 9 == 4 else {}),
            }
            for position, kind in enumerate(formats)
        ],
    }
    if number == UNOWNED:
        del made["owner_org"]
    if number % 7 == 0:
        made["url"] = "www.ejemplo.gob.mx sin protocolo"
    return made


def remote_packages(base: str) -> list[dict[str, Any]]:
    """What another CKAN offers."""
    return [_package(record, base) for record in _records("monterrey")]


def remote_entries(base: str) -> list[dict[str, Any]]:
    """What the data.json of a municipality offers."""
    return [_entry(record, base) for record in _records("zapopan")]


def _records(name: str) -> list[Record]:
    return records(replace(government(name), datasets=HARVESTED), TODAY)


def _package(record: Record, base: str) -> dict[str, Any]:
    assert record.modified is not None
    return {
        "id": record.id,
        "name": record.slug,
        "title": record.title,
        "notes": record.notes,
        "type": "dataset",
        "state": "active",
        "private": False,
        "license_id": "cc-by",
        "author": record.area,
        "maintainer": record.contact_name,
        "maintainer_email": record.email,
        "url": f"{base}/dataset/{record.slug}",
        "metadata_created": f"{record.issued}T12:00:00.000000",
        "metadata_modified": f"{record.modified}T12:00:00.000000",
        "owner_org": "de-otro-portal",
        "organization": {"id": "de-otro-portal", "name": "de-otro-portal", "title": record.area},
        "groups": [],
        "tags": [{"name": name.replace("/", " ")} for name in record.keywords],
        "extras": [
            {"key": "frequency", "value": "Mensual"},
            {"key": "theme", "value": record.theme},
            {"key": "language", "value": "es"},
            {"key": "spatial_text", "value": "Monterrey, Nuevo León"},
            {"key": "unidad_responsable", "value": record.area},
        ],
        "resources": [
            {
                "id": file.id,
                "package_id": record.id,
                "name": file.name,
                "url": f"{base}/{file.path}",
                "format": file.format,
                "position": position,
                "state": "active",
            }
            for position, file in enumerate(record.files)
        ],
    }


def _entry(record: Record, base: str) -> dict[str, Any]:
    return {
        "@type": "dcat:Dataset",
        "identifier": f"{base}/conjunto/{record.slug}",
        "title": record.title,
        "description": record.notes,
        "keyword": [name.replace("/", " ") for name in record.keywords],
        "issued": record.issued.isoformat(),
        "modified": record.modified.isoformat() if record.modified else None,
        "publisher": {"name": record.area, "mbox": record.email},
        "contactPoint": {"fn": record.contact_name, "hasEmail": f"mailto:{record.email}"},
        "landingPage": f"{base}/conjunto/{record.slug}",
        "language": ["es"],
        "accrualPeriodicity": record.frequency,
        "theme": [record.theme],
        "distribution": [
            {
                "title": file.name,
                "description": "Archivo",
                "downloadURL": f"{base}/{file.path}",
                "format": file.format,
                "mediaType": MEDIA_TYPES[file.format],
            }
            for file in record.files
        ],
    }
