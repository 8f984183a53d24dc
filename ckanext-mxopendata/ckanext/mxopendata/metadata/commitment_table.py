"""Tables that promise data become lines of commitments: opening plans, inventories, counts of what is committed.

Pure: file → lines + findings. A promise is not a dataset (rule 5 of the architecture): a line says who promised what
for when; nothing here becomes a dataset. What cannot be read is said of its row, and nothing is guessed silently.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.catalogue_table import FINDING_COLUMNS
from ckanext.mxopendata.metadata.commitment_columns import (
    CATALOGUE,
    HEADINGS,
    INVENTORY,
    KNOWN,
    PLAN,
    TOTALS,
    kind_of,
    year_in,
)
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.names import slug
from ckanext.mxopendata.metadata.tables import Table, TableRow, read_table
from ckanext.mxopendata.metadata.text import fold

PUBLIC, RESTRICTED, NON_PUBLIC = "public", "restricted", "non_public"
MAXIMUM_TITLE, MAXIMUM_LINE, MAXIMUM_TEXT = 500, 300, 5000
_DAY = len("2026-01-01")
_MOST_COMMITTED = 10_000_000


@dataclass
class CommitmentLine:
    """What one row promises.

    Attributes:
        row: its number as a spreadsheet shows it.
        institution: the institution as the row writes it, ``""`` where the table has no such column.
        title: of the dataset.
        resource: name of the resource, or ``""`` where the promise is of the dataset.
        description, area, reason, legal_basis: texts, or ``""``.
        frequency: id of a term of ``frequencies``, or ``None``.
        access_level: ``public``, ``restricted``, ``non_public``, or ``None`` where the row does not say (an opening
            plan has no such column) or cannot be understood.
        open_to_all: whether everybody may see the line: a plan is a public document, and so is a line of an inventory
            that says public; one that says otherwise, or nothing that can be understood, is not.
        promised: ISO 8601 in the precision written (``2026``, ``2026-01``, ``2026-01-15``), or ``None``.
    """

    row: int
    institution: str
    title: str
    resource: str = ""
    description: str = ""
    area: str = ""
    reason: str = ""
    legal_basis: str = ""
    frequency: str | None = None
    access_level: str | None = None
    open_to_all: bool = True
    promised: str | None = None

    @property
    def key(self) -> str:
        """What tells the line from others of its institution, see :func:`line_key`."""
        return line_key(self.title, self.resource)


@dataclass
class CommitmentTotal:
    """How many datasets an institution committed, where only the number is known: its row, its name, the count."""

    row: int
    institution: str
    committed: int


@dataclass
class CommitmentTable:
    """What was read.

    Attributes:
        table: the file's cells and its own findings.
        kind: ``plan``, ``inventory``, ``totals``; ``""`` where the file is none of them.
        lines: of a plan or an inventory; every row is in one of them or among the rejected.
        totals: of a count.
        rejected: numbers of the rows that say nothing which could be stored; each has a finding.
        findings: of the rows, each with ``details["row"]``.
    """

    table: Table
    kind: str = ""
    lines: list[CommitmentLine] = field(default_factory=list)
    totals: list[CommitmentTotal] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def line_key(title: str, resource: str = "") -> str:
    """The key of a line within its institution: the same for two spellings of the same title and resource.

    Returns:
        A readable beginning and a digest of the whole, at most 75 characters.
    """
    whole = f"{fold(readers.clean_line(title))}\n{fold(readers.clean_line(resource))}"
    digest = hashlib.blake2b(whole.encode("utf-8", errors="surrogatepass"), digest_size=12).hexdigest()
    return f"{slug(title, limit=50)}:{digest}"


def last_day(promised: str) -> date:
    """The day on which a promise falls due: the last of the year or the month, where it names no day.

    Args:
        promised: ISO 8601 date of any precision.
    """
    year, month, day = (*(int(part) for part in promised.split("-")), 0, 0)[:3]
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def first_day(promised: str) -> date:
    """The first day that a promise names; before it, a publication is early."""
    year, month, day = (*(int(part) for part in promised.split("-")), 0, 0)[:3]
    return date(year, month or 1, day or 1)


def read_commitments(content: bytes, date_order: str | None = None) -> CommitmentTable:
    """Read a plan, an inventory or a count (issue 8, part 1).

    Args:
        content: the CSV or XLSX file.
        date_order: ``DMY``, ``MDY`` or ``YMD``; ``None`` finds it out of the file, and leaves dates unread where the
            file does not tell.

    Returns:
        No lines, and an ``error`` among the findings of the table, where the file promises nothing.
    """
    table = read_table(content, KNOWN, FINDING_COLUMNS)
    found = CommitmentTable(table)
    if not table.is_readable:
        table.findings = [_about_headings(finding) for finding in table.findings]
        return found
    kind = kind_of(table.headings)
    fields = {HEADINGS.get(name) for name in table.headings}
    if kind == CATALOGUE:
        table.findings.append(Finding("commitment_table_is_catalogue"))
        return found
    needed = {"institution", "committed"} if kind == TOTALS else {"title"}
    if not needed <= fields:
        table.findings.append(Finding("commitment_headings_unknown", value=", ".join(table.written)))
        return found
    found.kind = kind
    if kind == TOTALS:
        _read_totals(found)
        return found
    dated = [name for name in table.headings if HEADINGS.get(name) == "promised"]
    # What begins with a year has an order of its own, whatever that of the others is.
    texts = (row.cells.get(name, "") for row in table.rows for name in dated)
    order = date_order or readers.infer_date_order(text for text in texts if not text[:4].isdecimal())
    years = {name: year_in(written) for name in dated for written in table.written if _is_heading(written, name)}
    for row in table.rows:
        _read_row(row, found, order, years)
    return found


def _about_headings(finding: Finding) -> Finding:
    """The sentence on headings names those of the catalogue; here others are waited for."""
    if finding.code == "table_headings_unknown":
        return Finding("commitment_headings_unknown", value=finding.value)
    return finding


def _is_heading(written: str, name: str) -> bool:
    """Whether a heading as written is the one known by a name, misspelt or not: the same year tells it."""
    return fold(written)[:5] == fold(name)[:5] and year_in(written) == year_in(name)


def _read_totals(found: CommitmentTable) -> None:
    for row in found.table.rows:
        cells = {HEADINGS[name]: text for name, text in row.cells.items() if name in HEADINGS}
        name, text = readers.clean_line(cells.get("institution"), MAXIMUM_LINE), cells.get("committed", "")
        number = text.strip().removesuffix(".0")
        if name and number.isascii() and number.isdecimal() and int(number[:12]) <= _MOST_COMMITTED:
            found.totals.append(CommitmentTotal(row.number, name, int(number)))
            continue
        code = "commitment_total_unreadable" if name else "commitment_institution_missing"
        found.rejected.append(row.number)
        found.findings.append(_said(code, "committed" if name else "institution", row, text))


def _said(code: str, name: str | None, row: TableRow, value: str | None = None, **details: object) -> Finding:
    return Finding(code, name, str(row.number), value, {**details, "row": row.number})


def _read_row(row: TableRow, found: CommitmentTable, order: str | None, years: dict[str, str | None]) -> None:
    cells: dict[str, str] = {}
    for name, text in row.cells.items():
        if name in HEADINGS:
            cells.setdefault(HEADINGS[name], text)
    title = readers.clean_line(cells.get("title"), MAXIMUM_TITLE)
    if not title:
        found.rejected.append(row.number)
        found.findings.append(_said("commitment_without_title", "title", row, cells.get("resource", "")))
        return
    line = CommitmentLine(row.number, readers.clean_line(cells.get("institution"), MAXIMUM_LINE), title)
    line.resource = readers.clean_line(cells.get("resource"), MAXIMUM_TITLE)
    line.description = readers.clean_text(cells.get("description") or cells.get("resource_description"))[:MAXIMUM_TEXT]
    line.area = readers.clean_line(cells.get("area"), MAXIMUM_LINE)
    line.legal_basis = readers.clean_line(cells.get("legal_basis"), MAXIMUM_TITLE)
    frequency = readers.read_frequency(cells.get("frequency"))
    line.frequency = frequency.value
    if frequency.note:
        found.findings.append(_said(frequency.note, "frequency", row, cells.get("frequency")))
    if found.kind == INVENTORY:
        found.findings.extend(_read_access(line, cells, row))
    found.findings.extend(_read_promise(line, row, order, years))
    if line.promised is None and line.open_to_all:
        found.findings.append(_said("commitment_without_date", "promised_on", row))
    found.lines.append(line)


def _read_access(line: CommitmentLine, cells: dict[str, str], row: TableRow) -> Iterator[Finding]:
    """The level of access: what the column asks (are there private data?) can be answered with yes and no, too."""
    text = cells.get("access", "")
    answer = readers.read_boolean(text).value if text else None
    if answer is None:
        line.access_level = readers.read_access_rights(text).value
    else:
        line.access_level = NON_PUBLIC if answer else PUBLIC
    line.open_to_all = line.access_level == PUBLIC
    line.reason = readers.clean_line(cells.get("reason"), MAXIMUM_TITLE)
    if line.access_level is None:
        yield _said("commitment_access_unknown", "access_level", row, text)
    elif not line.open_to_all and not line.reason:
        yield _said("commitment_reason_missing", "access_reason", row)


def _read_promise(
    line: CommitmentLine, row: TableRow, order: str | None, years: dict[str, str | None]
) -> Iterator[Finding]:
    """The promised date; of several columns the first that can be read counts, and the others are said."""
    for name, text in row.cells.items():
        if HEADINGS.get(name) != "promised":
            continue
        reading = readers.read_date(text, order)
        if reading.note == "date_without_year" and years.get(name):
            reading = readers.read_date(f"{text} {years[name]}", order)
            if reading.value is not None:
                read = str(reading.value)
                yield _said("commitment_year_of_heading", "promised_on", row, text, read=read, heading=name)
        promised = str(reading.value)[:_DAY] if reading.value is not None else None
        if reading.note:
            yield _said(reading.note, "promised_on", row, text, read=promised or "")
        if promised is None:
            continue
        if line.promised is None:
            line.promised = promised
        elif line.promised != promised:
            yield _said("commitment_two_dates", "promised_on", row, text, read=line.promised)


__all__ = [
    "INVENTORY",
    "NON_PUBLIC",
    "PLAN",
    "PUBLIC",
    "RESTRICTED",
    "TOTALS",
    "CommitmentLine",
    "CommitmentTable",
    "CommitmentTotal",
    "first_day",
    "last_day",
    "line_key",
    "read_commitments",
]
