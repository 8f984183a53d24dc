"""Tables on a web server: one CSV in the template ``ds:/rs:``, or a folder of them as Apache lists it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import ClassVar

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

HEADINGS = (
    "ds:identifier", "ds:title", "ds:description", "ds:keyword", "ds:modified", "ds:accrualPeriodicity",
    "rs:title", "rs:downloadURL", "rs:mediaType",
)  # fmt: skip


def write_table(records: Sequence[Plain]) -> str:
    """A row for each dataset and one for its file; a broken one has no title."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(HEADINGS)
    for record in records:
        title = "" if record.broken else record.title
        keywords = ", ".join(record.keywords)
        table.writerow([record.identifier, title, record.description, keywords, record.modified, "R/P1Y"])
        table.writerow([record.identifier, "", "", "", "", "", "Archivo", record.file_url, "text/csv"])
    return written.getvalue()


class TablePortal(PlatformPortal):
    """One document."""

    source_type: ClassVar[str] = "mx_table"
    encodings: ClassVar[tuple[str, ...]] = ("utf-8", "utf-8-sig", "utf-16", "latin-1")

    @property
    def address(self) -> str:
        """The file's."""
        return f"{self.base}/catalogo.csv"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        return self.table(self.records) if path == "/catalogo.csv" else NOT_FOUND

    def table(self, records: Sequence[Plain]) -> Answer:
        """A table in this portal's encoding."""
        return Answer(200, "text/csv", write_table(records).encode(self.encoding, errors="replace"))


class TableFolder(TablePortal):
    """So many datasets in each file as others give on a page; beside them, files that are none of ours."""

    is_told: ClassVar[bool] = False

    @property
    def address(self) -> str:
        """The folder's."""
        return f"{self.base}/catalogos/"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        count = max(1, -(-len(self.records) // self.page_size))
        files = {f"catalogo-{number:03}.csv": number for number in range(count)}
        folder, _, name = path.rpartition("/")
        if folder == "/catalogos" and name in files:
            start = files[name] * self.page_size
            return self.table(self.records[start : start + self.page_size])
        if path == "/catalogos/datos.csv":
            return Answer(200, "text/csv", b"x,y\n1,2\n")
        return self._index(sorted(files)) if path == "/catalogos/" else NOT_FOUND

    def _index(self, names: list[str]) -> Answer:
        others = ["?C=N;O=D", "/", "../otra/fuera.csv", "https://otro.ejemplo.mx/ajeno.csv", "datos.csv", "leame.pdf"]
        items = "".join(f'<tr><td><a href="{link}">{link}</a></td><td>1.2K</td></tr>' for link in (*others, *names))
        page = f"<!DOCTYPE HTML><html><head><title>Index of /catalogos</title></head><table>{items}</table></html>"
        return Answer(200, "text/html;charset=UTF-8", page.encode())
