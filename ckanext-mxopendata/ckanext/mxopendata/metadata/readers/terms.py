"""Terms of the controlled vocabularies."""

from __future__ import annotations

import re

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable
from ckanext.mxopendata.metadata.readers.words import clean_line
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary

# English words that mean "twice in each" to some and "every two" to others.
_TWO_MEANINGS = frozenset(("biweekly", "bi-weekly", "bimonthly", "bi-monthly"))
# “Data are updated daily.”, “Se actualiza de forma mensual”: what the portals of Socrata ask their publishers for.
_UPDATED = re.compile(
    r"""\s*(?:(?:the|this|los|el|la|este|estos)\s+)?
    (?:(?:data|dataset|datos|conjunto(?:\s+de\s+datos)?|informaci[oó]n)\s+)?
    (?:(?:is|are|was|were)\s+)?
    (?:updated|se\s+actualizan?|actualizad[oa]s?|actualizaci[oó]n)\s+
    (?:de\s+(?:forma|manera)\s+)?
    (?P<how_often>[^\s.][^.]*?)\s*\.?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)


def current(term: Term, vocabulary_id: str) -> Term:
    """The term to use instead of a deprecated one, else the term itself."""
    replacement = vocabulary(vocabulary_id).get(term.replaced_by) if term.replaced_by else None
    return replacement or term


def read_term(text: object, vocabulary_id: str, note: str = "term_unknown") -> Reading:
    """The id of the term a text means; unknown, or fitting several terms, is unreadable with the note given."""
    if text is None or str(text).strip() == "":
        return NOTHING
    term = vocabulary(vocabulary_id).find(text)
    return Reading(current(term, vocabulary_id).id) if term else unreadable(note)


def read_frequency(text: object) -> Reading:
    """An update frequency: ISO 8601 (``R/P1Y``), Spanish or English words, EU and Dublin Core URIs; also where it is
    written as a sentence (*Los datos se actualizan mensualmente*).

    Returns:
        The id of a term of ``frequencies``; an interval that is none of the fourteen is unreadable, never rounded.
    """
    if text is not None and str(text).strip().lower() in _TWO_MEANINGS:
        return unreadable("frequency_ambiguous")
    compact = re.sub(r"\s", "", str(text)).upper() if text is not None else ""
    if compact.startswith("P") and compact[1:2].isdigit():  # "P1Y", the repetition left out
        return read_term(f"R/{compact}", "frequencies", "frequency_unknown")
    if compact.startswith("R/P"):
        return read_term(compact, "frequencies", "frequency_unknown")
    reading = read_term(text, "frequencies", "frequency_unknown")
    sentence = _UPDATED.match(str(text)) if reading.value is None and text is not None else None
    return read_frequency(sentence["how_often"]) if sentence else reading


def read_licence(text: object) -> Reading:
    """A licence by id, name or address. Note ``licence_unknown`` where it is none of the vocabulary."""
    return read_term(text, "licences", "licence_unknown")


def read_access_rights(text: object) -> Reading:
    """``public``, ``restricted`` or ``non_public``; ``True`` means public (ADELA's ``public``)."""
    return read_term(text, "access_rights", "access_rights_unknown")


def read_language(text: object) -> Reading:
    """A language: ISO 639 codes of two or three letters, ``es-MX``, names, EU language URIs."""
    reading = read_term(text, "languages", "language_unknown")
    if reading.value is None and text and re.fullmatch(r"[a-zA-Z]{2,3}[-_][a-zA-Z0-9]{2,8}", str(text).strip()):
        return read_term(re.split(r"[-_]", str(text).strip())[0], "languages", "language_unknown")
    return reading


def read_theme(text: object) -> Reading:
    """Themes out of a group of the national portal, an ADELA sector or a term of the EU data-theme list.

    Returns:
        A list of ids of ``themes`` (a sector may stand for two); note ``theme_unknown`` where nothing fits.
    """
    reading = read_term(text, "themes", "theme_unknown")
    if reading.value is not None:
        return Reading([reading.value])
    if reading.certain:
        return NOTHING
    sector = vocabulary("sectors").find(text)
    themes = sector.facts["themes"].split(";") if sector and sector.facts.get("themes") else []
    return Reading(themes) if themes else unreadable("theme_unknown")


def read_criterion(text: object) -> Reading:
    """Why a dataset is on the national priority list: a criterion of ``idmx``, never one of the list's steps."""
    reading = read_term(text, "idmx")
    term = vocabulary("idmx").get(str(reading.value))
    return unreadable("term_unknown") if term and term.facts.get("family") != "criterion" else reading


def read_known_or_own(text: object, vocabulary_id: str) -> Reading:
    """The id of a term, or, of a vocabulary that nobody can close (public policies), the text itself.

    Returns:
        Note ``term_not_listed`` for a text that is no term.
    """
    reading = read_term(text, vocabulary_id)
    if reading.value is not None or reading.certain:
        return reading
    own = clean_line(text)
    return Reading(own, certain=False, note="term_not_listed") if own else unreadable("text_empty_once_cleaned")
