"""What a file tells of itself: kind, letters, columns; whatever its name says, and whatever its bytes are."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.mxopendata.metadata.file_facts import FileFacts, read_facts
from ckanext.mxopendata.metadata.file_kinds import file_kind
from ckanext.mxopendata.metadata.vocabularies import vocabulary

SCHOOLS = "CCT,municipio,alumnos\n01DPR0001A,Aguascalientes,120\n01DPR0002B,Asientos,85\n"


def facts_of(content: bytes, name: str = "", media_type: str = "") -> FileFacts:
    return read_facts(content, name, media_type, len(content))


def codes(facts: FileFacts) -> set[str]:
    return {finding.code for finding in facts.findings}


def types(facts: FileFacts) -> dict[str, str]:
    assert facts.columns is not None
    return {column["name"]: column["type"] for column in facts.columns.schema["fields"]}


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        if first:
            written.writestr(*first)
        for name in names:
            written.writestr(name, b"x" * 50)
    return buffer.getvalue()


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"{\\rtf1\\ansi Hola}", "RTF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"GIF89a\x01\x00\x01\x00\x00", "GIF"),
        (b"SQLite format 3\x00" + bytes(52) + b"GPKG", "GPKG"),
        (b"SQLite format 3\x00" + bytes(80), "SQLITE"),
        (b"PAR1" + bytes(40), "PARQUET"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"), "XLS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"), "DOC"),
        (gzip.compress(b"a,b"), "GZIP"),
        (archive("xl/workbook.xml", "xl/worksheets/sheet1.xml"), "XLSX"),
        (archive("xl/workbook.xml", "xl/vbaProject.bin"), "XLSM"),
        (archive("word/document.xml"), "DOCX"),
        (archive("manzanas/manzanas.shp", "manzanas/manzanas.dbf"), "SHP"),
        (archive("agency.txt", "stops.txt"), "GTFS"),
        (archive("doc.kml"), "KMZ"),
        (archive("datos.csv"), "ZIP"),
        (archive("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.spreadsheet")), "ODS"),
        (b"  <!DOCTYPE html>\n<html>", "HTML"),
        (b"<!-- hola --><HTML>", "HTML"),
        (b"<table><tr><td>", "HTML"),
        (b'<?xml version="1.0"?><!-- x --><kml xmlns="http://www.opengis.net/kml/2.2">', "KML"),
        (b'<?xml version="1.0"?><rdf:RDF>', "RDF_XML"),
        (b'<?xml version="1.0"?>\n<wfs:FeatureCollection>', "GML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><datos/>', "XML"),
        (b'{"type": "FeatureCollection", "features": [', "GEOJSON"),
        (b'{"@context": {}, "@graph": []}', "JSON_LD"),
        (b'[{"a": 1}]', "JSON"),
        (b"[nota] Este archivo no es JSON\n", None),
        (b"a,b\n1,2\n", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(content, kind):
    assert file_kind(content) == kind
    assert kind is None or vocabulary("file_types").get(kind)


def test_a_table_in_text():
    facts = facts_of(SCHOOLS.encode(), "escuelas.csv", "text/csv")
    assert facts.values() == {"format": "CSV", "mimetype": "text/csv", "size": len(SCHOOLS), "encoding": "UTF-8"}
    assert facts.separator == ","
    assert types(facts) == {"CCT": "string", "municipio": "string", "alumnos": "integer"}
    assert not facts.findings


@pytest.mark.parametrize(
    ("separator", "kind", "media_type"),
    [
        (";", "CSV", "text/csv"),
        ("\t", "TSV", "text/tab-separated-values"),
        ("|", "PSV", "text/pipe-separated-values"),
    ],
)
def test_the_separator_is_found_out(separator, kind, media_type):
    facts = facts_of(SCHOOLS.replace(",", separator).encode(), "escuelas.txt")
    assert (facts.separator, facts.format, facts.media_type) == (separator, kind, media_type)
    assert list(types(facts)) == ["CCT", "municipio", "alumnos"]


def test_prose_is_no_table():
    text = "Nota metodológica, que explica los datos.\n\nSe levantó en 2020, en campo, por sorteo.\nFin.\n"
    facts = facts_of(text.encode(), "nota.txt")
    assert (facts.format, facts.columns) == ("TXT", None)


def test_a_table_of_one_column():
    facts = facts_of(b"municipio\nGuadalajara\nZapopan\n", "municipios.csv")
    assert (facts.format, facts.separator, types(facts)) == ("CSV", None, {"municipio": "string"})


@pytest.mark.parametrize(
    ("encoding", "told", "found"),
    [
        ("utf-8", "UTF-8", set()),
        ("utf-8-sig", "UTF-8", set()),
        ("cp1252", "Windows-1252", {"file_not_utf8"}),
        ("utf-16", "UTF-16", {"file_not_utf8"}),
    ],
)
def test_the_letters(encoding, told, found):
    facts = facts_of("año,población\n2020,126014024\n2010,112336538\n".encode(encoding), "p.csv")
    assert facts.encoding == told
    assert types(facts) == {"año": "year", "población": "integer"}
    assert codes(facts) == found


def test_damaged_letters_are_told():
    damaged = "descripción,año\nEducación,2020\nMovilización,2021\n".encode().decode("cp1252").encode()
    facts = facts_of(damaged, "d.csv")
    assert "file_letters_damaged" in codes(facts)
    assert "descripción" in types(facts)


def test_a_file_cut_in_the_middle_of_a_letter_and_of_a_row():
    whole = "municipio;habitantes\n" + "Cuauhtémoc;545884\n" * 2000
    content = whole.encode()
    cut = content[: content.index("é".encode(), 9000) + 1]
    facts = read_facts(cut, "h.csv", "", len(content))
    assert (facts.encoding, facts.size, codes(facts)) == ("UTF-8", len(content), set())
    assert types(facts) == {"municipio": "string", "habitantes": "integer"}


def test_a_page_instead_of_the_file():
    facts = facts_of(b"<!DOCTYPE html><html><body>Descargar</body></html>", "https://x.mx/datos.csv", "text/csv")
    assert (facts.format, codes(facts)) == ("HTML", {"file_is_a_page"})
    assert codes(facts_of(b"<html></html>", "https://x.mx/descarga", "text/html")) == {"file_is_a_page"}
    assert codes(facts_of(b"<html></html>", "https://x.mx/informe.html")) == set()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"%PDF-1.4\n", "datos.csv", "PDF"),
        (SCHOOLS.encode(), "datos.xlsx", "CSV"),
        (archive("xl/workbook.xml"), "datos.csv", "XLSX"),
        (b'{"a": 1}', "datos.csv", "JSON"),
    ],
)
def test_a_wrong_ending(content, name, kind):
    facts = facts_of(content, name)
    assert facts.format == kind
    assert "file_is_another_kind" in codes(facts)


@pytest.mark.parametrize(
    ("content", "name", "kind", "media_type"),
    [
        (b'<?xml version="1.0"?><datos/>', "m.gml", "GML", "application/gml+xml"),
        (b'{"type": "Feature"}', "m.json", "GEOJSON", "application/geo+json"),
        (archive("a/b.shp"), "manzanas.zip", "SHP", "application/zip"),
        (b"SELECT 1;\nSELECT 2, 3;\n", "respaldo.sql", "SQL", "application/sql"),
        (b"@prefix a: <b> .\n", "c.ttl", "RDF_TURTLE", "text/turtle"),
        (SCHOOLS.encode(), "escuelas.txt", "CSV", "text/csv"),
    ],
)
def test_what_the_name_says_besides_is_no_contradiction(content, name, kind, media_type):
    facts = facts_of(content, name)
    assert (facts.format, facts.media_type) == (kind, media_type)
    assert "file_is_another_kind" not in codes(facts)


def test_unknown_bytes_are_called_by_their_name_and_without_certainty():
    facts = facts_of(b"\x00\x01\x02\x03\xff\xfe\xfd" * 20, "encuesta.sav")
    assert (facts.format, facts.certain) == ("SAV", False)
    assert facts_of(b"\x00\x01\x02\x03\xff\xfe\xfd" * 20, "x").values() == {"size": 140}


def test_an_empty_file():
    facts = facts_of(b"", "vacio.csv")
    assert (facts.size, facts.format, codes(facts)) == (0, None, {"file_empty"})


def test_the_largest_sheet_of_a_workbook():
    content = workbook(
        Portada=[["Presupuesto 2024"]],
        Datos=[["clave", "monto (pesos)", "fecha"], ["001", 12.5, "2024-01-31"], ["002", 7, "2024-02-29"]],
    )
    facts = facts_of(content, "presupuesto.xlsx")
    assert facts.columns is not None
    assert facts.columns.schema["fields"] == [
        {"name": "clave", "type": "string"},
        {"name": "monto (pesos)", "type": "number", "unit": "MXN"},
        {"name": "fecha", "type": "date"},
    ]
    assert codes(facts) == {"file_several_sheets", "file_keys_are_text"}


def test_half_a_workbook_tells_its_kind_only():
    content = workbook(Datos=[["a", "b"], *([number, f"texto {number}"] for number in range(3000))])
    facts = read_facts(content[:20_000], "grande.xlsx", "", len(content))
    assert (facts.format, facts.columns, codes(facts)) == ("XLSX", None, {"file_workbook_cut"})


def test_a_damaged_workbook_is_told():
    content = bytearray(workbook(Datos=[["a", "b"], [1, 2]]))
    content[len(content) // 2 :] = b"?" * (len(content) - len(content) // 2)
    assert "file_workbook_broken" in codes(facts_of(bytes(content), "roto.xlsx"))


def test_a_list_of_objects_and_the_properties_of_features():
    rows = [{"clave": "01", "total": 3, "activo": True}, {"clave": "02", "total": 4.5, "activo": False, "nota": None}]
    assert types(facts_of(json.dumps(rows).encode(), "x.json")) == {
        "clave": "string", "total": "number", "activo": "boolean", "nota": "string",
    }  # fmt: skip
    features = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": row} for row in rows]}
    assert "total" in types(facts_of(json.dumps(features).encode(), "x.geojson"))
    half = json.dumps(rows * 500).encode()[:9_001]
    assert "total" in types(read_facts(half, "x.json", "", 60_000))
    assert facts_of(b'{"a": {"b": 1}}', "x.json").columns is None


def test_without_columns_none_are_looked_for():
    facts = read_facts(SCHOOLS.encode(), "x.csv", "", 90, with_columns=False)
    assert (facts.format, facts.encoding, facts.columns) == ("CSV", "UTF-8", None)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(("", "x.csv", "x.xlsx", "x.json", "x.zip", "x.geojson")), st.booleans())
def test_whatever_the_bytes_are_there_is_an_answer(content, name, whole):
    facts = read_facts(content, name, "", len(content) if whole else 10_000_000)
    assert facts.format is None or vocabulary("file_types").get(facts.format)
    assert all(finding.to_dict()["message"] for finding in facts.findings)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(("<", "{", "[", "PK\x03\x04", "<?xml ", "a,b\n", '{"type": "FeatureCollection", "features": [')),
    st.text(max_size=200),
)
def test_whatever_follows_a_promising_beginning_there_is_an_answer(beginning, rest):
    assert facts_of((beginning + rest).encode("utf-8", "surrogatepass"), "x").size is not None


@pytest.mark.parametrize(
    ("file", "kind", "columns"),
    [
        ("mx/adela-inventario-sedesol-2014.csv", "CSV", 19),
        ("mx/adela-planes-apertura-2016.csv", "CSV", 4),
        ("mx/ieda-datos-alto-valor-2015.tsv", "TSV", 2),
        ("mx/pnda-planes-apertura-conteo-2026.csv", "CSV", 3),
        ("mx/ref/inegi-municipios-2020.json", "JSON", 12),
        ("harvest/inventory/catalogo-justicia.xlsx", "XLSX", 13),
        ("harvest/dcat_rdf/dataset_gob_es.ttl", "RDF_TURTLE", None),
        ("harvest/datajson_ar/datos-gob-ar.2018-04.data.json.gz", "GZIP", None),
    ],
)
def test_real_files(shared: Path, file: str, kind: str, columns: int | None):
    content = (shared / "payloads" / file).read_bytes()
    facts = facts_of(content, file)
    assert facts.format == kind
    assert (len(facts.columns.schema["fields"]) if facts.columns else None) == columns
    assert not codes(facts) & {"file_is_another_kind", "file_is_a_page", "file_headings_below"}


def test_keys_of_inegi_stay_text(shared: Path):
    content = (shared / "payloads" / "mx" / "ref" / "inegi-municipios-2020.json").read_bytes()
    found = types(facts_of(content, "inegi-municipios-2020.json"))
    assert {found[name] for name in ("cve_entidad", "cve_municipio", "cve_completa")} == {"string"}
    assert found["poblacion_total"] == "integer"
