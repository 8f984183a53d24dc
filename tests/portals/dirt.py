"""How publishers write: the same meaning in many spellings, some of it lost.

Each record has a chance of its own, seeded by its identifier, so that one record's dirt never depends on another's.
The blemishes that tests count (no title, no identifier, mojibake, no files, broken links) sit at fixed positions.
"""

from __future__ import annotations

import random
from datetime import date

from portals.governments import Government
from portals.records import File, Record

WORDS = {
    "realtime": ("Tiempo real", "tiempo real"),
    "R/P1D": ("Diario", "diariamente", "Daily"),
    "R/P1W": ("Semanal", "semanalmente"),
    "R/P1M": ("Mensual", "MENSUAL", "mensualmente"),
    "R/P2M": ("Bimestral", "bimestralmente"),
    "R/P3M": ("Trimestral", "trimestralmente", "Quarterly"),
    "R/P6M": ("Semestral", "semestralmente"),
    "R/P1Y": ("Anual", "anual ", "Anualmente", "Annual"),
    "R/P2Y": ("Bianual", "Cada dos años"),
    "R/P5Y": ("Quinquenal", "quinquenal"),
    "R/P10Y": ("Decenal",),
}
VAGUE_FREQUENCY = "según disponibilidad"
UNKNOWN_FREQUENCY = "conforme al ciclo del sistema"
LICENSES = {
    "libreusomx": (
        "https://datos.gob.mx/libreusomx",
        "http://datos.gob.mx/libreusomx/",
        "Libre Uso MX",
        "libreusomx",
    ),
    "cc-by-4.0": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/", "Creative Commons Attribution 4.0"),
}
SECTORS = {
    "educacion": "Educación",
    "salud": "Salud",
    "seguridad": "Seguridad y Justicia",
    "presupuesto": "Finanzas y Contrataciones",
    "economia": "Economía",
    "infraestructura": "Infraestructura",
    "medio_ambiente": "Energía y Medio Ambiente",
    "cultura": "Cultura y Turismo",
    "turismo": "Cultura y Turismo",
}
FORMATS = {
    "CSV": ("CSV", "csv", ".csv", "text/csv"),
    "XLSX": ("XLSX", "xlsx", "Excel"),
    "PDF": ("PDF", "pdf"),
    "SHP": ("SHP", "Shapefile", "zip"),
    "GEOJSON": ("GeoJSON", "geojson"),
    "JSON": ("JSON", "application/json"),
}
LINK_FORMAT = "www:link"
MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)  # fmt: skip
WEEKDAYS = ("Lun", "Mar", "Mié", "Jue", "Vie", "Sáb", "Dom")
# Positions, within a portal, of the records with a blemish that tests count.
WITHOUT_IDENTIFIER, WITHOUT_TITLE, MOJIBAKE, WITHOUT_FILES, WITHOUT_DATE, WITHOUT_NOTES = 3, 7, 11, 13, 17, 19
BROKEN_EVERY = 9


