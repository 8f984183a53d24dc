"""The files of the loopback portals."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter

import openpyxl
import pytest

from portals.server import Portals
from unit.portals.calls import ask


class TestFiles:
    """Downloads hold what their links promise, but for the broken ones."""

    def test_every_link_answers_or_is_one_of_the_broken(self, portals: Portals) -> None:
        answers: Counter[int] = Counter()
        for server in portals.servers.values():
            for path, (_, file) in server.portal.files.items():
                status = server.portal.respond("GET", f"/{path}", "", {}, b"").status
                assert status == (404 if file.broken else 200), path
                answers[status] += 1
        assert answers[404] == 30
        assert answers[200] > 400

    def test_the_data_dictionaries_that_are_named_are_there(self, portals: Portals) -> None:
        named = re.findall(
            r'"(http://[^"]+/diccionarios/[^"]+)"', json.dumps(portals.servers["jalisco"].portal.entries)
        )
        assert len(named) == 15
        header, *rows = csv.reader(io.StringIO(ask(named[0])[2].decode("utf-8")))
        assert header == ["campo", "tipo", "descripcion"]
        assert rows

    @pytest.mark.parametrize("wanted", ["CSV", "JSON", "GEOJSON", "XLSX", "PDF", "SHP"])
    def test_formats(self, portals: Portals, wanted: str) -> None:
        for server in portals.servers.values():
            for path, (record, file) in server.portal.files.items():
                if file.format != wanted or file.broken:
                    continue
                data = ask(f"{server.url}/{path}")[2]
                self.check(wanted, data, [column.split("=")[0].rstrip("#$%") for column in record.columns])
                return
        pytest.fail(f"no {wanted} in any portal")

    def check(self, file_format: str, data: bytes, columns: list[str]) -> None:
        if file_format == "CSV":
            rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
            assert rows[0] == columns
            assert len(rows) == 25
        elif file_format == "JSON":
            assert list(json.loads(data)["datos"][0]) == columns
        elif file_format == "GEOJSON":
            assert json.loads(data)["features"][0]["geometry"]["type"] == "Point"
        elif file_format == "XLSX":
            sheet = openpyxl.load_workbook(io.BytesIO(data)).active
            assert sheet is not None
            assert [cell.value for cell in next(sheet.iter_rows())] == columns
        elif file_format == "PDF":
            assert data.startswith(b"%PDF-1.4")
            assert int(data.split()[-2]) == data.index(b"xref\n0")
        else:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                shapes = archive.read("datos.shp")
                # The header tells the file's length in words of two bytes.
                assert int.from_bytes(shapes[24:28], "big") * 2 == len(shapes)
                assert len(archive.read("datos.shx")) == 100 + 8 * 24
