"""Controlled vocabularies: read once from ``schemas/vocabularies/<id>.csv``, looked up in constant time.

A term is stored by its id; its URI is made at export. Terms may be deprecated, never deleted, so that an old dataset
keeps its meaning.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from ckanext.mxopendata.metadata.text import fold, fold_uri

VOCABULARIES = (
    "themes",
    "sectors",
    "frequencies",
    "access_rights",
    "licences",
    "file_types",
    "orders_of_government",
    "states",
    "municipalities",
    "languages",
)
NATION = "00"
_COLUMNS = frozenset(
    ("id", "label_es", "label_en", "uri", "broader", "status", "replaced_by", "exact_match", "source", "aliases")
)
_operator_folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes:
        id: what is stored in a dataset.
        label_es: Spanish label.
        label_en: English label.
        uri: its own address where somebody else coined one; empty where ours is made at export.
        broader: id of the term above it, or empty (a municipality's state).
        status: ``active`` or ``deprecated``.
        replaced_by: id of the term to use instead of a deprecated one, or empty.
        exact_match: the same notion in other vocabularies (EU, IANA, UN), as URIs.
        source: where the term was taken from.
        aliases: other ways to write it that are read as this term.
        facts: the further columns of the file, for example ``media_type``, ``open``, ``stars`` of a file type.
    """

    id: str
    label_es: str
    label_en: str
    uri: str = ""
    broader: str = ""
    status: str = "active"
    replaced_by: str = ""
    exact_match: tuple[str, ...] = ()
    source: str = ""
    aliases: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def label(self, language: str = "es") -> str:
        """The label in a language; Spanish where there is none in it."""
        return self.label_en if language == "en" and self.label_en else self.label_es


@dataclass(frozen=True)
class Vocabulary:
    """All terms of one vocabulary, in the order of its file."""

    id: str
    terms: Mapping[str, Term]
    _by_text: Mapping[str, frozenset[str]] = field(repr=False)
    _by_uri: Mapping[str, frozenset[str]] = field(repr=False)

    def get(self, term_id: str) -> Term | None:
        """The term with exactly this id, or ``None``."""
        return self.terms.get(term_id)

    def find(self, text: object) -> Term | None:
        """The one term that a text means: by id, label, alias or URI, whatever its case and accents.

        Returns:
            ``None`` where no term fits or more than one does. A deprecated term is found only by its own id or where
            no active one fits.
        """
        found = self.candidates(text)
        return found[0] if len(found) == 1 else None

    def candidates(self, text: object) -> list[Term]:
        """Every term that a text may mean, active ones before (and instead of) deprecated ones."""
        written = "" if text is None else str(text).strip()
        if not written:
            return []
        if written in self.terms:
            exact = self.terms[written]
            rivals = self._by_text.get(fold(written), frozenset()) - {exact.id}
            if exact.status == "deprecated" or not rivals:
                return [exact]
        ids = self._by_text.get(fold(written)) or self._by_uri.get(fold_uri(written)) or frozenset()
        terms = [self.terms[term_id] for term_id in sorted(ids)]
        return [term for term in terms if term.status == "active"] or terms

    def active(self) -> list[Term]:
        """The terms offered in forms."""
        return [term for term in self.terms.values() if term.status == "active"]


def use_folders(folders: Iterable[str | Path]) -> None:
    """Let an operator's ``<folder>/vocabularies/<id>.csv`` replace the shipped file; the later folder wins."""
    global _operator_folders  # noqa: PLW0603 - set once, when CKAN is configured
    _operator_folders = tuple(Path(folder) for folder in folders)
    vocabulary.cache_clear()


@cache
def vocabulary(vocabulary_id: str) -> Vocabulary:
    """One vocabulary.

    Raises:
        KeyError: where there is none of that id.
        ValueError: where its file names a term twice, or lacks a column.
    """
    if vocabulary_id not in VOCABULARIES:
        raise KeyError(f"there is no vocabulary {vocabulary_id!r}")
    return _build(vocabulary_id, _rows(vocabulary_id))


def _rows(vocabulary_id: str) -> list[dict[str, str]]:
    name = f"{vocabulary_id}.csv"
    for folder in reversed(_operator_folders):
        path = folder / "vocabularies" / name
        if path.is_file():
            return _read(path.read_text(encoding="utf-8-sig"), str(path))
    return _read((files("ckanext.mxopendata.schemas") / "vocabularies" / name).read_text(encoding="utf-8"), name)


def _read(text: str, name: str) -> list[dict[str, str]]:
    reader = csv.DictReader(text.splitlines())
    missing = (_COLUMNS - {"aliases"}) - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"{name} lacks the columns {sorted(missing)}")
    return list(reader)


def _split(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(";") if part.strip())


def _build(vocabulary_id: str, rows: Sequence[Mapping[str, str]]) -> Vocabulary:
    terms: dict[str, Term] = {}
    by_text: dict[str, set[str]] = {}
    by_uri: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for row in rows:
        term = Term(
            id=row["id"],
            label_es=row["label_es"],
            label_en=row["label_en"],
            uri=row["uri"],
            broader=row["broader"],
            status=row["status"] or "active",
            replaced_by=row["replaced_by"],
            exact_match=_split(row["exact_match"]),
            source=row["source"],
            aliases=_split(row.get("aliases")),
            facts={column: value for column, value in row.items() if column not in _COLUMNS},
        )
        if term.id in terms:
            raise ValueError(f"the vocabulary {vocabulary_id} has the term {term.id!r} twice")
        terms[term.id] = term
        for text in (term.id, term.label_es, term.label_en, *term.aliases):
            by_text.setdefault(fold(text), set()).add(term.id)
        for uri in (term.uri, *(alias for alias in term.aliases if "//" in alias)):
            by_uri.setdefault(fold_uri(uri), set()).add(term.id)
        for uri in term.exact_match:
            shared.setdefault(fold_uri(uri), set()).add(term.id)
    # Several of our terms may have the same counterpart abroad; the one that names it as an alias is meant.
    for uri, ids in shared.items():
        by_uri.setdefault(uri, ids)
    by_text.pop("", None)
    by_uri.pop("", None)
    return Vocabulary(
        vocabulary_id,
        terms,
        {text: frozenset(ids) for text, ids in by_text.items()},
        {uri: frozenset(ids) for uri, ids in by_uri.items()},
    )
