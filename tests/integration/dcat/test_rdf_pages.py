"""Pages of RDF as clients meet them: institutions, negotiation, validators, addresses behind a proxy."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import rdflib
from flask import current_app

from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.dcat import adela, site
from ckanext.mxopendata.metadata.mapping import map_record
from ckanext.mxopendata.model import Change
from dcat_shapes import generated_shapes

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
READERS = {"ttl": "turtle", "n3": "n3", "xml": "xml", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}


@pytest.fixture(scope="module")
def institution(clean_site) -> dict[str, Any]:
    return factories.Organization(name="inegi", title="INEGI", gov_type="autonomous", landing_page="https://inegi.mx")


@pytest.fixture(scope="module")
def datasets(institution) -> list[dict[str, Any]]:
    """Three public ones of the institution, a private one, and one of another institution."""
    other = factories.Organization(name="banxico", title="Banco de México")
    facts = [(f"censo-{number}", {"owner_org": institution["id"], "private": number == 3}) for number in range(4)] + [
        ("tipo-de-cambio", {"owner_org": other["id"]})
    ]
    made = [
        helpers.call_action(
            "package_create",
            name=name,
            title=f"Título de {name}",
            notes="Descripción.",
            source_identifier=name,
            theme=["poblacion"],
            contact=[{"name": "Ana; Pérez", "position": "Directora", "email": "datos@inegi.org.mx"}],
            resources=[{"name": "Archivo", "url": f"https://inegi.mx/{name}.csv", "format": "CSV"}],
            **more,
        )
        for name, more in facts
    ]
    # The change log speaks of changes as soon as they are old enough to be seen everywhere.
    model.Session.execute(Change.__table__.update().values(at="2026-11-20T10:00:00Z"))
    model.Session.commit()
    return made


def _graph(response: Any, extension: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=response.data, format=READERS[extension])


def _listed(graph: rdflib.Graph) -> set[str]:
    return {str(node).rpartition("/")[2] for node in graph.objects(None, rdflib.DCAT.dataset)}


@pytest.mark.parametrize("extension", READERS)
def test_an_institution_has_a_catalogue(extension, app, datasets, institution):
    response = app.get(f"/organization/inegi/catalog.{extension}")
    graph = _graph(response, extension)
    assert _listed(graph) == {dataset["id"] for dataset in datasets[:3]}
    (own,) = set(graph.subjects(rdflib.DCAT.dataset))
    assert str(own).endswith(f"/organization/{institution['id']}#catalogo")
    assert graph.value(own, rdflib.DCTERMS.isPartOf) == rdflib.URIRef(site.site_context().catalogue.uri)
    assert {str(graph.value(own, rdflib.DCTERMS.title))} == {"Datos abiertos de INEGI"}


def test_it_comes_page_by_page(app, datasets, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckanext.dcat.datasets_per_page", 2)
    first = _graph(app.get("/organization/inegi/catalog.ttl"), "ttl")
    view = first.value(None, rdflib.RDF.type, HYDRA.PartialCollectionView)
    following = urlsplit(str(first.value(view, HYDRA.next)))
    assert following.path.endswith("/organization/inegi/catalog.ttl")
    second = _graph(app.get(f"{following.path}?{following.query}"), "ttl")
    assert (len(_listed(first)), len(_listed(second))) == (2, 1)
    assert _listed(first) | _listed(second) == {dataset["id"] for dataset in datasets[:3]}


@pytest.mark.payloads
def test_it_has_no_violation_of_dcat_ap(app, datasets, shared):
    from pyshacl import validate

    shapes = generated_shapes(shared)
    conforms, _, text = validate(
        _graph(app.get("/organization/inegi/catalog.ttl"), "ttl"), shacl_graph=shapes, inference="none"
    )
    assert conforms, text


@pytest.mark.parametrize("path", ["catalog.ttl", "data.json", "catalogo.json"])
def test_an_institution_that_is_not_there_has_none(path, app, datasets):
    app.get(f"/organization/nadie/{path}", status=404)


def test_data_json_of_an_institution(app, datasets):
    document = app.get("/organization/inegi/data.json").json
    assert {entry["title"] for entry in document["dataset"]} == {f"Título de censo-{number}" for number in range(3)}
    assert document["@id"].endswith("/organization/inegi/data.json")
    assert {entry["publisher"]["name"] for entry in document["dataset"]} == {"INEGI"}


def test_adela_of_an_institution_is_read_back(app, datasets):
    document = app.get("/organization/inegi/catalogo.json").json
    assert (document["title"], document["language"]) == ("Catálogo de datos abiertos de INEGI", "es")
    assert len(document["dataset"]) == 3
    entry = document["dataset"][0]
    assert entry["govType"] == "autonomous"
    assert entry["publisher"] == {"name": "INEGI", "position": "Directora", "mbox": "datos@inegi.org.mx"}
    read = map_record(entry, "datajson").dataset
    assert (read["title"], read["resources"][0]["url"]) == (entry["title"], entry["distribution"][0]["downloadURL"])


def test_the_contact_of_adela_is_a_card(app, datasets):
    entry = app.get("/organization/inegi/catalogo.json").json["dataset"][0]
    response = app.get(urlsplit(entry["contactPoint"]).path)
    assert response.headers["Content-Type"] == "text/vcard; charset=utf-8"
    assert response.body.split("\r\n")[:4] == ["BEGIN:VCARD", "VERSION:4.0", "FN:Ana\\; Pérez", "ORG:INEGI"]
    app.get("/dataset/censo-3/contacto.vcf", status=403)
    app.get("/dataset/nada/contacto.vcf", status=404)


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/dataset/censo-1", "/dataset/censo-1."),
        ("/dataset/", "/catalog."),
        ("/", "/catalog."),
        ("/organization/inegi", "/organization/inegi/catalog."),
    ],
)
@pytest.mark.parametrize(
    ("accept", "extension"),
    [
        ("text/turtle", "ttl"),
        ("application/rdf+xml", "rdf"),
        ("application/ld+json;q=0.9, text/html;q=0.1", "jsonld"),
        ("application/n-triples", "nt"),
    ],
)
def test_who_likes_rdf_is_led_to_it(path, leads_to, accept, extension, app, datasets):
    response = app.get(path, headers={"Accept": accept}, follow_redirects=False, status=303)
    assert urlsplit(response.headers["Location"]).path == f"{leads_to}{extension}"
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "image/png", "text/*", "%%%;q=x"]
)
def test_everybody_else_gets_the_page(accept, app, datasets):
    response = app.get("/dataset/censo-1", headers={"Accept": accept}, follow_redirects=False)
    assert response.status_code == 200
    assert "Accept" in response.headers["Vary"]


PAGES = (
    "/dataset/censo-1.ttl",
    "/catalog.jsonld",
    "/organization/inegi/catalog.xml",
    "/organization/inegi/data.json",
    "/organization/inegi/catalogo.json",
)


@pytest.mark.parametrize("path", PAGES)
def test_who_has_a_page_is_not_sent_it_again(path, app, datasets):
    response = app.get(path)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["ETag"]
    assert response.headers["Last-Modified"]
    for headers in (
        {"If-None-Match": response.headers["ETag"]},
        {"If-Modified-Since": response.headers["Last-Modified"]},
    ):
        again = app.get(path, headers=headers, status=304)
        assert again.data == b""
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    app.get(path, headers={"If-None-Match": '"otro"'}, status=200)
    app.get(path, headers={"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}, status=200)


@pytest.mark.parametrize("path", PAGES)
def test_a_change_gives_another_etag(path, app, datasets):
    before = app.get(path).headers["ETag"]
    helpers.call_action("package_patch", id="censo-1", notes=f"Otra descripción para {path}.")
    assert app.get(path, headers={"If-None-Match": before}, status=200).headers["ETag"] != before


def test_the_same_page_is_the_same_bytes_in_any_process(app, datasets):
    """The serialiser takes prefixes in another order in each process; proxies and workers must agree on the ETag."""
    text = app.get("/catalog.ttl").body
    prefixes = [line for line in text.splitlines() if line.startswith("@prefix")]
    assert prefixes == sorted(prefixes)


def test_addresses_are_those_of_the_site_behind_a_proxy(app, datasets, ckan_config, monkeypatch):
    monkeypatch.setitem(ckan_config, "ckan.site_url", "https://datos.ejemplo.gob.mx")
    monkeypatch.setitem(ckan_config, "ckan.root_path", "/portal/{{LANG}}")
    graph = _graph(app.get("/catalog.ttl"), "ttl")
    view = str(graph.value(None, rdflib.RDF.type, HYDRA.PartialCollectionView))
    assert view.startswith("https://datos.ejemplo.gob.mx/portal/catalog.ttl?")
    assert {urlsplit(str(node)).netloc for node in graph.objects(None, rdflib.DCAT.dataset)} == {"datos.ejemplo.gob.mx"}


def test_our_rules_come_before_ckanext_dcat_s(app, datasets):
    with app.flask_app.test_request_context():
        rules = current_app.url_map.bind("localhost")
        for path in ("/catalog.ttl", "/dataset/a.ttl", "/catalog.n3", "/dataset/a.jsonld"):
            endpoint, _ = rules.match(path)
            assert endpoint.startswith("mxopendata_rdf."), path


def test_the_institution_s_page_names_its_rdf(app, datasets):
    html = app.get("/organization/inegi").body
    for part in ("catalog.ttl", "catalog.nt", "data.json", "catalogo.json"):
        assert f"/organization/inegi/{part}" in html


def test_a_harvest_source_is_no_dataset(app, datasets):
    app.get("/dataset/nada.ttl", status=404)


def test_the_sector_of_a_theme_is_the_one_that_says_most(datasets):
    context = site.current_context()
    dataset = {**datasets[0], "theme": ["salud"]}
    assert adela.render_entry(dataset, context).properties["theme"] == "Salud"
    assert json.dumps(adela.render_entry({**dataset, "theme": ["no hay"]}, context).properties)
