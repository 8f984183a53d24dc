"""A metadata record of ISO 19139 as a dataset in the shape ``datajson``: what it says, in the words it says it.

OWSLib reads what it knows of the standard; what it leaves aside (:mod:`.iso_extents`, :mod:`.iso_constraints`, the
frequency) is read here. Which property holds what follows GeoDCAT-AP 2.0, annex B.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from owslib import iso

from ckanext.mxopendata.harvest.connectors.iso_constraints import constraints
from ckanext.mxopendata.harvest.connectors.iso_extents import periods, places
from ckanext.mxopendata.harvest.connectors.iso_links import links
from ckanext.mxopendata.metadata.records import is_empty

GMD = "{http://www.isotc211.org/2005/gmd}"
GCO = "{http://www.isotc211.org/2005/gco}"
GMX = "{http://www.isotc211.org/2005/gmx}"
RECORDS = frozenset((f"{GMD}MD_Metadata", "{http://www.isotc211.org/2005/gmi}MI_Metadata"))
# What stands in the place of a gco:CharacterString.
_OTHER_TEXTS = (f"{GMX}Anchor", f"{GMX}FileName", f"{GMX}MimeFileType", f"{GMD}PT_FreeText")
# Of these OWSLib reads the CharacterString only; of the others it wants the Anchor's address too.
_TEXT_ONLY = frozenset(
    f"{GMD}{name}"
    for name in (
        "fileIdentifier", "parentIdentifier", "dataSetURI", "alternateTitle", "edition", "purpose", "keyword",
        "supplementalInformation", "positionName", "voice", "electronicMailAddress", "name", "language",
    )
)  # fmt: skip
_TITLE = f"{GMD}identificationInfo/*/{GMD}citation/{GMD}CI_Citation/{GMD}title"
_FREQUENCY = f"{GMD}identificationInfo//{GMD}MD_MaintenanceFrequencyCode"
_URN = re.compile(r"^urn:uuid:", re.IGNORECASE)
# Who answers for the data comes before who only passes them on.
_MAKERS = ("originator", "author", "principalInvestigator", "owner", "custodian", "publisher")
_NOBODY = dict.fromkeys(("name", "position", "email"))
_CONTACT_FIRST = ("pointOfContact", "custodian", "owner")
# What says that nobody knows is as good as nothing.
_NOTHING = frozenset(("unknown", "inapplicable", "missing", "template", "withheld"))
# What is not the data: their scope (MD_ScopeCode) names something else.
NOT_DATA = frozenset(("service", "application", "software", "collectionHardware", "fieldSession", "metadata"))


def identifier_of(record: etree._Element) -> str:
    """The identifier of a record; empty where it has none."""
    written = record.find(f"{GMD}fileIdentifier")
    return normalised("".join(written.itertext())) if written is not None else ""


def normalised(identifier: str | None) -> str:
    """An identifier without what some catalogues put before a UUID and others do not."""
    return _URN.sub("", (identifier or "").strip())


def to_dataset(record: etree._Element) -> dict[str, Any]:
    """What a record says.

    Args:
        record: a ``gmd:MD_Metadata`` or ``gmi:MI_Metadata``; texts are completed in place.

    Returns:
        A dataset with the keys of Project Open Data, and ours below ``mxopendata``. Keys that neither has hold what we
        have no field for: the mapping names them. ``hierarchyLevel`` is there only where it is not the data.

    Raises:
        AttributeError, TypeError, ValueError, LookupError: where the record is built so that OWSLib stumbles.
    """
    _complete_texts(record)
    read = iso.MD_Metadata(record)
    about = read.identification[0] if read.identification else iso.MD_DataIdentification()
    identifier = normalised(read.identifier)
    distributions, landing_page, documentation = links(read, identifier)
    terms = constraints(record)
    keywords, named_places = _keywords(about)
    own = {
        "contact": _contacts([*about.contact, *([] if about.contact else read.contact)]),
        "temporal_coverage": periods(record),
        "conforms_to": _standards(read),
        "in_series": normalised(read.parentidentifier),
        "documentation": documentation,
        "access_comment": terms.access_comment,
    }
    dataset = {
        "identifier": identifier,
        "title": about.title,
        "description": about.abstract,
        "keyword": keywords,
        "theme": [topic for topic in about.topiccategory if topic],
        "publisher": _publisher([*about.contact, *read.contact]),
        "issued": _date(about, "publication") or _date(about, "creation"),
        "modified": _date(about, "revision") or read.datestamp,
        "accrualPeriodicity": _frequency(record),
        "language": _languages(read, about),
        "spatial": [*named_places, *places(record)],
        "accessLevel": terms.access_level,
        "license": terms.licence,
        "landingPage": landing_page,
        "distribution": distributions,
        "hierarchyLevel": _scope(read, about),
        **_without_a_field(read, about, terms.left),
    }
    dataset["mxopendata"] = {name: value for name, value in own.items() if not is_empty(value)}
    return {name: value for name, value in dataset.items() if not is_empty(value)}


def _complete_texts(record: etree._Element) -> None:
    """Write what stands as an anchor, a file's name or in several languages as the plain text OWSLib looks for."""
    titles = set(record.iterfind(_TITLE))
    for other in list(record.iter(*_OTHER_TEXTS)):
        holder = other.getparent()
        if holder is None or holder.find(f"{GCO}CharacterString") is not None:
            continue
        if other.tag == f"{GMX}Anchor" and holder.tag not in _TEXT_ONLY and holder not in titles:
            continue
        text = next((text.strip() for text in other.itertext() if text.strip()), "")
        etree.SubElement(holder, f"{GCO}CharacterString").text = text


