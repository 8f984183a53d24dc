"""The RDF that others write: counts of whoever collected the files, recounted here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ckanext.mxopendata.dcat.graph import Node, NotRdfError, read_graph
from ckanext.mxopendata.dcat.parser import ParsedDataset, parse_datasets
from ckanext.mxopendata.dcat.terms import DCT

# File: datasets, distributions.
FILES = {
    "E_DCAT-AP-ES_Catalog_NSIP.rdf": (6, 8),
    "dataset_gob_es.ttl": (1, 1),
    "paged-collection-1.jsonld": (3, 3),
    "paged-collection-2.jsonld": (1, 1),
    "partial-collection-1.jsonld": (3, 3),
    "partial-collection-2.jsonld": (1, 1),
    "udata.xml": (2, 6),
}


def read(shared: Path, name: str) -> list[ParsedDataset]:
    content = (shared / "payloads/harvest/dcat_rdf" / name).read_bytes()
    return list(parse_datasets(read_graph(content, name.rpartition(".")[2], "http://example.org/")))


@pytest.mark.payloads
@pytest.mark.parametrize("name", FILES)
def test_all_datasets_are_taken(name, shared):
    parsed = read(shared, name)
    assert (len(parsed), sum(len(item.dataset["resources"]) for item in parsed)) == FILES[name]
    assert all(item.dataset["title"] for item in parsed)
    assert all(item.uri.startswith("http") for item in parsed)


@pytest.mark.payloads
def test_spain(shared):
    economy = read(shared, "E_DCAT-AP-ES_Catalog_NSIP.rdf")[0]
    dataset = economy.dataset
    assert dataset["title"] == "Datos Económicos Agregados de Ejemplo"
    assert (dataset["frequency"], dataset["access_rights"]) == ("R/P1Y", "restricted")
    assert dataset["theme"] == ["economia"]
    assert dataset["temporal_coverage"] == [{"start": "2020-01-01", "end": "2024-12-31"}]
    assert dataset["contact"][0]["email"] == "economia@ejemplo.org"
    csv = dataset["resources"][0]
    assert (csv["format"], csv["mimetype"], csv["size"]) == ("CSV", "text/csv", 45678900)
    assert csv["license"] == "cc-by-4.0"
    codes = {finding.code: finding for finding in economy.findings}
    assert "dcat:temporalResolution" in codes["fields_left_out"].value
    assert "title" in codes["rdf_other_languages"].value
    assert codes["theme_unknown"].value.startswith("http://datos.gob.es/kos/")


def test_plain_values_where_we_write_nodes():
    (parsed,) = parse_datasets(
        read_graph(
            """
            @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
            @prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
            @prefix locn: <http://www.w3.org/ns/locn#> . @prefix schema: <http://schema.org/> .
            @prefix gsp: <http://www.opengis.net/ont/geosparql#> .
            [] a dcat:Dataset ; dct:title "Water"@en, "Agua"@es-MX ; dcat:keyword "agua", "riego" ;
              dct:accrualPeriodicity "Mensual" ; dcat:theme "Medio ambiente", "Cosas" ;
              dct:language "español", <http://id.loc.gov/vocabulary/iso639-1/xx> ;
              dct:license "CC BY 4.0" ; dct:publisher "Conagua" ; dct:issued "15/08/2013" ;
              dct:temporal [ schema:startDate "2014" ; schema:endDate "2015" ], "2016/2017" ;
              dct:spatial "Jalisco", [ locn:geometry "POINT(-103 20)"^^gsp:wktLiteral,
                "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(20 -103)"^^gsp:wktLiteral ] ;
              dcat:contactPoint [ vcard:fn "Ana" ; vcard:hasEmail [ vcard:hasValue <mailto:ana@x.mx> ] ;
                vcard:hasTelephone <tel:+52%2055> ] ;
              dct:subject <http://eurovoc.europa.eu/1> ;
              dcat:distribution [ dct:title "A" ; dcat:accessURL "https://x.mx/a.csv" ; dct:format "csv" ;
                dcat:mediaType "text/csv" ; dcat:byteSize "1024.0" ] .
            """,
            "ttl",
        )
    )
    dataset = parsed.dataset
    assert parsed.uri == ""
    assert (dataset["title"], dataset["frequency"], dataset["license_id"]) == ("Agua", "R/P1M", "cc-by-4.0")
    assert (dataset["theme"], dataset["language"], dataset["issued"]) == (["medio_ambiente"], ["es"], "2013-08-15")
    assert {tag["name"] for tag in dataset["tags"]} == {"agua", "riego", "Cosas"}
    assert parsed.organization == {"title": "Conagua"}
    assert dataset["temporal_coverage"] == [{"start": "2014", "end": "2015"}, {"start": "2016", "end": "2017"}]
    assert dataset["contact"] == [{"name": "Ana", "email": "ana@x.mx", "phone": "+52 55"}]
    assert {"cvegeo": "14", "text": "Jalisco"} in dataset["spatial_coverage"]
    assert json.loads(dataset["spatial_coverage"][0]["geom"])["coordinates"] == [-103, 20]
    (resource,) = dataset["resources"]
    assert resource == {
        "url": "https://x.mx/a.csv", "name": "A", "format": "CSV", "mimetype": "text/csv", "size": 1024,
    }  # fmt: skip
    assert "policy_alignment" not in dataset
    assert {finding.code for finding in parsed.findings} == {
        "rdf_other_languages", "theme_unknown", "language_unknown", "term_unknown",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "form"),
    [
        ("<rdf", "rdf"),
        ("no es turtle", "ttl"),
        ("{", "jsonld"),
        (b"\xff\xfe\x00", "nt"),
        # nothing is fetched
        ('{"@context": "https://example.org/context.jsonld", "@id": "http://x.mx", "a": "b"}', "jsonld"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "rdf"),
    ],
)
def test_what_is_no_rdf_is_said_to_be_none(document, form):
    with pytest.raises(NotRdfError):
        read_graph(document, form)


def test_the_wanted_language_wins_and_any_other_is_better_than_none():
    node = Node("http://x.mx/1")
    text = '<http://x.mx/1> <http://purl.org/dc/terms/title> "Eau"@fr, "Water"@en, "Agua"@es, "Atl"@nah .'
    assert read_graph(text, "ttl", language="nah").text(node, DCT.title) == "Atl"
    assert read_graph(text, "ttl", language="de").text(node, DCT.title) == "Agua"
    only = read_graph(text.replace('"Water"@en, "Agua"@es, "Atl"@nah', '"Wasser"@de'), "ttl")
    assert only.text(node, DCT.title) == "Eau"
