"""ADELA's list of catalogues, one catalogue alone, and the real list of 2015."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.adela import AdelaConnector, _parts
from ckanext.mxopendata.harvest.connectors.base import Page, Unreadable
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.adela import AdelaPortal
from portals.platforms.base import Answer, Plain, serving


def portal(count: int) -> AdelaPortal:
    return AdelaPortal([Plain(f"DS-{number}", f"Conjunto {number}") for number in range(count)])


def read(made: AdelaPortal, folder: Path, path: str = "/", position: dict[str, Any] | None = None) -> list[Page]:
    with serving(made) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder) as client:
        return list(AdelaConnector().pages(client, f"http://{host}{path}", position or {}, folder / "document"))


def datasets(pages: list[Page]) -> list[dict[str, Any]]:
    return [map_record(record, "datajson").dataset for page in pages for record in page.records]


@pytest.mark.parametrize("path", ["", "/", "/api/v1/catalogs"])
def test_all_institutions_of_the_list(tmp_path: Path, path: str) -> None:
    found = datasets(read(portal(25), tmp_path, path))
    assert len(found) == 25
    assert {dataset["identifier"] for dataset in found} >= {"institucion-000/DS-0", "institucion-002/DS-24"}
    assert found[0]["creator"] == [{"name": "Institución 000"}]
    assert (found[0]["license_id"], found[0]["gov_type"], found[0]["access_rights"]) == (
        "libreusomx", "federal", "public"
    )  # fmt: skip
    assert found[0]["contact"][0]["email"] == "enlace@ejemplo.gob.mx"
    assert not list(tmp_path.glob("mxopendata-*"))


@pytest.mark.parametrize("path", ["/institucion-001", "/institucion-001/", "/institucion-001/catalogo.json"])
def test_one_catalogue_is_read_as_any_data_json(tmp_path: Path, path: str) -> None:
    found = datasets(read(portal(25), tmp_path, path))
    assert [dataset["identifier"] for dataset in found] == [f"DS-{number}" for number in range(10, 20)]


def test_an_institution_without_catalogue_costs_only_itself(tmp_path: Path) -> None:
    made = portal(15)
    made.missing = ("institucion-000a",)
    records = [record for page in read(made, tmp_path) for record in page.records]
    (unreadable,) = [record for record in records if isinstance(record, Unreadable)]
    assert (unreadable.identifier, unreadable.finding.code, len(records)) == ("institucion-000a", "http_not_found", 16)


@pytest.mark.parametrize("answer", [Answer(500, "text/html", b"x"), Answer(200, "text/html", b"<html><body>x")])
def test_a_catalogue_that_fails_leaves_no_half_list(tmp_path: Path, answer: Answer) -> None:
    made = portal(25)
    plainly = made.respond
    made.respond = lambda *asked: answer if "002" in asked[1] else plainly(*asked)  # type: ignore[method-assign]
    with pytest.raises(SourceError):
        read(made, tmp_path)


def test_reading_goes_on_within_a_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.datajson.PAGE_SIZE", 4)
    made = portal(25)
    pages = read(made, tmp_path)
    assert [len(page.records) for page in pages] == [4, 4, 2, 4, 4, 2, 4, 1]
    asked = len(made.asked)
    rest = read(made, tmp_path, position=dict(pages[3].position))
    assert [page.records for page in rest] == [page.records for page in pages[4:]]
    # Neither the list nor the first catalogue is asked for again.
    assert len(made.asked) - asked == 2


@pytest.mark.parametrize("answer", [{"mensaje": "hola"}, [{"title": "sin slug"}], ["a"], "x"])
def test_what_is_no_list_is_said(tmp_path: Path, answer: Any) -> None:
    made = portal(1)
    made.respond = lambda *_: made.json(answer)  # type: ignore[method-assign]
    with pytest.raises(SourceError) as caught:
        read(made, tmp_path)
    assert caught.value.finding.code == "adela_list"
    assert not (tmp_path / "document").exists()


def test_addresses() -> None:
    base = "http://adela.datos.gob.mx"
    assert _parts(f"{base}/") == (base, None)
    assert _parts(f"{base}/api/v1/catalogs?page=2") == (base, None)
    assert _parts(f"{base}/sep/catalogo.json") == (base, "sep")
    assert _parts(f"{base}/espejo/sep/catalogo.json") == (f"{base}/espejo", "sep")


@pytest.mark.payloads
def test_the_real_list_of_2015(shared: Path, tmp_path: Path) -> None:
    listed = json.loads((shared / "payloads/mx/adela-api-catalogs-2015.json").read_text(encoding="utf-8"))
    made = portal(0)
    plainly = made.respond
    made.respond = (  # type: ignore[method-assign]
        lambda *asked: made.json(listed) if asked[1] == "/api/v1/catalogs" else plainly(*asked)
    )
    records = [record for page in read(made, tmp_path) for record in page.records]
    assert len(records) == len(listed) == 149
    assert all(isinstance(record, Unreadable) for record in records)
    assert len(made.asked) == 150
