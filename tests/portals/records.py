"""Clean records of a government, made from our word list; the same on every machine for the same day."""

from __future__ import annotations

import csv
import functools
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from portals.governments import NOTICE, Government

TOPICS = Path(__file__).with_name("topics.csv")
# Days between two updates, by declared frequency.
DAYS = {
    "realtime": 1,
    "R/P1D": 1,
    "R/P1W": 7,
    "R/P1M": 30,
    "R/P2M": 61,
    "R/P3M": 91,
    "R/P6M": 182,
    "R/P1Y": 365,
    "R/P2Y": 730,
    "R/P5Y": 1826,
    "R/P10Y": 3652,
}
# How late publishers are: share of a period that has gone by since the last update (over 1 is overdue).
AGES = (0.05, 0.2, 0.35, 0.5, 0.6, 0.75, 0.9, 0.95, 1.3, 1.9, 2.8)
OFTEN, RARELY = 0.6, 0.12


@dataclass(frozen=True)
class Topic:
    """One row of ``topics.csv``: what many governments publish about."""

    slug: str
    theme: str
    frequency: str
    title: str
    about: str
    area: str
    keywords: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass
class File:
    """One resource: where it lies on the portal, what it holds; ``broken`` ones answer 404."""

    id: str
    name: str
    format: str
    path: str
    size: int
    modified: date
    broken: bool = False


@dataclass
class Record:
    """What a publisher means, before any spelling: every field right and complete."""

    id: str
    slug: str
    title: str
    notes: str
    keywords: list[str]
    theme: str
    area: str
    contact_name: str
    email: str
    frequency: str | None
    issued: date
    modified: date | None
    start: date
    end: date
    license: str
    columns: tuple[str, ...]
    files: list[File] = field(default_factory=list)


@functools.cache
def topics() -> tuple[Topic, ...]:
    """All rows of the word list, in file order."""
    with TOPICS.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Topic(
                slug=row["slug"],
                theme=row["theme"],
                frequency=row["frequency"],
                title=row["title"],
                about=row["about"],
                area=row["area"],
                keywords=tuple(row["keywords"].split("|")),
                columns=tuple(row["columns"].split("|")),
            )
            for row in csv.DictReader(lines)
        )


def records(government: Government, as_of: date) -> list[Record]:
    """The clean records of one government, as they stand on the day ``as_of``."""
    chance = random.Random(f"{government.name} 2026")
    chosen = sorted(chance.sample(range(len(topics())), government.datasets))
    return [_record(government, topics()[index], as_of, chance) for index in chosen]


def _record(government: Government, topic: Topic, as_of: date, chance: random.Random) -> Record:
    age = DAYS[topic.frequency] * chance.choice(AGES)
    modified = as_of - timedelta(days=max(1, round(age)))
    issued = modified - timedelta(days=chance.randrange(200, 1500))
    first_year = issued.year - chance.randrange(0, 4)
    area = f"{government.area_prefix} {topic.area}"
    mailbox = topic.slug.split("-")[0]
    record = Record(
        id=str(uuid5(NAMESPACE_URL, f"https://{government.host}/{topic.slug}")),
        slug=topic.slug,
        title=f"{topic.title} {government.of_place}" if chance.random() < OFTEN else topic.title,
        notes=f"{topic.about} Lo publica la {area}. {NOTICE}",
        keywords=list(topic.keywords),
        theme=topic.theme,
        area=area,
        contact_name=f"Unidad de datos de la {area}",
        email=f"{mailbox}@{government.host}",
        frequency=topic.frequency,
        issued=issued,
        modified=modified,
        start=date(first_year, 1, 1),
        end=modified,
        license="libreusomx" if chance.random() < OFTEN else "cc-by-4.0",
        columns=topic.columns,
    )
    record.files = _files(record, topic, chance)
    return record


def _files(record: Record, topic: Topic, chance: random.Random) -> list[File]:
    formats = ["CSV"]
    if "latitud" in topic.columns:
        formats.append(chance.choice(["GEOJSON", "SHP"]))
    if chance.random() < OFTEN:
        formats.append(chance.choice(["XLSX", "JSON", "PDF"]))
    if chance.random() < RARELY:
        formats.remove("CSV")
        formats.insert(0, "PDF" if "PDF" not in formats else "XLSX")
    found = [_file(record, topic, file_format, "", chance) for file_format in formats]
    if topic.columns[0] == "anio" and chance.random() < OFTEN:
        year = record.end.year - 1
        found.append(_file(record, topic, "CSV", f" {year}", chance))
    return found


def _file(record: Record, topic: Topic, file_format: str, suffix: str, chance: random.Random) -> File:
    ending = {"SHP": "zip"}.get(file_format, file_format.lower())
    stem = f"{topic.slug}{suffix.strip() and '-' + suffix.strip()}"
    path = f"archivos/{stem}.{ending}"
    assert record.modified is not None, "a clean record has its date"
    return File(
        id=str(uuid5(NAMESPACE_URL, f"{record.id}/{path}")),
        name=f"{topic.title}{suffix} ({file_format})",
        format=file_format,
        path=path,
        size=chance.randrange(2_000, 4_000_000),
        modified=record.modified - timedelta(days=365 if suffix else 0),
    )
