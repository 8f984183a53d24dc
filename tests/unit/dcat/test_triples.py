"""The generator: every field of the crosswalk has its triple, no value makes it fail, all of it is valid DCAT-AP."""

from __future__ import annotations

import io
from collections import Counter

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from ckanext.mxopendata.dcat.catalogue import (
    link_datasets,
    link_institutions,
    render_catalogue,
    render_institution_catalogue,
)
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.terms import PREFIXES
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from dcat_shapes import generated_shapes

NAMESPACES = {**PREFIXES, "dct": "http://purl.org/dc/terms/"}
# Where in a dictionary of ``package_show`` a field of the form lies.
STORED_AS = {"tag_string": "tags", "owner_org": "organization"}
# The order of government stands on the institution: see test_the_publisher_has_what_the_institution_says.
ROWS = [row for row in crosswalk() if row.dcat and row.level != "organization" and row.field != "gov_type"]


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return NAMESPACES[prefix] + local


def _triples(dataset, context):
    return set(render_dataset(dataset, context).all_triples())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ".".join(filter(None, (row.level, row.field, row.subfield))))
def test_every_field_of_the_crosswalk_has_its_triple(row, full, context):
    """Without the field, a triple with the crosswalk's property is gone."""
    if row.field == "download_url":  # beside a page, the other address is taken for the file
        full["resources"][0]["access_url"] = None
    whole = _triples(full, context)
    owner = full["resources"][0] if row.level == "resource" else full
    name = STORED_AS.get(row.field, row.field)
    assert owner[name], f"the sample has no {row.field}"
    if row.subfield:
        owner[name] = [{key: value for key, value in owner[name][0].items() if key != row.subfield}]
    elif row.field == "url" and row.level == "resource":
        owner.update(url="https://otra.mx/", download_url="https://otra.mx/")
    else:
        owner[name] = None
    gone = {triple.predicate.value for triple in whole - _triples(full, context)}
    assert gone, f"{row.field} makes no triple"
    if row.dcat != "rdf:about":  # the address itself
        assert _expand(row.dcat) in gone


def test_the_publisher_has_what_the_institution_says(full, context):
    rendering = render_dataset(full, context)
    said = Counter(
        triple.predicate.value
        for triple in rendering.all_triples()
        if triple.subject.value.endswith(f"/organization/{full['organization']['id']}")
    )
    rows = [row.dcat for row in crosswalk() if row.level == "organization" and row.dcat]
    assert not [name for name in rows if not said[_expand(name)]]


def test_stand_ins_are_counted_and_nothing_else_is_invented(bare, context):
    bare["contact"] = [{"email": "datos@salud.gob.mx"}]
    bare["resources"] = [{"id": "r1", "url": ""}]
    rendering = render_dataset(bare, context)
    assert rendering.filled == {"notes": 1, "contact.name": 1, "resource.url": 1}
    graph = _graph(rendering.all_triples())
    subject = context.dataset_uri(bare["id"]).value
    assert [str(text) for text in graph.objects(rdflib.URIRef(subject), rdflib.DCTERMS.description)] == ["Mínimo"]
    node = rdflib.URIRef(f"{subject}/resource/r1")
    assert graph.value(node, rdflib.DCAT.accessURL) == node
    assert not list(graph.objects(None, rdflib.DCTERMS.license))


def test_what_cannot_be_expressed_is_counted_by_field_and_reason(dirty, context):
    assert render_dataset(dirty, context).dropped == {
        ("contact.email", "dcat_invalid_email"): 1,
        ("contact.phone", "dcat_invalid_telephone"): 1,
        ("contact.url", "dcat_invalid_address"): 1,
        ("frequency", "dcat_unknown_term"): 1,
        ("access_rights", "dcat_unknown_term"): 1,
        ("issued", "dcat_invalid_date"): 1,
        ("modified", "dcat_invalid_date"): 1,
        ("temporal_coverage.start", "dcat_invalid_date"): 1,
        ("temporal_coverage.end", "dcat_invalid_date"): 1,
        ("spatial_coverage.cvegeo", "dcat_unknown_place"): 1,
        ("spatial_coverage.bbox", "dcat_invalid_geometry"): 1,
        ("spatial_coverage.geom", "dcat_invalid_geometry"): 2,
        ("documentation", "dcat_invalid_address"): 2,
        ("quality_url", "dcat_invalid_address"): 1,
        ("source_url", "dcat_invalid_address"): 1,
        ("metadata_created", "dcat_invalid_date"): 1,
        ("resource.url", "dcat_invalid_address"): 1,
        ("resource.mimetype", "dcat_invalid_media_type"): 1,
        ("resource.size", "dcat_invalid_size"): 1,
        ("resource.hash", "dcat_invalid_checksum"): 1,
        ("resource.schema", "dcat_invalid_table_schema"): 1,
    }


