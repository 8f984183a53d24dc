"""The triples of one document in a file, so that its datasets can be had one by one however large it is.

An SQLite file: it keeps the order of the document, which a graph store does not, and needs no more memory for 20,000
datasets than for 20.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ckanext.mxopendata.dcat.graph import Graph, Node, Text, plain_triples
from ckanext.mxopendata.dcat.terms import DCAT, DCT, FOAF, HYDRA, SKOS, TYPE
from ckanext.mxopendata.harvest.connectors.sqlite_files import writing_database
from ckanext.mxopendata.local_files import writing

# More is no description of one dataset, but a vocabulary or a whole catalogue that hangs on it.
MOST_TRIPLES = 100_000
_ASKED_AT_ONCE = 500
# Of these only the words are taken: what hangs on them is not about the dataset.
_OTHERS = tuple(kind.value for kind in (DCAT.Dataset, DCAT.Catalog, DCAT.DatasetSeries, SKOS.ConceptScheme))
# What lists datasets and is none itself, though in DCAT 3 these are subclasses of dcat:Dataset.
_NO_RECORDS = (DCAT.Catalog.value, DCAT.DatasetSeries.value)
# Who says nothing of these about a dataset only refers to it: it is described on another page.
_DESCRIBED = tuple(term.value for term in (DCT.title, DCT.description, DCAT.distribution))
_NEXT = (HYDRA.next.value, HYDRA.nextPage.value)

_TABLES = """
CREATE TABLE triple (
    place INTEGER PRIMARY KEY, subject TEXT, predicate TEXT, object TEXT, node INTEGER, language TEXT, datatype TEXT);
CREATE TABLE dataset (place INTEGER PRIMARY KEY, node TEXT);
CREATE TABLE other (node TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE visited (page INTEGER, mark TEXT);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT);
"""
_INDEXES = f"""
CREATE INDEX by_subject ON triple (subject);
CREATE INDEX by_type ON triple (object, subject) WHERE predicate = '{TYPE.value}';
CREATE INDEX by_topic ON triple (object) WHERE predicate = '{FOAF.primaryTopic.value}';
"""  # noqa: S608 - terms of ours
_ADD = "INSERT INTO triple (subject, predicate, object, node, language, datatype) VALUES (?, ?, ?, ?, ?, ?)"
# Those that are said to be one, and those that a catalogue says it has.
_DATASETS = """
INSERT INTO dataset (node)
SELECT t.subject FROM triple t
WHERE (t.subject IN (SELECT subject FROM triple WHERE predicate = :type AND object = :dataset AND node)
    OR t.subject IN (SELECT object FROM triple WHERE predicate = :lists AND node))
  AND t.predicate IN (:title, :description, :distribution)
  AND NOT EXISTS (SELECT 1 FROM triple o WHERE o.predicate = :type AND o.subject = t.subject
      AND o.object IN (:catalogue, :series))
