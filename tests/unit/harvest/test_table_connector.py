"""Tables: the template as it is met in the wild, pydatajson's workbook, folders, and what only promises data."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.table import TableConnector
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.catalogue_table import read_catalogue
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from portals.platforms.base import NOT_FOUND, Answer, PlatformPortal, Query, serving

Files = Mapping[str, bytes]
HEADINGS = "ds:identifier,ds:title,rs:title,rs:downloadURL\n"


class Server(PlatformPortal):
    """A web server with some files."""

    def __init__(self, files: Files) -> None:
        super().__init__([])
        self.files = files

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        found = self.files.get(path)
        return NOT_FOUND if found is None else Answer(200, "application/octet-stream", found)


def client_of(host: str, folder: Path) -> HttpClient:
    return HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Page]]:
    """Reads what a server with some files gives at a path."""

    def pages(files: Files, path: str = "/a.csv", position: Mapping[str, Any] | None = None) -> list[Page]:
        with serving(Server(files)) as host, client_of(host, tmp_path) as client:
            found = TableConnector().pages(client, f"http://{host}{path}", position or {}, tmp_path / "document")
            return list(found)

    return pages


def records(pages: list[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def codes(pages: list[Page]) -> list[str]:
    of_list = [finding.code for page in pages for finding in page.findings]
    return of_list + [finding.code for record in records(pages) for finding in record.findings]


def workbook(sheets: Mapping[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # pyright: ignore[reportArgumentType]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_rows_of_a_dataset_may_stand_anywhere(read) -> None:
    text = f"Catálogo 2026,,,\n,,,\n{HEADINGS}A,Uno,,\nB,Dos,,\nB,,b1,http://x.mx/b1\nA,,a1,http://x.mx/a1\n"
    pages = read({"/a.csv": text.encode("cp1252")})
    first, second = records(pages)
    assert [item["title"] for item in first["distribution"]] == ["a1"]
    assert [item["downloadURL"] for item in second["distribution"]] == ["http://x.mx/b1"]
    assert "table_encoding_assumed" in codes(pages)


def test_what_is_wrong_with_a_row_is_said_of_its_dataset(read) -> None:
    text = f"{HEADINGS}A,Uno,,\nA,Otro,,\nB,Dos,,,,de más\n,,suelto,http://x.mx/s\n{HEADINGS}"
    pages = read({"/a.csv": text.encode()})
    first, second = records(pages)
    assert [(finding.code, finding.details["row"]) for finding in first.findings] == [("row_contradicts_dataset", 3)]
    assert [(finding.code, finding.details["row"]) for finding in second.findings] == [("row_too_long", 4)]
    assert [finding.code for finding in pages[0].findings] == ["row_without_dataset", "row_repeats_headings"]


def test_a_longer_table_than_is_read_is_none(read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ckanext.mxopendata.metadata.tables.MAXIMUM_ROWS", 2)
    with pytest.raises(SourceError) as caught:
        read({"/a.csv": f"{HEADINGS}A,Uno,,\nB,Dos,,\nC,Tres,,\n".encode()})
    assert caught.value.finding.code == "table_too_long"


def test_merged_cells_and_dates_of_a_workbook(read) -> None:
    content = workbook({"Portada": [["Municipio"]], "Catálogo": [
        ["ds:identifier", "ds:title", "ds:modified", "rs:title", "rs:downloadURL"],
        ["A", "Uno", date(2026, 3, 1), "a1", "http://x.mx/1"],
        [None, None, None, "a2", "=HYPERLINK(\"http://x.mx/2\")"],
    ]})  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Catálogo"].merge_cells("A2:A3")
    written = io.BytesIO()
    book.save(written)
    pages = read({"/a.xlsx": written.getvalue()}, "/a.xlsx")
    (record,) = records(pages)
    assert (record["modified"], [item["title"] for item in record["distribution"]]) == ("2026-03-01", ["a1", "a2"])


def test_linked_sheets_say_what_belongs_to_nothing(read) -> None:
    sheets = {
        "DATASET": [
            ["dataset_identifier", "dataset_title", "dataset_theme"], ["1", "Uno", "agua, suelo"], ["1", "Otra vez"],
        ],
        "Distribution": [
            ["dataset_identifier", "dataset_title", "distribution_title", "distribution_downloadURL"],
            ["1", "Uno", "a", "http://x.mx/a"], ["", "uno", "b", "http://x.mx/b"], ["9", "Nadie", "c", "http://x.mx/c"],
        ],
        "Field": [["dataset_identifier", "distribution_title", "field_title"], ["1", "b", "clave"], ["1", "z", "nada"]],
    }  # fmt: skip
    pages = read({"/a.xlsx": workbook(sheets)}, "/a.xlsx")
    record, again = records(pages)
    assert (record["theme"], again["title"]) == (["agua", "suelo"], "Otra vez")
    fields = [(item["title"], item.get("field")) for item in record["distribution"]]
    assert fields == [("a", None), ("b", [{"title": "clave"}])]
    assert [(finding.code, finding.value) for finding in record.findings] == [("field_without_distribution", "z")]
    said = [(finding.code, finding.value) for finding in pages[0].findings]
    assert said == [("linked_row_without_dataset", "9 – nadie")]


INVENTORY = (
    "Responsable,Nombre del conjunto,Nombre del recurso,¿De qué es?,¿Tiene datos privados?\n"
    "Área,Padrón,Lista,Personas,sí\n"
)


def test_an_inventory_is_handed_over_and_makes_no_record(read) -> None:
    pages = read({"/a.csv": INVENTORY.encode()})
    assert records(pages) == []
    assert [(promises.file_name, promises.content.decode()) for page in pages for promises in page.promises] == [
        ("a.csv", INVENTORY)
    ]
    assert {page.memory for page in pages if page.memory} == set()


def listed(*links: str) -> bytes:
    items = "".join(f'<A HREF="{link}">{link}</A> ' for link in links)
    return f"<html><body><pre>{items}</pre></body></html>".encode()


def test_a_folder_is_read_and_nothing_outside_of_it(read) -> None:
    files = {
        "/t/": listed(
            "a.csv", "/t/b%20c.CSV", "inventario.csv", "a.csv#x", "../u/d.csv", "%2e%2e/u/d.csv", "..%2fu%2fd.csv",
            "sub/e.csv", "//otro.mx/t/f.csv", "http://[::1", "javascript:a.csv",
        ),
        "/t/a.csv": f"{HEADINGS}A,Uno,,\n".encode(),
        "/t/b c.CSV": f"{HEADINGS}A,,a1,http://x.mx/1\nB,Dos,,\n".encode(),
        "/t/inventario.csv": INVENTORY.encode(),
        "/u/d.csv": f"{HEADINGS}D,Fuera,,\n".encode(),
    }  # fmt: skip
    pages = read(files, "/t/")
    found = [(record["identifier"], len(record.get("distribution", ()))) for record in records(pages)]
    assert found == [("A", 1), ("B", 0)]
    assert [promises.file_name for page in pages for promises in page.promises] == ["inventario.csv"]


def test_half_a_folder_is_none(read) -> None:
    with pytest.raises(SourceError) as caught:
        read({"/t/": listed("a.csv", "b.csv"), "/t/a.csv": f"{HEADINGS}A,Uno,,\n".encode()}, "/t/")
    assert caught.value.finding.code == "http_not_found"


@pytest.mark.parametrize(
    ("links", "code"),
    [((), "table_of_another_kind"), (("datos.csv",), "table_folder_without_catalogue"),
     (tuple(f"{number}.csv" for number in range(101)), "table_folder_too_many")],
)  # fmt: skip
def test_folders_without_a_catalogue(read, links: tuple[str, ...], code: str) -> None:
    with pytest.raises(SourceError) as caught:
        read({"/t/": listed(*links), "/t/datos.csv": b"x,y\n1,2\n"}, "/t/")
    assert caught.value.finding.code == code


def test_a_page_in_the_place_of_a_file_is_no_folder(read) -> None:
    with pytest.raises(SourceError) as caught:
        read({"/a.csv": listed("b.csv"), "/b.csv": f"{HEADINGS}A,Uno,,\n".encode()})
    assert caught.value.finding.code == "table_of_another_kind"


@pytest.mark.payloads
def test_the_workbook_of_justicia_is_its_data_json(read, shared: Path) -> None:
    """18 datasets and 71 distributions, field by field."""
    harvest = shared / "payloads" / "harvest"
    pages = read({"/a.xlsx": (harvest / "inventory" / "catalogo-justicia.xlsx").read_bytes()}, "/a.xlsx")
    document = json.loads((harvest / "datajson_ar" / "justicia.data.json").read_text(encoding="utf-8"))
    ours = {record["identifier"]: map_record(record, "datajson").dataset for record in records(pages)}
    theirs = {record["identifier"]: map_record(record, "datajson").dataset for record in document["dataset"]}
    assert ours == theirs
    assert (len(ours), sum(len(dataset["resources"]) for dataset in ours.values())) == (18, 71)


@pytest.mark.payloads
def test_a_real_inventory_in_the_template_is_read_as_the_page_reads_it(read, shared: Path) -> None:
    content = (shared / "payloads" / "mx" / "adela-inventario-sedesol-2014.csv").read_bytes()
    settings = MappingSettings()
    expected = read_catalogue(content, "sedesol", settings)
    found = records(read({"/a.csv": content}))
    datasets = [map_record(record, "datajson", settings).dataset for record in found]
    assert datasets == [dataset.dataset for dataset in expected.datasets if not dataset.is_rejected]
    assert sum(len(dataset["resources"]) for dataset in datasets) > 50


@pytest.mark.payloads
@pytest.mark.parametrize("name", ["adela-planes-apertura-2016.csv", "pnda-planes-apertura-conteo-2026.csv"])
def test_real_plans_become_no_dataset(read, shared: Path, name: str) -> None:
    pages = read({f"/{name}": (shared / "payloads" / "mx" / name).read_bytes()}, f"/{name}")
    assert (records(pages), [promises.file_name for page in pages for promises in page.promises]) == ([], [name])
