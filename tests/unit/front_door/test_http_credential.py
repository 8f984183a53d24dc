"""Whose key the HTTP client sends, to whom, and that nothing repeats it."""

from __future__ import annotations

import logging
import socket
import traceback
from typing import Any

import pytest

from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.http_credential import Credential, without_parameter
from ckanext.mxopendata.http_robots import RobotsMemory

from .conftest import failure


class TestInTheHeader:
    KEY = "Bearer muy-secreto"

    def _see(self, loopback: Any, path: str) -> tuple[str, list[str | None]]:
        seen: list[str | None] = []

        def answer(handler: Any, _query: Any) -> None:
            seen.append(handler.headers["Authorization"])
            handler.send_response(200)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return loopback.serve_with(path, answer), seen

    def test_its_host_gets_it_also_after_a_redirect_of_its_own(self, fetch, loopback):
        _, seen = self._see(loopback, "/b")
        url = loopback.serve("/a", "", status=302, headers={"Location": "/b"})
        fetch(url, credential=Credential(loopback.host, self.KEY))
        assert seen == [self.KEY]

    def test_another_host_does_not_also_not_by_a_redirect(self, fetch, loopback):
        _, seen = self._see(loopback, "/b")
        other = f"localhost:{loopback.port}"
        url = loopback.serve("/a", "", status=302, headers={"Location": f"http://{other}/b"})
        allowed = frozenset({loopback.host, other})
        fetch(url, allowed_private=allowed, credential=Credential(loopback.host, self.KEY))
        fetch(loopback.url("/b"), allowed_private=allowed, credential=Credential("127.0.0.1", self.KEY))
        assert seen == [None, None]

    def test_nor_does_robots_txt(self, fetch, loopback):
        _, seen = self._see(loopback, "/robots.txt")
        url = loopback.serve("/a", "x")
        fetch(url, robots=RobotsMemory(), credential=Credential(loopback.host, self.KEY))
        assert seen == [None]

    def test_it_is_not_sent_in_clear(self, fetch, monkeypatch):
        """Nobody is asked at all: what would be the answer without it?"""
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("the host was looked for"))
        credential = Credential("datos.ejemplo.gob.mx", self.KEY)
        error = failure(lambda: fetch("http://datos.ejemplo.gob.mx/data.json", credential=credential))
        assert error.finding.code == "http_secret_in_clear"

    def test_nothing_shows_it(self):
        settings = HttpSettings("prueba/1.0", credential=Credential("a.mx", self.KEY))
        assert "secreto" not in repr(settings)


class TestInTheAddress:
    KEY = "muy/secreto"

    @pytest.fixture(autouse=True)
    def everything_logged(self, caplog):
        """No line of any library's log holds it."""
        caplog.set_level(logging.DEBUG)
        yield
        assert "secreto" not in caplog.text

    def _see(self, loopback: Any, path: str) -> tuple[str, list[list[str]]]:
        seen: list[list[str]] = []

        def answer(handler: Any, query: Any) -> None:
            assert handler.headers["Authorization"] is None
            seen.append(query.get("auth_key", []))
            handler.send_response(200)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return loopback.serve_with(path, answer), seen

    def _key(self, host: str) -> Credential:
        return Credential(host, self.KEY, "auth_key")

    def test_its_host_gets_it_also_after_a_redirect_that_repeats_it(self, fetch, loopback):
        _, seen = self._see(loopback, "/b")
        location = "/b?auth_key=muy%2Fsecreto&limit=2"
        url = loopback.serve("/a", "", status=302, headers={"Location": location})
        fetched = fetch(f"{url}?limit=2", credential=self._key(loopback.host))
        assert seen == [[self.KEY]]
        assert fetched.url == loopback.url("/b?limit=2")

    def test_another_host_does_not_also_not_by_a_redirect_that_repeats_it(self, fetch, loopback):
        _, seen = self._see(loopback, "/b")
        other = f"localhost:{loopback.port}"
        location = f"http://{other}/b?limit=2&auth_key=muy%2Fsecreto"
        url = loopback.serve("/a", "", status=302, headers={"Location": location})
        allowed = frozenset({loopback.host, other})
        fetch(url, allowed_private=allowed, credential=self._key(loopback.host))
        fetch(loopback.url("/b"), allowed_private=allowed, credential=self._key("127.0.0.1"))
        assert seen == [[], []]

    def test_a_failure_does_not_repeat_it(self, fetch, loopback):
        def hang_up(handler: Any, _query: Any) -> None:
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True

        url = loopback.serve_with("/a", hang_up) + "?limit=2"
        error = failure(lambda: fetch(url, credential=self._key(loopback.host)))
        assert error.finding.location == url
        assert "secreto" not in "".join(traceback.format_exception(error))

    def test_it_is_not_sent_in_clear(self, fetch, monkeypatch):
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("the host was looked for"))
        error = failure(lambda: fetch("http://datos.ejemplo.gob.mx/a", credential=self._key("datos.ejemplo.gob.mx")))
        assert error.finding.code == "http_secret_in_clear"

    def test_a_proxy_passes_it_on(self, loopback, tmp_path):
        asked: list[str] = []

        def answer(handler: Any, _query: Any) -> None:
            asked.append(handler.path)
            handler.send_response(200)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        loopback.serve_with("/a", answer)
        allowed = frozenset({loopback.host, "93.184.216.34:80"})
        own = {"proxy": f"http://{loopback.host}", "retries": 0, "credential": self._key("93.184.216.34")}
        with HttpClient(HttpSettings("x", allowed, **own), tmp_path) as client:
            client.fetch("http://93.184.216.34/a?limit=2")
            client.fetch("http://93.184.216.35/a?limit=2")
        assert asked == [
            "http://93.184.216.34/a?limit=2&auth_key=muy%2Fsecreto",
            "http://93.184.216.35/a?limit=2",
        ]

    @pytest.mark.parametrize(
        ("text", "without"),
        [
            ("https://a.mx/x?auth_key=1", "https://a.mx/x"),
            ("https://a.mx/x?AUTH_KEY=1&b=2#c", "https://a.mx/x?b=2#c"),
            ("https://a.mx/x?b=2&auth_key=1#c", "https://a.mx/x?b=2#c"),
            ("https://a.mx/x?b=2&auth_key=1&c=3", "https://a.mx/x?b=2&c=3"),
            ('¿Sí? <a href="https://a.mx/?b=2&amp;auth_key=1">x</a>', '¿Sí? <a href="https://a.mx/?b=2">x</a>'),
            ("https://a.mx/x?other_auth_key=1", "https://a.mx/x?other_auth_key=1"),
        ],
    )
    def test_addresses_without_it_stay_addresses(self, text, without):
        assert without_parameter(text, "auth_key") == without
