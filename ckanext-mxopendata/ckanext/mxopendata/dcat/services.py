"""A resource that is a service (a map, an interface to query) as ``dcat:DataService`` behind its distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyoxigraph import NamedNode

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.dcat.terms import DCAT, DCT

# Formats that are a way to ask, not a file (ids of the vocabulary ``file_types``).
_SERVICES = frozenset(("WMS_SRVC", "WFS_SRVC", "WCS_SRVC", "WMTS_SRVC", "MAP_SRVC", "REST", "SPARQLQ"))
# What a request to an OGC service adds to its address (OGC 06-121r9, table 3).
_REQUEST = frozenset(("request", "service", "version", "acceptversions"))


def add_service(
    builder: Builder,
    node: NamedNode,
    dataset: Mapping[str, Any],
    resource: Mapping[str, Any],
    address: NamedNode | None,
) -> None:
    """Describe the service where the resource's format is one and it has an address.

    Args:
        builder: of the dataset.
        node: the distribution.
        dataset: the dataset.
        resource: the resource.
        address: where it is opened.
    """
    term = nodes.find_term(builder, "file_types", resource.get("format"))
    if term is None or term.id not in _SERVICES or address is None:
        return
    service = builder.part_of(node, "servicio", DCAT.DataService)
    builder.add(node, DCAT.accessService, service)
    builder.add(service, DCT.title, builder.text(resource.get("name")) or builder.text(dataset.get("title") or term.id))
    builder.add(service, DCT.description, builder.text(resource.get("description")))
    endpoint, description = _endpoint(address.value)
    builder.add(service, DCAT.endpointURL, values.make_iri(endpoint))
    builder.add(service, DCAT.endpointDescription, values.make_iri(description))
    builder.add(service, DCAT.servesDataset, builder.subject)
    if institution := (dataset.get("organization") or {}).get("id"):
        builder.add(service, DCT.publisher, nodes.organization_uri(builder.context, institution))
    licence = resource.get("license") or resource.get("license_id") or dataset.get("license_id")
    builder.add(service, DCT.license, nodes.licence(builder, dataset, licence))
    rights = nodes.mapped_term(
        builder, "access_rights", "access_rights", dataset.get("access_rights"), DCT.RightsStatement
    )
    builder.add(service, DCT.accessRights, rights)


def _endpoint(address: str) -> tuple[str, str | None]:
    """The address that is asked, without the request; and the one that describes it, where that was what was given."""
    parts = urlsplit(address)
    query = parse_qsl(parts.query, keep_blank_values=True)
    request = next((value.lower() for name, value in query if name.lower() == "request"), "")
    if not request:
        return address, None
    kept = urlencode([(name, value) for name, value in query if name.lower() not in _REQUEST])
    return parts._replace(query=kept).geturl(), address if request == "getcapabilities" else None
