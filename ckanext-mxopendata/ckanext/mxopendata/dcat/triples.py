"""The one generator of triples: a dataset as ``package_show`` gives it, in; DCAT-AP 3.0.1 with Mexican terms, out.

Everything that leaves as RDF comes from :func:`render_dataset`: ckanext-dcat's pages through ``profile``, the files of
the whole catalogue through ``writer``. Pure: no CKAN, no database, no clock.

Nodes that belong to one dataset have addresses below its own (``…/dataset/<id>#contacto-1``), not blank nodes: files
can be compared, joined and read back, and a subject's triples stay together in a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyoxigraph import Literal, NamedNode

from ckanext.mxopendata.dcat import nodes, values
from ckanext.mxopendata.dcat.context import Builder, ExportContext, Rendering, record_uri
from ckanext.mxopendata.dcat.coverage import add_periods, add_places
from ckanext.mxopendata.dcat.distributions import add_distribution, resources_of
from ckanext.mxopendata.dcat.terms import (
    ADMS,
    DCAT,
    DCATAP,
    DCT,
    DQV,
    ELI,
    FOAF,
    PROV,
    RDFS,
    SKOS,
    TYPE,
    VCARD,
    XSD,
)
from ckanext.mxopendata.metadata.records import stored_list

Dataset = Mapping[str, Any]

# A record must say when it was modified; CKAN always does, a dictionary made by hand may not.
_LONG_AGO = Literal("1970-01-01", datatype=XSD.date)


def render_dataset(dataset: Dataset, context: ExportContext) -> Rendering:
    """All triples of one dataset.

    Args:
        dataset: validated dictionary of ``package_show``, with ``id``, ``resources``, ``tags`` and ``organization``.
        context: the catalogue and the vocabularies.

    Returns:
        Its triples, the nodes it shares with others, and what was dropped or stood in for. A value that cannot be
        expressed never fails: it is counted.
    """
    builder = fill_builder(dataset, context)
    return Rendering(
        dataset_id=dataset["id"],
        institution=(dataset.get("organization") or {}).get("id") or "",
        triples=builder.own_triples(),
        shared=builder.shared,
        publisher=builder.publisher,
        distributions=len(resources_of(dataset)),
        dropped=builder.dropped,
        filled=builder.filled,
    )


def fill_builder(dataset: Dataset, context: ExportContext) -> Builder:
    """The same, for who asks what is said of the dataset and needs no triples."""
    dataset = _with_extras(dataset)
    builder = Builder(context, context.dataset_uri(dataset["id"]))
    builder.add(builder.subject, TYPE, DCAT.Dataset)
    builder.add(builder.subject, TYPE, DCAT.Resource)
    for add_field in _FIELDS:
        add_field(builder, dataset)
    for resource in resources_of(dataset):
        add_distribution(builder, dataset, resource)
    _add_record(builder, dataset)
    return builder


def _with_extras(dataset: Dataset) -> Dataset:
    """A field of the model that is kept as an extra (a dataset older than the schema) counts as the field."""
    missing = {
        extra["key"]: extra.get("value")
        for extra in dataset.get("extras") or ()
        if "key" in extra and dataset.get(extra["key"]) in (None, "", [])
    }
    return {**dataset, **missing} if missing else dataset


def _add_texts(builder: Builder, dataset: Dataset) -> None:
    subject = builder.subject
    title = builder.text(dataset.get("title"))
    if title is None:
        title = builder.text(dataset.get("name")) or builder.text(dataset["id"])
        builder.fill("title")
    description = builder.text(dataset.get("notes"))
    if description is None:
        description = title
        builder.fill("notes")
    builder.add(subject, DCT.title, title)
    builder.add(subject, DCT.description, description)
    builder.add(subject, DCT.identifier, builder.plain(dataset.get("identifier")))
    builder.add(subject, DCAT.version, builder.plain(dataset.get("version")))
    builder.add(subject, ADMS.versionNotes, builder.text(dataset.get("version_notes")))
    if users := builder.text(dataset.get("target_users")):
        audience = builder.part("usuarios", DCT.AgentClass)
        builder.add(audience, RDFS.label, users)
        builder.add(subject, DCT.audience, audience)
    for tag in dataset.get("tags") or ():
        builder.add(subject, DCAT.keyword, builder.text(tag.get("display_name") or tag.get("name")))


def _add_terms(builder: Builder, dataset: Dataset) -> None:
    subject = builder.subject
    themes = [nodes.themes(builder, "theme", value) for value in stored_list(dataset.get("theme"))]
    for node in (node for pair in themes for node in pair):
        builder.add(subject, DCAT.theme, node)
    if len(themes) > 1 and themes[0]:
        # A graph has no order, and the first theme is the main one.
        builder.add(subject, FOAF.primaryTopic, themes[0][0])
    for value in stored_list(dataset.get("language")):
        node = nodes.mapped_term(builder, "languages", "language", value, DCT.LinguisticSystem)
        builder.add(subject, DCT.language, node)
    for name, vocabulary_id, predicate, kind in (
        ("frequency", "frequencies", DCT.accrualPeriodicity, DCT.Frequency),
        ("access_rights", "access_rights", DCT.accessRights, DCT.RightsStatement),
    ):
        builder.add(subject, predicate, nodes.mapped_term(builder, vocabulary_id, name, dataset.get(name), kind))
    builder.add(subject, DCT.license, nodes.licence(builder, dataset, dataset.get("license_id")))
    if comment := builder.text(dataset.get("access_comment")):
        rights = builder.part("derechos", DCT.RightsStatement)
        builder.add(rights, RDFS.label, comment)
        builder.add(subject, DCT.rights, rights)


def _add_dates(builder: Builder, dataset: Dataset) -> None:
    builder.add(builder.subject, DCT.issued, builder.date("issued", dataset.get("issued")))
    builder.add(builder.subject, DCT.modified, builder.date("modified", dataset.get("modified")))
    builder.add(builder.subject, DCT.available, builder.date("promised_on", dataset.get("promised_on")))


def _add_coverage(builder: Builder, dataset: Dataset) -> None:
    add_periods(builder, builder.subject, dataset.get("temporal_coverage"))
    add_places(builder, builder.subject, dataset.get("spatial_coverage"))


def _add_agents(builder: Builder, dataset: Dataset) -> None:
    organization = dataset.get("organization") or {}
    if organization.get("id"):
        publisher, builder.publisher = nodes.institution(builder, organization, dataset.get("gov_type"))
        builder.add(builder.subject, DCT.publisher, publisher)
    builder.add(builder.subject, DCAT.inSeries, nodes.series(builder, organization, dataset.get("in_series")))
    stand_in = nodes.publisher_name(builder, organization)
    for position, contact in enumerate(stored_list(dataset.get("contact")), start=1):
        _add_contact(builder, contact if isinstance(contact, dict) else {"name": contact}, position, stand_in)
    for position, creator in enumerate(stored_list(dataset.get("creator")), start=1):
        facts = creator if isinstance(creator, dict) else {"name": creator}
        if not any(values.clean_text(value) for value in facts.values()):
            continue
        node = builder.part(f"area-{position}", FOAF.Agent)
        name = builder.text(facts.get("name"))
        if name is None:
            name = builder.text(stand_in)
            builder.fill("creator.name")
        builder.add(node, FOAF.name, name)
        builder.add(builder.subject, DCT.creator, node)


def _add_contact(builder: Builder, contact: Mapping[str, Any], position: int, stand_in: str) -> None:
    if not any(values.clean_text(value) for value in contact.values()):
        return
    node = builder.part(f"contacto-{position}", VCARD.Kind)
    builder.add(builder.subject, DCAT.contactPoint, node)
    name = builder.text(contact.get("name"))
    if name is None:
        name = builder.text(stand_in)
        builder.fill("contact.name")
    builder.add(node, VCARD.fn, name)
    builder.add(node, VCARD.title, builder.text(contact.get("position")))
    email = builder.checked("contact.email", contact.get("email"), values.make_email_iri, "dcat_invalid_email")
    builder.add(node, VCARD.hasEmail, email)
    builder.add(node, VCARD.hasURL, builder.iri("contact.url", contact.get("url")))
    phone = builder.checked("contact.phone", contact.get("phone"), values.make_telephone_iri, "dcat_invalid_telephone")
    builder.add(node, VCARD.hasTelephone, phone)
    if phone is not None and phone.value != f"tel:{contact['phone']}":
        # Blanks and extensions, which the address cannot say.
        builder.add(node, VCARD.telephone, builder.plain(contact["phone"]))


def _add_pages(builder: Builder, dataset: Dataset) -> None:
    subject = builder.subject
    builder.add(subject, DCAT.landingPage, nodes.document(builder, "url", dataset.get("url")))
    resources = {resource.get("id"): resource.get("url") for resource in dataset.get("resources") or ()}
    for value in stored_list(dataset.get("documentation")):
        address = resources.get(value, value) if isinstance(value, str) else value
        builder.add(subject, FOAF.page, nodes.document(builder, "documentation", address))
    if quality := builder.iri("quality_url", dataset.get("quality_url")):
        builder.add_type(quality, DQV.QualityAnnotation)
        builder.add(subject, DQV.hasQualityAnnotation, quality)


def _add_norms(builder: Builder, dataset: Dataset) -> None:
    subject = builder.subject
    for value in stored_list(dataset.get("policy_alignment")):
        goal = value.get("goal") or value.get("id") or value.get("term") if isinstance(value, dict) else value
        builder.add(subject, DCT.subject, nodes.policy(builder, goal))
    for position, value in enumerate(stored_list(dataset.get("conforms_to")), start=1):
        builder.add(
            subject, DCT.conformsTo, _described(builder, value, f"estandar-{position}", DCT.Standard, DCT.title)
        )
    for position, value in enumerate(stored_list(dataset.get("applicable_legislation")), start=1):
        law = _described(builder, value, f"legislacion-{position}", ELI.LegalResource, DCT.title)
        builder.add(subject, DCATAP.applicableLegislation, law)
    if basis := builder.text(dataset.get("legal_basis_text")):
        law = builder.part("fundamento-legal", ELI.LegalResource)
        builder.add(law, DCT.description, basis)
        builder.add(subject, DCATAP.applicableLegislation, law)


def _described(builder: Builder, value: Any, part: str, kind: NamedNode, label: NamedNode) -> NamedNode | None:
    """A norm by its address; one that is only named gets an address within the dataset."""
    text = values.clean_text(value)
    if not text:
        return None
    node = values.make_iri(text)
    if node is None:
        node = builder.part(part)
        builder.add(node, label, builder.text(text))
    builder.add_type(node, kind)
    return node


def _add_priority(builder: Builder, dataset: Dataset) -> None:
    entry = dataset.get("priority_list")
    for value in stored_list(entry):
        facts = value if isinstance(value, dict) else {"status": value}
        status = values.clean_text(facts.get("status"))
        if not status or status == "none":
            continue
        if term := nodes.find_term(builder, "idmx", status):
            node = nodes.concept(builder, "idmx", term)
        else:
            node = nodes.labelled_concept(builder, nodes.own_uri(builder, "idmx", status), status)
        builder.add(builder.subject, DCT.isReferencedBy, node)
    # Category and criteria say more of the same list; the vocabulary each term is of tells them apart.
    for vocabulary_id, field_name in (("themes", "priority_category"), ("idmx", "priority_criteria")):
        for value in stored_list(dataset.get(field_name)):
            term = nodes.find_term(builder, vocabulary_id, value)
            if term is None:
                builder.drop(field_name, "dcat_unknown_term")
                continue
            builder.add(builder.subject, DCT.isReferencedBy, nodes.concept(builder, vocabulary_id, term))


def _add_provenance(builder: Builder, dataset: Dataset) -> None:
    subject = builder.subject
    if statement := builder.text(dataset.get("provenance")):
        node = builder.part("procedencia", DCT.ProvenanceStatement)
        builder.add(node, RDFS.label, statement)
        builder.add(subject, DCT.provenance, node)
    builder.add(subject, PROV.wasDerivedFrom, builder.iri("source_url", dataset.get("source_url")))
    builder.add(subject, DCT.isPartOf, _source_catalogue(builder, dataset.get("source_catalog")))
    if identifier := builder.plain(dataset.get("source_identifier")):
        node = builder.part("identificador-de-origen", ADMS.Identifier)
        builder.add(node, SKOS.notation, identifier)
        builder.add(subject, ADMS.identifier, node)


def _source_catalogue(builder: Builder, value: Any) -> NamedNode | None:
    """Not typed as ``dcat:Catalog``: of a foreign catalogue we do not know what DCAT-AP demands of one."""
    text = values.clean_text(value)
    if not text:
        return None
    node = values.make_iri(text)
    if node is None:
        node = builder.part("catalogo-de-origen")
        builder.add(node, DCT.title, builder.text(text))
    return node


def _add_record(builder: Builder, dataset: Dataset) -> None:
    """When this catalogue took the dataset in and last wrote it, apart from what the source says of its data."""
    record = record_uri(builder.subject)
    builder.add(record, TYPE, DCAT.CatalogRecord)
    builder.add(record, FOAF.primaryTopic, builder.subject)
    created = builder.date("metadata_created", dataset.get("metadata_created"), utc=True)
    modified = builder.date("metadata_modified", dataset.get("metadata_modified"), utc=True)
    builder.add(record, DCT.issued, created)
    builder.add(record, DCT.modified, modified or created or _LONG_AGO)
    builder.add(record, PROV.generatedAtTime, builder.date("harvested_at", dataset.get("harvested_at"), utc=True))


_FIELDS: tuple[Callable[[Builder, Dataset], None], ...] = (
    _add_texts,
    _add_terms,
    _add_dates,
    _add_coverage,
    _add_agents,
    _add_pages,
    _add_norms,
    _add_priority,
    _add_provenance,
)
