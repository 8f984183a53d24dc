"""The HTTP client over TLS and through a proxy: whom it trusts, and that nothing goes round its checks.

``localhost.pem`` is a certificate for ``localhost`` with its key, made for these tests and trusted by nobody else.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.http import HttpClient, HttpSettings

CERTIFICATE = Path(__file__).with_name("localhost.pem")
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[[Callable[[ssl.SSLSocket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A TLS server of one answer after the other; gives its port."""
    servers: list[socket.socket] = []

    def start(answer: Callable[[ssl.SSLSocket], None]) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def work() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    answer(secure)

        threading.Thread(target=work, daemon=True).start()
        return server.getsockname()[1]

    yield start
    for server in servers:
        server.close()


def _fetch(folder: Path, url: str, port: int, **settings: Any) -> bytes:
    allowed = frozenset({f"localhost:{port}", f"127.0.0.1:{port}"})
    options = HttpSettings(**{"user_agent": "x", "allowed_private": allowed, "retries": 0, **settings})
    with HttpClient(options, folder) as client:
        return client.fetch(url).path.read_bytes()


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(SourceError) as error:
        call()
    return error.value.finding.code


def test_a_certificate_that_nobody_vouches_for_is_refused(serve, tmp_path):
    port = serve(lambda secure: secure.sendall(GOOD))
    assert _code(lambda: _fetch(tmp_path, f"https://localhost:{port}/", port)) == "http_tls"


def test_the_authority_that_a_source_names_is_trusted(serve, tmp_path):
    port = serve(lambda secure: secure.sendall(GOOD))
    assert _fetch(tmp_path, f"https://localhost:{port}/", port, ca_bundle=str(CERTIFICATE)) == b"ok"


def test_it_is_trusted_besides_the_usual_ones(serve, tmp_path, monkeypatch):
    """A redirect may lead to a host with an ordinary certificate."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    port = serve(lambda secure: secure.sendall(GOOD))
    assert _fetch(tmp_path, f"https://localhost:{port}/", port, ca_bundle=certifi.where()) == b"ok"


@pytest.mark.parametrize("content", [None, "no es un certificado"])
def test_an_authority_that_is_not_there_is_a_finding(tmp_path, content):
    file = tmp_path / "autoridad.pem"
    if content is not None:
        file.write_text(content)
    assert _code(lambda: _fetch(tmp_path, "https://localhost:1/", 1, ca_bundle=str(file))) == "http_ca_bundle"


def test_but_not_for_another_name(serve, tmp_path):
    port = serve(lambda secure: secure.sendall(GOOD))
    url = f"https://127.0.0.1:{port}/"
    assert _code(lambda: _fetch(tmp_path, url, port, ca_bundle=str(CERTIFICATE))) == "http_tls"


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["headers", "body"])
def test_who_drips_in_secret_is_left(serve, tmp_path, start):
    def drip(secure: ssl.SSLSocket) -> None:
        for octet in start + b"x" * 200:
            secure.sendall(bytes([octet]))
            time.sleep(0.05)

    port = serve(drip)
    limits = {"ca_bundle": str(CERTIFICATE), "total_timeout": 0.8}
    assert _code(lambda: _fetch(tmp_path, f"https://localhost:{port}/", port, **limits)) == "http_too_slow"
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_is_asked_for_the_whole_address(loopback, tmp_path):
    asked: list[str] = []

    def answer(handler: Any, _query: Any) -> None:
        asked.append(handler.path)
        handler.send_response(200)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"proxy")

    loopback.serve_with("/data.json", answer)
    allowed = frozenset({loopback.host})
    settings = HttpSettings("x", allowed, proxy=f"http://{loopback.host}", retries=0)
    with HttpClient(settings, tmp_path) as client:
        assert client.fetch("http://93.184.216.34/data.json").size == 5
        for inside in ("http://10.0.0.1/data.json", "http://169.254.169.254/data.json", "http://127.0.0.1:1/data.json"):
            assert _code(lambda inside=inside: client.fetch(inside)) == "http_private_address"
    assert asked == ["http://93.184.216.34/data.json"]


def test_a_proxy_of_the_environment_is_not_asked(loopback, tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    url = loopback.serve("/a", "directo")
    with HttpClient(HttpSettings("x", frozenset({loopback.host}), retries=0), tmp_path) as client:
        assert client.fetch(url).size == 7
