"""Which institution a table means by a name, an acronym or an address. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ckanext.mxopendata.metadata.names import slug

_LIMIT = 1000
# "… (SIGLAS)" as the national portal ends titles; the bracket is sometimes never closed.
_ACRONYM = re.compile(r"^(?P<name>.*\S)\s*\((?P<acronym>[^()]+)\)?\s*$")
# What ADELA put behind the address of an institution whose name was taken.
_UUID = re.compile(r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class KnownInstitution:
    """An institution of the portal: its id, address, title and acronym (may be empty)."""

    id: str
    name: str
    title: str
    acronym: str = ""


class InstitutionNames:
    """Finds institutions by what tables call them.

    Args:
        institutions: all those of the portal.
    """

    def __init__(self, institutions: Iterable[KnownInstitution]) -> None:
        self._exact: dict[str, set[KnownInstitution]] = defaultdict(set)
        self._parts: dict[str, set[KnownInstitution]] = defaultdict(set)
        for known in institutions:
            for text in (known.id, known.name, known.title, known.acronym):
                self._exact[slug(text, _LIMIT)].add(known)
            for text in _parts(known.title):
                self._parts[slug(text, _LIMIT)].add(known)
        for index in (self._exact, self._parts):
            index.pop("", None)

    def find(self, text: str) -> list[KnownInstitution]:
        """The institutions that a text may mean: one where it is clear, none where it is unknown.

        Case, accents and punctuation do not count. The whole text counts before its parts: title without acronym, the
        acronym in brackets, an address of ADELA without the digits behind it.
        """
        for way in ([text], [_UUID.sub("", text.strip())], _parts(text)):
            keys = [slug(part, _LIMIT) for part in way]
            for index in (self._exact, self._parts):
                found = {known for key in keys for known in index.get(key, ())}
                if found:
                    return sorted(found, key=lambda known: known.name)
        return []


def _parts(text: str) -> tuple[str, ...]:
    match = _ACRONYM.match(text)
    return (match["name"], match["acronym"]) if match else ()
