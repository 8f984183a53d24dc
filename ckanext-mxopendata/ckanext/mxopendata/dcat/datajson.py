"""A dataset as an entry of ``data.json``: Project Open Data 1.1 in its non-federal form, which national portals read.

Pure. Stand-ins, at export only and counted: description ← title; publisher and contact name ← the institution;
identifier ← CKAN's id; modified ← when this catalogue last wrote the dataset; a distribution without any address ← its
page here. What it has no property for is added under ``mxopendata`` (:mod:`.datajson_extension`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder, ExportContext
from ckanext.mxopendata.dcat.datajson_extension import LANGUAGE, MAXIMUM_RIGHTS, further_properties
from ckanext.mxopendata.dcat.distributions import addresses, resources_of
from ckanext.mxopendata.dcat.entries import Entry
from ckanext.mxopendata.dcat.entry_values import address_of, date_of, make_entry, place_names, texts
from ckanext.mxopendata.metadata.records import stored_list

SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"

_ACCESS_LEVELS = {"public": "public", "restricted": "restricted public", "non_public": "non-public"}
_EMAIL = re.compile(r"mailto:[\w~!$&'()*+,;=:.-]+@[\w.-]+\.[\w.-]+")
_MEDIA_TYPE = re.compile(r"[-\w]+/[-\w]+(\.[-\w]+)*([+][-\w]+)?")
_INTERVAL = re.compile(r"R/P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?")
_CONTINUOUS = "R/PT1S"
_NOT_STATED = "application/octet-stream"
# Field that was stood in for -> its property. An identifier is one all the same: it stays the dataset's.
_STAND_INS = {"notes": "description", "modified": "modified", "access_rights": "accessLevel"}


def head(context: ExportContext, institution: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What stands before the datasets.

    Args:
        context: the catalogue.
        institution: the organization whose catalogue it is; ``None`` for the whole site.
    """
    part = f"/organization/{institution['name']}" if institution else ""
    return {
        "@id": f"{context.catalogue.uri}{part}/data.json",
        "@context": f"{SCHEMA}/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": SCHEMA,
        "describedBy": f"{SCHEMA}/catalog.json",
    }


def render_entry(dataset: Mapping[str, Any], context: ExportContext) -> Entry:
    """One dataset as Project Open Data 1.1 has it.

    Args:
        dataset: validated dictionary of ``package_show``.
        context: the catalogue and the vocabularies.
    """
    builder = Builder(context, context.dataset_uri(dataset["id"]))
    resources = resources_of(dataset)
    entry = {
        "@type": "dcat:Dataset",
        **texts(builder, dataset),
        **_people(builder, dataset),
        **_terms(builder, dataset),
        **_coverage(builder, dataset),
        **_pages(builder, dataset),
        "distribution": [_distribution(builder, dataset, resource) for resource in resources],
        **further_properties("dataset", dataset, _stand_ins(builder, dataset)),
    }
    return make_entry(builder, entry, len(resources))


def _stand_ins(builder: Builder, dataset: Mapping[str, Any]) -> list[str]:
    """The properties of the entry that say nothing of the dataset; asked when all of them are written."""
    filled = [name for field_name, name in _STAND_INS.items() if field_name in builder.filled]
    return filled if stored_list(dataset.get("contact")) else [*filled, "contactPoint"]


