"""JSON as portals serve it: encodings, wrappers, what is no JSON at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.documents import load_json, make_utf8, read_beside_list, stream_list

URL = "https://datos.ejemplo.gob.mx/data.json"
RECORDS = [{"title": "Educación básica: matrícula por año, señalización y bibliotecas públicas"}, {"title": "Niñez"}]


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "data.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"])
def test_every_encoding_is_read(tmp_path, encoding):
    text = json.dumps({"dataset": RECORDS}, ensure_ascii=False)
    path = _file(tmp_path, text.encode(encoding))
    make_utf8(path)
    assert list(stream_list(path, URL)) == RECORDS


def test_a_letter_cut_by_the_end_of_a_chunk_is_utf8_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("ckanext.mxopendata.harvest.documents.CHUNK", 3)
    path = _file(tmp_path, json.dumps({"dataset": RECORDS}, ensure_ascii=False).encode())
    assert make_utf8(path) == "utf-8"


@pytest.mark.parametrize(
    "wrapped",
    [
        {"dataset": RECORDS},
        RECORDS,
        {"catalog": {"title": "x", "dataset": RECORDS}},
        [{"title": "catálogo", "dataset": []}] and {"title": "x", "publisher": {"name": "y"}, "dataset": RECORDS},
    ],
)
def test_the_list_is_found_where_portals_put_it(tmp_path, wrapped):
    assert list(stream_list(_file(tmp_path, json.dumps(wrapped).encode()), URL)) == RECORDS


def test_reading_goes_on_after_what_was_read(tmp_path):
    path = _file(tmp_path, json.dumps({"dataset": [{"n": number} for number in range(5)]}).encode())
    assert list(stream_list(path, URL, skip=3)) == [{"n": 3}, {"n": 4}]


def test_what_a_server_adds_behind_the_catalogue_does_not_hurt(tmp_path):
    path = _file(tmp_path, json.dumps({"dataset": RECORDS}).encode() + b"\n<!-- 0.3 s -->")
    assert list(stream_list(path, URL)) == RECORDS


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "json_empty"),
        (b"  \n ", "json_empty"),
        (b"<!DOCTYPE html><html></html>", "json_is_html"),
        (b"\n\n<html><head>", "json_is_html"),
        (b"<rdf:RDF/>", "json_invalid"),
        (b"\x00\x01\x02", "json_invalid"),
        (b'{"dataset": [{"title": "a"}, {"title": ', "json_cut_off"),
        (b'{"dataset": [{"title": "a"} {"title": "b"}]}', "json_invalid"),
        (b'{"conformsTo": "x"}', "json_no_list"),
        (b'{"dataset": null}', "json_no_list"),
        (b'{"success": false, "error": {"message": "no"}}', "json_says_error"),
        (b'"texto"', "json_no_list"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, content, code):
    path = _file(tmp_path, content)
    with pytest.raises(SourceError) as error:
        list(stream_list(path, URL))
    assert error.value.finding.code == code
    assert error.value.finding.to_dict("es")["message"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b'{"a": [1, 2', "json_cut_off"), (b'{"a": "b', "json_cut_off"), (b"{a: 1}", "json_invalid"), (b"", "json_empty")],
)
def test_a_short_answer_that_is_no_json(tmp_path, content, code):
    with pytest.raises(SourceError) as error:
        load_json(_file(tmp_path, content), URL)
    assert error.value.finding.code == code


def test_a_large_catalogue_takes_little_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "data.json"
    with path.open("w") as file:
        file.write('{"dataset": [')
        line = json.dumps({"title": "x" * 1000})
        file.write(",".join([line] * 20_000))
        file.write("]}")
    assert path.stat().st_size > 20_000_000
    tracemalloc.start()
    assert sum(1 for _ in stream_list(path, URL)) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("holder", ["", "catalog"])
def test_what_stands_beside_the_list_is_read_until_there_is_enough(tmp_path, holder):
    content = {"license": "MIT", "conformsTo": "https://a.example", "dataset": [{"conformsTo": "b"}], "language": "es"}
    path = tmp_path / "data.json"
    path.write_text(json.dumps({holder: content} if holder else content))
    whole = {"license": "MIT", "conformsTo": "https://a.example", "language": "es"}
    assert read_beside_list(path, URL) == whole
    assert read_beside_list(path, URL, enough=("conformsTo",)) == {"license": "MIT", "conformsTo": None}
    assert read_beside_list(path, URL, enough=("license",)) == {"license": None}
    assert read_beside_list(path, URL, enough=("title",)) == whole