class Hand:
    """One publisher's hand writing one record."""

    def __init__(self, government: Government, record: Record, position: int) -> None:
        """``position`` counts the portal's records from zero."""
        self.government = government
        self.record = record
        self.position = position
        self.chance = random.Random(f"{record.id} hand")

    def frequency(self) -> str | None:
        """The declared frequency as a code, a word, something vague, something unknown, or nothing."""
        throw = self.chance.random()
        code = self.record.frequency
        if code is None or throw < 0.06:
            return None
        if throw < 0.11:
            return VAGUE_FREQUENCY
        if throw < 0.13:
            return UNKNOWN_FREQUENCY
        return self.chance.choice(WORDS[code]) if throw < 0.6 else code

    def date(self, day: date | None) -> str | None:
        """A day in the order this portal writes dates in."""
        if day is None:
            return None
        style = self.government.dates
        if style == "dmy":
            return f"{day:%d/%m/%Y}"
        if style == "dmy-":
            return f"{day:%d-%m-%Y}"
        if style == "mdy":
            return f"{WEEKDAYS[day.weekday()]}, {day:%m/%d/%Y} - 12:47"
        if style == "month":
            return f"{MONTHS[day.month - 1]} {day.year}"
        return day.isoformat()

    def modified(self) -> str | None:
        """When the publisher says the data changed; missing at one position."""
        return None if self.position == WITHOUT_DATE else self.date(self.record.modified)

    def title(self) -> str | None:
        """The title, or nothing at the position whose record cannot be taken in (data.json portals only)."""
        if self.position == WITHOUT_TITLE and self.government.platform != "ckan":
            return None
        return self.record.title

    def identifier(self) -> str | None:
        """The publisher's identifier, or nothing at one position."""
        return None if self.position == WITHOUT_IDENTIFIER else self.record.id

    def notes(self) -> str | None:
        """The description: plain, in HTML, read with the wrong encoding, or missing."""
        text = self.record.notes
        if self.position == WITHOUT_NOTES:
            return None
        if self.position == MOJIBAKE:
            return text.encode("utf-8").decode("latin-1")
        if self.chance.random() < 0.2:
            sentences = "".join(f"<li>{sentence.strip()}</li>" for sentence in text.split(". ") if sentence.strip())
            return f"<p><strong>{self.record.title}</strong>&nbsp;</p><ul>{sentences}</ul>"
        return text

    def license(self) -> str | None:
        """The licence as a URI or a name, or missing."""
        if self.chance.random() < 0.1:
            return None
        return self.chance.choice(LICENSES[self.record.license])

    def keywords(self) -> list[str] | str:
        """Keywords as a list or as one string with commas."""
        words = list(self.record.keywords)
        return ", ".join(words) if self.chance.random() < 0.25 else words

    def theme(self) -> str | None:
        """The theme as a term, as an ADELA sector's name, or missing."""
        throw = self.chance.random()
        if throw < 0.08:
            return None
        if throw < 0.4:
            return SECTORS.get(self.record.theme, self.record.theme)
        return self.record.theme

    def spatial(self) -> str | None:
        """The area as an INEGI key, a name, or missing."""
        key, name = self.government.cvegeo, self.government.place
        return self.chance.choice([key, key, name, f"{name}, México", None])

    def temporal(self) -> str | None:
        """The period as an ISO 8601 interval, or missing."""
        if self.chance.random() < 0.3:
            return None
        return f"{self.record.start.isoformat()}/{self.record.end.isoformat()}"

    def contact(self) -> dict[str, str] | str | None:
        """The contact as a vCard object, as a bare mailbox or name, or missing."""
        throw = self.chance.random()
        if throw < 0.1:
            return None
        if throw < 0.2:
            return self.record.email
        if throw < 0.3:
            return self.record.contact_name
        blank = " " if throw < 0.4 else ""
        return {
            "@type": "vcard:Contact",
            "fn": self.record.contact_name,
            "hasEmail": f"mailto:{blank}{self.record.email}",
        }

    def dictionary(self, base: str) -> str | None:
        """The address of the data dictionary; most publishers do not give one."""
        return f"{base}/diccionarios/{self.record.slug}.csv" if self.position % 4 == 1 else None

    def files(self) -> list[File]:
        """The record's files; none at one position; now and then one whose link is broken."""
        if self.position == WITHOUT_FILES:
            return []
        broken = self.position % BROKEN_EVERY == BROKEN_EVERY - 1
        for file in self.record.files[-1:]:
            file.broken = broken
        return self.record.files

    def format(self, file: File) -> str | None:
        """A file's format in some spelling, as a protocol name, or missing."""
        throw = self.chance.random()
        if throw < 0.05:
            return None
        if throw < 0.09:
            return LINK_FORMAT
        return self.chance.choice(FORMATS[file.format])

    def size(self, file: File) -> int | str | None:
        """A file's size in bytes, in words, or missing."""
        throw = self.chance.random()
        if throw < 0.3:
            return None
        if throw < 0.5:
            return f"{file.size / 1_000_000:.1f} MB" if file.size > 900_000 else f"{file.size // 1000} KB"
        return file.size