GROUP BY t.subject ORDER BY min(t.place)
"""
_NAMES: Mapping[str, str] = {
    "type": TYPE.value,
    "dataset": DCAT.Dataset.value,
    "lists": DCAT.dataset.value,
    **dict(zip(("title", "description", "distribution"), _DESCRIBED, strict=True)),
    **dict(zip(("catalogue", "series"), _NO_RECORDS, strict=True)),
}
_OTHER_NODES = """
INSERT OR IGNORE INTO other SELECT subject FROM triple
WHERE predicate = ? AND object IN (?, ?, ?, ?) AND node
"""
_SAID = """
SELECT t.place, t.subject, t.predicate, t.object, t.node, t.language, t.datatype, o.node IS NOT NULL
FROM triple t LEFT JOIN other o ON o.node = t.subject WHERE t.subject IN
"""
_CATALOGUE = "SELECT EXISTS (SELECT 1 FROM triple WHERE predicate = ? AND object IN (?, ?) OR predicate = ?)"


class Store:
    """The file; use as a context manager.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    @classmethod
    def fill(cls, path: Path, quads: Iterable[Any], before: Path | None, facts: Mapping[str, str]) -> None:
        """Make the file out of a document; half of it is none.

        Args:
            path: where it is to be; replaced where it is there.
            quads: pyoxigraph's.
            before: the file of the page before, whose visited pages are taken over.
            facts: what is to be remembered of the document.

        Raises:
            SourceError: where the document cannot be read, or the file not be written.
        """
        half = path.with_name(f"mxopendata-{path.name}.part")
        half.unlink(missing_ok=True)
        try:
            with writing_database(), cls(half) as store:
                store._fill(quads, before, facts)
            with writing():
                half.replace(path)
        finally:
            half.unlink(missing_ok=True)

    def _fill(self, quads: Iterable[Any], before: Path | None, facts: Mapping[str, str]) -> None:
        run = self._database.execute
        # Nothing to be undone: a file that is not complete is thrown away.
        run("PRAGMA journal_mode = OFF")
        run("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLES)
        if before is not None:
            run("ATTACH ? AS earlier", (str(before),))
            run("INSERT INTO visited SELECT page, mark FROM earlier.visited")
            run("DETACH earlier")
        run("BEGIN")
        self._database.executemany(_ADD, _rows(quads))
        run("COMMIT")
        self._database.executescript(_INDEXES)
        run(_OTHER_NODES, (TYPE.value, *_OTHERS))
        run(_DATASETS, _NAMES)
        self._database.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())

    def fact(self, name: str) -> str:
        """What was remembered of the document under a name; empty where nothing was."""
        found = self._database.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return found[0] if found else ""

    def is_catalogue(self) -> bool:
        """Whether there is anything of a catalogue in it, also one without datasets."""
        names = (TYPE.value, DCAT.Catalog.value, DCAT.Dataset.value, DCAT.dataset.value)
        return bool(self._database.execute(_CATALOGUE, names).fetchone()[0])

    def count(self) -> int:
        """How many datasets it describes."""
        return self._database.execute("SELECT count(*) FROM dataset").fetchone()[0]

    def nodes(self, skip: int, most: int) -> list[Node]:
        """The datasets it describes, in its order."""
        found = self._database.execute("SELECT node FROM dataset ORDER BY place LIMIT ? OFFSET ?", (most, skip))
        return [Node(row[0]) for row in found]

    def next_page(self) -> str:
        """The address of the page after this one, as Hydra says it in both of its ways; empty for the last."""
        for predicate in _NEXT:
            found = self._database.execute("SELECT object FROM triple WHERE predicate = ? LIMIT 1", (predicate,))
            if row := found.fetchone():
                return row[0]
        return ""

    def total(self) -> int | None:
        """How many datasets the catalogue says it has on all its pages, or ``None``."""
        found = self._database.execute(
            "SELECT object FROM triple WHERE predicate = ? LIMIT 1", (HYDRA.totalItems.value,)
        ).fetchone()
        return int(found[0]) if found and found[0].isdecimal() and len(found[0]) < 10 else None

    def visit(self, page: int, marks: Iterable[str]) -> bool:
        """Remember a page by its marks; ``False`` where an earlier page had one of them.

        Args:
            page: its number; what was remembered of later ones is forgotten.
            marks: any texts by which the same page is known again.
        """
        run = self._database.execute
        run("DELETE FROM visited WHERE page >= ?", (page,))
        wanted = [mark for mark in marks if mark]
        places = ", ".join("?" * len(wanted))
        seen = run(f"SELECT 1 FROM visited WHERE mark IN ({places}) LIMIT 1", wanted).fetchone()  # noqa: S608
        self._database.executemany("INSERT INTO visited VALUES (?, ?)", [(page, mark) for mark in wanted])
        return seen is None

    def graph_around(self, dataset: Node) -> Graph:
        """All that is said of a dataset and of what it points at, to the ends, but not of other datasets."""
        found: dict[int, tuple[Node, str, Node | Text]] = {}
        edge = [str(dataset), *self._records_of(dataset)]
        seen = set(edge)
        while edge and len(found) < MOST_TRIPLES:
            reached: dict[str, None] = {}
            for place, triple, is_link, is_others in self._said_of(edge):
                if is_link and is_others and triple[0] != dataset:
                    continue
                found[place] = triple
                if is_link:
                    reached[str(triple[2])] = None
            edge = [node for node in reached if node not in seen]
            seen.update(edge)
        return Graph(found[place] for place in sorted(found))

    def _records_of(self, dataset: Node) -> list[str]:
        found = self._database.execute(
            "SELECT subject FROM triple WHERE predicate = ? AND object = ?", (FOAF.primaryTopic.value, dataset)
        )
        return [row[0] for row in found]

    def _said_of(self, nodes: list[str]) -> Iterator[tuple[int, tuple[Node, str, Node | Text], bool, bool]]:
        for start in range(0, len(nodes), _ASKED_AT_ONCE):
            some = nodes[start : start + _ASKED_AT_ONCE]
            asked = self._database.execute(f"{_SAID} ({', '.join('?' * len(some))})", some)
            for place, subject, predicate, term, is_node, language, datatype, is_others in asked:
                said = Node(term) if is_node else Text(term, language, datatype)
                is_link = bool(is_node) and predicate != TYPE.value
                yield place, (Node(subject), predicate, said), is_link, bool(is_others)


def _rows(quads: Iterable[Any]) -> Iterator[tuple[str, str, str, int, str, str]]:
    for subject, predicate, term in plain_triples(quads):
        if isinstance(term, Text):
            yield subject, predicate, term.value, 0, term.language, term.datatype
        else:
            yield subject, predicate, term, 1, "", ""
