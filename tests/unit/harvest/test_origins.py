"""What a record says of where it was before, and which addresses and identifiers mean one thing everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.harvest import origins
from ckanext.mxopendata.metadata.mapping import title_key

UUID = "9775fcdf-99b9-47f6-87ae-6d46cfd15b40"


@pytest.mark.parametrize(
    ("identifier", "universal"),
    [
        (UUID, True),
        (f"justicia_{UUID.upper()}", True),
        (f"urn:uuid:{UUID}", True),
        ("https://datos.example.gob.mx/conjunto/7", True),
        ("https://www.arcgis.com/home/item.html?id=0123456789abcdef0123456789abcdef", True),
        ("https://datos.example.gob.mx/", False),
        ("https://[mal", False),
        ("presupuesto-2024", False),
        ("17", False),
        ("", False),
        (f"{UUID}{'x' * 600}", False),
    ],
)
def test_what_means_one_thing_everywhere(identifier, universal):
    assert origins.is_universal(identifier) is universal


@pytest.mark.parametrize(
    ("record", "platform", "origin"),
    [
        ({"extras": [{"key": "guid", "value": f" {UUID.upper()} "}]}, "ckan", UUID),
        ({"extras": {"guid": UUID}}, "ckan", UUID),
        ({"id": UUID, "extras": [{"key": "harvest_object_id", "value": "x"}]}, "ckan", UUID),
        ({"id": UUID, "harvest_source_id": "x"}, "ckan", UUID),
        ({"id": UUID, "extras": [{"key": "harvest_object_id", "value": ""}]}, "ckan", None),
        ({"id": UUID}, "ckan", None),
        ({"source_identifier": "https://a.example/conjunto/1"}, "ckan", "https://a.example/conjunto/1"),
        ({"mxopendata": {"source_identifier": UUID}}, "datajson", UUID),
        ({"mxopendata": {"source_identifier": "17"}}, "datajson", None),
        ({"id": UUID, "harvest_source_id": "x"}, "datajson", None),
        ({"extras": ["roto", {"key": ["guid"], "value": 1}], "guid": 7}, "ckan", None),
    ],
)
def test_where_a_record_says_it_was_taken_from(record: dict[str, Any], platform, origin):
    assert origins.origin(record, platform) == origin


def test_uuids_of_a_record_and_of_the_datasets_its_files_are_of():
    other = "e042c362-ff39-476f-9328-056a9de753f0"
    file = f"http://datos.jus.gob.ar/dataset/{other}/resource/a95d0e79-08c4-49b9-88b8-d569484bf1d7/download/a.csv"
    assert origins.hints({"id": None}, f"justicia_{UUID.upper()}", [file]) == [UUID, other]


@pytest.mark.parametrize(
    ("address", "spellings"),
    [
        ("http://a.example/t.csv", ["http://a.example/t.csv", "https://a.example/t.csv"]),
        ("https://a.example/", []),
        ("https://a.example", []),
        ("https://a.example/?id=1", ["http://a.example/?id=1", "https://a.example/?id=1"]),
        ("ftp://a.example/t.csv", []),
        ("https://[mal/t.csv", []),
    ],
)
def test_spellings_of_an_address(address, spellings):
    assert origins.spellings(address) == spellings


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.Datos.example.gob.mx/data.json", "datos.example.gob.mx"),
        ("http://quien:clave@datos.example.gob.mx:8080/x", "datos.example.gob.mx:8080"),
        ("https://[mal", ""),
    ],
)
def test_the_host_of_an_address(address, host):
    assert origins.host(address) == host


def test_a_real_republisher_names_the_datasets_of_the_portal_it_took_them_from(shared: Path):
    """datos.gob.ar lists what datos.jus.gob.ar publishes: by title and by the UUID in the addresses of its files."""
    folder = shared / "payloads" / "harvest" / "datajson_ar"
    own, republished = (
        json.loads((folder / name).read_text(encoding="utf-8"))["dataset"]
        for name in ("justicia.data.json", "datos-gob-ar.2018-02.data.json")
    )
    by_title = {title_key(record["title"]): record for record in republished}
    same = [(record, by_title[title_key(record["title"])]) for record in own if title_key(record["title"]) in by_title]
    named = [
        other
        for record, other in same
        if record["identifier"]
        in origins.hints(other, other["identifier"], [file.get("downloadURL", "") for file in other["distribution"]])
    ]
    assert (len(same), len(named)) == (14, 13)
