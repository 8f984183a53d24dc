"""The catalogue leaves whole and valid: files by the command, pages through ckanext-dcat, nothing private in either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import rdflib
from rdflib.compare import isomorphic

from ckan.lib.search import SearchError
from ckan.tests import factories, helpers

from ckanext.dcat.processors import RDFParser, RDFSerializer

from ckanext.mxopendata.dcat import dumps, site
from ckanext.mxopendata.dcat.cli import export
from ckanext.mxopendata.dcat.frames import CONTENT_TYPES
from dcat_shapes import generated_shapes
from integration.commands import runner
from pod_schema import pod_validator

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

READERS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}
PAGE_READERS = {**READERS, "n3": "n3", "xml": "xml"}
RESOURCE = {
    "name": "Matrícula por escuela",
    "description": "Una fila por escuela.",
    "url": "https://datos.example.gob.mx/matrícula 2025.csv",
    "format": "CSV",
    "mimetype": "text/csv",
    "size": "1258291",
    "hash": "ab" * 16,
    "issued": "2024-05-01",
    "modified": "2025-06",
    "frequency": "R/P1M",
    "temporal_coverage": "2020-01-01/2024-12-31",
    "schema": json.dumps({"fields": [{"name": "cct", "type": "string", "description": "Clave"}]}),
    "encoding": "UTF-8",
    "availability": "stable",
}
FULL: dict[str, Any] = {
    "title": "Matrícula escolar",
    "identifier": "SEP-0001",
    "notes": "Matrícula **por escuela**.",
    "tags": [{"name": "escuelas"}, {"name": "matrícula"}],
    "theme": ["educacion", "poblacion"],
    "contact": [{"name": "Ana Pérez", "position": "Directora", "email": "datos@sep.gob.mx", "phone": "55 3601 1000"}],
    "creator": [{"name": "Dirección de Estadística"}],
    "frequency": "R/P1Y",
    "issued": "2015-08-01",
    "modified": "2025-03-31",
    "temporal_coverage": [{"start": "2010-01-01", "end": "2024-12-31"}],
    "spatial_coverage": [{"cvegeo": "09012", "text": "Tlalpan", "bbox": "-99.32,19.06,-99.10,19.30"}],
    "access_rights": "restricted",
    "access_comment": "Se omiten datos personales.",
    "license_id": "cc-by-4.0",
    "url": "https://www.gob.mx/sep/matricula",
    "documentation": ["https://datos.example.gob.mx/diccionario.pdf"],
    "quality_url": "https://datos.example.gob.mx/calidad",
    "version_notes": "Se añadió 2024.",
    "language": ["es", "nah"],
    "policy_alignment": ["sdg:4.1"],
    "conforms_to": ["https://standard.open-contracting.org/"],
    "priority_list": "candidate",
    "priority_category": "salud",
    "priority_criteria": ["criterion:requests"],
    "applicable_legislation": ["https://www.dof.gob.mx/ley-general-de-educacion"],
    "legal_basis_text": "Artículo 5.",
    "in_series": "Matrícula por ciclo escolar",
    "target_users": "Docentes",
    "resources": [RESOURCE],
}
# A harvest takes in what it finds and reports it; only then can a stored dataset look like this.
DIRTY: dict[str, Any] = {
    "title": "Título <b>raro</b> & \u2028 \U0001f600",
    "notes": "",
    "source_identifier": "x-1",
    "source_catalog": "https://portal.example.gob.mx",
    "source_url": "https://portal.example.gob.mx/dataset/x 1",
    "harvested_at": "2026-11-20T08:00:00",
    "resources": [
        {"url": "http://www.example.mx/a b/{c}?d=<e>|f^g", "name": "Con espacios", "format": "Archivo <raro>"},
        {"url": "", "name": "Sin dirección"},
    ],
}


def _create(**facts: Any) -> dict[str, Any]:
    return helpers.call_action("package_create", **facts)


@pytest.fixture(scope="module")
def catalogue(clean_site) -> dict[str, Any]:
    """Two institutions, three public datasets, and four that must not be seen."""
    ours = factories.Organization(
        name="sep",
        title="Secretaría de Educación",
        gov_type="federal",
        acronym="SEP",
        landing_page="https://sep.gob.mx",
    )
    other = factories.Organization(name="otra", title="Otra institución")
    full = _create(name="matricula", owner_org=ours["id"], **FULL)
    bare = _create(name="minimo", title="Mínimo", owner_org=ours["id"], source_identifier="m-1")
    dirty = _create(name="sucio", owner_org=other["id"], **DIRTY)
    hidden = [
        _create(name="privado", title="Privado", owner_org=ours["id"], source_identifier="m-2", private=True),
        _create(name="borrador", title="Borrador", owner_org=ours["id"], source_identifier="m-3", state="draft"),
        _create(name="borrado", title="Borrado", owner_org=ours["id"], source_identifier="m-4"),
        _create(
            name="archivado",
            title="Archivado",
            owner_org=ours["id"],
            source_identifier="m-5",
            archived_at="2026-11-01T00:00:00",
        ),
    ]
    helpers.call_action("package_delete", id="borrado")
    return {"full": full, "public": {full["id"], bare["id"], dirty["id"]}, "hidden": {d["id"] for d in hidden}}


@pytest.fixture
def storage(tmp_path, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def app(catalogue) -> Any:
    """One application for all pages: CKAN's own fixture makes one for each test, seconds each."""
    return helpers._get_test_app()


