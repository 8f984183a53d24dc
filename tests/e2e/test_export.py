"""What leaves the demonstration: complete, the same in every format, and without a violation of DCAT-AP 3.0.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph
import pyshacl
import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, RDF, SH

from dcat_shapes import generated_shapes

pytestmark = pytest.mark.e2e

FORMATS = {
    "ttl": pyoxigraph.RdfFormat.TURTLE,
    "rdf": pyoxigraph.RdfFormat.RDF_XML,
    "jsonld": pyoxigraph.RdfFormat.JSON_LD,
    "nt": pyoxigraph.RdfFormat.N_TRIPLES,
}
PAGES_AT_MOST = 50


@pytest.fixture(scope="module")
def shapes(shared: Path) -> rdflib.Graph:
    """The shapes of DCAT-AP 3.0.1 as its editors publish them."""
    return generated_shapes(shared)


@pytest.fixture(scope="module")
def whole(stack: Any) -> rdflib.Graph:
    """The file of the whole catalogue."""
    return rdflib.Graph().parse(data=stack.get("/catalogo/volcado.nt"), format="nt")


def violations(graph: rdflib.Graph, shapes: rdflib.Graph) -> list[tuple[str, ...]]:
    """Node, path and message of each violation; advice (``sh:Warning``) is not one."""
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)
    assert isinstance(report, rdflib.Graph)
    return [
        tuple(str(report.value(result, part)) for part in (SH.focusNode, SH.resultPath, SH.resultMessage))
        for result in report.subjects(SH.resultSeverity, SH.Violation)
    ]


def listed(graph: rdflib.Graph) -> set[Any]:
    """The datasets that catalogues of the graph name."""
    return set(graph.objects(None, DCAT.dataset))


def test_the_pages_of_the_catalogue_name_every_dataset_once(stack: Any) -> None:
    found: list[Any] = []
    for page in range(1, PAGES_AT_MOST):
        graph = rdflib.Graph().parse(data=stack.get(f"/catalog.ttl?page={page}"), format="turtle")
        names = listed(graph)
        if not names:
            break
        found += names
    assert len(found) == len(set(found)) == stack.api("package_search", rows=0)["count"]


def test_the_whole_file_leaves_nothing_out(stack: Any, whole: rdflib.Graph) -> None:
    datasets = stack.datasets()
    assert len(listed(whole)) == len(datasets) == stack.api("package_search", rows=0)["count"]
    titles = {str(title) for dataset in listed(whole) for title in whole.objects(dataset, DCTERMS.title)}
    assert {dataset["title"] for dataset in datasets} <= titles
    distributions = sum(len(dataset["resources"]) for dataset in datasets)
    assert len(set(whole.subjects(RDF.type, DCAT.Distribution))) == distributions
    manifest = json.loads(stack.get("/catalogo/volcado.json"))
    assert (manifest["datasets"], manifest["distributions"]) == (len(datasets), distributions)
    assert manifest["left_out"] == []


def test_the_formats_say_the_same(stack: Any, whole: rdflib.Graph) -> None:
    for name, rdf_format in FORMATS.items():
        triples = set(pyoxigraph.parse(stack.get(f"/catalogo/volcado.{name}"), format=rdf_format))
        assert len(triples) == len(whole), name


def test_no_violation_in_the_whole_catalogue(whole: rdflib.Graph, shapes: rdflib.Graph) -> None:
    assert violations(whole, shapes) == []


def test_a_violation_would_be_seen(whole: rdflib.Graph, shapes: rdflib.Graph) -> None:
    dataset = sorted(listed(whole))[0]
    spoilt = rdflib.Graph()
    for triple in whole.triples((dataset, None, None)):
        spoilt.add(triple)
    spoilt.remove((dataset, DCTERMS.title, None))
    assert any(path == str(DCTERMS.title) for _, path, _ in violations(spoilt, shapes))


@pytest.mark.parametrize(("ending", "name"), [("ttl", "turtle"), ("xml", "xml"), ("jsonld", "json-ld"), ("rdf", "xml")])
def test_pages_of_the_catalogue_in_each_format_have_no_violation(
    stack: Any, shapes: rdflib.Graph, ending: str, name: str
) -> None:
    graph = rdflib.Graph().parse(data=stack.get(f"/catalog.{ending}?page=1"), format=name)
    assert listed(graph)
    assert violations(graph, shapes) == []


def test_single_datasets_have_no_violation(stack: Any, shapes: rdflib.Graph) -> None:
    # One of each portal and one that was captured here: the poorest and the richest are among them.
    chosen = {dataset["organization"]["name"]: dataset["name"] for dataset in stack.datasets()}
    assert len(chosen) >= len(stack.portals)
    graph = rdflib.Graph()
    for name in [*chosen.values(), "sequia-por-municipio-jalisco"]:
        one = rdflib.Graph().parse(data=stack.get(f"/dataset/{name}.ttl"), format="turtle")
        assert len(set(one.subjects(RDF.type, DCAT.Dataset))) == 1, name
        graph += one
    assert violations(graph, shapes) == []
