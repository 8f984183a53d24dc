"""What the mapping wrote differently from the source, as facts: what an institution can take home and mend there.

A spelling that the standards know is no change, whatever we store it as: a licence's address, a date in ISO 8601,
Project Open Data's words for access. Nor are upper and lower case of a term or media type, or blanks at the ends. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import CrosswalkField
from ckanext.mxopendata.metadata.text import fold_uri, storable
from ckanext.mxopendata.metadata.vocabularies import vocabulary

# Why something is written differently here.
SPELLING = "spelling"  # it means the same, as the standard writes it
CLEANED = "cleaned"  # HTML, broken letters and what nobody sees taken out
DERIVED = "derived"  # missing there, and said by the rest of the record
CONFIGURED = "configured"  # set by the configuration of the source
MOVED = "moved"  # no value of this field; kept in another one
LEFT_OUT = "left_out"  # nobody can read it
FURTHER = "further"  # changes beyond those that are kept; ``here`` says how many
REASONS = (SPELLING, CLEANED, DERIVED, CONFIGURED, MOVED, LEFT_OUT, FURTHER)

# Where a data.json of ours keeps the changes of an entry, within its extension (``records.EXTENSION``).
CHANGES = "changes"
MAXIMUM_CHANGES = 300
MAXIMUM_TEXT = 200
ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?")
_TEXTS = frozenset(("line", "text", "markdown", "slug", "organization", "identifier"))
_OPEN_END = ("", "..")
# Words of Project Open Data 1.1 for terms of ours.
_OF_PROJECT_OPEN_DATA = {
    "frequencies": {"R/PT1S": "realtime"},
    "access_rights": {"restricted public": "restricted", "non-public": "non_public"},
}


@dataclass(frozen=True)
class Change:
    """One value that is written differently here.

    Attributes:
        field: our field; one of a repeating field as ``contact.email``.
        why: one of :data:`REASONS`.
        said: what the source says, cut to 200 characters; ``None`` where it says nothing, or where it is a person's.
        here: what is stored, the same; ``None`` where nothing is.
        resource: position of the resource in the dataset, from 0; ``None`` for the dataset itself.
    """

    field: str
    why: str
    said: str | None = None
    here: str | None = None
    resource: int | None = None

    def __post_init__(self) -> None:
        for name in ("said", "here"):
            text = getattr(self, name)
            if text is not None:
                object.__setattr__(self, name, storable(text)[:MAXIMUM_TEXT])

    def facts(self) -> dict[str, Any]:
        """What is stored and handed out, without what is not there."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Change:
        """The opposite of :meth:`facts`."""
        return cls(**facts)


def bounded(changes: Sequence[Change]) -> list[Change]:
    """The changes of a record, each once; of more than 300 the first, and how many more there are."""
    each = list(dict.fromkeys(changes))
    if len(each) <= MAXIMUM_CHANGES:
        return each
    kept = each[: MAXIMUM_CHANGES - 1]
    return [*kept, Change("", FURTHER, here=str(len(each) - len(kept)))]


def reason(row: CrosswalkField, said: Any, here: Any) -> str | None:
    """Why a value is written differently here; ``None`` where it is not.

    Args:
        row: the field.
        said: one value of the source, as it stands there.
        here: what was read of it, or ``None``.
    """
    text = str(said).strip()
    if here is None:
        return LEFT_OUT
    if row.datatype in _TEXTS or (row.datatype == "term" and not row.vocabulary):
        return None if text.split() == str(here).split() else CLEANED
    return None if text == str(here) or _is_standard(row, text, here) else SPELLING


def is_iso_period(said: Any) -> bool:
    """Whether a period is written as ISO 8601 has it: a date, two with a slash, or each of them by itself."""
    if isinstance(said, Mapping):
        halves = [str(value) for value in said.values() if value is not None]
    else:
        halves = str(said).strip().split("/")
    return len(halves) <= 2 and all(half in _OPEN_END or ISO_DATE.fullmatch(half) for half in halves)


def names_key(said: str, key: str) -> bool:
    """Whether a text has INEGI's key of a place in it."""
    return re.search(rf"(?<![\d.]){re.escape(key)}(?![\d.])", said) is not None


def _is_standard(row: CrosswalkField, text: str, here: Any) -> bool:
    """Whether the source already writes it in a way that the standards know."""
    if row.datatype == "date":
        return ISO_DATE.fullmatch(text) is not None
    if text.lower() == str(here).lower() and (row.vocabulary or row.datatype == "media_type"):
        return True
    if row.datatype == "email":
        return text.removeprefix("mailto:") == here
    if row.datatype == "language" and text.lower().partition("-")[0] == here:
        return True
    return bool(row.vocabulary) and _is_term(row, text, str(here))


def _is_term(row: CrosswalkField, text: str, here: str) -> bool:
    """Whether a text is a term's id, its address here or elsewhere, or Project Open Data's word for it."""
    if _OF_PROJECT_OPEN_DATA.get(row.vocabulary, {}).get(text) == here:
        return True
    term = vocabulary(row.vocabulary).get(here)
    if term is None:
        return False
    if row.datatype == "themes" and text in (term.label_es, term.label_en):
        return True  # Project Open Data has them in words
    if "//" not in text:
        return False
    coined = vocabulary(row.vocabulary).coined(text)
    addresses = {fold_uri(address) for address in (term.uri, *term.exact_match) if address}
    return coined is term or fold_uri(text) in addresses
