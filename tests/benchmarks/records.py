"""Generated records of a data.json (Project Open Data 1.1): as many as wanted, the same ones each time.

Record ``number`` differs from record ``number % KINDS`` in two words only: its own token and that of its institution.
So a dataset made of the one is a dataset made of the other once the words are exchanged, which is how
:mod:`benchmarks.cloning` fills a site quickly. Both tokens begin with a letter that no hexadecimal number has: they
occur in no id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from portals.records import topics

KINDS = 12
DATASETS_PER_INSTITUTION = 40
# One record of so many differs in a changed catalogue.
ONE_CHANGED_IN = 10
_FIRST_DAY = date(2025, 1, 7)
_MEDIA_TYPES = {
    "CSV": "text/csv",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "JSON": "application/json",
}


def token(number: int) -> str:
    """The word that only this record has."""
    return f"g{number:07d}"


def institution_number(number: int) -> int:
    """The institution that publishes a record."""
    return number // DATASETS_PER_INSTITUTION


def institutions(size: int) -> int:
    """How many institutions publish ``size`` records."""
    return -(-size // DATASETS_PER_INSTITUTION)


def institution_token(institution: int) -> str:
    """The word that only this institution has."""
    return f"i{institution:05d}"


def institution(number: int) -> dict[str, Any]:
    """An institution as ``organization_create`` takes it."""
    word = institution_token(number)
    return {
        "name": f"municipio-generado-{word}",
        "title": f"Municipio generado {word}",
        "description": f"Institución {word} de un catálogo generado para medir velocidades.",
        "gov_type": "municipal",
        "cvegeo": "14039",
    }


def record(number: int, changed: bool = False) -> dict[str, Any]:
    """One record, complete and valid, with three distributions.

    Args:
        number: which one, from 0.
        changed: as it is after its publisher has changed it.
    """
    kind = number % KINDS
    topic = topics()[kind]
    word, publisher = token(number), institution_token(institution_number(number))
    issued = _FIRST_DAY + timedelta(days=11 * kind)
    modified = issued + timedelta(days=200)
    address = f"https://datos.{publisher}.ejemplo.gob.mx/{word}"
    return {
        "@type": "dcat:Dataset",
        "identifier": f"mx-{publisher}-{word}",
        "title": f"{topic.title}, serie {word}",
        "description": f"{topic.about} Serie {word}.{' Con las cifras corregidas.' if changed else ''}",
        "keyword": list(topic.keywords),
        "issued": issued.isoformat(),
        "modified": (modified + timedelta(days=30 if changed else 0)).isoformat(),
        "publisher": {"@type": "org:Organization", "name": f"Municipio generado {publisher}"},
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": f"Unidad de {topic.area}",
            "hasEmail": f"mailto:datos@{publisher}.ejemplo.gob.mx",
        },
        "accessLevel": "public",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "spatial": "14039",
        "temporal": f"{issued.year - 1}-01-01/{issued.year - 1}-12-31",
        "theme": [topic.theme],
        "accrualPeriodicity": topic.frequency,
        "landingPage": address,
        "describedBy": f"{address}/diccionario.csv",
        "language": ["es"],
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": f"{topic.title} ({name})",
                "description": f"Archivo {name} de la serie {word}.",
                "downloadURL": f"{address}/datos.{name.lower()}",
                "mediaType": media_type,
                "format": name,
                "byteSize": 1000 + 100 * kind,
            }
            for name, media_type in _MEDIA_TYPES.items()
        ],
    }


def records(numbers: Iterable[int], changed: bool = False) -> Iterator[dict[str, Any]]:
    """Records by number; with ``changed`` one in :data:`ONE_CHANGED_IN` is."""
    for number in numbers:
        yield record(number, changed and number % ONE_CHANGED_IN == 0)


def write_catalogue(path: Path, numbers: Iterable[int], changed: bool = False) -> None:
    """Write a data.json, record by record; it takes the place of an older one when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write('{"@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",\n')
        file.write('"conformsTo": "https://project-open-data.cio.gov/v1.1/schema",\n')
        file.write('"title": "Catálogo generado", "dataset": [\n')
        for position, entry in enumerate(records(numbers, changed)):
            file.write((",\n" if position else "") + json.dumps(entry, ensure_ascii=False))
        file.write("\n]}\n")
    unfinished.replace(path)
