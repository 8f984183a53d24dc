"""What a portal of any platform has in common here: plain datasets, an address, answers; and how it is served."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

Query = Mapping[str, list[str]]


@dataclass(frozen=True)
class Plain:
    """A dataset, in what every platform can say of one; dates are ``YYYY-MM-DD``."""

    identifier: str
    title: str
    description: str = "Descripción del conjunto, con acentos: año, región, cigüeña."
    modified: str = "2026-10-01"
    keywords: tuple[str, ...] = ("agua", "región")
    file_url: str = "https://datos.ejemplo.gob.mx/archivo.csv"
    # Damage it: leave the title out, or put in the place of the whole record what the platform cannot mean.
    broken: bool = False


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Answer(404, "text/html; charset=utf-8", b"<h1>404</h1><p>No encontrado</p>")


class PlatformPortal:
    """One portal; a subclass speaks its protocol.

    Attributes:
        records: what it lists now; tests change it between two runs.
        page_size: the most records it gives in one answer.
        encoding: of its answers, whatever they say of themselves.
        content_type: what its answers say of themselves, where they lie.
        delay: seconds between two pieces of an answer.
        asked: method and address of each request.
        keys: what each of them carried as ``Authorization``; empty where nothing.
    """

    source_type: ClassVar[str] = ""
    # With how many records it is asked whether memory follows their number; fewer where reading one takes milliseconds.
    many: ClassVar[int] = 20_000
    # Bytes that may be held for each: the name, where a list of names comes first.
    held: ClassVar[int] = 0
    # In which its answers may be, whatever they say.
    encodings: ClassVar[tuple[str, ...]] = ("utf-8", "latin-1")
    # Whether its address tells what it is; a folder of tables may be one of data.
    is_told: ClassVar[bool] = True
    page_size: int = 10

    def __init__(self, records: Sequence[Plain]) -> None:
        self.records = list(records)
        self.base = ""
        self.encoding = "utf-8"
        self.content_type: str | None = None
        self.delay = 0.0
        self.asked: list[str] = []
        self.keys: list[str] = []

    @property
    def address(self) -> str:
        """What an operator gives as the address of the source."""
        return f"{self.base}/"

    def file_address(self, record: Plain) -> str:
        """Where the portal says that a dataset's file is; a map server gives its own address."""
        return record.file_url

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """The answer to one request.

        Args:
            method: ``GET``, ``HEAD`` or ``POST``.
            path: decoded.
            query: its parameters.
            body: of a ``POST``.
        """
        raise NotImplementedError

    def json(self, document: Any, status: int = 200) -> Answer:
        """A JSON answer in this portal's encoding."""
        text = json.dumps(document, ensure_ascii=False)
        return Answer(status, "application/json", text.encode(self.encoding, errors="replace"))


@contextmanager
def serving(portal: PlatformPortal) -> Iterator[str]:
    """Serve a portal on a loopback port; ``host:port``."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            portal.asked.append(f"{self.command} {self.path}")
            portal.keys.append(self.headers.get("Authorization", ""))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = portal.respond(self.command, unquote(parts.path), parse_qs(parts.query), body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", portal.content_type or answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self._write(answer.body)

        def _write(self, body: bytes) -> None:
            if not portal.delay:
                self.wfile.write(body)
                return
            for at in range(0, len(body), 20):
                self.wfile.write(body[at : at + 20])
                self.wfile.flush()
                time.sleep(portal.delay)

        do_GET = do_HEAD = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Silent: what is asked for is in ``asked``."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up on a slow portal does what it should."""

    server = Server(("127.0.0.1", 0), Handler)
    host = f"127.0.0.1:{server.server_address[1]}"
    portal.base = f"http://{host}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
