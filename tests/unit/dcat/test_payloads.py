"""Every catalogue at hand, of every kind, leaves whole, valid, and comes back the same.

The records go through the mapping of the harvest, without a site; what a site adds is tested beside the harvest
(``test_real_catalogues.py``). The shapes and schemas are the official ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from rdflib.namespace import SH

from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.dcat.triples import render_dataset
from dcat_shapes import violations
from payload_catalogues import stored_datasets
from pod_schema import pod_validator
from riot import triples_by_pyoxigraph

from .assembling import write_catalogue
from .conftest import INSTITUTION, make_context

pytestmark = pytest.mark.payloads

# The datasets that can be read in all of them together: a parser that reads less would pass the rest unnoticed.
AT_LEAST = 1_900


@pytest.fixture(scope="module")
def records(shared: Path) -> list[dict[str, Any]]:
    """The datasets of all payloads that are catalogues, as the harvest would store them."""
    found = stored_datasets(shared, INSTITUTION)
    assert len(found) > AT_LEAST
    return found


@pytest.fixture(scope="module")
def lines(records, module_context, tmp_path_factory) -> Path:
    """All of them as one file."""
    written, report = write_catalogue([records], module_context)
    assert (report.datasets, report.left_out) == (len(records), [])
    file = tmp_path_factory.mktemp("payloads") / "todo.nt"
    file.write_bytes(written)
    return file


@pytest.fixture(scope="module")
def module_context() -> Any:
    return make_context()


def test_no_dataset_is_left_out_and_each_is_listed_once(lines, records):
    graph = rdflib.Graph().parse(lines, format="nt")
    whole = rdflib.URIRef("http://datos.example.gob.mx")
    listed = set(graph.objects(whole, rdflib.DCAT.dataset))
    assert len(listed) == len({record["id"] for record in records})
    assert listed == set(graph.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))
    assert set(graph.subjects(rdflib.RDF.type, rdflib.DCAT.DataService)), "these catalogues have map services"


def test_jena_reads_every_format_and_counts_the_same_triples(records, module_context, lines, riot, tmp_path):
    files = [lines]
    for name in ("ttl", "rdf", "jsonld"):
        files.append(tmp_path / f"todo.{name}")
        files[-1].write_bytes(write_catalogue([records], module_context, name)[0])
    reading = riot.read(files)
    assert reading.errors == []
    assert reading.triples == triples_by_pyoxigraph(files)


@pytest.mark.parametrize(("name", "form"), [("ttl", "turtle"), ("rdf", "xml"), ("jsonld", "json-ld")])
def test_rdflib_reads_every_format_and_counts_the_same_triples(name, form, records, module_context):
    """Of every sixth dataset: rdflib takes minutes for all of them, and has read all as N-Triples above."""
    some = records[::6]
    expected = rdflib.Graph().parse(data=write_catalogue([some], module_context)[0], format="nt")
    found = rdflib.Graph().parse(data=write_catalogue([some], module_context, name)[0], format=form)
    assert len(found) == len(expected) > len(some) * 50


def test_the_generated_shapes_find_no_violation(lines, shared):
    assert violations(lines, shared) == []


def test_the_hand_written_shapes_find_nothing_but_what_contradicts_the_generated_ones(records, module_context, shared):
    """``html/shapes`` wants a geometry to be a literal, the generated shapes want a node: no file can obey both."""
    folder = shared / "shapes" / "dcat-ap-3.0.1" / "html"
    shapes = rdflib.Graph().parse(folder / "shapes.ttl").parse(folder / "range.ttl")
    found = Counter(_results(records[::12], module_context, shapes, SH.Violation))
    assert {path for path, _ in found} <= {"http://www.w3.org/ns/locn#geometry"}, found


def test_what_is_recommended_and_missing_is_what_the_data_lack(records, module_context, shared):
    """Warnings are about properties that nobody filled in, never about a value of the wrong kind."""
    shapes = rdflib.Graph().parse(shared / "shapes" / "dcat-ap-3.0.1" / "html" / "shapes_recommended.ttl")
    found = Counter(_results(records[::12], module_context, shapes, SH.Warning))
    components = {component.rpartition("#")[2] for _, component in found}
    assert components <= {"MinCountConstraintComponent"}, found


def _results(
    records: list[dict[str, Any]], context: Any, shapes: rdflib.Graph, severity: Any
) -> Iterator[tuple[str, str]]:
    """Path and constraint of each result; in batches, as validators grow with the square of the graph."""
    for start in range(0, len(records), 100):
        written, _ = write_catalogue([records[start : start + 100]], context)
        graph = rdflib.Graph().parse(data=written, format="nt")
        _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)
        assert isinstance(report, rdflib.Graph)
        for result in report.subjects(SH.resultSeverity, severity):
            yield str(report.value(result, SH.resultPath)), str(report.value(result, SH.sourceConstraintComponent))


def test_every_entry_of_data_json_is_valid(records, module_context, shared):
    written, report = write_catalogue([records], module_context, "datajson")
    document = json.loads(written)
    assert len(document["dataset"]) == report.datasets == len(records)
    errors = pod_validator(shared).iter_errors(document)
    assert [f"{list(error.path)}: {error.message[:200]}" for error in errors] == []


def test_every_dataset_comes_back_the_same(records, module_context):
    """Export, read, export: the same triples, under the ids of the original, which name the catalogue."""
    for record in records:
        first = set(render_dataset(record, module_context).all_triples())
        (parsed,) = parse_datasets(read_graph(ox.serialize(first, format=ox.RdfFormat.N_TRIPLES) or b"", "nt"))
        ids = [address.rpartition("/")[2] for address in parsed.resource_uris]
        resources = [{**resource, "id": key} for resource, key in zip(parsed.dataset["resources"], ids, strict=True)]
        named = {key: record[key] for key in ("id", "name", "organization")}
        again = {**parsed.dataset, **named, "resources": resources}
        second = set(render_dataset(again, module_context).all_triples())
        assert second == first, (record["id"], [str(triple) for triple in first ^ second][:6])
