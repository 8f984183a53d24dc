"""The HTTP client: what it refuses, follows, retries and counts. No CKAN, a real server on 127.0.0.1."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.http import HttpClient, HttpSettings, Validators


@pytest.fixture
def client(loopback, tmp_path):
    made: list[HttpClient] = []

    def make(**settings: Any) -> HttpClient:
        allowed = settings.pop("allowed_private", frozenset({loopback.host}))
        options = {"user_agent": "prueba/1.0", "allowed_private": allowed, "retries": 0, **settings}
        made.append(HttpClient(HttpSettings(**options), tmp_path))
        return made[-1]

    yield make
    for item in made:
        item.__exit__()


def _code(client: HttpClient, url: str) -> str:
    with pytest.raises(SourceError) as error:
        client.fetch(url)
    return error.value.finding.code


def test_an_answer_is_stored_in_a_file(client, loopback):
    url = loopback.serve("/a", "contenido", headers={"Content-Type": "Application/JSON; charset=utf-8"})
    fetched = client().fetch(url)
    assert fetched.path.read_text() == "contenido"
    assert (fetched.size, fetched.content_type, fetched.url) == (9, "application/json", url)
    assert loopback.agents == ["prueba/1.0"]


def test_a_compressed_answer_is_unpacked(client, loopback):
    url = loopback.serve("/a", gzip.compress(b"contenido" * 1000), headers={"Content-Encoding": "gzip"})
    assert client().fetch(url).size == 9000


def test_a_relative_redirect_is_followed(client, loopback):
    loopback.serve("/b", "llegada")
    url = loopback.serve("/a", "", status=301, headers={"Location": "b?x=1"})
    fetched = client().fetch(url)
    assert (fetched.path.read_text(), fetched.url) == ("llegada", loopback.url("/b?x=1"))


def test_five_redirects_are_followed_and_six_are_not(client, loopback):
    loopback.serve("/5", "llegada")
    for number in range(5):
        loopback.serve(f"/{number}", "", status=302, headers={"Location": f"/{number + 1}"})
    start = loopback.serve("/start", "", status=302, headers={"Location": "/0"})
    assert client().fetch(loopback.url("/0")).size == 7
    assert _code(client(), start) == "http_too_many_redirects"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "http_scheme"),
        ("ftp://datos.ejemplo.gob.mx/data.json", "http_scheme"),
        ("data:application/json,[]", "http_scheme"),
        ("datos.ejemplo.gob.mx/data.json", "http_scheme"),
        ("http://", "http_scheme"),
        ("http://[::1", "http_bad_url"),
        ("http://datos.ejemplo.gob.mx:puerto/", "http_bad_url"),
    ],
)
def test_only_the_web_is_fetched(client, url, code):
    assert _code(client(), url) == code


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_an_address_inside_is_refused_whatever_its_name(client, monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answer = [(family, socket.SOCK_STREAM, 6, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    assert _code(client(), "http://datos.ejemplo.gob.mx/data.json") == "http_private_address"


def test_one_bad_address_of_several_is_enough_to_refuse(client, monkeypatch):
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    assert _code(client(), "http://datos.ejemplo.gob.mx/data.json") == "http_private_address"


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(client, loopback, monkeypatch):
    """DNS rebinding: the first answer is harmless, the next ones are inside; we connect to what was checked."""
    asked: list[str] = []
    connected: list[str] = []
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def resolver(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "rebota.ejemplo.gob.mx":
            return resolve(host, port, *args, **options)
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connecting(connection: socket.socket, address: Any) -> None:
        connected.append(address[0])
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError
        connect(connection, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    loopback.serve("/", "secreto")
    url = f"http://rebota.ejemplo.gob.mx:{loopback.port}/"
    assert _code(client(), url) == "http_unreachable"
    assert (connected, asked) == (["93.184.216.34"], ["rebota.ejemplo.gob.mx"])
    assert _code(client(), url) == "http_private_address"
    assert (connected, loopback.requests) == (["93.184.216.34"], [])


def test_an_allowed_address_is_allowed_on_its_port_only(client, loopback):
    other = frozenset({f"127.0.0.1:{loopback.port + 1}"})
    assert _code(client(allowed_private=other), loopback.url("/")) == "http_private_address"


def test_a_redirect_is_checked_like_the_first_address(client, loopback):
    url = loopback.serve("/a", "", status=302, headers={"Location": "http://localhost:1/"})
    assert _code(client(), url) == "http_private_address"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (204, "http_status"),
        (400, "http_status"),
        (401, "http_forbidden"),
        (403, "http_forbidden"),
        (404, "http_not_found"),
        (410, "http_not_found"),
        (429, "http_too_many_requests"),
        (500, "http_server_error"),
        (503, "http_server_error"),
    ],
)
def test_every_status_has_its_finding(client, loopback, status, code):
    assert _code(client(), loopback.serve("/a", "", status=status)) == code


def test_a_passing_error_is_tried_again(client, loopback):
    tries: list[int] = []

    def answer(handler: Any, _query: Any) -> None:
        tries.append(1)
        handler.send_response(200 if len(tries) > 1 else 503)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    assert client(retries=2).fetch(loopback.serve_with("/a", answer)).size == 2
    assert len(tries) == 2


def test_an_announced_size_over_the_limit_is_not_even_read(client, loopback):
    url = loopback.serve("/a", "x" * 2000)
    assert _code(client(maximum_bytes=1000), url) == "http_too_large"


def test_nothing_is_left_of_an_answer_that_was_cut_off(client, loopback, tmp_path):
    url = loopback.serve("/a", gzip.compress(b"x" * 100_000), headers={"Content-Encoding": "gzip"})
    assert _code(client(maximum_bytes=1000), url) == "http_too_large"
    assert list(tmp_path.iterdir()) == []


def test_the_pace_is_kept(client, loopback):
    url = loopback.serve("/a", "x")
    fetcher = client(interval=0.2)
    began = time.monotonic()
    for _ in range(3):
        fetcher.fetch(url)
    assert time.monotonic() - began >= 0.4


def test_only_the_beginning_is_fetched(client, loopback):
    asked: list[str] = []

    def answer(handler: Any, _query: Any) -> None:
        asked.append(handler.headers["Range"])
        handler.send_response(206)
        for name, value in {
            "Content-Range": "bytes 0-9/5000",
            "Content-Length": "10",
            "Content-Type": "Text/CSV; x",
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(b"a,b\n1,2\n3,")

    found = client().fetch_beginning(loopback.serve_with("/a", answer), 10)
    assert (found.content, found.size, found.content_type, asked) == (b"a,b\n1,2\n3,", 5000, "text/csv", ["bytes=0-9"])


def test_a_server_that_knows_no_ranges_is_cut_off(client, loopback):
    url = loopback.serve("/a", b"x" * 300_000)
    found = client().fetch_beginning(url, 1000)
    assert (len(found.content), found.size) == (1000, 300_000)
    assert (client().fetch_beginning(loopback.serve("/b", b"corto"), 1000)).size == 5


def test_the_size_of_a_compressed_answer_is_not_the_files(client, loopback):
    url = loopback.serve("/a", gzip.compress(b"x" * 300_000), headers={"Content-Encoding": "gzip"})
    found = client().fetch_beginning(url, 1000)
    assert (len(found.content), found.size) == (1000, None)


def test_an_empty_file_has_no_range(client, loopback):
    url = loopback.serve("/a", b"", status=416, headers={"Content-Range": "bytes */0"})
    assert (client().fetch_beginning(url, 10).content, client().fetch_beginning(url, 10).size) == (b"", 0)


def _dripping(where: str) -> Callable[[Any, Any], None]:
    """An answer of which a byte comes now and then, of its headers or of its body."""

    def drip(handler: Any, _query: Any) -> None:
        start = b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if where == "body" else b"X-Slow: ")
        with contextlib.suppress(OSError):
            for octet in start + b"x" * 200:
                handler.wfile.write(bytes([octet]))
                time.sleep(0.05)

    return drip


@pytest.mark.parametrize("where", ["headers", "body"])
def test_who_drips_is_left(client, loopback, where):
    url = loopback.serve_with("/a", _dripping(where))
    began = time.monotonic()
    with pytest.raises(SourceError) as error:
        client(total_timeout=0.8).fetch_beginning(url, 1000)
    assert error.value.finding.code == "http_too_slow"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "file:///etc/passwd"])
def test_the_beginning_goes_nowhere_else(client, loopback, target):
    url = loopback.serve("/a", "", status=302, headers={"Location": target})
    with pytest.raises(SourceError) as error:
        client().fetch_beginning(url, 10)
    assert error.value.finding.code in {"http_private_address", "http_scheme"}


OLD, NEW = "Sun, 01 Nov 2020 08:00:00 GMT", '"v2"'


def _conditional(loopback: Any, path: str = "/a", **headers: str) -> tuple[str, list[dict[str, str]]]:
    """A file with validators; the conditions that it was asked with."""
    asked: list[dict[str, str]] = []

    def answer(handler: Any, _: Any) -> None:
        found = {
            name: handler.headers[name] for name in ("If-None-Match", "If-Modified-Since") if name in handler.headers
        }
        asked.append(found)
        same = found.get("If-None-Match", NEW) == NEW and found.get("If-Modified-Since", OLD) == OLD and bool(found)
        handler.send_response(304 if same else 200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        body = b"" if same else b"contenido"
        if not same:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return loopback.serve_with(path, answer), asked


def test_a_file_is_not_fetched_again_where_the_server_says_that_it_is_the_same(client, loopback):
    url, asked = _conditional(loopback, ETag=NEW, Last_Modified=OLD)
    first = client().fetch_if_changed(url, Validators())
    assert first is not None
    assert first.validators == Validators(url, NEW, OLD)
    assert client().fetch_if_changed(url, Validators.of(first.validators.facts())) is None
    changed = client().fetch_if_changed(url, Validators(url, '"v1"'))
    assert changed is not None
    assert changed.path.read_text() == "contenido"
    assert asked == [{}, {"If-None-Match": NEW, "If-Modified-Since": OLD}, {"If-None-Match": '"v1"'}]


@pytest.mark.parametrize("age", [-1, 0, 40, None])
def test_the_date_of_a_file_that_may_have_changed_within_the_second_tells_nothing(client, loopback, age):
    from email.utils import formatdate

    changed = formatdate(time.time() - age, usegmt=True) if age is not None else "ayer"
    url, _ = _conditional(loopback, Last_Modified=changed)
    assert client().fetch(url).validators == Validators(url)


def test_validators_of_another_address_are_not_believed(client, loopback):
    _conditional(loopback, "/b", ETag=NEW)
    url = loopback.serve("/a", "", status=302, headers={"Location": "/b"})
    kept = client().fetch(url).validators
    assert kept.url == loopback.url("/b")
    assert client().fetch_if_changed(url, kept) is None
    again = client().fetch_if_changed(url, Validators(loopback.url("/c"), NEW))
    assert again is not None
    assert again.path.read_text() == "contenido"


def test_an_answer_that_nobody_asked_for_is_none(client, loopback):
    url = loopback.serve("/a", "", status=304)
    assert _code(client(), url) == "http_status"
    with pytest.raises(SourceError):
        client().fetch_if_changed(url, Validators())


@pytest.mark.parametrize("where", ["headers", "body"])
def test_who_drips_a_whole_file_is_left_too(client, loopback, where, tmp_path):
    """Also on a connection that served well before, and also where the body has no announced end."""
    loopback.serve("/b", "bien")

    url = loopback.serve_with("/a", _dripping(where))
    fetcher = client(total_timeout=0.8, retries=2)
    fetcher.fetch(loopback.url("/b")).path.unlink()
    began = time.monotonic()
    assert _code(fetcher, url) == "http_too_slow"
    assert time.monotonic() - began < 5, "the drip would go on for ten seconds"
    assert list(tmp_path.iterdir()) == []
    assert fetcher.fetch(loopback.url("/b")).size == 4


def test_who_drips_before_the_connection_is_secure_is_left(tmp_path):
    """A server that sends its part of the TLS handshake byte by byte, each in time."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def drip() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            # A handshake record of 16 KB, of which a byte comes now and then.
            for octet in b"\x16\x03\x03\x40\x00\x02" + b"\x00" * 300:
                connection.sendall(bytes([octet]))
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    settings = HttpSettings("x", frozenset({f"127.0.0.1:{port}"}), retries=0, total_timeout=0.8)
    began = time.monotonic()
    with HttpClient(settings, tmp_path) as fetcher:
        assert _code(fetcher, f"https://127.0.0.1:{port}/") == "http_too_slow"
    assert time.monotonic() - began < 10
    server.close()


