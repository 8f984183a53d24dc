"""DKAN's four interfaces, what each does in its own way, and a real answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.dkan import DkanConnector
from ckanext.mxopendata.harvest.connectors.dkan_records import of_metastore, of_package
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.base import Answer, Plain, serving
from portals.platforms.dkan import DkanPortal

WAYS = ("data.json", "metastore", "packages", "single")


def portal(count: int, *ways: str) -> DkanPortal:
    made = DkanPortal([Plain(f"uuid-{number}", f"Conjunto {number}", modified="2024-08-05") for number in range(count)])
    made.ways = ways
    return made


def read(made: DkanPortal, folder: Path, position: dict[str, Any] | None = None, address: str = "/") -> list[Page]:
    with serving(made) as host:
        settings = HttpSettings("x", allowed_private=frozenset({host}), retries=0)
        with HttpClient(settings, folder) as client:
            url = f"http://{host}{address}"
            return list(DkanConnector().pages(client, url, position or {}, folder / "document"))


def datasets(pages: list[Page]) -> list[dict[str, Any]]:
    return [map_record(record, "datajson").dataset for page in pages for record in page.records]


@pytest.mark.parametrize("way", WAYS)
def test_all_interfaces_give_the_same_datasets(tmp_path: Path, way: str) -> None:
    pages = read(portal(25, way), tmp_path)
    found = datasets(pages)
    assert [dataset["identifier"] for dataset in found] == sorted(
        (f"uuid-{number}" for number in range(25)), key=str if way == "single" else lambda key: int(key[5:])
    )
    for dataset in found:
        assert dataset["modified"].startswith("2024-08-05")
        assert dataset["notes"] == "Descripción del conjunto, con acentos: año, región, cigüeña."
        assert [tag["name"] for tag in dataset["tags"]] == ["agua", "región"]
        assert dataset["resources"][0]["url"] == "https://datos.ejemplo.gob.mx/archivo.csv"
    assert {page.position["way"] for page in pages} == {way}


@pytest.mark.parametrize("way", WAYS)
def test_reading_goes_on_in_the_way_it_began(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.datajson.PAGE_SIZE", 10)
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.one_by_one.PAGE_SIZE", 10)
    pages = read(portal(25, way), tmp_path)
    assert len(pages) == 3
    rest = read(portal(25, *WAYS), tmp_path, dict(pages[1].position))
    assert [record["identifier"] for page in rest for record in page.records] == [
        record["identifier"] for record in pages[2].records
    ]
    assert {page.position["way"] for page in rest} == {way}


def test_the_first_is_preferred_and_the_report_says_when_it_was_another(tmp_path: Path) -> None:
    (page,) = read(portal(3, *WAYS), tmp_path)
    assert (page.position["way"], page.findings) == ("data.json", [])
    (tmp_path / "document").unlink()
    (page,) = read(portal(3, "packages", "single"), tmp_path)
    (finding,) = page.findings
    assert (finding.code, finding.value, finding.details) == ("dkan_other_way", "packages", {"why": "http_not_found"})
    assert "data.json" in finding.to_dict()["message"]


def test_a_broken_data_json_is_no_reason_to_give_up(tmp_path: Path) -> None:
    made = portal(3, "single")
    plainly = made.respond

    def respond(method: str, path: str, query: Any, body: bytes) -> Answer:
        if path == "/data.json":
            return Answer(200, "application/json", b'{"dataset": [{"title": ')
        return plainly(method, path, query, body)

    made.respond = respond  # type: ignore[method-assign]
    assert len(datasets(read(made, tmp_path))) == 3


def test_what_was_begun_is_not_begun_again_in_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list of one interface and all of another would be half the datasets twice."""
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.datajson.PAGE_SIZE", 1)
    made = portal(3, "single")
    plainly = made.respond
    cut = Answer(200, "application/json", b'{"dataset": [{"title": "a"}, {"title": "b"}, {"ti')
    made.respond = lambda *asked: cut if asked[1] == "/data.json" else plainly(*asked)  # type: ignore[method-assign]
    with pytest.raises(SourceError) as caught:
        read(made, tmp_path)
    assert caught.value.finding.code == "json_cut_off"


