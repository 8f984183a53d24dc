"""A series of datasets: one node for all of them, with what DCAT-AP 3 asks of it, and back."""

from __future__ import annotations

from typing import Any

import pytest
from pyoxigraph import Literal

from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.graph import graph_of, read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.dcat.terms import DCAT, DCT, TYPE
from ckanext.mxopendata.dcat.triples import render_dataset

from .assembling import render_all, write_catalogue
from .conftest import INSTITUTION

NAME = "Presupuesto de egresos"


def _series(dataset: dict[str, Any], context: ExportContext) -> dict[str, list[Any]]:
    """The series of a dataset, by address, with what is said of it."""
    triples = list(render_dataset(dataset, context).all_triples())
    named = [triple.object for triple in triples if triple.predicate == DCAT.inSeries]
    return {node.value: [(item.predicate, item.object) for item in triples if item.subject == node] for node in named}


def test_it_is_the_institutions_with_title_and_description(bare, context):
    bare["in_series"] = NAME
    address = f"{context.catalogue.uri}/organization/{INSTITUTION['id']}#serie-presupuesto-de-egresos"
    assert _series(bare, context) == {
        address: [
            (TYPE, DCAT.DatasetSeries),
            (DCT.title, Literal(NAME, language="es")),
            (DCT.description, Literal(f"Serie de conjuntos de datos «{NAME}».", language="es")),
        ]
    }


def test_without_an_institution_it_is_the_catalogues(bare, context):
    del bare["organization"]
    bare["in_series"] = NAME
    (address,) = _series(bare, context)
    assert address == f"{context.catalogue.uri}#serie-presupuesto-de-egresos"


def test_all_datasets_of_it_name_one_node_that_a_file_describes_once(bare, context):
    others = [{**bare, "id": f"otro-{number}", "in_series": NAME} for number in range(3)]
    document, _ = write_catalogue([others], context)
    lines = document.decode().splitlines()
    assert len([line for line in lines if f"<{DCAT.inSeries.value}>" in line]) == 3
    assert len([line for line in lines if f"<{DCAT.DatasetSeries.value}>" in line]) == 1


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (NAME, NAME),
        ([NAME, "Otra"], NAME),
        (f'["{NAME}"]', NAME),
        ("  ", None),
        ([], None),
        (None, None),
        ("日本", "日本"),
    ],
)
def test_in_whatever_form_it_is_stored_it_comes_back(bare, context, stored, name):
    bare["in_series"] = stored
    (parsed,) = parse_datasets(graph_of(render_dataset(bare, context).all_triples()))
    assert parsed.dataset.get("in_series") == name


def test_an_address_names_a_series_of_somebody_else(bare, context):
    bare["in_series"] = ["https://otro.mx/series/1"]
    ((address, said),) = _series(bare, context).items()
    assert address == "https://otro.mx/series/1"
    assert (TYPE, DCAT.DatasetSeries) in said


@pytest.mark.parametrize("odd", [3, {"a": 1}, [{"a": 1}], [None, [1]], True, "\x00", "«»"])
def test_nothing_in_it_makes_the_export_fail(bare, context, odd):
    bare["in_series"] = odd
    _series(bare, context)


def test_of_a_foreign_graph_the_title_counts_then_the_address():
    prefixes = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
    document = (
        prefixes
        + '<http://x/1> a dcat:Dataset ; dct:title "Uno" ; dcat:inSeries <http://x/s> .'
        + '<http://x/s> a dcat:DatasetSeries ; dct:title "Bienes"@es .'
        + '<http://x/2> a dcat:Dataset ; dct:title "Dos" ; dcat:inSeries <http://x/t> .'
        + '<http://x/3> a dcat:Dataset ; dct:title "Tres" ; dcat:inSeries "Obras" .'
    )
    found = [parsed.dataset["in_series"] for parsed in parse_datasets(read_graph(document.encode(), "ttl"))]
    assert found == ["Bienes", "http://x/t", "Obras"]


def test_a_renamed_institution_leaves_its_datasets_and_series_alone(bare, context):
    bare["in_series"] = NAME
    (fragment,), shared, _ = render_all([bare], context, "ttl")
    assert not fragment.names_institution
    of_series = [part for part in shared.parts.values() if b"#serie-" in part.part]
    assert [INSTITUTION["title"].encode() in part.part for part in of_series] == [False]
