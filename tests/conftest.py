"""What all lanes share: where the third-party payloads are, and a loopback server."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from absent import give_up

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("MXOPENDATA_PAYLOADS", ROOT.parent / "shared" / "payloads")).parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party payloads and shapes, which is not part of the product.

    In CI (``CI=true``) its absence is an error: nothing may be skipped there.
    """
    if not SHARED.is_dir():
        give_up(f"third-party payloads are not here ({SHARED}); set MXOPENDATA_PAYLOADS to their folder")
    return SHARED


@dataclass
class Loopback:
    """A web server on 127.0.0.1 that answers what a test tells it to."""

    port: int
    answers: dict[str, Any] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """``host:port``, as ``ckanext.mxopendata.http.allowed_private`` wants it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://{self.host}{path}"

    def serve(self, path: str, body: bytes | str, status: int = 200, headers: Mapping[str, str] | None = None) -> str:
        """Answer a path, whatever its query; returns its address."""
        content = body.encode() if isinstance(body, str) else body
        self.answers[path] = (status, dict(headers or {}), content)
        return self.url(path)

    def serve_with(self, path: str, answer: Callable[[BaseHTTPRequestHandler, Mapping[str, list[str]]], None]) -> str:
        """Let a function write the answer to a path; it gets the handler and the query."""
        self.answers[path] = answer
        return self.url(path)


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A web server for one test."""
    with serving() as served:
        yield served


@contextmanager
def serving() -> Iterator[Loopback]:
    """A web server, as long as this lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            served.requests.append(self.path)
            served.agents.append(self.headers.get("User-Agent", ""))
            answer = served.answers.get(parts.path, (404, {}, b"nothing here"))
            if callable(answer):
                answer(self, parse_qs(parts.query))
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silent: what a test asks for is in ``requests``."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up early is what several tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    served = Loopback(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