def test_an_extra_counts_as_the_field_but_never_over_it(dirty, context):
    graph = _graph(render_dataset(dirty, context).all_triples())
    notes = graph.objects(None, rdflib.URIRef("http://www.w3.org/ns/adms#versionNotes"))
    assert [str(text) for text in notes] == ["de un extra"]
    assert not list(graph.subjects(rdflib.DCTERMS.title, rdflib.Literal("no manda", lang="es")))


def test_the_eu_and_our_theme_stand_side_by_side(full, context):
    graph = _graph(render_dataset(full, context).all_triples())
    themes = {str(node) for node in graph.objects(None, rdflib.DCAT.theme)}
    assert "http://datos.example.gob.mx/vocabularios/themes/salud" in themes
    assert "http://publications.europa.eu/resource/authority/data-theme/HEAL" in themes


def test_a_subjects_triples_stay_together(full, context):
    subjects = [triple.subject.value for triple in render_dataset(full, context).triples]
    runs = [subject for position, subject in enumerate(subjects) if position == 0 or subjects[position - 1] != subject]
    assert len(runs) == len(set(runs))
    assert subjects[0] == context.dataset_uri(full["id"]).value


@pytest.mark.payloads
@pytest.mark.parametrize("name", ["full", "bare", "dirty"])
def test_it_has_no_violation_of_dcat_ap(name, request, context, shared):
    from pyshacl import validate

    dataset = request.getfixturevalue(name)
    shapes = generated_shapes(shared)
    graph = _graph(_catalogue(dataset, context))
    conforms, _, text = validate(graph, shacl_graph=shapes, inference="none")
    assert conforms, text
    assert len(set(graph.objects(None, rdflib.DCAT.dataset))) == 1


@pytest.mark.parametrize("name", ["full", "bare", "dirty"])
def test_all_formats_say_the_same_to_two_parsers(name, request, context):
    triples = _catalogue(request.getfixturevalue(name), context)
    graphs = []
    for form, reader in (
        (ox.RdfFormat.TURTLE, "turtle"),
        (ox.RdfFormat.RDF_XML, "xml"),
        (ox.RdfFormat.JSON_LD, "json-ld"),
        (ox.RdfFormat.N_TRIPLES, "nt"),
    ):
        data = ox.serialize(triples, format=form)
        assert {quad.triple for quad in ox.parse(data, format=form)} == set(triples)
        graphs.append(rdflib.Graph().parse(data=data, format=reader))
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])
    assert len(graphs[0]) == len(set(triples))


hostile_text = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["\ud800", "http://a\x00b/<>", "www.{}", "[", '{"a":', "]]>", "R/P1Y", "2020-13-45", "%", "http://[", "mailto:"]
)
hostile_value = st.recursive(
    hostile_text | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile_text, inner, max_size=2),
    max_leaves=4,
)
FIELDS = sorted({STORED_AS.get(row.field, row.field) for row in ROWS if row.level == "dataset"})
RESOURCE_FIELDS = sorted({row.field for row in ROWS if row.level == "resource"})
LISTED = {row.field: [r.subfield for r in ROWS if r.field == row.field and r.subfield] for row in ROWS if row.subfield}


@st.composite
def hostile_datasets(draw):
    def values_of(names):
        picked = draw(st.lists(st.sampled_from(names), max_size=6, unique=True))
        return {name: draw(hostile_value) for name in picked if name not in ("tags", "organization", "resources")}

    dataset = {"id": "x", **values_of(FIELDS), "resources": [{"id": "r", **values_of(RESOURCE_FIELDS)}]}
    repeated = draw(st.sampled_from(sorted(LISTED)))
    dataset[repeated] = [{name: draw(hostile_value) for name in LISTED[repeated]}]
    dataset["tags"] = [{"name": draw(hostile_text)}]
    return dataset


