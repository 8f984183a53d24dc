"""One-document catalogues: ``data.json`` (Project Open Data 1.1) and ADELA's ``catalogo.json``."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from portals.dirt import Hand
from portals.governments import NOTICE, Government
from portals.records import File, records

DICTIONARIES = "/diccionarios/"
MEDIA_TYPES = {
    "CSV": "text/csv",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "PDF": "application/pdf",
    "SHP": "application/zip",
    "GEOJSON": "application/geo+json",
    "JSON": "application/json",
}


def datasets(government: Government, base: str, as_of: date) -> list[dict[str, Any]]:
    """The entries of the catalogue's ``dataset`` list; ``base`` is the portal's address without final slash."""
    render = _adela if government.platform == "adela" else _pod
    return [
        render(Hand(government, record, position), base) for position, record in enumerate(records(government, as_of))
    ]


def document(government: Government, base: str, entries: list[dict[str, Any]]) -> bytes:
    """The whole catalogue, in the encoding this portal uses."""
    title = f"Catálogo de datos abiertos {government.of_place} (demostración)"
    if government.platform == "adela":
        catalog: dict[str, Any] = {
            "title": title,
            "description": NOTICE,
            "homepage": base,
            "language": "es",
            "license": "https://datos.gob.mx/libreusomx/",
            "dataset": entries,
        }
    else:
        catalog = {
            "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
            "@type": "dcat:Catalog",
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
            "title": title,
            "description": NOTICE,
            "dataset": entries,
        }
    return json.dumps(catalog, ensure_ascii=False, indent=1).encode(government.encoding)


def _pod(hand: Hand, base: str) -> dict[str, Any]:
    record = hand.record
    entry = {
        "@type": "dcat:Dataset",
        "identifier": hand.identifier(),
        "title": hand.title(),
        "description": hand.notes(),
        "keyword": hand.keywords(),
        "modified": hand.modified(),
        "issued": hand.date(record.issued),
        "publisher": {"@type": "org:Organization", "name": record.area},
        "contactPoint": hand.contact(),
        "accessLevel": "public",
        "license": hand.license(),
        "spatial": hand.spatial(),
        "temporal": hand.temporal(),
        "theme": [theme] if (theme := hand.theme()) and hand.position % 2 else theme,
        "accrualPeriodicity": hand.frequency(),
        "landingPage": f"{base}/conjunto/{record.slug}",
        "describedBy": hand.dictionary(base),
        "language": ["es"] if hand.position % 3 else "es",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": file.name,
                "downloadURL": f"{base}/{file.path}",
                "mediaType": MEDIA_TYPES[file.format] if hand.position % 4 else None,
                "format": hand.format(file),
                "byteSize": hand.size(file),
            }
            for file in hand.files()
        ],
    }
    # A key left out and a key with null are both met; one hand does the one, the next the other.
    return entry if hand.position % 2 else {key: value for key, value in entry.items() if value is not None}


def _adela(hand: Hand, base: str) -> dict[str, Any]:
    record = hand.record
    keywords = hand.keywords()
    return {
        "id": hand.position + 1,
        "identifier": record.slug if hand.identifier() else None,
        "title": hand.title(),
        "description": hand.notes(),
        "issued": hand.date(record.issued),
        "modified": hand.modified(),
        "theme": hand.theme(),
        "keyword": keywords.split(", ") if isinstance(keywords, str) else keywords,
        "language": "es",
        "contactPoint": f"{base}/datasets/{hand.position + 1}/contact_point.vcf",
        "temporal": hand.temporal(),
        "spatial": hand.spatial(),
        "govType": hand.government.gov_type,
        "accrualPeriodicity": hand.frequency(),
        "landingPage": f"{base}/conjunto/{record.slug}",
        "openessRating": 3,
        "comments": None,
        "quality": None,
        "publisher": {"name": record.contact_name, "position": "Titular de la unidad de datos", "mbox": record.email},
        "public": True,
        "publishDate": hand.date(record.issued),
        "distribution": [_adela_file(hand, file, base) for file in hand.files()],
    }


def _adela_file(hand: Hand, file: File, base: str) -> dict[str, Any]:
    return {
        "id": file.id,
        "title": file.name,
        "description": f"Archivo de {hand.record.title}.",
        "issued": hand.date(hand.record.issued),
        "modified": hand.date(file.modified),
        "license": "https://datos.gob.mx/libreusomx/",
        "spatial": hand.government.cvegeo,
        "downloadURL": f"{base}/{file.path}",
        "mediaType": MEDIA_TYPES[file.format],
        "format": hand.format(file),
        "byteSize": hand.size(file),
        "temporal": None,
        "tools": None,
        "publishDate": hand.date(hand.record.issued),
    }
