"""The parser is the generator's opposite: every field of the crosswalk comes back, what cannot is named here."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.graph import Graph, Node, NotRdfError, graph_of, read_graph
from ckanext.mxopendata.dcat.parser import ParsedDataset, parse_datasets
from ckanext.mxopendata.dcat.terms import DCT
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.vocabularies import vocabulary

from .conftest import INSTITUTION, SITE

# Fields that a graph does not carry, and why.
LOST = {
    ("dataset", "name"): "the address on this portal; another one gives its own",
    ("dataset", "archived_at"): "of this portal's harvest; an archived dataset is not exported at all",
    ("dataset", "possible_duplicate_of"): "a note of this portal's harvest to its administrators",
    ("organization", "ministry"): "DCAT says nothing of an institution's rank",
    ("organization", "ranked"): "this portal's own list",
    ("organization", "legal_instrument"): "of an institution's file, not of its data",
    ("organization", "legal_instrument_on"): "of an institution's file, not of its data",
}
INTERNAL = {"archived_at": "2026-11-01T00:00:00", "possible_duplicate_of": "3f1b2c4d-9a7e-4d7b-8a55-aa11bb22cc09"}
RANK = {
    "ministry": "true",
    "ranked": "true",
    "legal_instrument": "Decreto",
    "legal_instrument_on": "2015-02-20",
}
STORED_AS = {"tag_string": "tags", "owner_org": "organization", "parent": "parent_id"}
# What may come in any order: a graph has none. Of themes the first is kept.
UNORDERED = ("language", "documentation", "policy_alignment", "conforms_to", "applicable_legislation", "tags", "theme")
ROWS = [row for row in crosswalk() if not row.subfield]


@pytest.fixture
def whole(full: dict[str, Any]) -> dict[str, Any]:
    """The full dataset with several values wherever there may be several."""
    full.update(INTERNAL)
    full["theme"] = ["salud", "agricultura", "educacion"]
    full["contact"].append({"name": "Buzón", "email": "otra@salud.gob.mx", "phone": "55 1234 5678 ext. 12"})
    full["temporal_coverage"].append({"start": "2000"})
    full["spatial_coverage"] += [
        {"cvegeo": "14039"},
        {"cvegeo": "14", "uri": "https://sws.geonames.org/4004156/"},
        {"uri": "https://sws.geonames.org/3996063/"},
        {"text": "Cuenca Lerma-Chapala"},
        {"bbox": "-103.5,20.5,-103.2,20.8"},
    ]
    full["documentation"].append("https://datos.salud.gob.mx/notas.html")
    full["conforms_to"].append("https://specs.frictionlessdata.io/table-schema/")
    full["applicable_legislation"].append("https://www.dof.gob.mx/ley-de-transparencia")
    full["policy_alignment"] += ["sdg:17", "sendai:A", "Programa Sectorial de Salud 2025–2030"]
    other = copy.deepcopy(full["resources"][0])
    other.update(id="7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b99", url="https://datos.salud.gob.mx/otro.json", format="JSON")
    other.update(download_url=other["url"], mimetype="application/json", hash="ab" * 16, temporal_coverage="2020/..")
    other["conforms_to"].append("https://otro.mx/estandar")
    full["resources"].append(other)
    return full


def parse(dataset: dict[str, Any], context: ExportContext) -> ParsedDataset:
    (parsed,) = parse_datasets(graph_of(render_dataset(dataset, context).all_triples()))
    return parsed


def same(name: str, value: Any) -> Any:
    """A value in the form in which two ways to write the same are equal."""
    if name == "theme":
        return value[0], sorted(value)
    if name == "tags":
        return sorted(tag["name"] for tag in value)
    if name in UNORDERED:
        return sorted(value)
    if name == "spatial_coverage" and isinstance(value, list):
        return sorted((_place(place) for place in value), key=str)
    if name == "schema":
        return json.loads(value) if isinstance(value, str) else value
    if name == "hash":
        return value.rpartition(":")[2]
    if name == "organization":
        return value["id"], value["name"], value["title"]
    return value


def _place(place: dict[str, str]) -> dict[str, Any]:
    def shape(text: str) -> Any:
        return json.loads(readers.read_place(text).value.get("bbox") or text)

    return {key: shape(value) if key in ("bbox", "geom") else value for key, value in place.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.level}.{row.field}")
def test_every_row_of_the_crosswalk_comes_back(row, whole, context):
    institution = {**INSTITUTION, **RANK}
    parsed = parse(whole, dataclasses.replace(context, organization=lambda short: institution))
    name = STORED_AS.get(row.field, row.field)
    given, came = {
        "dataset": ([whole], [{**parsed.dataset, "organization": parsed.organization}]),
        "resource": (whole["resources"], parsed.dataset["resources"]),
        "organization": ([institution], [parsed.organization]),
    }[row.level]
    assert all(owner.get(name) for owner in given), f"the sample has no {row.field}: add one"
    if (row.level, row.field) in LOST:
        assert not any(owner.get(name) for owner in came), "it does come back: take it out of LOST"
        return
    for before, after in zip(given, came, strict=True):
        assert name in after, f"{row.level}.{row.field} is lost: mend the export, or name it in LOST with the reason"
        assert same(name, after[name]) == same(name, before[name])


def test_nothing_is_doubtful_about_what_we_write(whole, context):
    assert parse(whole, context).findings == []


def test_resources_and_contacts_keep_their_order(whole, context):
    parsed = parse(whole, context)
    assert [address.rpartition("/")[2] for address in parsed.resource_uris] == [r["id"] for r in whole["resources"]]
    assert parsed.dataset["contact"] == whole["contact"]
    assert parsed.dataset["temporal_coverage"] == whole["temporal_coverage"]


# Values that come back in another form, and why that is the same.
@pytest.mark.parametrize(
    ("level", "name", "given", "comes_back"),
    [
        # "not listed" is what a dataset without the field says, too
        ("dataset", "priority_list", "none", None),
        # the address of the resource, which alone has a meaning elsewhere
        (
            "dataset",
            "documentation",
            ["7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b01"],
            ["https://datos.salud.gob.mx/camas.csv"],
        ),
        # the number of digits says which checksum it is
        ("resource", "hash", "SHA-256:" + "AB" * 32, "ab" * 32),
        # a resource has a licence of its own only where it differs
        ("resource", "license", "cc-by-4.0", None),
        # EU's availability is a code
        ("resource", "availability", "STABLE", "stable"),
        # a moment of UTC
        ("dataset", "modified", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        # a deprecated licence is read as the one that replaced it
        ("dataset", "license_id", "odc-odbl", "odbl"),
        # a description that says no more than the title is what an export writes for lack of one
        ("dataset", "notes", "Camas hospitalarias", None),
        # eleven centimetres
        (
            "dataset",
            "spatial_coverage",
            [{"geom": '{"type": "Point", "coordinates": [-99.12345678, 19]}'}],
            [{"geom": '{"type": "Point", "coordinates": [-99.123457, 19.0]}'}],
        ),
        # places are a set
        ("dataset", "spatial_coverage", [{"cvegeo": "14"}, {"cvegeo": "14"}], [{"cvegeo": "14"}]),
    ],
)
def test_values_that_come_back_otherwise(level, name, given, comes_back, full, context):
    owner = full if level == "dataset" else full["resources"][0]
    owner[name] = given
    dataset = parse(full, context).dataset
    assert (dataset if level == "dataset" else dataset["resources"][0]).get(name) == comes_back


@pytest.mark.parametrize(
    ("given", "comes_back"),
    [
        ({"url": "https://x.mx/a.csv"}, {"url": "https://x.mx/a.csv"}),
        ({"url": "https://x.mx/a.csv", "download_url": "https://x.mx/a.csv"}, None),
        # what stands beside a page is the file
        (
            {"url": "https://x.mx/a.csv", "access_url": "https://x.mx/a"},
            {"url": "https://x.mx/a.csv", "access_url": "https://x.mx/a", "download_url": "https://x.mx/a.csv"},
        ),
        # an uploaded file is one
        (
            {"url": "https://x.mx/a.csv", "url_type": "upload"},
            {"url": "https://x.mx/a.csv", "download_url": "https://x.mx/a.csv"},
        ),
        ({"url": ""}, {"url": ""}),
    ],
)
def test_addresses_of_a_resource(given, comes_back, bare, context):
    bare["resources"] = [{"id": "r1", **given}]
    assert parse(bare, context).dataset["resources"] == [comes_back or given]


@pytest.mark.parametrize(
    "schema",
    [
        {"fields": [{"name": "a", "type": "geojson"}]},
        {"fields": [{"name": "a", "constraints": {"enum": ["x"], "required": True}}], "primaryKey": "a"},
        {"fields": [{"name": "a", "type": "any", "title": "A", "unit": "kg"}]},
        {"fields": [{"name": "clave ñ", "type": "double"}], "missingValues": ["", "N/D"]},
        {"fields": [{"name": "a"}, {"name": "b", "constraints": {"required": True}}]},
    ],
)
def test_a_table_schema_comes_back_whole(schema, bare, context):
    bare["resources"] = [{"id": "r1", "url": "https://x.mx/a.csv", "schema": json.dumps(schema)}]
    (resource,) = parse(bare, context).dataset["resources"]
    assert json.loads(resource["schema"]) == schema


def test_a_plain_dictionary_is_not_written_twice(full, context):
    triples = render_dataset(full, context).triples
    assert not [triple for triple in triples if triple.predicate.value.endswith("#value")]


TERMS = {
    "frequency": ("dataset", "frequencies"),
    "access_rights": ("dataset", "access_rights"),
    "theme": ("dataset", "themes"),
    "language": ("dataset", "languages"),
    "policy_alignment": ("dataset", "policies"),
    "license_id": ("dataset", "licences"),
    "format": ("resource", "file_types"),
}


@pytest.mark.parametrize("name", TERMS)
def test_every_term_of_every_vocabulary_comes_back(name, bare, context):
    """By the address that the EU, the UN or we gave it; other portals' base does not matter."""
    level, vocabulary_id = TERMS[name]
    lost = []
    for term in vocabulary(vocabulary_id).active():
        value = [term.id] if name in ("theme", "language", "policy_alignment") else term.id
        resource = {"id": "r1", "url": "https://x.mx/a", **({name: value} if level == "resource" else {})}
        dataset = {**bare, "resources": [resource], **({name: value} if level == "dataset" else {})}
        came = parse(dataset, context).dataset
        if (came if level == "dataset" else came["resources"][0]).get(name) != value:
            lost.append(term.id)
    assert lost == []


