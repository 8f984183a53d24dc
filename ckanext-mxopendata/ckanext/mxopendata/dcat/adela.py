"""A dataset as an entry of ``catalogo.json``: the form of ADELA, from which the former national portal took catalogues.

Pure. The properties are those of ADELA's public interface (2014–2018): plain values, texts where DCAT has nodes. Two
of its rules are not those of our fields: a theme is one of its twelve sectors, ``landingPage`` the data dictionary.

Stand-ins, at export only and counted: description ← title; identifier ← CKAN's id; the publisher's name ← the
institution; modified ← when this catalogue last wrote the dataset; a dataset that says nothing of its access is public.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder, ExportContext
from ckanext.mxopendata.dcat.coverage import OPEN
from ckanext.mxopendata.dcat.distributions import addresses, resources_of
from ckanext.mxopendata.dcat.entries import Entry
from ckanext.mxopendata.dcat.entry_values import address_of, date_of, make_entry, place_names, texts
from ckanext.mxopendata.metadata.records import stored_list
from ckanext.mxopendata.metadata.vocabularies import Term

_OTHER_SECTOR = "otros"
# ADELA looks for these one after another and stops at the first that a dataset has; none of them is one star.
_OPENNESS = (
    (2, ("xls", "xlsx")),
    (3, ("csv", "tsv", "psv", "json", "shp", "kml", "kmz", "xml")),
    (4, ("rdf",)),
    (5, ("lod",)),
)


def head(context: ExportContext, institution: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What stands before the datasets.

    Args:
        context: the catalogue and the vocabularies.
        institution: the organization whose catalogue it is; ``None`` for the whole site.
    """
    catalogue = context.catalogue
    name = nodes.institution_name(institution) if institution else values.clean_text(catalogue.title)
    description = values.clean_text((institution or {}).get("description") if institution else catalogue.description)
    licence = context.vocabulary("licences").get("libreusomx")
    facts = {
        "title": f"Catálogo de datos abiertos de {name}",
        "description": description or f"Datos abiertos que publica {name}.",
        "homepage": values.clean_text((institution or {}).get("landing_page")) or catalogue.homepage,
        "language": catalogue.language,
        "license": licence.uri if licence else "",
        "issued": catalogue.issued,
        "modified": catalogue.modified,
    }
    return {name: value for name, value in facts.items() if value}


def render_entry(dataset: Mapping[str, Any], context: ExportContext) -> Entry:
    """One dataset as ADELA has it.

    Args:
        dataset: validated dictionary of ``package_show``.
        context: the catalogue and the vocabularies.
    """
    builder = Builder(context, context.dataset_uri(dataset["id"]))
    resources = resources_of(dataset)
    properties = {
        "id": dataset["id"],
        **_texts(builder, dataset),
        **_publisher(builder, dataset),
        **_terms(builder, dataset),
        "temporal": _intervals(builder, dataset.get("temporal_coverage")),
        "spatial": "; ".join(place_names(builder, dataset.get("spatial_coverage"))),
        "landingPage": _landing_page(builder, dataset),
        "quality": address_of(builder, "quality_url", dataset.get("quality_url")),
        "openessRating": _openness(resource.get("format") for resource in resources),
        "distribution": [_distribution(builder, dataset, resource) for resource in resources],
    }
    return make_entry(builder, properties, len(resources))


