"""Catalogues in RDF: syntaxes, pages that loop, references, identities, and real documents."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import rdf_documents
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.dcat import DcatConnector
from ckanext.mxopendata.harvest.connectors.rdf_store import Store
from ckanext.mxopendata.harvest.settings import SourceSettings
from ckanext.mxopendata.harvest.spool import Reader
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from portals.platforms.base import Plain, serving
from portals.platforms.dcat import FORMATS, DcatPortal

PREFIXES = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> ."
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> ."
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix x: <https://x.mx/> ."
)

Read = Callable[..., list[Page]]


@pytest.fixture
def read(loopback: Any, tmp_path: Path) -> Read:
    """Serves documents by their paths and reads the first; ``BASE`` in a text is the portal's address."""

    def pages(documents: dict[str, str | bytes], **settings: Any) -> list[Page]:
        for path, text in documents.items():
            content = text if isinstance(text, bytes) else text.replace("BASE", loopback.url("")).encode()
            loopback.serve(path, content)
        own = {"user_agent": "x", "allowed_private": frozenset({loopback.host}), "retries": 0, **settings}
        with HttpClient(HttpSettings(**own), tmp_path) as client:
            return list(DcatConnector().pages(client, loopback.url(next(iter(documents))), {}, tmp_path / "document"))

    return pages


def turtle(text: str) -> str:
    return f"{PREFIXES} x:catalogo a dcat:Catalog . {text}"


def lines(pages: list[Page]) -> list[dict[str, Any]]:
    reader = Reader(DcatConnector(), SourceSettings(), "Municipio")
    return [reader.line(record, number) for page in pages for number, record in enumerate(page.records)]


def identifiers(pages: list[Page]) -> list[str]:
    return [line["identifier"] for line in lines(pages)]


def codes(pages: list[Page]) -> list[str]:
    return [finding.code for page in pages for finding in page.findings]


def from_portal(portal: DcatPortal, folder: Path) -> list[Page]:
    with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder) as client:
        return list(DcatConnector().pages(client, portal.address, {}, folder / "document"))


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("hydra", ["next", "nextPage", ""])
def test_every_syntax_and_both_kinds_of_pages_give_the_same(tmp_path: Path, form: str, hydra: str) -> None:
    portal = DcatPortal([Plain(f"DS-{number}", f"Conjunto {number}") for number in range(23)])
    portal.form, portal.hydra, portal.content_type = form, hydra, "text/plain"
    pages = from_portal(portal, tmp_path)
    assert sorted(identifiers(pages)) == sorted(f"https://datos.ejemplo.gob.mx/dataset/DS-{n}" for n in range(23))
    assert [page.total for page in pages] == [23] * (3 if hydra else 1)
    assert codes(pages) == []


def test_a_catalogue_without_pages_is_unmodified_where_it_is_the_same(tmp_path: Path) -> None:
    class Known:
        whole, memory = True, {}

    portal = DcatPortal([Plain("DS-1", "Conjunto")])
    portal.hydra, known = "", Known()
    with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), tmp_path) as client:
        (first,) = DcatConnector().pages(client, portal.address, {}, tmp_path / "1", known)  # type: ignore[arg-type]
        known.memory = dict(first.memory or {})
        (second,) = DcatConnector().pages(client, portal.address, {}, tmp_path / "2", known)  # type: ignore[arg-type]
        portal.records.append(Plain("DS-2", "Otro"))
        (third,) = DcatConnector().pages(client, portal.address, {}, tmp_path / "3", known)  # type: ignore[arg-type]
        portal.hydra, portal.page_size = "next", 1
        known.memory = dict(third.memory or {})
        paged = list(DcatConnector().pages(client, portal.address, {}, tmp_path / "4", known))  # type: ignore[arg-type]
    assert (first.reading, second.reading, second.records, len(third.records)) == ("full", "unmodified", [], 2)
    # The first of several pages says nothing of the others.
    assert [page.memory for page in paged] == [{}, {}]


def dataset(number: int, more: str = "") -> str:
    return f'x:d{number} a dcat:Dataset ; dct:title "Conjunto {number}" . {more}'


def page(number: int, following: int | None, *numbers: int) -> str:
    view = f"<BASE/{number}> a hydra:PartialCollectionView ."
    if following is not None:
        view += f"<BASE/{number}> hydra:next <BASE/{following}> ."
    return turtle(view + "".join(dataset(each) for each in numbers))


def test_pages_that_lead_back_come_to_an_end(read: Read, loopback: Any) -> None:
    pages = read({"/1": page(1, 2, 1, 2), "/2": page(2, 3, 3), "/3": page(3, 2, 4)})
    assert identifiers(pages) == [f"https://x.mx/d{number}" for number in (1, 2, 3, 4)]
    assert codes(pages) == ["rdf_pages_repeated"]
    assert len(loopback.requests) == 4


def test_a_page_that_names_itself_is_the_last(read: Read) -> None:
    assert identifiers(read({"/1": page(1, 1, 1, 2)})) == ["https://x.mx/d1", "https://x.mx/d2"]


