"""The page on which an editor uploads a catalogue, and what everybody may take."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from bs4 import BeautifulSoup
from openpyxl import load_workbook

from ckan.tests import factories, helpers

from ckanext.mxopendata.uploads import MAXIMUM_UPLOAD

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

TABLE = (
    "ds:identifier,ds:title,ds:accrualPeriodicity,rs:title,rs:downloadURL\n"
    "u1,<b>Uno</b>,cada eclipse,r,https://x.mx/1.csv\n,,,suelto,https://x.mx/2.csv\n"
)


@pytest.fixture
def url(institution: dict[str, Any]) -> str:
    return f"/organization/{institution['name']}/tabla"


@pytest.fixture
def headers(editor: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": factories.APIToken(user=editor["name"])["token"]}


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.body, "html.parser")


def send(app: Any, url: str, headers: dict[str, str], content: bytes | str, **kept: Any) -> Any:
    octets = content if isinstance(content, bytes) else content.encode()
    data = {"upload": (io.BytesIO(octets), "tabla.csv")}
    return app.post(url, data=data, headers=headers, content_type="multipart/form-data", **kept)


def test_look_first_then_store(app, url, headers, institution):
    page = soup(send(app, url, headers, TABLE, status=200))
    assert helpers.call_action("package_search", fq=f"owner_org:{institution['id']}")["count"] == 0
    text = page.select_one("[role=main], .primary").get_text(" ", strip=True)
    assert "cada eclipse" in text
    assert "<b>Uno</b>" not in str(page)
    form = page.select_one("form[action$='/guardar']")
    token = form.select_one("input[name=token]")["value"]
    taken = app.get(f"{url}/hallazgos.csv?token={token}", headers=headers)
    rows = list(csv.DictReader(io.StringIO(taken.get_data(as_text=True).lstrip("\ufeff"))))
    assert [row["renglon"] for row in rows] == ["2", "3"]
    assert load_workbook(io.BytesIO(app.get(f"{url}/hallazgos.xlsx?token={token}", headers=headers).data))
    app.post(f"{url}/guardar", data={"token": token}, headers=headers, status=200)
    found = helpers.call_action("package_search", fq=f"owner_org:{institution['id']}")
    assert [(dataset["identifier"], dataset["title"]) for dataset in found["results"]] == [("u1", "Uno")]

    everybody = app.get(f"{url}.csv").get_data(as_text=True)
    assert [row["ds:identifier"] for row in csv.DictReader(io.StringIO(everybody.lstrip("\ufeff")))] == ["u1", "u1"]
    sheet = load_workbook(io.BytesIO(app.get(f"{url}.xlsx").data)).worksheets[0]
    assert sheet.max_row == 3


def test_what_is_no_table_says_why(app, url, headers):
    for content, words in ((b"%PDF-1.4", "PDF"), (b"", ""), ("a,b\n1,2\n", "a, b")):
        response = send(app, url, headers, content)
        alert = soup(response).select_one(".alert-danger")
        assert alert is not None
        assert words in alert.get_text()
        assert soup(response).select_one("form[action$='/guardar']") is None
    app.post(url, data={}, headers=headers, status=400)


def test_a_preview_is_its_uploaders_alone(app, url, headers, institution):
    page = soup(send(app, url, headers, TABLE.replace("u1", "otro")))
    token = page.select_one("input[name=token]")["value"]
    other = factories.User()
    helpers.call_action("organization_member_create", id=institution["id"], username=other["name"], role="editor")
    theirs = {"Authorization": factories.APIToken(user=other["name"])["token"]}
    app.post(f"{url}/guardar", data={"token": token}, headers=theirs, status=410)
    app.get(f"{url}/hallazgos.csv?token={token}", headers=theirs, status=410)
    app.post(f"{url}/guardar", data={"token": "inventado"}, headers=headers, status=410)


def test_who_may(app, url, headers, institution):
    member = factories.User()
    helpers.call_action("organization_member_create", id=institution["id"], username=member["name"], role="member")
    inside = {"Authorization": factories.APIToken(user=member["name"])["token"]}
    for visitor in ({}, inside):
        page = soup(app.get(url, headers=visitor, status=200))
        assert page.select_one("input[type=file]") is None
        send(app, url, visitor, TABLE, status=403)
        app.post(f"{url}/guardar", data={"token": "x"}, headers=visitor, status=403)
    assert soup(app.get(url, headers=headers)).select_one("input[type=file]")
    app.get("/organization/ninguna/tabla", status=404)
    app.get(f"{url}.ods", status=404)


def test_by_api(app, headers, institution):
    answer = app.post(
        "/api/3/action/mxopendata_table_import",
        data={"institution": institution["name"], "dry_run": "true", "upload": (io.BytesIO(TABLE.encode()), "t.csv")},
        headers=headers,
        content_type="multipart/form-data",
    ).json["result"]
    assert (answer["rows"], answer["rejected"], answer["dry_run"]) == (2, 1, True)
    app.post("/api/3/action/mxopendata_table_import", json={"institution": institution["name"]}, headers=headers,
             status=409)  # fmt: skip


def test_what_is_called_a_table_and_is_none(app, url, headers):
    """Wrong extensions and bombs: a sentence, never an error; nothing to be stored."""
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 61_000_000)
    for name, content in (
        ("foto.csv", b"\x89PNG\r\n\x1a\n" + bytes(200)),
        ("informe.xlsx", b"%PDF-1.7\n1 0 obj"),
        ("viejo.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("bomba.xlsx", book.getvalue()),
    ):
        data = {"upload": (io.BytesIO(content), name)}
        response = app.post(url, data=data, headers=headers, content_type="multipart/form-data")
        assert response.status_code in (200, 400, 413), name
        assert soup(response).select_one(".alert-danger"), name
        assert soup(response).select_one("form[action$='/guardar']") is None, name


@pytest.mark.parametrize("more", [1, 500_000])
def test_a_file_over_ten_megabytes_is_told_so(app, url, headers, more):
    """Just over the limit, and so much that the request itself says it: the page again, with what to do instead."""
    answer = send(app, url, headers, TABLE + " " * (MAXIMUM_UPLOAD + more - len(TABLE)), status=413)
    page = soup(answer)
    assert "10 MB" in page.select_one(".alert-danger").get_text()
    assert page.select_one("input[type=file]")
    assert page.select_one("form[action$='/guardar']") is None


def test_a_portal_that_takes_less_says_how_much(app, url, headers, monkeypatch):
    """The operator's MAX_CONTENT_LENGTH: in words of this page, not of the server."""
    monkeypatch.setitem(app.flask_app.config, "MAX_CONTENT_LENGTH", 2_500_000)
    answer = send(app, url, headers, TABLE + " " * 3_000_000, status=413)
    assert "pasa de 2.5 MB" in soup(answer).select_one("#error-content").get_text()
    small = TABLE.replace("u1", "menor")
    assert soup(send(app, url, headers, small, status=200)).select_one("form[action$='/guardar']")


