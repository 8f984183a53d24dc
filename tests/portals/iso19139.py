"""Records of ISO 19139 as catalogues write them, put together from what a test needs."""

from __future__ import annotations

from lxml import etree

HEAD = (
    '<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"'
    ' xmlns:gmx="http://www.isotc211.org/2005/gmx" xmlns:gml="http://www.opengis.net/gml/3.2"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink">'
)


def text(words: str) -> str:
    """A plain text."""
    return f"<gco:CharacterString>{words}</gco:CharacterString>"


def anchor(words: str, address: str) -> str:
    """A text with an address."""
    return f'<gmx:Anchor xlink:href="{address}">{words}</gmx:Anchor>'


def code(kind: str, value: str) -> str:
    """A term of one of the standard's code lists."""
    return f'<gmd:{kind} codeList="" codeListValue="{value}"/>'


def party(organisation: str, role: str, person: str = "", email: str = "", position: str = "") -> str:
    """Somebody who answers for the data."""
    return (
        f"<gmd:CI_ResponsibleParty><gmd:individualName>{text(person)}</gmd:individualName>"
        f"<gmd:organisationName>{text(organisation)}</gmd:organisationName>"
        f"<gmd:positionName>{text(position)}</gmd:positionName>"
        "<gmd:contactInfo><gmd:CI_Contact><gmd:address><gmd:CI_Address><gmd:electronicMailAddress>"
        f"{text(email)}</gmd:electronicMailAddress></gmd:CI_Address></gmd:address></gmd:CI_Contact></gmd:contactInfo>"
        f"<gmd:role>{code('CI_RoleCode', role)}</gmd:role></gmd:CI_ResponsibleParty>"
    )


def dated(day: str, kind: str) -> str:
    """A date of the citation."""
    return (
        f"<gmd:date><gmd:CI_Date><gmd:date><gco:Date>{day}</gco:Date></gmd:date>"
        f"<gmd:dateType>{code('CI_DateTypeCode', kind)}</gmd:dateType></gmd:CI_Date></gmd:date>"
    )


def box(west: str, east: str, south: str, north: str) -> str:
    """A rectangle, in the order of the standard."""
    sides = zip(
        ("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude"),
        (west, east, south, north),
        strict=True,
    )
    inner = "".join(f"<gmd:{side}><gco:Decimal>{value}</gco:Decimal></gmd:{side}>" for side, value in sides)
    rectangle = f"<gmd:EX_GeographicBoundingBox>{inner}</gmd:EX_GeographicBoundingBox>"
    return f"<gmd:geographicElement>{rectangle}</gmd:geographicElement>"


def online(url: str, protocol: str, name: str = "", function: str = "") -> str:
    """A link."""
    what = f"<gmd:function>{code('CI_OnLineFunctionCode', function)}</gmd:function>" if function else ""
    return (
        f"<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>{url}</gmd:URL></gmd:linkage>"
        f"<gmd:protocol>{text(protocol)}</gmd:protocol><gmd:name>{name}</gmd:name>{what}"
        "</gmd:CI_OnlineResource></gmd:onLine>"
    )


def legal(access: str = "", use: str = "", other: str = "") -> str:
    """Constraints."""
    parts = [
        f"<gmd:accessConstraints>{code('MD_RestrictionCode', access)}</gmd:accessConstraints>" if access else "",
        f"<gmd:useConstraints>{code('MD_RestrictionCode', use)}</gmd:useConstraints>" if use else "",
        f"<gmd:otherConstraints>{other}</gmd:otherConstraints>" if other else "",
    ]
    said = f"<gmd:MD_LegalConstraints>{''.join(parts)}</gmd:MD_LegalConstraints>"
    return f"<gmd:resourceConstraints>{said}</gmd:resourceConstraints>"


def record(  # noqa: PLR0913
    identifier: str = text("urn:uuid:0f5b2a3e-1c7d-4f0a-9b1e-2d3c4b5a6978"),
    title: str = text("Uso de suelo"),
    scope: str = "dataset",
    about: str = "",
    links: str = "",
    rest: str = "",
    dates: str = "",
) -> str:
    """A record with what is given."""
    return (
        f"{HEAD}<gmd:fileIdentifier>{identifier}</gmd:fileIdentifier>"
        f"<gmd:hierarchyLevel>{code('MD_ScopeCode', scope)}</gmd:hierarchyLevel>"
        "<gmd:dateStamp><gco:DateTime>2026-03-02T09:00:00</gco:DateTime></gmd:dateStamp>"
        "<gmd:identificationInfo><!-- revisado --><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
        f"<gmd:title>{title}</gmd:title>{dates}</gmd:CI_Citation></gmd:citation>{about}"
        "</gmd:MD_DataIdentification></gmd:identificationInfo>"
        "<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions>"
        f"{links}</gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>"
        f"{rest}</gmd:MD_Metadata>"
    )


def element(xml: str) -> etree._Element:
    """As the connector reads it."""
    return etree.fromstring(xml, etree.XMLParser(remove_comments=True))