def test_the_last_page_again_and_again_under_new_numbers(read: Read) -> None:
    documents = {f"/{number}": page(number, number + 1, 1 if number < 2 else 2) for number in range(1, 9)}
    assert identifiers(read(documents)) == ["https://x.mx/d1", "https://x.mx/d2"]


def test_empty_pages_without_end(read: Read, loopback: Any) -> None:
    pages = read({f"/{number}": page(number, number + 1) for number in range(1, 9)})
    assert (identifiers(pages), codes(pages)) == ([], ["rdf_pages_repeated"])
    assert len(loopback.requests) == 2


def test_half_a_list_is_none(read: Read) -> None:
    for second in ('<?xml version="1.0"?><html><body>Error</body></html>', "no es RDF", turtle("")[:-3]):
        with pytest.raises(SourceError):
            read({"/1": page(1, 2, 1), "/2": second})


def test_addresses_of_pages_may_be_relative_or_texts(read: Read) -> None:
    first = turtle(f'<> a hydra:PagedCollection ; hydra:nextPage "otra?p=2" . {dataset(1)}')
    assert len(identifiers(read({"/1": first, "/otra": turtle(dataset(2))}))) == 2


def test_a_private_address_is_not_followed(read: Read) -> None:
    text = turtle(f"<> hydra:next <http://127.0.0.1:9/2> . {dataset(1)}")
    with pytest.raises(SourceError) as caught:
        read({"/1": text})
    assert caught.value.finding.code == "http_private_address"


def test_what_is_only_referred_to_is_no_record(read: Read) -> None:
    text = turtle(
        "x:catalogo dcat:dataset x:d1, x:d2, x:d3 . x:d2 a dcat:Dataset ; dct:isPartOf x:catalogo ."
        'x:d3 dct:title "Sin clase" . x:serie a dcat:DatasetSeries, dcat:Dataset ; dct:title "Serie" .'
        'x:api a dcat:DataService ; dct:title "Servicio" ; dcat:servesDataset x:d1 .' + dataset(1)
    )
    assert identifiers(read({"/1": text})) == ["https://x.mx/d3", "https://x.mx/d1"]


def test_what_hangs_on_other_datasets_stays_there(read: Read) -> None:
    text = turtle(
        "x:d1 dct:isPartOf x:catalogo ; dcat:inSeries x:d2 ; dcat:distribution [ dcat:downloadURL x:a.csv ] ."
        "x:d2 dcat:distribution [ dcat:downloadURL x:b.csv ] . x:catalogo dcat:dataset x:d1, x:d2 ."
        + dataset(1) + dataset(2)
    )  # fmt: skip
    (found,) = read({"/1": text})
    first, second = (map_record(record, "ckan").dataset for record in found.records)
    assert first["in_series"] == "Conjunto 2"
    assert [resource["url"] for resource in first["resources"]] == ["https://x.mx/a.csv"]
    assert [resource["url"] for resource in second["resources"]] == ["https://x.mx/b.csv"]


def test_who_a_dataset_is(read: Read) -> None:
    text = turtle(
        'x:d1 dct:identifier "1" . [] a dcat:Dataset ; dct:title "Dos" ; dct:identifier "2" .'
        '[] a dcat:Dataset ; dct:title "Tres" .' + dataset(1) + dataset(4)
    )
    (found,) = read({"/1": text})
    assert identifiers([found]) == ["2", "derivado:municipio:tres", "https://x.mx/d1", "https://x.mx/d4"]
    datasets = [map_record(record, "ckan").dataset for record in found.records]
    assert [dataset.get("identifier") for dataset in datasets] == ["2", None, "1", "https://x.mx/d4"]
    (third,) = [line for line in lines([found]) if line["title"] == "Tres"]
    assert [finding["code"] for finding in third["findings"]] == ["record_without_identifier"]
    # Blank nodes are called otherwise each time they are read.
    assert [line["hash"] for line in lines([found])] == [line["hash"] for line in lines(read({"/1": text}))]


def test_what_the_parser_noticed_is_in_the_report(read: Read) -> None:
    text = turtle('x:d1 dct:accrualPeriodicity "cada tanto" ; dct:relation x:otro .' + dataset(1))
    (line,) = lines(read({"/1": text}))
    found = {finding["code"]: finding for finding in line["findings"]}
    assert found["frequency_unknown"]["value"] == "cada tanto"
    assert found["fields_left_out"]["value"] == "dct:relation"


def test_an_unknown_licence_is_said_once(read: Read) -> None:
    files = "".join(f"x:d1 dcat:distribution [ dcat:downloadURL x:{number}.csv ] ." for number in range(3))
    (found,) = read({"/1": turtle(f"x:d1 dct:license x:licencia . {files}" + dataset(1))})
    (line,) = lines([found])
    mapped = map_record(found.records[0], "ckan")
    said = [finding["code"] for finding in line["findings"]] + [finding.code for finding in mapped.findings]
    assert said.count("licence_unknown") == 1
    assert {resource["license"] for resource in mapped.dataset["resources"]} == {"https://x.mx/licencia"}