def test_every_order_of_government_and_place_of_an_institution(bare, context):
    for key in ("federal", "state", "municipal", "autonomous"):
        facts = {**bare["organization"], "gov_type": key, "cvegeo": "14039"}
        other = ExportContext(context.catalogue, context.vocabulary_base, organization=lambda short, f=facts: f)
        parsed = parse(bare, other)
        assert (parsed.dataset["gov_type"], parsed.organization["cvegeo"]) == (key, "14039")


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


class TestOthers:
    """What others write: counts of whoever collected the files, recounted here."""

    FILES = {  # noqa: RUF012 - file: datasets, distributions
        "E_DCAT-AP-ES_Catalog_NSIP.rdf": (6, 8),
        "dataset_gob_es.ttl": (1, 1),
        "paged-collection-1.jsonld": (3, 3),
        "paged-collection-2.jsonld": (1, 1),
        "partial-collection-1.jsonld": (3, 3),
        "partial-collection-2.jsonld": (1, 1),
        "udata.xml": (2, 6),
    }

    def read(self, shared: Path, name: str) -> list[ParsedDataset]:
        content = (shared / "payloads/harvest/dcat_rdf" / name).read_bytes()
        return list(parse_datasets(read_graph(content, name.rpartition(".")[2], "http://example.org/")))

    @pytest.mark.payloads
    @pytest.mark.parametrize("name", FILES)
    def test_all_datasets_are_taken(self, name, shared):
        parsed = self.read(shared, name)
        assert (len(parsed), sum(len(item.dataset["resources"]) for item in parsed)) == self.FILES[name]
        assert all(item.dataset["title"] for item in parsed)
        assert all(item.uri.startswith("http") for item in parsed)

    @pytest.mark.payloads
    def test_spain(self, shared):
        economy = self.read(shared, "E_DCAT-AP-ES_Catalog_NSIP.rdf")[0]
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

    def test_plain_values_where_we_write_nodes(self):
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
    def test_what_is_no_rdf_is_said_to_be_none(self, document, form):
        with pytest.raises(NotRdfError):
            read_graph(document, form)

    def test_the_wanted_language_wins_and_any_other_is_better_than_none(self):
        node = Node("http://x.mx/1")
        text = '<http://x.mx/1> <http://purl.org/dc/terms/title> "Eau"@fr, "Water"@en, "Agua"@es, "Atl"@nah .'
        assert read_graph(text, "ttl", language="nah").text(node, DCT.title) == "Atl"
        assert read_graph(text, "ttl", language="de").text(node, DCT.title) == "Agua"
        only = read_graph(text.replace('"Water"@en, "Agua"@es, "Atl"@nah', '"Wasser"@de'), "ttl")
        assert only.text(node, DCT.title) == "Eau"


def test_an_empty_graph_has_no_datasets():
    assert list(parse_datasets(Graph([]))) == []
