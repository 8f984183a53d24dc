"""What was exported, in every format, is read as the same graph again; no graph whatever makes the parser fail."""

from __future__ import annotations

import json
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.graph import Graph, graph_of, read_graph
from ckanext.mxopendata.dcat.parser import ParsedDataset, parse_datasets
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.metadata import readers

from .conftest import SITE


def _again(parsed: ParsedDataset, dataset: dict[str, Any]) -> dict[str, Any]:
    """What was parsed, under the ids of the original: those name the catalogue, not the data."""
    ids = [address.rpartition("/")[2] for address in parsed.resource_uris]
    resources = [{**resource, "id": key} for resource, key in zip(parsed.dataset["resources"], ids, strict=True)]
    named = {"id": dataset["id"], "name": dataset["name"], "organization": dataset["organization"]}
    return {**parsed.dataset, **named, "resources": resources}


FORMATS = {
    "ttl": (ox.RdfFormat.TURTLE, "turtle"),
    "rdf": (ox.RdfFormat.RDF_XML, "xml"),
    "jsonld": (ox.RdfFormat.JSON_LD, "json-ld"),
    "nt": (ox.RdfFormat.N_TRIPLES, "nt"),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["whole", "full", "bare"])
def test_export_parse_export_is_the_same_graph(name, form, request, context):
    dataset = request.getfixturevalue(name)
    first = ox.serialize(render_dataset(dataset, context).all_triples(), format=FORMATS[form][0])
    (parsed,) = parse_datasets(read_graph(first, form))
    second = ox.serialize(render_dataset(_again(parsed, dataset), context).all_triples(), format=FORMATS[form][0])
    graphs = [rdflib.Graph().parse(data=text, format=FORMATS[form][1]) for text in (first, second)]
    assert isomorphic(*graphs), "\n".join(str(triple) for triple in (graphs[0] ^ graphs[1]))


LINE_FIELDS = ("title", "identifier", "target_users", "access_comment", "version_notes", "legal_basis_text", "notes")
RESOURCE_TEXTS = ("name", "description", "rights", "encoding", "tools", "codelist")


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.text(min_size=1), min_size=5, max_size=5), number=st.integers(0, 6))
def test_any_text_that_can_be_stored_comes_back(texts, number):
    """Stored is what the readers leave of a text."""
    clean = [readers.clean_line(text) or "x" for text in texts]
    name, other = LINE_FIELDS[number], RESOURCE_TEXTS[number % len(RESOURCE_TEXTS)]
    dataset = {
        "id": "d1",
        "title": "Título",
        name: clean[0],
        "contact": [{"name": clean[1], "position": clean[2]}],
        "creator": [{"name": clean[3]}],
        "spatial_coverage": [{"text": clean[4][:500].strip()}],
        "resources": [{"id": "r1", "url": "https://x.mx/a", other: clean[0]}],
    }
    catalogue = Catalogue(SITE, "Datos")
    triples = list(render_dataset(dataset, ExportContext(catalogue, f"{SITE}/vocabularios")).all_triples())
    for form in ("nt", "rdf", "jsonld"):
        (parsed,) = parse_datasets(read_graph(ox.serialize(triples, format=FORMATS[form][0]) or b"", form))
        assert {key: parsed.dataset.get(key) for key in (name, "contact", "creator", "spatial_coverage")} == {
            key: dataset[key] for key in (name, "contact", "creator", "spatial_coverage")
        }
        assert parsed.dataset["resources"][0][other] == clean[0]


hostile_object = (
    st.text(max_size=20).map(ox.Literal)
    | st.sampled_from([ox.NamedNode(f"{SITE}/dataset/d#x-1"), ox.BlankNode("b"), ox.NamedNode("urn:x:y")])
    | st.tuples(st.text(max_size=8), st.sampled_from(["es", "en", "fr"])).map(
        lambda pair: ox.Literal(pair[0], language=pair[1])
    )
)
PREDICATES = sorted({"http://purl.org/dc/terms/" + name for name in (
    "title", "description", "identifier", "issued", "modified", "available", "accrualPeriodicity", "accessRights",
    "language", "license", "rights", "temporal", "spatial", "publisher", "creator", "subject", "conformsTo", "format",
    "isReferencedBy", "provenance", "isPartOf", "audience", "requires",
)} | {"http://www.w3.org/ns/dcat#" + name for name in (
    "keyword", "theme", "contactPoint", "landingPage", "distribution", "accessURL", "downloadURL", "byteSize",
    "mediaType", "startDate", "endDate", "bbox",
)} | {"http://www.w3.org/2004/02/skos/core#exactMatch", "http://www.w3.org/ns/locn#geometry",
      "http://www.w3.org/ns/csvw#tableSchema", "http://spdx.org/rdf/terms#checksum",
      "http://data.europa.eu/r5r/applicableLegislation", "http://data.europa.eu/r5r/availability",
      "http://www.w3.org/ns/adms#identifier", "http://xmlns.com/foaf/0.1/page",
      "http://xmlns.com/foaf/0.1/primaryTopic"})  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(facts=st.lists(st.tuples(st.sampled_from(PREDICATES), hostile_object), max_size=25))
def test_no_graph_whatever_makes_it_fail(facts):
    """Every property with any object, on the dataset and on every node it names."""
    subjects = [ox.NamedNode(f"{SITE}/dataset/d"), ox.NamedNode(f"{SITE}/dataset/d#x-1"), ox.BlankNode("b")]
    triples = [ox.Triple(s, ox.NamedNode(p), o) for s in subjects for p, o in facts]
    kind = ox.NamedNode("http://www.w3.org/ns/dcat#Dataset")
    triples.append(ox.Triple(subjects[0], ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), kind))
    (parsed,) = parse_datasets(graph_of(triples))
    json.dumps(parsed.dataset)
    assert all(finding.to_dict()["message"] for finding in parsed.findings)


def test_an_empty_graph_has_no_datasets():
    assert list(parse_datasets(Graph([]))) == []