def test_an_area_of_the_institution_is_who_made_the_data(read: Read) -> None:
    (found,) = read({"/1": turtle('x:d1 dct:publisher [ foaf:name "Catastro" ] .' + dataset(1))})
    area = map_record(found.records[0], "ckan", MappingSettings(institution_title="Municipio"))
    itself = map_record(found.records[0], "ckan", MappingSettings(institution_title="Catastro"))
    assert (area.dataset["creator"], itself.dataset.get("creator")) == ([{"name": "Catastro"}], None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><r>&b;</r>', "rdf_entities"),
        ('{"@context": "https://x.mx/contexto.jsonld", "@id": "https://x.mx/d1"}', "rdf_remote_context"),
        ("<!doctype html><html><body>Hola</body></html>", "rdf_is_html"),
        ("", "json_empty"),
        ('{"mensaje": "hola"}', "rdf_no_catalogue"),
        ('<http://x.mx/a> <http://x.mx/b> "c" .', "rdf_no_catalogue"),
        ("a,b,c\n1,2,3", "rdf_invalid"),
        (turtle(dataset(1))[:-5], "rdf_invalid"),
    ],
)
def test_what_is_no_catalogue_is_said(read: Read, loopback: Any, text: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        read({"/1": text})
    assert caught.value.finding.code == code
    assert caught.value.finding.to_dict()["message"]
    assert len(loopback.requests) == 1


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        (b"<rdf:RDF xmlns:rdf='x'>", "RDF/XML"),
        (b"<!-- a --><rdf:RDF>", "RDF/XML"),
        (b"<http://x.mx/a> <http://x.mx/b> _:c .", "TriG"),
        (b"<urn:a:b> <http://x.mx/b> _:c .", "TriG"),
        (b'<http://x.mx/a> <http://x.mx/b> "c \\" d"@es <http://x.mx/g> .', "N-Quads"),
        (b"[{}]", "JSON-LD"),
        (b"# nota\n@prefix a: <b> .", "TriG"),
    ],
)
def test_a_syntax_is_known_by_its_beginning(text: bytes, syntax: str) -> None:
    assert rdf_documents._syntax(text).name == syntax


def test_xml_says_its_own_encoding(read: Read) -> None:
    text = (
        '<?xml version="1.0" encoding="{0}"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/">'
        '<dcat:Dataset rdf:about="https://x.mx/d"><dct:title>Año “{0}”</dct:title></dcat:Dataset></rdf:RDF>'
    )
    for encoding in ("utf-8", "windows-1252", "utf-16"):
        (line,) = lines(read({f"/{encoding}": text.format(encoding).encode(encoding)}))
        assert line["title"] == f"Año “{encoding}”"


def test_one_large_document_takes_little_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (300, 3000):
        portal = DcatPortal([Plain(f"DS-{number}", f"Conjunto {number}") for number in range(count)])
        portal.form, portal.hydra = "nt", ""
        own = tmp_path / str(count)
        own.mkdir()
        with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), own) as client:
            client.fetch(portal.address).path.replace(own / "fetched")
        tracemalloc.start()
        Store.fill(own / "document", rdf_documents.stream_quads(own / "fetched", "https://x.mx/"), None, {})
        with Store(own / "document") as store:
            done = 0
            while nodes := store.nodes(done, 100):
                done += len([store.graph_around(node) for node in nodes])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert done == count
    assert peaks[1] - peaks[0] < 500_000


@pytest.mark.payloads
@pytest.mark.parametrize(
    ("name", "count"), [("E_DCAT-AP-ES_Catalog_NSIP.rdf", 6), ("udata.xml", 2), ("dataset_gob_es.ttl", 1)]
)
def test_real_catalogues(shared: Path, read: Read, name: str, count: int) -> None:
    found = read({"/1": (shared / "payloads/harvest/dcat_rdf" / name).read_bytes()})
    assert len(lines(found)) == count
    for line, record in zip(lines(found), found[0].records, strict=True):
        mapped = map_record(record, "ckan").dataset
        assert line["action"] is None
        assert mapped["title"]
        assert mapped["resources"]
    assert codes(found) == []


@pytest.mark.payloads
@pytest.mark.parametrize("kind", ["paged", "partial"])
def test_both_hydras_of_another_harvester(shared: Path, read: Read, loopback: Any, kind: str) -> None:
    """Their four datasets, of which the first page names the fourth."""
    folder = shared / "payloads/harvest/dcat_rdf"
    first, second = ((folder / f"{kind}-collection-{number}.jsonld").read_text(encoding="utf-8") for number in (1, 2))
    following = {
        str(value)
        for node in json.loads(first)
        for key in ("next", "nextPage")
        for item in node.get(f"http://www.w3.org/ns/hydra/core#{key}", [])
        for value in (item.get("@value"), item.get("@id"))
        if value
    }
    (address,) = following
    documents = {"/1": first.replace(address, "BASE/2"), "/2": second.replace("http://data.test.org/catalog", "BASE/c")}
    found = read(documents)
    assert identifiers(found) == [f"http://data.test.org/datasets/{number}" for number in (1, 2, 3, 4)]
    assert found[0].total == 4