def test_connections_are_not_kept_open_by_being_watched(client, loopback):
    """A server that closes each connection must not cost us a file handle each."""
    handles = Path("/proc/self/fd")
    if not handles.exists():
        pytest.skip("no /proc here")

    def answer(handler: Any, _query: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"ok")

    url = loopback.serve_with("/a", answer)
    fetcher = client()
    fetcher.fetch(url)
    before = len(list(handles.iterdir()))
    for _ in range(50):
        fetcher.fetch(url)
    assert len(list(handles.iterdir())) - before < 20


@pytest.mark.parametrize("location", ["http://[::1", "http://datos.ejemplo.gob.mx:puerto/", "//["])
def test_a_redirect_that_is_badly_written_is_a_finding(client, loopback, location):
    url = loopback.serve("/a", "", status=302, headers={"Location": location})
    assert _code(client(), url) in {"http_bad_url", "http_scheme"}


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate", "gzip, gzip, gzip"])
def test_a_bomb_is_put_out_before_it_unfolds(client, loopback, tmp_path, coding):
    """Small on the wire, gigabytes unfolded; folded twice and thrice, too."""
    content = (
        zlib.compress(b"\0" * 64 * 1024 * 1024) if coding == "deflate" else gzip.compress(b"\0" * 64 * 1024 * 1024)
    )
    for _ in range(coding.count(",")):
        content = gzip.compress(content)
    url = loopback.serve("/a", content, headers={"Content-Encoding": coding})
    tracemalloc.start()
    try:
        assert _code(client(maximum_bytes=1024 * 1024), url) == "http_too_large"
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert list(tmp_path.iterdir()) == []
