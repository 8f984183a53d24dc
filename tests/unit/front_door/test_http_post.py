"""Asking with a body: the same limits, checks, redirects and attempts as for any other request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.http_credential import Credential

QUESTION = "<¿?/>".encode()


class Asked:
    """A server that answers as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.host = ""

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


@pytest.fixture
def asked() -> Iterator[Asked]:
    told = Asked()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.requests.append((self.command, self.path, body, dict(self.headers.items())))
            waiting = told.answers.get(self.path, [(404, {}, b"")])
            status, headers, content = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def post(asked, tmp_path):
    def ask(path: str, **settings: Any) -> bytes:
        own = {"user_agent": "prueba/1.0", "allowed_private": frozenset({asked.host}), "retries": 0, **settings}
        with HttpClient(HttpSettings(**own), tmp_path) as client:
            fetched = client.post(asked.url(path), QUESTION, "application/xml; charset=utf-8")
            return fetched.path.read_bytes()

    return ask


def _code(post, path: str, **settings: Any) -> str:
    with pytest.raises(SourceError) as error:
        post(path, **settings)
    return error.value.finding.code


def test_the_body_arrives_as_it_is(asked, post):
    asked.answers["/a"] = [(200, {}, b"respuesta")]
    assert post("/a") == b"respuesta"
    ((method, _, body, headers),) = asked.requests
    assert (method, body) == ("POST", QUESTION)
    assert headers["Content-Type"] == "application/xml; charset=utf-8"
    assert headers["Accept"] == "application/xml, */*;q=0.5"
    assert headers["User-Agent"] == "prueba/1.0"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_asked_the_same(asked, post, status):
    asked.answers = {"/a": [(status, {"Location": "/b"}, b"")], "/b": [(200, {}, b"llegada")]}
    assert post("/a") == b"llegada"
    assert [(method, path, body) for method, path, body, _ in asked.requests] == [
        ("POST", "/a", QUESTION),
        ("POST", "/b", QUESTION),
    ]


def test_a_redirect_to_the_answer_is_fetched(asked, post):
    asked.answers = {"/a": [(303, {"Location": "/b"}, b"")], "/b": [(200, {}, b"llegada")]}
    assert post("/a") == b"llegada"
    assert [(method, body) for method, _, body, _ in asked.requests] == [("POST", QUESTION), ("GET", b"")]


def test_a_redirect_to_an_address_inside_is_refused(asked, post):
    asked.answers["/a"] = [(307, {"Location": "http://127.0.0.1:1/"}, b"")]
    assert _code(post, "/a") == "http_private_address"


def test_a_passing_error_is_asked_again_with_the_body(asked, post):
    asked.answers["/a"] = [(503, {}, b""), (200, {}, b"ya")]
    assert post("/a", retries=1) == b"ya"
    assert [body for _, _, body, _ in asked.requests] == [QUESTION, QUESTION]


def test_the_limits_are_those_of_a_fetch(asked, post, tmp_path):
    asked.answers["/a"] = [(200, {}, b"x" * 1000)]
    assert _code(post, "/a", maximum_bytes=999) == "http_too_large"
    assert _code(post, "/nada") == "http_not_found"
    assert list(tmp_path.iterdir()) == []


def test_the_key_goes_to_its_host_only(asked, post):
    asked.answers["/a"] = [(200, {}, b"")]
    post("/a", credential=Credential(asked.host, "clave"))
    post("/a", credential=Credential("otro.gob.mx", "clave"))
    assert [headers.get("Authorization") for _, _, _, headers in asked.requests] == ["clave", None]
