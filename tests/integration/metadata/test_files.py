"""A resource's file: what the form is told of it, what saving takes from it, and the dictionary to take along."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from werkzeug.datastructures import FileStorage

from ckan.tests import factories, helpers

from integration.metadata.conftest import ROLES

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]
PLACES = "CVEGEO;municipio;habitantes\n01001;Aguascalientes;948990\n01002;Asientos;51536\n"
SCHEMA = {"fields": [{"name": "municipio", "type": "string", "description": "Nombre según el INEGI"}]}


@pytest.fixture(scope="module")
def dataset(institution: dict[str, Any]) -> dict[str, Any]:
    return factories.Dataset(name="con-archivos", owner_org=institution["id"])


@pytest.fixture
def private(dataset: dict[str, Any]) -> Iterator[None]:
    """The dataset is not public."""
    helpers.call_action("package_patch", id=dataset["id"], private=True)
    yield
    helpers.call_action("package_patch", id=dataset["id"], private=False)


@pytest.fixture
def ask(app: Any, headers_of: dict[str, dict[str, str]], dataset: dict[str, Any]) -> Callable[..., Any]:
    """Asks as an editor what a file tells of itself."""

    def post(role: str = "editor", content: bytes | None = None, name: str = "m.csv", **form: Any) -> Any:
        data = {"dataset": dataset["id"], **form}
        if content is not None:
            data["upload"] = (io.BytesIO(content), name)
        kind = "multipart/form-data"
        return app.post("/formulario/archivo", data=data, headers=headers_of[role], content_type=kind)

    return post


def upload(content: bytes | str, name: str) -> FileStorage:
    octets = content.encode() if isinstance(content, str) else content
    return FileStorage(io.BytesIO(octets), filename=name)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_have_a_file_read(ask, loopback, role):
    answer = ask(role, PLACES.encode())
    assert answer.status_code == (200 if role in ("editor", "admin", "sysadmin") else 403)
    address = loopback.serve("/m.csv", PLACES)
    assert ask(role, url=address).status_code == answer.status_code
    assert loopback.requests == [], "an address of this machine is refused to everybody"


def test_an_uploaded_file_tells_of_itself(ask):
    answer = ask(content=PLACES.encode(), size="5000000").json
    assert answer["values"] == {"format": "CSV", "mimetype": "text/csv", "size": 5_000_000, "encoding": "UTF-8"}
    assert [column["type"] for column in answer["schema"]["fields"]] == ["string", "string", "integer"]
    page = BeautifulSoup(answer["html"], "html.parser").get_text(" ", strip=True)
    assert "CSV" in page
    assert "CVEGEO" in page, "keys with leading zeros are pointed out"


def test_the_columns_that_were_described_stay(ask):
    answer = ask(content=PLACES.encode(), schema=json.dumps(SCHEMA)).json
    described = next(column for column in answer["schema"]["fields"] if column["name"] == "municipio")
    assert described["description"] == "Nombre según el INEGI"


def test_a_linked_file_tells_of_itself_by_its_beginning(ask, loopback, monkeypatch, ckan_config):
    monkeypatch.setitem(ckan_config, "ckanext.mxopendata.http.allowed_private", [loopback.host])
    monkeypatch.setitem(ckan_config, "ckanext.mxopendata.form.file_kilobytes", 1)
    whole = PLACES + "01003;Calvillo;58250\n" * 5_000
    sent: list[int] = []

    def answer(handler: Any, _: Any) -> None:
        asked = handler.headers["Range"]
        last = int(asked.rpartition("-")[2])
        sent.append(last)
        handler.send_response(206)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Content-Range", f"bytes 0-{last}/{len(whole)}")
        handler.send_header("Content-Length", str(last + 1))
        handler.end_headers()
        handler.wfile.write(whole.encode()[: last + 1])

    told = ask(url=loopback.serve_with("/municipios.csv", answer)).json
    assert sent == [1023]
    assert told["values"] == {"format": "CSV", "mimetype": "text/csv", "size": len(whole), "encoding": "UTF-8"}
    assert [column["name"] for column in told["schema"]["fields"]] == ["CVEGEO", "municipio", "habitantes"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:5000/x.csv", "privada"),
        ("http://[::1]/x.csv", "privada"),
        ("http://169.254.169.254/latest/meta-data", "privada"),
        ("http://2130706433/x.csv", "privada"),
        ("file:///etc/passwd", "http"),
        ("ftp://x.mx/x.csv", "http"),
        ("javascript:alert(1)", "http"),
        ("x.csv", "http"),
        ("", "http"),
        ("http://[", ""),
        ("http://no-existe.invalid/x.csv", ""),
    ],
)
def test_what_is_not_fetched_is_said_and_fills_in_nothing(ask, address, words):
    answer = ask(url=address)
    assert answer.status_code == 200
    assert answer.json["values"] == {}
    assert answer.json["schema"] is None
    alert = BeautifulSoup(answer.json["html"], "html.parser").select_one(".alert")
    assert words in alert.get_text().lower()


def test_a_page_behind_a_link_is_no_file(ask, loopback, monkeypatch, ckan_config):
    monkeypatch.setitem(ckan_config, "ckanext.mxopendata.http.allowed_private", [loopback.host])
    url = loopback.serve(
        "/datos.csv", "<!doctype html><html><script>alert(1)</script>", headers={"Content-Type": "text/csv"}
    )
    told = ask(url=url).json
    assert told["values"]["format"] == "HTML"
    assert told["schema"] is None
    assert "<script>" not in told["html"]
    assert "página web" in told["html"]


def test_a_redirect_to_a_private_address_is_not_followed(ask, loopback, monkeypatch, ckan_config):
    monkeypatch.setitem(ckan_config, "ckanext.mxopendata.http.allowed_private", [loopback.host])
    with socket.socket() as inside:
        inside.bind(("127.0.0.1", 0))
        inside.listen()
        inside.settimeout(0.2)
        target = f"http://127.0.0.1:{inside.getsockname()[1]}/secreto"
        told = ask(url=loopback.serve("/ir", "", status=302, headers={"Location": target})).json
        with pytest.raises(TimeoutError):
            inside.accept()
    assert told["values"] == {}


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.csv", "../../etc/passwd", "\x00.csv", "a" * 3000])
def test_a_name_that_means_harm_is_shown_as_text(ask, name):
    answer = ask(content=b'<html onload="alert(1)">', name=name)
    assert answer.status_code == 200
    assert "<img" not in answer.json["html"]


def test_saving_takes_from_an_upload_what_nobody_wrote(as_editor, dataset):
    made = as_editor(
        "resource_create", package_id=dataset["id"], name="Municipios", url="", format="", mimetype="", size="",
        upload=upload(PLACES.encode("cp1252"), "municipios.csv"),
    )  # fmt: skip
    facts = {name: made.get(name) for name in ("format", "mimetype", "size", "encoding")}
    assert facts == {"format": "CSV", "mimetype": "text/csv", "size": len(PLACES), "encoding": "UTF-8"}
    assert not made.get("schema"), "the types of columns are guesses, which a person confirms in the form"


def test_what_was_written_wins_until_another_file_comes(as_editor, dataset):
    made = as_editor(
        "resource_create", package_id=dataset["id"], name="Municipios", format="TXT", encoding="ISO-8859-15",
        upload=upload(PLACES, "municipios.csv"),
    )  # fmt: skip
    assert (made["format"], made["encoding"]) == ("TXT", "ISO-8859-15")
    again = as_editor("resource_update", **{**made, "upload": upload('[{"a": 1}, {"a": 2}]', "municipios.json")})
    assert (again["format"], again["mimetype"], again["size"]) == ("JSON", "application/json", 20)
    kept = as_editor("resource_update", **{**again, "description": "Otra descripción", "size": 20})
    assert (kept["format"], kept["size"]) == ("JSON", 20)


def test_a_stored_file_is_read_where_it_lies(ask, as_editor, dataset):
    made = as_editor("resource_create", package_id=dataset["id"], name="M", upload=upload(PLACES, "municipios.csv"))
    told = ask(url=made["url"], resource=made["id"]).json
    assert told["values"]["size"] == len(PLACES)
    assert told["schema"]["fields"]
    other = ask(url="http://127.0.0.1/otro.csv", resource=made["id"]).json
    assert other["values"] == {}, "another address is not this file"


def test_the_file_of_somebody_else_s_private_dataset_is_not_read(ask, app, headers_of, complete, other, dataset):
    secret = helpers.call_action("package_create", **complete("ajeno", owner_org=other["id"], private=True))
    made = helpers.call_action(
        "resource_create", package_id=secret["id"], name="M", upload=upload("secreto\n1\n2\n", "secreto.csv")
    )
    answer = ask(url=made["url"], resource=made["id"])
    assert answer.status_code == 403
    assert "secreto" not in answer.body
    helpers.call_action("dataset_purge", id="ajeno")


@pytest.fixture(scope="module")
def described(dataset: dict[str, Any]) -> dict[str, Any]:
    columns = [*SCHEMA["fields"], {"name": "=2+2", "type": "integer", "description": "@SUM(A1)", "unit": "personas"}]
    fields = {
        "package_id": dataset["id"],
        "name": "Municipios",
        "url": "https://x.mx/municipios%20de%20M%C3%A9xico.csv",
    }
    return helpers.call_action("resource_create", **fields, schema=json.dumps({"fields": columns}))


def test_the_dictionary_is_taken_along_and_holds_no_formulas(app, dataset, described):
    answer = app.get(f"/dataset/{dataset['name']}/resource/{described['id']}/diccionario.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="diccionario-municipios-de-mexico.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.body.removeprefix("\ufeff"))))
    assert [row["columna"] for row in rows] == ["municipio", "'=2+2"]
    assert rows[0]["descripcion"] == "Nombre según el INEGI"
    assert (rows[1]["descripcion"], rows[1]["tipo"], rows[1]["unidad"]) == ("'@SUM(A1)", "Número entero", "personas")


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("role", ROLES)
def test_who_sees_the_dictionary_of_a_private_dataset(app, headers_of, dataset, described, role):
    address = f"/dataset/{dataset['name']}/resource/{described['id']}/diccionario.csv"
    answer = app.get(address, headers=headers_of[role])
    assert answer.status_code == (404 if role in ("anonymous", "stranger", "other admin") else 200)


@pytest.mark.parametrize(
    "path", ["/dataset/nada/resource/x/diccionario.csv", "/dataset/con-archivos/resource/x/diccionario.csv"]
)
def test_a_dictionary_that_is_not_there(app, dataset, path):
    assert app.get(path).status_code == 404


def test_the_resource_s_page_shows_the_columns(app, dataset, described):
    page = BeautifulSoup(app.get(f"/dataset/{dataset['name']}/resource/{described['id']}").body, "html.parser")
    section = page.select_one("#diccionario")
    assert [cell.get_text() for cell in section.select("tbody th")] == ["municipio", "=2+2"]
    assert "Número entero" in section.get_text()
    assert section.select_one("a[href$='diccionario.csv']")


def test_a_column_without_a_name_is_refused_at_its_field(as_editor, dataset):
    schema = json.dumps({"fields": [{"name": "a"}, {"type": "string"}]})
    with pytest.raises(Exception, match="columna sin nombre") as refused:
        as_editor("resource_create", package_id=dataset["id"], name="M", url="https://x.mx/m.csv", schema=schema)
    assert "schema" in refused.value.error_dict
