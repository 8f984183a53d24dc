"""The rows of tables in a file, so that each dataset can be had with all of its rows wherever they stand.

An SQLite file, as for RDF: a catalogue may tell of a dataset in its first row and of a resource of it in its last, or
in another file of the same folder, and needs no more memory for 20,000 datasets than for 20.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ckanext.mxopendata.harvest.connectors.sqlite_files import writing_database
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.tables import TableRow

_TABLES = """
CREATE TABLE line (place INTEGER PRIMARY KEY, key TEXT, kind TEXT, number INTEGER, cells TEXT);
CREATE INDEX by_key ON line (key, place);
CREATE TABLE dataset (place INTEGER PRIMARY KEY, key TEXT UNIQUE);
CREATE TABLE alias (title TEXT PRIMARY KEY, key TEXT) WITHOUT ROWID;
CREATE TABLE finding (place INTEGER PRIMARY KEY, key TEXT, facts TEXT);
CREATE INDEX finding_by_key ON finding (key, place);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT);
"""
_ORPHANS = """
SELECT number, cells FROM line WHERE kind = ? AND key NOT IN (SELECT key FROM dataset) ORDER BY place LIMIT ?
"""
# More of a kind are no news to who reads a report.
MOST_SAID = 100


@dataclass(frozen=True)
class Rows:
    """The rows of one dataset, in their order, and what was noticed of them.

    Attributes:
        lines: kind and row.
        findings: each of one of the rows.
    """

    lines: list[tuple[str, TableRow]]
    findings: list[Finding]

    def of(self, kind: str) -> list[TableRow]:
        """Those of one kind."""
        return [row for its, row in self.lines if its == kind]


class Store:
    """The file; use as a context manager.

    Args:
        path: where it is; an empty one is made where there is none.
    """

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        with writing_database():
            self._database = sqlite3.connect(path, isolation_level=None)
            # What a process that ends half-way leaves is begun anew.
            self._database.execute("PRAGMA synchronous = OFF")
            if is_new:
                self._database.executescript(_TABLES)

    @staticmethod
    def remove(path: Path) -> None:
        """Take the file away, and what SQLite keeps beside it: it would be taken for the next one's."""
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Add rows: all of them, or none where an error ends it.

        Raises:
            SourceError: where the file cannot be written.
        """
        with writing_database():
            self._database.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def add(self, kind: str, key: str, row: TableRow, is_dataset: bool) -> None:
        """Keep a row.

        Args:
            kind: what it tells of.
            key: of which dataset.
            row: the row.
            is_dataset: whether it is enough to make a dataset of.
        """
        cells = json.dumps(dict(row.cells), ensure_ascii=False)
        self._database.execute(
            "INSERT INTO line (key, kind, number, cells) VALUES (?, ?, ?, ?)", (key, kind, row.number, cells)
        )
        if is_dataset:
            self._database.execute("INSERT OR IGNORE INTO dataset (key) VALUES (?)", (key,))

    def call(self, title: str, key: str) -> None:
        """Remember the title of a dataset, for rows that know it only by that."""
        self._database.execute("INSERT OR IGNORE INTO alias VALUES (?, ?)", (title, key))

    def called(self, title: str) -> str | None:
        """Of which dataset a title is."""
        found = self._database.execute("SELECT key FROM alias WHERE title = ?", (title,)).fetchone()
        return found[0] if found else None

    def say(self, findings: Iterable[Finding], key: str | None = None) -> None:
        """Keep what is to be said of a dataset, or of the whole."""
        rows = [(key, json.dumps(finding.facts(), ensure_ascii=False)) for finding in findings]
        self._database.executemany("INSERT INTO finding (key, facts) VALUES (?, ?)", rows)

    def said(self, key: str | None = None) -> list[Finding]:
        """What is to be said of a dataset, or of the whole."""
        found = self._database.execute(
            "SELECT facts FROM finding WHERE key IS ? ORDER BY place LIMIT ?", (key, MOST_SAID)
        )
        return [Finding.from_facts(json.loads(row[0])) for row in found]

    def remember(self, name: str, value: str) -> None:
        """Keep a fact."""
        with writing_database():
            self._database.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str:
        """What was kept under a name; empty where nothing was."""
        found = self._database.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return found[0] if found else ""

    def count(self) -> int:
        """How many datasets there are."""
        return self._database.execute("SELECT count(*) FROM dataset").fetchone()[0]

    def datasets(self, skip: int, most: int) -> list[Rows]:
        """Some of them, in the order in which they first appear."""
        keys = self._database.execute("SELECT key FROM dataset ORDER BY place LIMIT ? OFFSET ?", (most, skip))
        return [self._rows(key) for (key,) in keys.fetchall()]

    def orphans(self, kind: str) -> list[TableRow]:
        """The first rows of a kind whose dataset has no row of its own."""
        found = self._database.execute(_ORPHANS, (kind, MOST_SAID))
        return [TableRow(number, json.loads(cells)) for number, cells in found]

    def _rows(self, key: str) -> Rows:
        found = self._database.execute("SELECT kind, number, cells FROM line WHERE key = ? ORDER BY place", (key,))
        lines = [(kind, TableRow(number, json.loads(cells))) for kind, number, cells in found]
        return Rows(lines, self.said(key))