def _texts(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    if not values.clean_text(dataset.get("title")):
        builder.fill("title")
    return {
        **texts(builder, dataset),
        "comments": values.clean_text(dataset.get("version_notes")),
        "publishDate": date_of(builder, "promised_on", dataset.get("promised_on")),
    }


def _publisher(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    organization = dataset.get("organization") or {}
    if not organization.get("id"):
        builder.fill("owner_org")
    contact = next(iter(stored_list(dataset.get("contact"))), None)
    facts = contact if isinstance(contact, dict) else {}
    email = builder.checked("contact.email", facts.get("email"), values.make_email_iri, "dcat_invalid_email")
    publisher = {
        "name": nodes.publisher_name(builder, organization),
        "position": values.clean_text(facts.get("position")),
        "mbox": email.value.removeprefix("mailto:") if email else "",
    }
    card = f"{builder.subject.value}/contacto.vcf" if contact else None
    return {
        "publisher": {name: value for name, value in publisher.items() if value},
        "contactPoint": address_of(builder, "contact.url", facts.get("url")) or card,
    }


def _terms(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    organization = dataset.get("organization") or {}
    facts = builder.context.organization(organization) if organization.get("id") else organization
    order = nodes.find_term(builder, "orders_of_government", facts.get("gov_type") or dataset.get("gov_type"))
    frequency = nodes.find_term(builder, "frequencies", dataset.get("frequency"))
    access = values.clean_text(dataset.get("access_rights"))
    if not access:
        builder.fill("access_rights")
    languages = [values.clean_text(value) for value in stored_list(dataset.get("language"))]
    licence = nodes.licence(builder, dataset, dataset.get("license_id"))
    if frequency is None and values.clean_text(dataset.get("frequency")):
        builder.drop("frequency", "dcat_unknown_term")
    return {
        "theme": _sector(builder, dataset.get("theme")),
        "language": next(filter(None, languages), ""),
        "govType": order.id if order else None,
        "accrualPeriodicity": frequency.id if frequency else None,
        "license": licence.value if licence else None,
        "public": access in ("", "public"),
    }


def _sector(builder: Builder, stored: Any) -> str | None:
    """The name of the sector that the main theme belongs to; the last of them, "other", where none has it."""
    theme = next((nodes.find_term(builder, "themes", value) for value in stored_list(stored)), None)
    if theme is None:
        return None
    sectors: Iterable[Term] = builder.context.vocabulary("sectors").terms.values()
    found = [sector for sector in sectors if theme.id in sector.facts.get("themes", "").split(";")]
    # One that is only this theme says more than one that is this and others.
    found.sort(key=lambda sector: sector.facts["themes"].count(";"))
    other = builder.context.vocabulary("sectors").get(_OTHER_SECTOR)
    sector = found[0] if found else other
    return sector.label_es if sector else None


def _landing_page(builder: Builder, dataset: Mapping[str, Any]) -> str | None:
    resources = {resource.get("id"): resource.get("url") for resource in dataset.get("resources") or ()}
    documents = [resources.get(value, value) for value in stored_list(dataset.get("documentation"))]
    dictionary = next(filter(None, (address_of(builder, "documentation", value) for value in documents)), None)
    return dictionary or address_of(builder, "url", dataset.get("url"))


def _openness(formats: Iterable[Any]) -> int:
    found = {values.clean_text(name).lower() for name in formats}
    return next((stars for stars, names in _OPENNESS if found.intersection(names)), 1)


def _distribution(builder: Builder, dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    opened, download, page = addresses(builder, resource)
    address = download or opened or page
    size = builder.checked("resource.size", resource.get("size"), values.make_size, "dcat_invalid_size")
    own = resource.get("license") or resource.get("license_id") or dataset.get("license_id")
    licence = nodes.licence(builder, dataset, own)
    media_type = builder.checked(
        "resource.mimetype", resource.get("mimetype"), values.read_media_type, "dcat_invalid_media_type"
    )
    distribution = {
        "id": resource["id"],
        "title": values.clean_text(resource.get("name")),
        "description": values.clean_text(resource.get("description")),
        "issued": date_of(builder, "resource.issued", resource.get("issued")),
        "modified": date_of(builder, "resource.modified", resource.get("modified")),
        "publishDate": date_of(builder, "resource.promised_on", resource.get("promised_on")),
        "license": licence.value if licence else None,
        "downloadURL": address.value if address else f"{builder.subject.value}/resource/{resource['id']}",
        "mediaType": media_type,
        "format": values.clean_text(resource.get("format")),
        "byteSize": int(size.value) if size else None,
        "temporal": _intervals(builder, resource.get("temporal_coverage")),
        "spatial": "; ".join(place_names(builder, resource.get("spatial_coverage"))),
        "copyright": values.clean_text(resource.get("rights")),
        "codelist": values.clean_text(resource.get("codelist")),
        "codelistLink": address_of(builder, "resource.codelist_link", resource.get("codelist_link")),
        "tools": values.clean_text(resource.get("tools")),
    }
    return {name: value for name, value in distribution.items() if value not in (None, "")}


def _intervals(builder: Builder, stored: Any) -> str | None:
    """The first period as ``beginning/end``; an open end is said as ISO 8601-2 does."""
    for period in stored_list(stored):
        if not isinstance(period, dict):
            return values.clean_text(period) or None
        start = builder.date("temporal_coverage.start", period.get("start"))
        end = builder.date("temporal_coverage.end", period.get("end"))
        if start or end:
            return f"{start.value if start else OPEN}/{end.value if end else OPEN}"
    return None
