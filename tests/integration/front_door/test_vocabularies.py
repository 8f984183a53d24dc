"""The pages and files of the vocabularies, and that the URIs of their terms lead somewhere."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, SKOS

import ckan.plugins.toolkit as tk
from ckan.tests import helpers

from ckanext.mxopendata import config, views
from ckanext.mxopendata.metadata.vocabularies import VOCABULARIES, use_folders, vocabulary

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

HEADER = "id,label_es,label_en,uri,broader,status,replaced_by,exact_match,source"
FORMATS = {"ttl": ("text/turtle; charset=utf-8", "turtle"), "jsonld": ("application/ld+json", "json-ld")}


@pytest.fixture
def own_folder(tmp_path):
    """A folder of the operator, in use while the test runs."""
    (tmp_path / "vocabularies").mkdir()
    use_folders([tmp_path])
    yield tmp_path / "vocabularies"
    use_folders(config.config_dirs())


def write(folder: Path, name: str, *lines: str, header: str = HEADER) -> None:
    (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    use_folders([folder.parent])


def graph(app, name: str, extension: str = "ttl") -> Graph:
    return Graph().parse(data=app.get(f"/vocabularios/{name}.{extension}").body, format=FORMATS[extension][1])


def test_the_page_of_all_names_each_with_its_files(app):
    soup = BeautifulSoup(app.get("/vocabularios/", status=200).body, "html.parser")
    links = {link["href"] for link in soup.select("article a[href]")}
    for name in VOCABULARIES:
        assert {f"/vocabularios/{name}{ending}" for ending in ("", ".csv", ".ttl", ".jsonld")} <= links
    assert len(soup.find_all("h1")) == 1
    assert "2478" in soup.get_text()


def test_a_page_shows_every_term_with_its_anchor(app):
    for name in VOCABULARIES:
        pages = -(-len(vocabulary(name).terms) // views.PAGE_SIZE)
        shown = []
        for number in range(1, pages + 1):
            soup = BeautifulSoup(app.get(f"/vocabularios/{name}?page={number}", status=200).body, "html.parser")
            shown += [item["id"] for item in soup.select("li.mxopendata-term")]
        assert shown == list(vocabulary(name).terms)


@pytest.mark.parametrize("extension", FORMATS)
def test_the_files_hold_every_term(app, extension):
    for name in VOCABULARIES:
        response = app.get(f"/vocabularios/{name}.{extension}", status=200)
        assert response.headers["Content-Type"] == FORMATS[extension][0]
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert_complete(graph(app, name, extension), name)


def assert_complete(found: Graph, name: str) -> None:
    scheme = URIRef(f"{config.vocabulary_base()}/{name}")
    assert (scheme, RDF.type, SKOS.ConceptScheme) in found
    concepts = set(found.subjects(SKOS.inScheme, scheme))
    assert {str(found.value(node, SKOS.notation)) for node in concepts} == set(vocabulary(name).terms)
    for node in concepts:
        assert {label.language for label in found.objects(node, SKOS.prefLabel)} == {"es", "en"}


def test_the_table_has_the_agreed_columns_and_the_uris(app):
    for name in VOCABULARIES:
        response = app.get(f"/vocabularios/{name}.csv", status=200)
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        reader = csv.DictReader(io.StringIO(response.body.lstrip("\ufeff")))
        rows = list(reader)
        assert ",".join(reader.fieldnames or ()) == HEADER
        assert [row["id"] for row in rows] == list(vocabulary(name).terms)
        assert len({row["uri"] for row in rows}) == len(rows)
        if name != "municipalities":
            assert {row["uri"] for row in rows} == set(map(str, graph(app, name).subjects(RDF.type, SKOS.Concept)))


def test_every_uri_of_ours_leads_to_the_place_of_its_term(app):
    base = config.vocabulary_base()
    for name in ("frequencies", "idmx", "themes"):
        for node in graph(app, name).subjects(RDF.type, SKOS.Concept):
            assert str(node).startswith(base)
            response = app.get(urlsplit(node).path, follow_redirects=False, status=303)
            target = urlsplit(response.headers["Location"])
            page = BeautifulSoup(app.get(f"{target.path}?{target.query}", status=200).body, "html.parser")
            assert page.find(id=target.fragment) is not None


def test_the_uri_of_a_municipality_leads_to_its_page(app):
    response = app.get("/vocabularios/municipalities/32058", follow_redirects=False, status=303)
    target = urlsplit(response.headers["Location"])
    assert (target.query, target.fragment) == ("page=10", "32058")
    page = BeautifulSoup(app.get(f"{target.path}?{target.query}").body, "html.parser")
    assert "Santa María de la Paz" in page.find(id="32058").get_text()


@pytest.mark.parametrize("address", ["/vocabularios/themes", "/vocabularios/themes/salud"])
def test_a_program_is_sent_to_what_it_asks_for(app, address):
    for asked, extension in (("text/turtle", "ttl"), ("application/ld+json", "jsonld"), ("text/csv", "csv")):
        response = app.get(address, headers={"Accept": asked}, follow_redirects=False, status=303)
        assert urlsplit(response.headers["Location"]).path == f"/vocabularios/themes.{extension}"
        assert "Accept" in response.headers["Vary"]
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = app.get(address, headers=browser, status=200)
    assert "Salud" in page.body
    assert "Accept" in page.headers["Vary"]


def test_matches_and_hierarchy(app):
    base = config.vocabulary_base()
    policies = graph(app, "policies")
    goal, target = (URIRef(f"http://metadata.un.org/sdg/{code}") for code in ("11", "11.2"))
    assert (target, SKOS.broader, goal) in policies
    assert (None, SKOS.hasTopConcept, goal) in policies
    assert (None, SKOS.hasTopConcept, target) not in policies
    licences = graph(app, "licences")
    deprecated, current = URIRef(f"{base}/licences/odc-odbl"), URIRef("http://opendatacommons.org/licenses/odbl/1.0/")
    assert licences.value(deprecated, DCTERMS.isReplacedBy) == current
    assert licences.value(current, OWL.deprecated) is None
    municipalities = graph(app, "municipalities")
    place = URIRef(f"{base}/municipalities/14039")
    assert municipalities.value(place, SKOS.broadMatch) == URIRef(f"{base}/states/14")
    themes = graph(app, "themes")
    authority = "http://publications.europa.eu/resource/authority/data-theme/"
    assert themes.value(URIRef(f"{base}/themes/salud"), SKOS.exactMatch) == URIRef(f"{authority}HEAL")
    assert themes.value(URIRef(f"{base}/themes/deporte"), SKOS.broadMatch) == URIRef(f"{authority}EDUC")
    sectors = graph(app, "sectors")
    assert sectors.value(URIRef(f"{base}/sectors/salud"), SKOS.closeMatch) == URIRef(f"{base}/themes/salud")
    assert len(set(sectors.objects(URIRef(f"{base}/sectors/cultura-y-turismo"), SKOS.narrowMatch))) == 2
    assert sectors.value(URIRef(f"{base}/sectors/salud"), SKOS.relatedMatch) == URIRef(f"{authority}HEAL")


def test_a_file_is_sent_once_to_who_has_it(app):
    first = app.get("/vocabularios/themes.ttl")
    again = app.get("/vocabularios/themes.ttl", headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.body == ""
    other = app.get("/vocabularios/themes.jsonld", headers={"If-None-Match": first.headers["ETag"]}, status=200)
    assert other.headers["ETag"] != first.headers["ETag"]


def test_head(app):
    for address in ("", "themes", "themes.ttl", "themes.jsonld", "themes.csv"):
        response = app.test_client().head(f"/vocabularios/{address}")
        assert (response.status_code, response.data) == (200, b"")
        assert response.headers["Content-Type"] == app.get(f"/vocabularios/{address}").headers["Content-Type"]


@pytest.mark.parametrize(
    "address",
    [
        "nada",
        "nada.ttl",
        "themes.pdf",
        "themes/nada",
        "nada/nada",
        "_index",
        "_index.csv",
        "..%2Fmx_dataset.csv",
        "%00",
    ],
)
def test_what_does_not_exist_is_not_found(app, address):
    assert "<h1" in app.get(f"/vocabularios/{address}", status=404).body


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=999999", "page=x", "page=%EF%BC%91", "q=%00", "q=%F0%9F%A6%8A"]
)
def test_odd_questions_are_answered(app, query):
    app.get(f"/vocabularios/municipalities?{query}", status=200)


def test_search_finds_by_name_alias_and_key_and_escapes(app):
    def found(name: str, asked: str) -> list[str]:
        soup = BeautifulSoup(app.get(f"/vocabularios/{name}", query_string={"q": asked}).body, "html.parser")
        return [item["id"] for item in soup.select("li.mxopendata-term")]

    assert found("municipalities", "TLAJOMULCO") == ["14097"]
    assert found("languages", "rarámuri") == ["tar"]
    assert found("policies", "sdg:11.2") == ["sdg:11.2"]
    assert found("states", "zzz") == []
    hostile = '"><script>alert(1)</script>'
    assert "<script>alert(1)" not in app.get("/vocabularios/states", query_string={"q": hostile}).body


class TestOperatorsVocabularies:
    def test_one_of_their_own_is_served_with_its_title(self, app, own_folder):
        index = "id,title_es,title_en,description_es,description_en"
        write(own_folder, "_index", "rios,Ríos,Rivers,Los ríos del estado,", header=index)
        write(own_folder, "rios", "lerma,Lerma,,,,active,,,x", '=cmd,"<b>Ameca</b>",,,,active,,,@x')
        assert "Ríos" in app.get("/vocabularios/").body
        page = app.get("/vocabularios/rios", status=200).body
        assert "Los ríos del estado" in page
        assert "<b>Ameca</b>" not in page
        rows = list(csv.reader(io.StringIO(app.get("/vocabularios/rios.csv").body.lstrip("\ufeff"))))
        assert (rows[2][0], rows[2][-1]) == ("'=cmd", "'@x")
        assert len(set(graph(app, "rios").subjects(RDF.type, SKOS.Concept))) == 2
        shown = helpers.call_action("mxopendata_vocabulary_show", id="rios")
        assert [term["id"] for term in shown["terms"]] == ["lerma", "=cmd"]

    def test_deprecated_terms_stay_and_name_what_replaced_them(self, app, own_folder):
        write(own_folder, "themes", "agua,Agua,Water,,,active,,,x", "rios,Ríos,Rivers,,,deprecated,agua,,x")
        found = graph(app, "themes")
        base = config.vocabulary_base()
        old, new = (URIRef(f"{base}/themes/{name}") for name in ("rios", "agua"))
        assert found.value(old, OWL.deprecated) == Literal(True)
        assert found.value(old, DCTERMS.isReplacedBy) == new
        assert found.value(new, OWL.deprecated) is None
        item = BeautifulSoup(app.get("/vocabularios/themes").body, "html.parser").find(id="rios")
        assert item.select_one('a[href$="/vocabularios/themes/agua"]') is not None

    @pytest.mark.parametrize(
        "content",
        [b"id,label_es\nx,y\n", f"{HEADER}\na,A,A,,,active,,,x\na,B,B,,,active,,,x\n".encode(), b"\xff\xfe\x00", b""],
        ids=["columns", "twice", "no UTF-8", "empty"],
    )
    def test_a_broken_file_is_said_and_breaks_no_other_vocabulary(self, app, own_folder, content):
        (own_folder / "rios.csv").write_bytes(content)
        use_folders([own_folder.parent])
        app.get("/vocabularios/rios", status=503)
        app.get("/vocabularios/rios.ttl", status=503)
        app.get("/vocabularios/themes", status=200)
        assert "themes" in app.get("/vocabularios/", status=200).body

    def test_a_broken_file_in_the_place_of_ours_is_missed_by_no_other(self, app, own_folder):
        write(own_folder, "themes", "x", header="id")
        app.get("/vocabularios/themes", status=503)
        for name in ("states", "states.ttl", "states.csv", ""):
            app.get(f"/vocabularios/{name}", status=200)

    def test_names_that_are_no_ids_are_not_served(self, app, own_folder):
        write(own_folder, "Mis Ríos", "a,A,A,,,active,,,x")
        assert "Mis R" not in app.get("/vocabularios/").body


class TestAction:
    def test_it_gives_all_terms(self):
        shown = helpers.call_action("mxopendata_vocabulary_show", id="file_types")
        assert (shown["id"], len(shown["terms"])) == ("file_types", len(vocabulary("file_types").terms))
        first = next(term for term in shown["terms"] if term["id"] == "CSV")
        assert first["uri"] == f"{config.vocabulary_base()}/file_types/CSV"
        assert first["facts"] == {"media_type": "text/csv", "open": "true", "machine_readable": "true", "stars": "3"}

    def test_over_the_network_in_the_reader_s_language(self, app):
        spanish = app.get("/api/3/action/mxopendata_vocabulary_show?id=themes").json["result"]
        english = app.get("/en/api/3/action/mxopendata_vocabulary_show?id=themes").json["result"]
        assert (spanish["title"], english["title"]) == ("Temas", "Themes")
        assert spanish["terms"] == english["terms"]

    @pytest.mark.parametrize("asked", ["nada", "_index", "../themes", ["themes"], {"a": 1}, 5])
    def test_an_unknown_one_is_not_found(self, asked):
        with pytest.raises(tk.ObjectNotFound):
            helpers.call_action("mxopendata_vocabulary_show", id=asked)

    def test_without_an_id(self):
        with pytest.raises(tk.ValidationError):
            helpers.call_action("mxopendata_vocabulary_show")