def _keywords(about: Any) -> tuple[list[str], list[str]]:
    """Words for the subject, and names of places."""
    words: list[str] = []
    named: list[str] = []
    for group in about.keywords:
        found = [keyword.name.strip() for keyword in group.keywords if keyword.name and keyword.name.strip()]
        (named if group.type == "place" else words).extend(found)
    return words, named


def _date(about: Any, kind: str) -> str | None:
    """The last date of a kind that the citation has."""
    return next((found.date for found in reversed(about.date) if found.type == kind and found.date), None)


def _frequency(record: etree._Element) -> str | None:
    code = record.find(_FREQUENCY)
    written = "" if code is None else (code.get("codeListValue") or code.text or "").strip()
    return None if written in _NOTHING else written


def _languages(read: Any, about: Any) -> list[str]:
    """Those of the data; else that of the record."""
    of_data = [*about.resourcelanguagecode, *about.resourcelanguage]
    return list(dict.fromkeys(of_data)) or [language for language in (read.languagecode or read.language,) if language]


def _contacts(parties: Iterable[Any]) -> list[dict[str, str]]:
    """Where to turn to, the point of contact first; a person's name only where there is no institution's."""
    ordered = sorted(parties, key=lambda party: _place(party.role, _CONTACT_FIRST))
    contacts: list[dict[str, str]] = []
    for party in ordered:
        page = party.onlineresource.url if party.onlineresource else None
        found = {
            "name": party.organization or party.name,
            "position": party.position,
            "email": party.email,
            "phone": party.phone,
            "url": page,
        }
        contact = {name: value.strip() for name, value in found.items() if value and value.strip()}
        told = {name: contact.get(name) for name in ("name", "position", "email")}
        if any(told.values()) and not any(told.items() <= {**_NOBODY, **other}.items() for other in contacts):
            contacts.append(contact)
    return contacts


def _publisher(parties: Iterable[Any]) -> Mapping[str, str]:
    named = [party for party in parties if party.organization and party.role in _MAKERS]
    first = min(named, key=lambda party: _place(party.role, _MAKERS), default=None)
    return {"name": first.organization.strip()} if first else {}


def _place(role: str | None, order: tuple[str, ...]) -> int:
    return order.index(role) if role in order else len(order)


def _standards(read: Any) -> list[str]:
    """The reference system and the specifications that the data pass, as addresses."""
    found: list[str] = []
    system = read.referencesystem
    if system is not None:
        code = (system.code or "").strip()
        epsg = re.fullmatch(r"(?:EPSG:+)?(\d{4,6})", code, re.IGNORECASE)
        if system.code_url:
            found.append(system.code_url)
        elif epsg:
            found.append(f"http://www.opengis.net/def/crs/EPSG/0/{epsg[1]}")
    quality = read.dataquality
    if quality is not None and set(quality.conformancedegree) <= {"true", "1"}:
        found += [address for address in quality.conformancetitle_url if address]
    return [address for address in dict.fromkeys(found) if address.startswith(("http://", "https://"))]


def _scope(read: Any, about: Any) -> str | None:
    if about.identtype == "service":
        return "service"
    return read.hierarchy if read.hierarchy in NOT_DATA else None


def _without_a_field(read: Any, about: Any, limitations: list[str]) -> dict[str, Any]:
    """What says something of the data that the model has no field for, under the names of the standard."""
    distances = [f"{value} {unit or ''}".strip() for value, unit in zip(about.distance, about.uom, strict=False)]
    return {
        "lineage": read.dataquality.lineage if read.dataquality else None,
        "purpose": about.purpose,
        "supplementalInformation": about.supplementalinformation,
        "edition": about.edition,
        "spatialResolution": [*(f"1:{scale}" for scale in about.denominators), *distances],
        "useLimitation": limitations,
    }
