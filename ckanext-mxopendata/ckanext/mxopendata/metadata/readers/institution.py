"""Of which place an institution is the government, out of its name: ``Ayuntamiento de Xalapa``, ``IMPLAN Puebla``."""

from __future__ import annotations

import re

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.vocabularies import NATION, vocabulary

# After one of these words stands the name of a municipality, never that of a state.
_MUNICIPAL = frozenset((
    "ayuntamiento", "ayuntamientos", "municipio", "municipality", "municipal", "alcaldia", "cabildo", "implan", "imip",
))  # fmt: skip
_STATE_GOVERNMENT = re.compile(
    r"(?:gobierno|government|poder ejecutivo)(?: constitucional)?"
    r"(?: del estado(?: libre y soberano)?| of the state)?(?: de| del| of)?(?: la| the)? (?P<name>.+)"
)
_ENGLISH = re.compile(r"(?P<name>.+?)(?: state)? government|city of (?P<city>.+)")
_OF_THE_STATE = re.compile(r"\b(?:estado|state)\b")
_CITY_OF_MEXICO = frozenset(("mexico city", "cdmx", "ciudad de mexico"))
_LINKING = frozenset(("de", "del", "of", "la", "el", "los", "las", "y"))
_MAXIMUM = 500


def read_institution_place(name: object, within: str | None = None) -> Reading:
    """The place that an institution governs: the INEGI key of its state or municipality.

    An agency of a state, a congress, a university is the government of no place, whatever its name mentions.

    Args:
        name: the institution's name, in Spanish or English.
        within: INEGI key of the state that it is known to lie in.

    Returns:
        ``{"cvegeo", "text"}``, key 00 for the nation's government; only ``text``, with the note ``place_ambiguous``
        where several municipalities have the name, or ``place_unknown`` where it is said to govern no place.
    """
    if isinstance(name, dict):  # what was read before
        name = name.get("text")
    if not name:
        return NOTHING
    written = clean_line(name, _MAXIMUM)
    if not written:
        return NOTHING
    # "(IMPLAN)" abbreviates, "/ geoint.mx" says who runs the portal
    plain = re.sub(r"\([^)]*\)", " ", written.split(" / ")[0])
    head, _, tail = plain.rpartition(",")
    state = _state(fold(tail)) if head.strip() else None
    words = fold(head if state else plain).split()
    state = state or ((within or "")[:2] or None)
    municipal = [position for position, word in enumerate(words) if word in _MUNICIPAL]
    keys = _municipalities(words[municipal[0] + 1 :], state) if municipal else _government(" ".join(words), state)
    if len(keys) == 1:
        return Reading({"cvegeo": keys[0], "text": written})
    return Reading({"text": written}, certain=False, note="place_ambiguous" if keys else "place_unknown")


def _state(folded: str) -> str | None:
    found = [term.id for term in vocabulary("states").candidates(folded) if term.id != NATION]
    return found[0] if len(found) == 1 else None


def _government(folded: str, state: str | None) -> list[str]:
    """Keys for ``gobierno de …``; a state that stands alone is its government, a municipality that does is not."""
    alone = _state(folded)
    if alone:
        return [alone]
    match = _STATE_GOVERNMENT.fullmatch(folded) or _ENGLISH.fullmatch(folded)
    if match is None:
        return []
    name = match["name"] or f"ciudad de {match['city']}"
    if name == "mexico" and not _OF_THE_STATE.search(folded):
        return [NATION]
    governed = (
        "09"
        if name in _CITY_OF_MEXICO
        else _state(name) or _state(re.sub(r"^(?:ciudad|estado) (?:de |del )?", "", name))
    )
    return [governed] if governed else _named(name, state)


def _municipalities(words: list[str], state: str | None) -> list[str]:
    """Keys for the longest run of last words that is a municipality's name: ``de planeacion de leon`` → León."""
    while words and words[0] in _LINKING and not _named(" ".join(words), state):
        words = words[1:]
    for start in range(len(words)):
        found = _named(" ".join(words[start:]), state)
        if found:
            return found
    return []


def _named(name: str, state: str | None) -> list[str]:
    found = [term.id for term in vocabulary("municipalities").candidates(name)]
    return [key for key in found if state in (None, NATION) or key.startswith(str(state))]