@settings(max_examples=150, deadline=None)
@given(dataset=hostile_datasets())
def test_no_value_whatever_makes_an_invalid_file(dataset):
    catalogue = Catalogue("http://datos.example.gob.mx", "Datos")
    rendering = render_dataset(dataset, ExportContext(catalogue, "http://datos.example.gob.mx/vocabularios"))
    triples = set(rendering.all_triples())
    for form in (ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD, ox.RdfFormat.N_TRIPLES):
        assert {quad.triple for quad in ox.parse(ox.serialize(triples, format=form), format=form)} == triples
    xml = ox.serialize(triples, format=ox.RdfFormat.RDF_XML)
    assert len(rdflib.Graph().parse(io.BytesIO(xml), format="xml")) == len(triples)


def _catalogue(dataset, context):
    rendering = render_dataset(dataset, context)
    institutions = [rendering.institution] if rendering.institution else []
    return [
        *render_catalogue(context),
        *link_institutions(context, institutions),
        *(triple for _ in institutions for triple in render_institution_catalogue(context, dataset["organization"])),
        *link_datasets(context, [rendering]),
        *rendering.all_triples(),
    ]


def _graph(triples) -> rdflib.Graph:
    return rdflib.Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")


def test_policies_and_the_priority_list_have_the_labels_of_their_vocabularies(full, context):
    full.update(policy_alignment=["sdg:4", "propia:1"], priority_list="committed", priority_criteria="criterion:ieda")
    graph = _graph(_catalogue(full, context))
    labels = {str(label) for label in graph.objects(None, rdflib.SKOS.prefLabel)}
    ieda = "Forma parte de la Infraestructura Estratégica de Datos Abiertos"
    assert {"ODS 4. Educación de calidad", "Comprometido", ieda, "propia:1"} <= labels
    assert not labels & {"sdg:4", "committed"}
    goal = rdflib.URIRef("http://metadata.un.org/sdg/4")
    assert (None, rdflib.DCTERMS.subject, goal) in graph


@pytest.mark.parametrize(
    ("address", "endpoint", "description"),
    [
        (
            "https://mapas.mx/wms?map=1&SERVICE=WMS&VERSION=1.3.0&Request=GetCapabilities",
            "https://mapas.mx/wms?map=1",
            "https://mapas.mx/wms?map=1&SERVICE=WMS&VERSION=1.3.0&Request=GetCapabilities",
        ),
        ("https://mapas.mx/wfs?request=GetFeature&typename=a", "https://mapas.mx/wfs?typename=a", None),
        ("https://mapas.mx/wms?service=WMS", "https://mapas.mx/wms?service=WMS", None),
        (
            "https://mapas.mx/arcgis/rest/services/a/MapServer",
            "https://mapas.mx/arcgis/rest/services/a/MapServer",
            None,
        ),
    ],
)
def test_a_service_is_described_behind_its_distribution(address, endpoint, description, bare, context):
    bare["resources"] = [{"id": "r1", "url": address, "format": "WMS", "name": "Mapa"}]
    graph = _graph(_catalogue(bare, context))
    service = graph.value(None, rdflib.RDF.type, rdflib.DCAT.DataService)
    assert str(service).endswith("/resource/r1#servicio")
    assert graph.value(predicate=rdflib.DCAT.accessService, object=service)
    assert str(graph.value(service, rdflib.DCAT.endpointURL)) == endpoint
    found = graph.value(service, rdflib.DCAT.endpointDescription)
    assert (str(found) if found else None) == description
    assert str(graph.value(service, rdflib.DCAT.servesDataset)) == context.dataset_uri(bare["id"]).value
    assert str(graph.value(service, rdflib.DCTERMS.title)) == "Mapa"


def test_a_file_is_no_service(full, context):
    graph = _graph(_catalogue(full, context))
    assert graph.value(None, rdflib.RDF.type, rdflib.DCAT.DataService) is None