def _run(*arguments: str) -> tuple[int, Any]:
    result = runner().invoke(export, [*arguments, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout) if result.stdout else result.stderr


def _graph(path: str, name: str = "ttl") -> rdflib.Graph:
    return rdflib.Graph().parse(path, format=READERS[name])


def _datasets(graph: rdflib.Graph) -> set[str]:
    return {str(node).rpartition("/")[2] for node in graph.objects(None, rdflib.DCAT.dataset)}


def test_nothing_is_left_out_and_nothing_hidden_is_in(catalogue, storage):
    """The subjects of dcat:dataset are what an anonymous visitor's search finds."""
    code, document = _run("--format", "ttl")
    assert code == 0
    assert set(document) == {
        *("file", "format", "profile", "datasets", "distributions", "rendered", "reused", "left_out", "dropped"),
        *("filled", "bytes", "sha256"),
    }
    found = helpers.call_action("package_search", {"ignore_auth": False, "user": ""}, q="*:*", rows=100)
    assert document["datasets"] == document["rendered"] == found["count"] == 3
    assert document["distributions"] == 3
    graph = _graph(document["file"])
    assert _datasets(graph) == catalogue["public"] == {dataset["id"] for dataset in found["results"]}
    text = (storage / "mxopendata" / "volcado" / "volcado.ttl").read_text(encoding="utf-8")
    assert not [dataset_id for dataset_id in catalogue["hidden"] if dataset_id in text]
    assert {entry["field"] for entry in document["filled"]} == {"notes", "resource.url"}


@pytest.mark.payloads
def test_the_file_has_no_violation_of_dcat_ap(catalogue, storage, shared):
    from pyshacl import validate

    _, document = _run("--format", "ttl", "--check")
    assert document["violations"] == {"count": 0, "results": []}
    shapes = generated_shapes(shared)
    conforms, _, text = validate(_graph(document["file"]), shacl_graph=shapes, inference="none")
    assert conforms, text


def test_all_formats_are_one_graph(catalogue, storage):
    code, documents = _run(*(word for name in READERS for word in ("--format", name)))
    assert (code, [document["format"] for document in documents]) == (0, [*READERS])
    graphs = [_graph(document["file"], document["format"]) for document in documents]
    assert all(isomorphic(graphs[0], other) for other in graphs[1:])


@pytest.mark.payloads
def test_data_json_holds_the_same_datasets_and_is_valid(catalogue, storage, app, shared):
    code, (turtle, document) = _run("--format", "ttl", "--format", "datajson")
    assert (code, document["profile"], document["datasets"]) == (0, "pod_1.1", 3)
    served = app.get("/data.json").json
    assert served == json.loads((storage / "mxopendata" / "volcado" / "data.json").read_text(encoding="utf-8"))
    titles = {str(title) for title in _graph(turtle["file"]).objects(None, rdflib.DCTERMS.title)}
    assert {entry["title"] for entry in served["dataset"]} <= titles
    pod_validator(shared).validate(served)


def test_batches_follow_each_other_without_gap_or_repeat(catalogue, monkeypatch):
    monkeypatch.setattr(site, "LISTED", 1)
    batches = list(site.list_datasets())
    assert [len(batch) for batch in batches] == [1, 1, 1]
    assert {batch[0].id for batch in batches} == catalogue["public"]


def test_datasets_are_read_however_few_ckan_gives_at_once(catalogue, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckan.search.rows_max", 2)
    ids = sorted(catalogue["public"])
    for neighbours in (False, True):
        assert sorted(dataset["id"] for dataset in site.read_datasets(ids, neighbours=neighbours)) == ids
    assert [dataset["id"] for dataset in site.read_datasets(ids[::2], neighbours=True)] == ids[::2]
    assert [entry.id for batch in site.list_datasets() for entry in batch] == ids


@pytest.mark.parametrize("name", ["ttl", "rdf", "jsonld", "nt"])
def test_the_stock_parser_reads_all_of_it(name, catalogue, storage):
    """What ``dcat_rdf_harvester`` of another CKAN makes of the file, without our profile."""
    _, document = _run("--format", name)
    parser = RDFParser(profiles=["euro_dcat_ap_3"])
    parser.parse(Path(document["file"]).read_text(encoding="utf-8"), _format=READERS[name])
    read = {dataset["title"]: dataset for dataset in parser.datasets()}
    assert len(read) == document["datasets"]
    assert sum(len(dataset["resources"]) for dataset in read.values()) == document["distributions"]
    full = read["Matrícula escolar"]
    # As extras, or under the names of the schema in use: that is the reader's choice.
    said = json.dumps(full, ensure_ascii=False)
    for words in ("SEP-0001", "Secretaría de Educación", "Ana Pérez", "datos@sep.gob.mx", "2010-01-01"):
        assert words in said, words
    assert full["license_id"] == "cc-by-4.0"
    assert full["resources"][0]["url"].endswith("2025.csv")


def test_one_institution(catalogue, storage):
    code, document = _run("--format", "nt", "--institution", "otra")
    assert (code, document["datasets"]) == (0, 1)
    assert document["file"].endswith("/parciales/otra.nt")
    assert dumps.read_manifest(storage / "mxopendata" / "volcado") is None


def test_what_changed_since(catalogue, storage):
    assert _run("--format", "nt", "--since", "2999-01-01")[1]["datasets"] == 0
    assert _run("--format", "nt", "--since", "2020-01-01T00:00:00-06:00")[1]["datasets"] == 3


def test_a_file_of_ones_own(catalogue, storage):
    path = storage / "aparte" / "x.rdf"
    _, document = _run("--format", "rdf", "--output", str(path))
    assert (document["file"], document["bytes"]) == (str(path), path.stat().st_size)
    assert [entry.name for entry in path.parent.iterdir()] == ["x.rdf"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--format", "ttl", "--institution", "ninguna"], "No hay ninguna institución «ninguna»."),
        (["--format", "ttl", "--since", "ayer"], "No se entiende la fecha «ayer»"),
        (["--format", "ttl", "--format", "nt", "--output", "x"], "use un solo --format"),
        (["--format", "ttl", "--output", "/proc/no/x.ttl"], "No se pudo escribir el archivo"),
        (["--format", "docx"], "docx"),
        ([], "--format"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments, says, catalogue, storage):
    code, message = _run(*arguments)
    assert code == 2
    assert says in message


def test_without_a_storage_path_it_asks_where_to(catalogue, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckan.storage_path", None)
    code, message = _run("--format", "ttl")
    assert code == 2
    assert "ckan.storage_path" in message


def test_without_the_search_index_nothing_is_written(catalogue, storage, monkeypatch):
    def away(*arguments: Any) -> None:
        raise SearchError("Connection refused")

    monkeypatch.setattr(site, "count_datasets", away)
    code, message = _run("--format", "ttl")
    assert code == 2
    assert "El buscador (Solr) no responde" in message


def test_a_second_export_at_the_same_time_is_refused(catalogue, storage):
    with dumps.exclusive(storage / "mxopendata" / "volcado"):
        code, message = _run("--format", "ttl")
    assert code == 2
    assert "Otra exportación está en curso" in message


def test_for_people_it_says_what_was_dropped_and_how_to_mend_it(catalogue, storage):
    result = runner().invoke(export, ["--format", "ttl", "--check"], catch_exceptions=False)
    assert ": 3 conjuntos, 3 distribuciones" in result.stdout
    assert "2 × Falta el campo «notes», que DCAT-AP exige" in result.stdout
    assert "Validación DCAT-AP 3.0.1: sin faltas." in result.stdout


class TestPages:
    """ckanext-dcat's addresses give our triples; ours give the files."""

    @pytest.mark.parametrize("name", ["ttl", "n3", "xml", "rdf", "jsonld", "nt"])
    def test_a_dataset(self, name, app, catalogue):
        dataset = catalogue["full"]
        response = app.get(f"/dataset/{dataset['id']}.{name}")
        graph = rdflib.Graph().parse(data=response.data, format=PAGE_READERS[name])
        subject = rdflib.URIRef(f"{site.current_context().catalogue.uri}/dataset/{dataset['id']}")
        assert str(graph.value(subject, rdflib.DCTERMS.title)) == "Matrícula escolar"
        frequency = graph.value(subject, rdflib.DCTERMS.accrualPeriodicity)
        assert str(frequency) == "http://publications.europa.eu/resource/authority/frequency/ANNUAL"
        assert not [node for node in graph.all_nodes() if isinstance(node, rdflib.BNode)]

    @pytest.mark.payloads
    @pytest.mark.parametrize("name", ["ttl", "n3", "xml", "rdf", "jsonld", "nt"])
    def test_the_catalogue(self, name, app, catalogue, shared):
        from pyshacl import validate

        response = app.get(f"/catalog.{name}")
        graph = rdflib.Graph().parse(data=response.data, format=PAGE_READERS[name])
        assert _datasets(graph) == catalogue["public"]
        shapes = generated_shapes(shared)
        conforms, _, text = validate(graph, shacl_graph=shapes, inference="none")
        assert conforms, text

    def test_the_catalogue_page_by_page(self, app, catalogue, ckan_config, monkeypatch):
        monkeypatch.setitem(ckan_config, "ckanext.dcat.datasets_per_page", 2)
        seen = [_datasets(rdflib.Graph().parse(data=app.get(f"/catalog.ttl?page={page}").data)) for page in (1, 2)]
        assert [len(page) for page in seen] == [2, 1]
        assert seen[0] | seen[1] == catalogue["public"]

    @pytest.mark.parametrize("name", ["ttl", "xml", "jsonld"])
    def test_a_search_of_several_words_is_a_page(self, name, app, catalogue, ckan_config, monkeypatch):
        """ckanext-dcat answers 500 to this in Turtle: the blank gets into an address."""
        monkeypatch.setitem(ckan_config, "ckanext.dcat.datasets_per_page", 1)
        body = app.get(f"/catalog.{name}", query_string={"q": 'title:("Matrícula escolar" OR raro)', "page": 1}).data
        graph = rdflib.Graph().parse(data=body, format=PAGE_READERS[name])
        assert len(_datasets(graph)) == 1
        hydra = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
        view = graph.value(None, rdflib.RDF.type, hydra.PartialCollectionView)
        assert graph.value(view, hydra.totalItems).toPython() == 2
        following = urlsplit(str(graph.value(view, hydra.next)))
        again = rdflib.Graph().parse(
            data=app.get(f"{following.path}?{following.query}").data, format=PAGE_READERS[name]
        )
        assert _datasets(again) & catalogue["public"]
        assert _datasets(again) != _datasets(graph)

    @pytest.mark.parametrize(
        "query",
        [
            "page=-1",
            "page=0",
            "page=dos",
            "page=1" + "0" * 5000,
            "modified_since=ayer",
            "q=%7B!lucene%7Dx",
            "fq=title:(a",
            "profiles=nadie",
        ],
    )
    def test_what_is_no_page_is_refused(self, query, app, catalogue):
        app.get(f"/catalog.ttl?{query}", status=400)

    def test_a_page_after_the_last_is_empty(self, app, catalogue):
        graph = rdflib.Graph().parse(data=app.get("/catalog.ttl?page=1000000").data)
        assert _datasets(graph) == set()

    @pytest.mark.parametrize("profile", ["euro_dcat_ap_3", "dcat_us_3", "schemaorg"])
    def test_ckanext_dcats_own_profiles_stay(self, profile, app, catalogue):
        for path in (f"/dataset/{catalogue['full']['id']}.ttl", "/catalog.ttl"):
            assert len(rdflib.Graph().parse(data=app.get(f"{path}?profiles={profile}").data)) > 10

    def test_both_ways_of_writing_a_page_say_the_same(self, app, catalogue):
        """Ours, and ckanext-dcat's with our profile class."""
        ours = rdflib.Graph().parse(data=app.get("/catalog.ttl").data)
        theirs = rdflib.Graph().parse(
            data=RDFSerializer(profiles=["mx_dcat_ap"]).serialize_catalog(
                {}, list(site.read_datasets(sorted(catalogue["public"]))), _format="ttl"
            )
        )
        hydra = {triple for triple in ours if "/hydra/" in triple[1] or "/hydra/" in triple[2]}
        for triple in hydra:
            ours.remove(triple)
        assert isomorphic(ours, theirs)

    def test_the_page_says_what_the_file_says(self, app, catalogue, storage):
        _, document = _run("--format", "ttl")
        page = rdflib.Graph().parse(data=app.get(f"/dataset/{catalogue['full']['id']}.ttl").data)
        whole = _graph(document["file"])
        assert [triple for triple in page if triple not in whole] == []

    def test_a_private_dataset_has_no_rdf_for_strangers(self, app, catalogue):
        app.get("/dataset/privado.ttl", status=403)

    def test_the_dataset_page_names_its_rdf(self, app, catalogue):
        html = app.get("/dataset/matricula").body
        assert f"/dataset/{catalogue['full']['id']}.ttl" in html
        assert 'rel="alternate" type="text/turtle"' in html

    @pytest.mark.parametrize("name", [*READERS])
    def test_a_whole_catalogue_file(self, name, app, catalogue, storage):
        _, document = _run("--format", name)
        response = app.get(f"/catalogo/volcado.{name}")
        assert response.headers["Content-Type"] == CONTENT_TYPES[name]
        assert len(response.data) == document["bytes"]
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        again = app.get(f"/catalogo/volcado.{name}", headers={"If-None-Match": response.headers["ETag"]}, status=304)
        assert again.data == b""

    def test_the_manifest(self, app, catalogue, storage):
        _, document = _run("--format", "ttl")
        _run("--format", "nt")
        manifest = app.get("/catalogo/volcado.json").json
        assert set(manifest) == {
            *("generated", "profile", "datasets", "distributions", "rendered", "reused", "left_out", "dropped"),
            *("filled", "files"),
        }
        assert (manifest["datasets"], manifest["profile"]) == (3, "mx_dcat_ap")
        files = {entry["name"]: entry for entry in manifest["files"]}
        assert sorted(files) == ["volcado.nt", "volcado.nt.gz", "volcado.ttl", "volcado.ttl.gz"]
        assert (files["volcado.ttl"]["bytes"], files["volcado.ttl"]["sha256"]) == (
            document["bytes"],
            document["sha256"],
        )

    @pytest.mark.parametrize("name", [*READERS, "json"])
    def test_before_the_first_export_it_says_how_to_make_it(self, name, app, catalogue, storage):
        body = app.get(f"/catalogo/volcado.{name}", status=404).body
        assert f"ckan mxopendata export --format {'ttl' if name == 'json' else name}" in body

    def test_other_formats_do_not_exist(self, app, catalogue, storage):
        app.get("/catalogo/volcado.docx", status=404)
