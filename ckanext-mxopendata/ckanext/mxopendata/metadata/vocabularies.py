"""Controlled vocabularies: read once from ``schemas/vocabularies/<id>.csv``, looked up in constant time.

A term is stored by its id; its URI is made at export. Terms may be deprecated, never deleted, so that an old dataset
keeps its meaning.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

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
    "policies",
    "idmx",
    "standards",
)
NATION = "00"
# Where the terms above those of a vocabulary stand, if not in the vocabulary itself.
BROADER_IN = {"municipalities": "states"}
_COLUMNS = frozenset(
    ("id", "label_es", "label_en", "uri", "broader", "status", "replaced_by", "exact_match", "source", "aliases")
)
_HEADING_COLUMNS = frozenset(("id", "title_es", "title_en", "description_es", "description_en"))
_HEADINGS = "_index"
# What an operator's file may be called to be served as a vocabulary: an id that is safe in an address.
_OWN_ID = re.compile(r"[a-z][a-z0-9_]*")
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
        if not ids and (coined := self.coined(written)):
            ids = frozenset((coined.id,))
        terms = [self.terms[term_id] for term_id in sorted(ids)]
        return [term for term in terms if term.status == "active"] or terms

    def coined(self, address: str) -> Term | None:
        """The term of an address that a portal of this suite coined: ``<any base>/<vocabulary>/<id>``."""
        base, _, tail = address.rpartition(f"/{self.id}/")
        return self.terms.get(unquote(tail)) if base else None

    def with_fact(self, column: str, value: str) -> list[Term]:
        """Every term that has this value in a further column of the file, for example a media type."""
        return list(self._by_fact.get((column, value), ()))

    @cached_property
    def _by_fact(self) -> dict[tuple[str, str], list[Term]]:
        found: dict[tuple[str, str], list[Term]] = {}
        for term in self.terms.values():
            for fact in term.facts.items():
                found.setdefault(fact, []).append(term)
        return found

    def active(self) -> list[Term]:
        """The terms offered in forms."""
        return [term for term in self.terms.values() if term.status == "active"]


@dataclass(frozen=True)
class Heading:
    """What a vocabulary is called and what it is for, in both languages; the description may be empty."""

    id: str
    title_es: str
    title_en: str
    description_es: str = ""
    description_en: str = ""

    def title(self, language: str = "es") -> str:
        """The name in a language; Spanish where there is none in it."""
        return self.title_en if language == "en" and self.title_en else self.title_es

    def description(self, language: str = "es") -> str:
        """What it is for, in a language; Spanish where there is none in it."""
        return self.description_en if language == "en" and self.description_en else self.description_es


def use_folders(folders: Iterable[str | Path]) -> None:
    """Let an operator's ``<folder>/vocabularies/<id>.csv`` replace ours or add one; the later folder wins."""
    global _operator_folders  # noqa: PLW0603 - set once, when CKAN is configured
    _operator_folders = tuple(Path(folder) for folder in folders)
    vocabulary.cache_clear()
    vocabulary_ids.cache_clear()
    headings.cache_clear()


@cache
def vocabulary_ids() -> tuple[str, ...]:
    """Ids of all vocabularies: ours, then those that only the operator's folders have."""
    found = {path.stem for folder in _operator_folders for path in (folder / "vocabularies").glob("*.csv")}
    return (*VOCABULARIES, *sorted(name for name in found - set(VOCABULARIES) if _OWN_ID.fullmatch(name)))


@cache
def headings() -> Mapping[str, Heading]:
    """Title and description of every vocabulary, by id; one that no ``_index.csv`` names is called by its id.

    Raises:
        ValueError: where a folder's ``_index.csv`` lacks a column or cannot be read.
    """
    found = {name: Heading(name, name, name) for name in vocabulary_ids()}
    for text, name in (_shipped(_HEADINGS), *_written_by_operators(_HEADINGS)):
        for row in _read(text, name, _HEADING_COLUMNS):
            if row["id"] in found:
                found[row["id"]] = Heading(**{column: row[column] for column in _HEADING_COLUMNS})
    return found


@cache
def vocabulary(vocabulary_id: str) -> Vocabulary:
    """One vocabulary.

    Raises:
        KeyError: where there is none of that id.
        ValueError: where its file names a term twice, or lacks a column.
    """
    if vocabulary_id not in vocabulary_ids():
        raise KeyError(f"there is no vocabulary {vocabulary_id!r}")
    *_, (text, name) = (_shipped(vocabulary_id), *_written_by_operators(vocabulary_id))
    return _build(vocabulary_id, _read(text, name, _COLUMNS - {"aliases"}))


def _shipped(name: str) -> tuple[str, str]:
    """Text and name of our file; of one that we do not have, nothing but the heading."""
    file = files("ckanext.mxopendata.schemas") / "vocabularies" / f"{name}.csv"
    return (file.read_text(encoding="utf-8") if file.is_file() else ",".join(sorted(_COLUMNS))), file.name


def _written_by_operators(name: str) -> list[tuple[str, str]]:
    """Text and place of the operator's files of a name, the one that wins last."""
    paths = [folder / "vocabularies" / f"{name}.csv" for folder in _operator_folders]
    try:
        return [(path.read_text(encoding="utf-8-sig"), str(path)) for path in paths if path.is_file()]
    except UnicodeDecodeError as error:
        raise ValueError(f"a file {name}.csv of your folders is not UTF-8: {error}") from error


def _read(text: str, name: str, columns: frozenset[str]) -> list[dict[str, str]]:
    reader = csv.DictReader(text.splitlines(), restval="")
    try:
        missing = columns - set(reader.fieldnames or ())
        rows = list(reader)
    except csv.Error as error:
        raise ValueError(f"{name} is not a CSV file: {error}") from error
    if missing:
        raise ValueError(f"{name} lacks the columns {sorted(missing)}")
    for number, row in enumerate(rows, start=2):
        if None in row:
            raise ValueError(f"{name}, row {number}, has more cells than there are columns")
        if not row["id"].strip():
            raise ValueError(f"{name}, row {number}, has no id")
    return rows


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