def _people(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    organization = dataset.get("organization") or {}
    publisher = nodes.publisher_name(builder, organization)
    if not organization.get("id"):
        builder.fill("owner_org")
    contact = next(iter(stored_list(dataset.get("contact"))), None)
    facts = contact if isinstance(contact, dict) else {"name": contact}
    name = values.clean_text(facts.get("name"))
    if not name:
        builder.fill("contact.name")
    email = builder.checked("contact.email", facts.get("email"), values.make_email_iri, "dcat_invalid_email")
    person = {"@type": "vcard:Contact", "fn": name or publisher}
    if email is not None and _EMAIL.fullmatch(email.value):
        person["hasEmail"] = email.value
    # vCard has these; Project Open Data leaves more to whoever writes.
    further = {
        "role": values.clean_text(facts.get("position")),
        "hasTelephone": values.clean_text(facts.get("phone")),
        "hasURL": address_of(builder, "contact.url", facts.get("url")),
    }
    person.update({name: value for name, value in further.items() if value})
    return {"publisher": {"@type": "org:Organization", "name": publisher}, "contactPoint": person}


def _terms(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    access = values.clean_text(dataset.get("access_rights"))
    frequency = values.clean_text(dataset.get("frequency"))
    themes = [nodes.find_term(builder, "themes", value) for value in stored_list(dataset.get("theme"))]
    licence = nodes.licence(builder, dataset, dataset.get("license_id"))
    languages = [values.clean_text(value) for value in stored_list(dataset.get("language"))]
    if not access:
        builder.fill("access_rights")
    return {
        "accessLevel": _ACCESS_LEVELS.get(access, "public"),
        "rights": values.clean_text(dataset.get("access_comment"))[:MAXIMUM_RIGHTS],
        "accrualPeriodicity": _frequency(builder, frequency),
        "theme": list(dict.fromkeys(term.label_es for term in themes if term)),
        "license": licence.value if licence else None,
        "language": [language for language in languages if LANGUAGE.fullmatch(language)],
    }


def _frequency(builder: Builder, frequency: str) -> str | None:
    if frequency == "realtime":
        return _CONTINUOUS
    if not frequency or frequency == "irregular" or _INTERVAL.fullmatch(frequency):
        return frequency or None
    builder.drop("frequency", "dcat_unknown_term")
    return None


def _coverage(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    periods = [period for period in stored_list(dataset.get("temporal_coverage")) if isinstance(period, dict)]
    first = periods[0] if periods else {}
    start = builder.date("temporal_coverage.start", first.get("start"))
    end = builder.date("temporal_coverage.end", first.get("end"))
    return {
        "spatial": "; ".join(place_names(builder, dataset.get("spatial_coverage"))),
        # An open interval is none that Project Open Data can say.
        "temporal": f"{start.value}/{end.value}" if start and end else None,
    }


def _pages(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    documents = [builder.iri("documentation", value) for value in stored_list(dataset.get("documentation"))]
    standards = [values.make_iri(value) for value in stored_list(dataset.get("conforms_to"))]
    pages = list(dict.fromkeys(document.value for document in documents if document))
    return {
        "landingPage": address_of(builder, "url", dataset.get("url")),
        "describedBy": pages[0] if pages else None,
        "references": pages[1:],
        "conformsTo": next((standard.value for standard in standards if standard), None),
    }


def _distribution(builder: Builder, dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    opened, download, access = addresses(builder, resource)
    page = access or (opened if opened != download else None)
    stand_ins = []
    if page is None and download is None:
        stand_ins.append("accessURL")
        page = values.make_iri(f"{builder.subject.value}/resource/{resource['id']}")
    name = builder.checked(
        "resource.mimetype", resource.get("mimetype"), values.read_media_type, "dcat_invalid_media_type"
    )
    media_type = name if name and _MEDIA_TYPE.fullmatch(name) else None
    if media_type is None and download:
        # Project Open Data asks for one wherever there is a file.
        stand_ins.append("mediaType")
        media_type = _NOT_STATED
    distribution = {
        "@type": "dcat:Distribution",
        "title": values.clean_text(resource.get("name")),
        "description": values.clean_text(resource.get("description")),
        "format": values.clean_text(resource.get("format")),
        "accessURL": page.value if page else None,
        "downloadURL": download.value if download else None,
        "mediaType": media_type,
        **_file_facts(builder, dataset, resource),
        **further_properties("resource", resource, stand_ins),
    }
    return {key: value for key, value in distribution.items() if value}


def _file_facts(builder: Builder, dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """What Project Open Data does not ask of a distribution, under the names that DCAT-US and others read."""
    size = builder.checked("resource.size", resource.get("size"), values.make_size, "dcat_invalid_size")
    found = builder.checked("resource.hash", resource.get("hash"), values.read_checksum, "dcat_invalid_checksum")
    own = resource.get("license") or resource.get("license_id")
    licence = nodes.licence(builder, dataset, own) if own and own != dataset.get("license_id") else None
    standards = [values.make_iri(value) for value in stored_list(resource.get("conforms_to"))]
    return {
        "byteSize": int(size.value) if size else None,
        "checksum": {"algorithm": found[0], "checksumValue": found[1]} if found else None,
        "issued": date_of(builder, "resource.issued", resource.get("issued")),
        "modified": date_of(builder, "resource.modified", resource.get("modified")),
        "accrualPeriodicity": _frequency(builder, values.clean_text(resource.get("frequency"))),
        "temporal": values.clean_text(resource.get("temporal_coverage")),
        "spatial": values.clean_text(resource.get("spatial_coverage")),
        "license": licence.value if licence else None,
        "rights": values.clean_text(resource.get("rights")),
        "conformsTo": next((standard.value for standard in standards if standard), None),
        "characterEncoding": values.clean_text(resource.get("encoding")),
    }
