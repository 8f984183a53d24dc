"""What an ISO 19139 record says of who may see the data and what may be done with them.

Licences stand in half a dozen places; OWSLib gives them in one list, without telling access from use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from ckanext.mxopendata.metadata import readers

HREF = "{http://www.w3.org/1999/xlink}href"
_ADDRESS = re.compile(r"https?://[^\s<>\"'()\[\]]+")
# MD_ClassificationCode -> access level of Project Open Data; what is not here is not public.
_CLASSES = {"unclassified": "public", "limitedDistribution": "restricted", "restricted": "restricted"}
# INSPIRE's code list of limitations on public access.
_NO_LIMITATIONS = "/nolimitations"
_SECRET = frozenset(("confidential", "private", "in-confidence"))


@dataclass
class Terms:
    """What the constraints of a record come to.

    Attributes:
        licence: its address or its words, or ``None``.
        access_level: ``public``, ``restricted``, ``non-public``, or ``None`` where nothing is said.
        access_comment: why access is limited.
        left: words on the use that are not the licence.
    """

    licence: str | None = None
    access_level: str | None = None
    access_comment: str = ""
    left: list[str] = field(default_factory=list)


def constraints(record: etree._Element) -> Terms:
    """The constraints on the data of a record, not those on the record itself."""
    on_use: list[str] = []
    on_access: list[str] = []
    addresses: list[str] = []
    terms = Terms()
    for holder in record.iterfind("{*}identificationInfo/*/{*}resourceConstraints/*"):
        said = list(_said(holder, ("{*}otherConstraints", "{*}useLimitation")))
        access, use = _codes(holder, "{*}accessConstraints"), _codes(holder, "{*}useConstraints")
        for code in _codes(holder, "{*}classification"):
            terms.access_level = _CLASSES.get(code, "non-public")
        if any(address.casefold().endswith(_NO_LIMITATIONS) for _, address in said):
            terms.access_level = terms.access_level or "public"
        elif not _SECRET.isdisjoint(access):
            terms.access_level = terms.access_level or "restricted"
        texts = [text for text, _ in said if text]
        (on_access if access and not use else on_use).extend(texts)
        addresses += [address for _, address in said if address]
        addresses += [address.rstrip(".,;") for text in texts for address in _ADDRESS.findall(text)]
    terms.licence = _licence([*addresses, *on_use, *on_access], addresses, on_use)
    terms.access_comment = "\n\n".join(dict.fromkeys(on_access))
    terms.left = [text for text in dict.fromkeys(on_use) if text != terms.licence and text not in addresses]
    return terms


def _licence(candidates: Iterable[str], addresses: list[str], on_use: list[str]) -> str | None:
    """The first that is a licence we know; else an address, else the words on the use as they are."""
    known = next((text for text in candidates if readers.read_licence(text).value), None)
    if known:
        return known
    elsewhere = next((address for address in addresses if "/metadata-codelist/" not in address), None)
    return elsewhere or " · ".join(dict.fromkeys(on_use)) or None


def _said(holder: etree._Element, ways: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Text and address of each element; the address is empty where it has none."""
    for way in ways:
        for element in holder.iterfind(way):
            anchor = element.find("{*}Anchor")
            address = anchor.get(HREF, "").strip() if anchor is not None else ""
            yield " ".join("".join(element.itertext()).split()), address


def _codes(holder: etree._Element, way: str) -> list[str]:
    codes = (code.get("codeListValue") or code.text or "" for code in holder.iterfind(f"{way}/*"))
    return [code.strip() for code in codes if code.strip()]