@pytest.mark.parametrize("address", ["/", "/data.json", "/dataset", "/api/3/action/package_list", "/api/1/metastore"])
def test_any_address_of_the_portal_will_do(tmp_path: Path, address: str) -> None:
    assert len(datasets(read(portal(2, "packages"), tmp_path, address=address))) == 2


def test_a_portal_that_ignores_the_page_comes_to_an_end(tmp_path: Path) -> None:
    made = portal(4)
    everything = json.dumps({"success": True, "result": [[{"id": str(number), "title": "t"} for number in range(4)]]})
    there = Answer(200, "application/json", everything.encode())
    missing = Answer(404, "text/html", b"")
    made.respond = lambda _m, path, *_: there if "resources" in path else missing  # type: ignore[method-assign]
    assert len(datasets(read(made, tmp_path))) == 4
    assert len(made.asked) == 4


def test_references_of_the_metastore_become_what_they_refer_to() -> None:
    record = {
        "identifier": "a",
        "publisher": {"identifier": "1", "data": {"name": "Secretaría"}},
        "keyword": [{"identifier": "2", "data": "agua"}, "suelo"],
        "distribution": [{"identifier": "3", "data": {"downloadURL": "https://x.mx/a.csv"}}],
        "%Ref:keyword": [{"identifier": "2", "data": "agua"}],
        "%modified": "2024-01-01",
    }
    assert of_metastore(record) == {
        "identifier": "a",
        "publisher": {"name": "Secretaría"},
        "keyword": ["agua", "suelo"],
        "distribution": [{"downloadURL": "https://x.mx/a.csv"}],
    }
    assert of_metastore(None) is None


def test_what_has_no_counterpart_is_mentioned() -> None:
    record = of_package({"id": "a", "title": "t", "extras": [{"key": "Granularidad", "value": "Municipal"}]})
    (finding,) = [found for found in map_record(record, "datajson").findings if found.code == "fields_left_out"]
    assert finding.value == "Granularidad"


@pytest.mark.parametrize(
    ("record", "expected"),
    [({"state": "Active", "type": "Dataset"}, False), ({"state": "Deleted"}, True), ({"type": "harvest_source"}, True)],
)
def test_active_datasets_are_datasets(record: dict[str, Any], expected: bool) -> None:
    assert DkanConnector().not_a_dataset(record) is expected


@pytest.mark.payloads
def test_the_real_answer_of_peru(shared: Path) -> None:
    answer = json.loads((shared / "payloads/harvest/dkan/peru-package_show.json").read_text(encoding="utf-8"))
    (package,) = answer["result"]
    record = of_package(package)
    mapped = map_record(record, "datajson")
    dataset = mapped.dataset
    assert dataset["identifier"] == package["id"]
    assert dataset["modified"].startswith("2024-08-05")
    assert dataset["issued"].startswith("2024-04-30")
    assert not DkanConnector().not_a_dataset(record)
    assert dataset.get("access_rights", "public") == "public"
    assert "private" not in dataset
    assert "<" not in dataset["notes"]
    assert dataset["creator"] == [{"name": package["author"]}]
    emails = [contact["email"] for contact in dataset["contact"]]
    assert emails == [package["maintainer_email"], package["author_email"]]
    assert [resource["size"] for resource in dataset["resources"]][:2] == [1_230_000_000, 53_240]
    assert dataset["resources"][0]["modified"].startswith("2024-08-05")
    assert len(dataset["resources"]) == len(package["resources"])
    assert {tag["name"] for tag in dataset["tags"]} >= {"Calidad de aire", "Seguimiento"}
    assert not [finding for finding in mapped.findings if finding.code == "fields_left_out"]
