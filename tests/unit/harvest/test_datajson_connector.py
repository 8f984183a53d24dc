"""What the datasets of a catalogue in one file take from the catalogue."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.identity import content_hash
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record

URL = "https://adela.ejemplo.gob.mx/sep/catalogo.json"
LICENCE = "https://datos.gob.mx/libreusomx/"
BARE = {"title": "Escuelas", "identifier": "escuelas", "distribution": [{"downloadURL": "https://x.mx/a.csv"}]}

Read = Callable[..., list[Page]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a document as the connector does once it is fetched."""

    def pages(document: Any, **position: Any) -> list[Page]:
        path = tmp_path / "catalogo.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return list(DataJsonConnector().pages(None, URL, position, path))  # type: ignore[arg-type] - nothing is fetched

    return pages


def catalogue(*records: Any, **beside: Any) -> dict[str, Any]:
    return {"title": "Catálogo de datos abiertos de SEP", **beside, "dataset": list(records)}


@pytest.mark.parametrize(
    "document",
    [
        {"title": "c", "license": LICENCE, "language": "es", "dataset": [BARE]},
        {"title": "c", "dataset": [BARE], "language": ["es"], "license": LICENCE},
        {"catalogo": {"license": LICENCE, "dataset": [BARE], "language": "es"}},
    ],
)
def test_licence_and_language_of_the_catalogue_are_its_datasets_own(read: Read, document: dict[str, Any]) -> None:
    (page,) = read(document)
    dataset = map_record(page.records[0], "datajson").dataset
    assert (dataset["license_id"], dataset["language"]) == ("libreusomx", ["es"])
    assert [finding.code for finding in page.findings] == ["catalogue_values_inherited"]


def test_what_a_dataset_or_its_file_says_itself_stays(read: Read) -> None:
    own = {**BARE, "license": "cc-by-4.0", "language": "nah"}
    files_own = {**BARE, "distribution": [{"title": "a"}, {"title": "b", "license": "cc-by-4.0"}]}
    (page,) = read(catalogue(own, files_own, "no es un objeto", license=LICENCE))
    assert page.records == [own, files_own, "no es un objeto"]
    assert page.findings == []


def test_another_licence_of_the_catalogue_is_a_change_of_its_datasets(read: Read) -> None:
    digests = {
        content_hash(read(catalogue(BARE, license=licence))[0].records[0], "datajson")
        for licence in (LICENCE, "cc-by-4.0", None)
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    "document",
    [
        catalogue(BARE, license=LICENCE, conformsTo="https://project-open-data.cio.gov/v1.1/schema"),
        catalogue(BARE, license=LICENCE, publisher={"name": "x"}, themeTaxonomy=[{"id": "a", "license": "b"}]),
        {"catalog": [catalogue(BARE, license=LICENCE), catalogue(license="cc-by-4.0")]},
        [BARE],
    ],
)
def test_other_catalogues_speak_of_themselves_only(read: Read, document: Any) -> None:
    assert "license" not in read(document)[0].records[0]


def test_it_is_told_once_though_the_reading_was_interrupted(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.datajson.PAGE_SIZE", 1)
    first, second = read(catalogue(BARE, BARE, license=LICENCE))
    assert (len(first.findings), len(second.findings)) == (1, 0)
    (rest,) = read(catalogue(BARE, BARE, license=LICENCE), **first.position)
    assert (rest.records[0]["license"], rest.findings) == (LICENCE, [])


def test_a_file_that_ends_too_early_still_says_so(read: Read) -> None:
    with pytest.raises(SourceError) as error:
        read(json.dumps(catalogue(BARE, BARE, license=LICENCE))[:-30])
    assert error.value.finding.code == "json_cut_off"


def test_a_large_catalogue_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "catalogo.json"
    line = json.dumps({**BARE, "description": "x" * 1000})
    path.write_text(f'{{"dataset": [{",".join([line] * 10_000)}], "license": "{LICENCE}"}}', encoding="utf-8")
    tracemalloc.start()
    pages = DataJsonConnector().pages(None, URL, {}, path)  # type: ignore[arg-type] - nothing is fetched
    assert sum(record["license"] == LICENCE for page in pages for record in page.records) == 10_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000


def _pages(loopback: Any, folder: Path, known: Any) -> list[Page]:
    settings = HttpSettings(user_agent="x", allowed_private=frozenset({loopback.host}), retries=0)
    document = folder / "catalogo.json"
    document.unlink(missing_ok=True)
    with HttpClient(settings, folder) as client:
        return list(DataJsonConnector().pages(client, loopback.url("/data.json"), {}, document, known))


@pytest.mark.parametrize(
    ("whole", "body", "readings"),
    [
        (True, catalogue(BARE), ["unmodified"]),
        (False, catalogue(BARE), ["full"]),
        (True, catalogue({**BARE, "title": "Otras"}), ["full"]),
    ],
)
def test_a_file_equal_to_the_last_one_is_not_read(tmp_path: Path, loopback: Any, whole, body, readings) -> None:
    loopback.serve("/data.json", json.dumps(catalogue(BARE)))
    (first,) = _pages(loopback, tmp_path, None)
    assert first.memory is not None
    assert (first.reading, first.memory["etag"], len(first.memory["digest"])) == ("full", "", 40)
    loopback.serve("/data.json", json.dumps(body), headers={"ETag": '"nuevo"'})
    pages = _pages(loopback, tmp_path, SimpleNamespace(memory=first.memory, whole=whole))
    assert [page.reading for page in pages] == readings
    assert [len(page.records) for page in pages] == [int(readings == ["full"])]
    assert (pages[0].memory or {})["etag"] == '"nuevo"'
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
