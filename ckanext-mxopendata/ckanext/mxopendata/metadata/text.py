"""How texts are compared: one folding for look-ups, titles and column headings; and what of them can be stored."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)


def fold(text: object) -> str:
    """A text in the form in which two spellings of the same thing are equal.

    Case, accents, punctuation and runs of blanks do not count: ``"  Educación,  BÁSICA "`` → ``"educacion basica"``.
    """
    plain = str(text)
    if plain.isascii():
        plain = plain.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", plain).casefold()
        plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_WORD.sub(" ", plain).replace("_", " ").strip()


def fold_uri(text: str) -> str:
    """An address without what does not tell two licences or terms apart: scheme, ``www.``, final slash, case."""
    address = re.sub(r"^https?://", "", text.strip(), flags=re.IGNORECASE).casefold()
    return address.removeprefix("www.").rstrip("/")


def storable(text: str) -> str:
    """A text without what PostgreSQL cannot hold: NUL goes, half a surrogate pair becomes ``?``."""
    return text.replace("\x00", "").encode("utf-8", errors="replace").decode("utf-8")