def test_a_table_that_is_sent_as_a_field_is_no_file(app, url, headers):
    """A form's field may be half a megabyte; a script that forgot the file's name sends all of it as one."""
    data = {"upload": TABLE + " " * 600_000}
    answer = app.post(url, data=data, headers=headers, content_type="multipart/form-data", status=413)
    assert "Elija un archivo CSV o XLSX." in soup(answer).select_one("#error-content").get_text()


def test_the_complete_catalogue_is_harvested(app, url, headers, institution):
    """Look first, then store: the page, the report and the data.json follow; the second names what it lacks."""
    rows = "".join(f"c{n},Completo {n},https://x.mx/c{n}.csv\n" for n in range(6))
    table = f"ds:identifier,ds:title,rs:downloadURL\n{rows}"
    for content in (table, table.replace("c5,Completo 5,https://x.mx/c5.csv\n", "")):
        octets = {"upload": (io.BytesIO(content.encode()), "catálogo.csv"), "is": "whole"}
        page = soup(app.post(url, data=octets, headers=headers, content_type="multipart/form-data", status=200))
        form = page.select_one("form[action$='/guardar']")
        fields = {field["name"]: field["value"] for field in form.select("input[name=token], input[name=is]")}
        answer = app.post(f"{url}/guardar", data=fields, headers=headers, follow_redirects=False)
        assert (answer.status_code, "/corrida/" in answer.headers["Location"]) == (302, True)
    assert "Completo 5" in page.select_one(".alert-warning").get_text()
    found = helpers.call_action("package_search", fq=f"owner_org:{institution['id']} AND title:Completo", rows=20)
    assert found["count"] == 6
    document = app.get(f"/organization/{institution['name']}/data.json").json
    assert {f"c{n}" for n in range(6)} <= {dataset["identifier"] for dataset in document["dataset"]}
    shown = soup(app.get(url, headers=headers))
    assert "catálogo.csv" in shown.get_text()
    assert shown.select_one("input[value=whole]").has_attr("checked")


@pytest.mark.parametrize("role", [None, "member", "other_admin"])
def test_who_may_not_make_it_the_catalogue(app, url, institution, role):
    visitor: dict[str, str] = {}
    if role:
        user = factories.User()
        where = institution["id"] if role == "member" else factories.Organization()["id"]
        capacity = "member" if role == "member" else "admin"
        helpers.call_action("organization_member_create", id=where, username=user["name"], role=capacity)
        visitor = {"Authorization": factories.APIToken(user=user["name"])["token"]}
    data = {"upload": (io.BytesIO(TABLE.encode()), "t.csv"), "is": "whole"}
    app.post(url, data=data, headers=visitor, content_type="multipart/form-data", status=403)
    app.post(f"{url}/guardar", data={"token": "x", "is": "whole"}, headers=visitor, status=403)
    assert soup(app.get(url, headers=visitor)).select_one("input[name=is]") is None
