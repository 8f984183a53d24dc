"""Junar's pages and bare arrays, its dates and addresses, whose key nobody sees, and real answers."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import LeftOut, Page
from ckanext.mxopendata.harvest.connectors.junar import JunarConnector
from ckanext.mxopendata.harvest.connectors.junar_records import of_resource
from ckanext.mxopendata.harvest.secrets import credential, hidden
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.base import Plain, serving
from portals.platforms.junar import JunarPortal

API = "http://cuenta.cloudapi.junar.com"
NAME, KEY = "MXOPENDATA_SECRET_JUNAR", "7f9ef43c9132fd3766d69d65a881134cc2ffbfcd"


def portal(count: int) -> JunarPortal:
    return JunarPortal([Plain(f"CONJU-{number:03}", f"Conjunto {number}") for number in range(count)])


def read(made: JunarPortal, folder: Path, path: str = "/", position: Any = None, **settings: Any) -> list[Page]:
    with serving(made) as host:
        own = HttpSettings("x", frozenset({host}), retries=0, **settings)
        with HttpClient(own, folder) as client:
            return list(JunarConnector().pages(client, f"http://{host}{path}", position or {}, folder / "document"))


def identifiers(pages: list[Page]) -> list[str]:
    return [record["identifier"] for page in pages for record in page.records]


def of(**facts: Any) -> dict[str, Any]:
    return {"guid": "CONJU", "title": "Conjunto", "link": "https://datos.x.mx/dataviews/1/conju", "type": "ds", **facts}


def dataset_of(**facts: Any) -> dict[str, Any]:
    return map_record(of_resource(of(**facts), API), "datajson").dataset


@pytest.mark.parametrize("path", ["/", "/api/v2/", "/api/v2/resources.json?limit=5", "/api/v2/datasets/#x"])
def test_any_address_of_the_api_will_do(tmp_path: Path, path: str) -> None:
    made = portal(25)
    pages = read(made, tmp_path, path)
    assert len(identifiers(pages)) == 25
    assert [page.total for page in pages] == [25, 25, 25]
    assert len(made.asked) == 3


@pytest.mark.parametrize("count", [0, 4, 100, 250])
def test_a_bare_array_is_the_whole_list(tmp_path: Path, count: int) -> None:
    made = portal(count)
    made.pages = False
    pages = read(made, tmp_path)
    assert identifiers(pages) == [record.identifier for record in made.records]
    # As many as were asked for might be a page.
    assert len(made.asked) == (2 if count == 100 else 1)


def test_reading_an_array_goes_on_though_its_file_is_gone(tmp_path: Path) -> None:
    made = portal(250)
    made.pages = False
    pages = read(made, tmp_path)
    (tmp_path / "document").unlink()
    assert identifiers(read(made, tmp_path, position=pages[0].position)) == identifiers(pages[1:])


class TestKey:
    @pytest.fixture
    def guarded(self) -> JunarPortal:
        """A portal that wants a key, and repeats it wherever it can."""
        made = portal(25)
        made.key = KEY
        for record in made.records:
            made.facts[record.identifier] = {
                "endpoint": f"https://api.x.mx/data.csv?auth_key={KEY}&limit=5",
                "notes": f'<a href="https://api.x.mx/?a=1&amp;auth_key={KEY}">x</a>',
                "sources": [{"name": "Fuente", "url": f"https://api.x.mx/x?auth_key={KEY}"}],
            }
        return made

    @pytest.fixture
    def with_key(self, guarded, tmp_path, monkeypatch):
        """The portal on its port, a client that has the key for it, and that key."""
        with serving(guarded) as host:
            monkeypatch.setenv(NAME, f"{host} {KEY}")
            key = credential(NAME, JunarConnector.authorization)
            settings = HttpSettings("x", frozenset({host}), retries=0, credential=key)
            with HttpClient(settings, tmp_path) as client:
                yield client, key

    def test_its_portal_gets_it_and_nobody_sees_it(self, guarded, with_key, tmp_path, caplog):
        caplog.set_level(logging.DEBUG)
        pages = list(JunarConnector().pages(with_key[0], guarded.address, {}, tmp_path / "document"))
        assert all(f"auth_key={KEY}" in address for address in guarded.asked)
        records = [record for page in pages for record in page.records]
        assert len(records) == 25
        mapped = [map_record(record, "datajson") for record in records]
        stored = [each.dataset for each in mapped] + [finding.facts() for each in mapped for finding in each.findings]
        shown = json.dumps([*records, *stored, *(dict(page.position) for page in pages)])
        assert KEY not in shown
        assert "auth_key" not in shown
        assert KEY not in caplog.text
        addresses = [resource["url"] for resource in mapped[0].dataset["resources"]]
        assert addresses == ["https://api.x.mx/data.csv?limit=5", f"{guarded.address}dataviews/1/CONJU-000"]

    def test_a_refusal_that_repeats_it_is_not_printed(self, guarded, with_key, tmp_path):
        client, key = with_key
        guarded.key = "otra"
        with pytest.raises(SourceError) as caught:
            list(JunarConnector().pages(client, guarded.address, {}, tmp_path / "document"))
        assert caught.value.finding.code == "http_forbidden"
        assert KEY not in json.dumps(hidden(caught.value.finding, key).to_dict())
        assert KEY not in json.dumps(caught.value.finding.to_dict())


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (1449000423, "2015-12-01T20:07:03"),
        ("1449000423", "2015-12-01T20:07:03"),
        (1472489817419, "2016-08-29T16:56:57"),
        ("2016-06-21T16:09:09Z", "2016-06-21T16:09:09"),
        ("2016-05-23T14:25:53", "2016-05-23T14:25:53"),
    ],
)
def test_moments_are_numbers_or_texts(written: Any, read_as: str) -> None:
    mapped = map_record(of_resource(of(created_at=written, modified_at=written), API), "datajson")
    assert mapped.dataset["issued"].startswith(read_as)
    assert mapped.dataset["modified"].startswith(read_as)
    assert not [finding for finding in mapped.findings if finding.field in {"issued", "modified"}]


@pytest.mark.parametrize(
    ("word", "frequency"),
    [("yearly", "R/P1Y"), ("monthly", "R/P1M"), ("weekly", "R/P1W"), ("daily", "R/P1D"), ("ondemand", "irregular")],
)
def test_its_words_for_frequencies_are_known(word: str, frequency: str) -> None:
    assert dataset_of(frequency=word)["frequency"] == frequency


def test_what_it_does_not_say_is_not_there() -> None:
    dataset = dataset_of(frequency="", tags=[""], description=None, license=None)
    assert {"frequency", "notes", "license_id"}.isdisjoint(dataset)
    assert dataset["tags"] == []


def test_its_own_storage_is_no_address() -> None:
    (resource,) = dataset_of(endpoint="file://1995/46721/71341786542282142096488420671282999110")["resources"]
    assert resource["url"] == "https://datos.x.mx/dataviews/1/conju"


@pytest.mark.parametrize(
    ("kind", "address"),
    [("ds", "datastreams/CONJU/data.csv"), ("dt", "datasets/CONJU.json")],
)
def test_without_a_page_the_address_of_its_data_stands_there_without_a_key(kind: str, address: str) -> None:
    (resource,) = dataset_of(type=kind, link=None, endpoint="file://1/2/3")["resources"]
    assert resource["url"] == f"{API}/api/v2/{address}"


def test_a_file_elsewhere_is_the_file_and_a_view_has_its_page_too() -> None:
    file = "http://datos.x.mx/tabla.xls"
    assert [each["url"] for each in dataset_of(type="dt", endpoint=file)["resources"]] == [file]
    assert len(dataset_of(type="ds", endpoint=file)["resources"]) == 2


@pytest.mark.parametrize("kind", ["vz", "db"])
def test_what_only_shows_data_is_left_out_and_said(kind: str) -> None:
    record = of_resource(of(type=kind), API)
    assert isinstance(record, LeftOut)
    assert [finding.code for finding in record.findings] == ["record_of_other_kind"]


def test_what_else_it_says_is_taken_or_named() -> None:
    facts = {
        "notes": "<p>Más largo.</p>", "description": "Corto.", "mbox": "datos@x.mx", "spatial": "Jalisco",
        "license": "http://creativecommons.org/licenses/by/4.0/", "category_name": "Salud",
        "sources": [{"name": "INEGI"}], "user": "juan.perez", "result": None,
    }  # fmt: skip
    mapped = map_record(of_resource(of(**facts), API), "datajson")
    dataset = mapped.dataset
    assert "Corto." in dataset["notes"]
    assert "Más largo." in dataset["notes"]
    assert dataset["contact"] == [{"email": "datos@x.mx"}]
    assert (dataset["license_id"], dataset["theme"]) == ("cc-by-4.0", ["salud"])
    assert dataset["spatial_coverage"][0]["cvegeo"] == "14"
    (left,) = [finding for finding in mapped.findings if finding.code == "fields_left_out"]
    assert left.value == "sources"
    assert "juan" not in json.dumps([dataset, *(finding.facts() for finding in mapped.findings)])


@pytest.mark.payloads
def test_a_real_page(shared: Path) -> None:
    """2 of 101, with a key that was crossed out in the addresses of the pages around it."""
    answer = json.loads((shared / "payloads/harvest/junar/cne-resources-limit2.json").read_text(encoding="utf-8"))
    assert (answer["count"], len(answer["results"])) == (101, 2)
    first, second = (map_record(of_resource(item, API), "datajson").dataset for item in answer["results"])
    assert [first["identifier"], second["identifier"]] == ["BNE-2014-CONSU-SECTO-COMER", "BNE-2014-CONSU-SECTO-INDUS"]
    assert first["issued"].startswith("2015-12-01")
    assert first["resources"][0]["format"] == "XLS"
    assert first["url"].startswith("http://datos.energiaabierta.cne.cl/dataviews/111743/")


@pytest.mark.payloads
def test_a_real_bare_array(shared: Path, tmp_path: Path) -> None:
    listed = json.loads((shared / "payloads/harvest/junar/dashboards-list.json").read_text(encoding="utf-8"))
    assert isinstance(listed, list)
    made = portal(0)
    made.respond = lambda *_: made.json(listed)  # type: ignore[method-assign]
    pages = read(made, tmp_path)
    assert identifiers(pages) == ["TRANS-26367", "PUBLI-TRANS-METRO-BUS", "ECONO-INDIC-60379", "INSPE"]
    dataset = map_record(pages[0].records[0], "datajson").dataset
    assert dataset["modified"].startswith("2016-06-21T16:22:07")
    assert [each["url"] for each in dataset["resources"]] == [
        "https://data.arlingtonva.us/dashboards/19313/transportation-bike/"
    ]
