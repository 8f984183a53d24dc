"""A resource as ``dcat:Distribution``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyoxigraph import Literal, NamedNode

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.dcat.coverage import add_periods, add_places
from ckanext.mxopendata.dcat.services import add_service
from ckanext.mxopendata.dcat.table_schema import add_table_schema
from ckanext.mxopendata.dcat.terms import (
    CNT,
    DCAT,
    DCATAP,
    DCT,
    RDFS,
    SPDX,
    TYPE,
    XSD,
)
from ckanext.mxopendata.metadata.records import stored_list

Resource = Mapping[str, Any]
CODE_LIST = "codigos"


def resources_of(dataset: Mapping[str, Any]) -> list[Resource]:
    """The resources of a dataset that become distributions: those that can be named."""
    return [resource for resource in dataset.get("resources") or () if resource.get("id")]


def add_distribution(builder: Builder, dataset: Mapping[str, Any], resource: Resource) -> None:
    """All triples of one resource, and the dataset's link to it."""
    node = NamedNode(f"{builder.subject.value}/resource/{resource['id']}")
    builder.add(builder.subject, DCAT.distribution, node)
    builder.add(node, TYPE, DCAT.Distribution)
    builder.add(node, DCT.title, builder.text(resource.get("name")))
    builder.add(node, DCT.description, builder.text(resource.get("description")))
    _add_addresses(builder, node, dataset, resource)
    _add_terms(builder, node, dataset, resource)
    builder.add(node, DCT.issued, builder.date("resource.issued", resource.get("issued")))
    builder.add(node, DCT.modified, builder.date("resource.modified", resource.get("modified")))
    builder.add(node, DCT.available, builder.date("resource.promised_on", resource.get("promised_on")))
    size = builder.checked("resource.size", resource.get("size"), values.make_size, "dcat_invalid_size")
    builder.add(node, DCAT.byteSize, size)
    _add_checksum(builder, node, resource)
    add_periods(builder, node, resource.get("temporal_coverage"))
    add_places(builder, node, resource.get("spatial_coverage"))
    _add_norms(builder, node, resource)
    add_table_schema(builder, node, resource.get("schema"))


def _add_addresses(builder: Builder, node: NamedNode, dataset: Mapping[str, Any], resource: Resource) -> None:
    opened, download, page = addresses(builder, resource)
    builder.add(node, DCAT.accessURL, page or opened or download or node)
    if page is not None and opened not in (page, download):
        builder.add(node, DCAT.accessURL, opened)
    builder.add(node, DCAT.downloadURL, download)
    add_service(builder, node, dataset, resource, opened or page or download)


def addresses(builder: Builder, resource: Resource) -> tuple[NamedNode | None, NamedNode | None, NamedNode | None]:
    """Where a resource is found; that there is none is counted.

    Returns:
        What CKAN opens (``url``), the file (``download_url``), and a page that leads to it (``access_url``). What is
        opened is the file where there is also a page, or where it was uploaded: a stored address is never lost.
    """
    url = builder.iri("resource.url", resource.get("url"))
    download = builder.iri("resource.download_url", resource.get("download_url"))
    page = builder.iri("resource.access_url", resource.get("access_url"))
    if download is None and (resource.get("url_type") == "upload" or page not in (None, url)):
        download = url
    if url is None and download is None and page is None:
        builder.fill("resource.url")
    return url, download, page


def _add_terms(builder: Builder, node: NamedNode, dataset: Mapping[str, Any], resource: Resource) -> None:
    builder.add(node, DCT["format"], nodes.file_format(builder, resource.get("format")))
    media_type = nodes.media_type(builder, "resource.mimetype", resource.get("mimetype"))
    builder.add(node, DCAT.mediaType, media_type)
    licence = resource.get("license") or resource.get("license_id") or dataset.get("license_id")
    builder.add(node, DCT.license, nodes.licence(builder, dataset, licence))
    frequency = nodes.mapped_term(
        builder, "frequencies", "resource.frequency", resource.get("frequency"), DCT.Frequency
    )
    builder.add(node, DCT.accrualPeriodicity, frequency)
    builder.add(node, DCATAP.availability, nodes.availability(builder, node, resource.get("availability")))
    if rights := builder.text(resource.get("rights")):
        statement = builder.part_of(node, "derechos", DCT.RightsStatement)
        builder.add(statement, RDFS.label, rights)
        builder.add(node, DCT.rights, statement)


def _add_checksum(builder: Builder, node: NamedNode, resource: Resource) -> None:
    found = builder.checked("resource.hash", resource.get("hash"), values.read_checksum, "dcat_invalid_checksum")
    if found is None:
        return
    algorithm, digits = found
    checksum = builder.part_of(node, "suma", SPDX.Checksum)
    name = SPDX["checksumAlgorithm_" + algorithm]
    builder.add(checksum, SPDX.algorithm, builder.share(name, SPDX.ChecksumAlgorithm, []))
    builder.add(checksum, SPDX.checksumValue, Literal(digits, datatype=XSD.hexBinary))
    builder.add(node, SPDX.checksum, checksum)


def _add_norms(builder: Builder, node: NamedNode, resource: Resource) -> None:
    for position, value in enumerate(stored_list(resource.get("conforms_to")), start=1):
        if text := values.clean_text(value):
            standard = values.make_iri(text)
            if standard is None:
                standard = builder.part_of(node, f"estandar-{position}")
                builder.add(standard, DCT.title, builder.text(text))
            builder.add_type(standard, DCT.Standard)
            builder.add(node, DCT.conformsTo, standard)
    builder.add(node, CNT.characterEncoding, builder.plain(resource.get("encoding")))
    _add_code_list(builder, node, resource)
    if tools := builder.text(resource.get("tools")):
        builder.add(node, DCT.requires, _named_part(builder, node, "herramientas", tools))


def _add_code_list(builder: Builder, node: NamedNode, resource: Resource) -> None:
    """The code list that explains a table's keys: a node of its own, so that it is not one of the standards."""
    link = builder.iri("resource.codelist_link", resource.get("codelist_link"))
    name = builder.text(resource.get("codelist"))
    if link is None and name is None:
        return
    node_of_list = builder.part_of(node, CODE_LIST, DCT.Standard)
    builder.add(node_of_list, DCT.title, name)
    builder.add(node_of_list, DCT.references, link)
    builder.add(node, DCT.conformsTo, node_of_list)


def _named_part(builder: Builder, owner: NamedNode, name: str, label: Literal) -> NamedNode:
    node = builder.part_of(owner, name)
    builder.add(node, RDFS.label, label)
    return node
