"""How to cite a dataset: the formula of the Libre Uso MX terms, and BibTeX. Pure.

Términos de Libre Uso MX, condition a: cite the source as “Name of the dataset”, [acronym of the institution]; address
of the data; day of consultation as [AAAA-MM-DD].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_QUOTES = str.maketrans("“”", "‘’")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_NOT_IN_ADDRESSES = {" ": "%20", "{": "%7B", "}": "%7D", "\\": "%5C"}


@dataclass(frozen=True)
class Cited:
    """What is cited.

    Attributes:
        title: of the dataset.
        institution: name of who publishes it, or empty.
        acronym: of the institution, or empty.
        address: of the dataset's page.
        consulted: the day on which the data were read.
        licence: name of the licence, or empty.
        year: of the data, four digits, or empty.
    """

    title: str
    institution: str
    acronym: str
    address: str
    consulted: date
    licence: str = ""
    year: str = ""


def attribution(cited: Cited, with_licence: bool = False) -> str:
    """One line to put below a table, a map or an article; other licences than Libre Uso MX ask to be named in it."""
    name = ", ".join(
        filter(None, (f"“{_line(cited.title).translate(_QUOTES)}”", _line(cited.acronym or cited.institution)))
    )
    parts = (name, cited.address, cited.consulted.isoformat(), _line(cited.licence) if with_licence else "")
    return "; ".join(filter(None, parts)) + "."


def bibtex(cited: Cited, key: str) -> str:
    """An entry for managers of references; what BibTeX does not take in its key becomes a hyphen."""
    url = "".join(_NOT_IN_ADDRESSES.get(character, character) for character in cited.address)
    fields = {
        # A second pair of braces keeps a name from being taken apart into first and family name.
        "author": f"{{{_escaped(cited.institution)}}}" if cited.institution else "",
        "title": f"{{{_escaped(cited.title)}}}",
        "year": cited.year,
        "url": url,
        "urldate": cited.consulted.isoformat(),
        "note": _escaped(cited.licence),
    }
    lines = [f"  {name:<7} = {{{value}}}" for name, value in fields.items() if value]
    return "\n".join((f"@misc{{{re.sub(r'[^A-Za-z0-9:-]+', '-', key)},", ",\n".join(lines), "}"))


def _line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in _line(text))
