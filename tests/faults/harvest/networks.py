"""Portals that break in every way a network can, once or each time, and what must be true afterwards."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import sqlalchemy as sa
from tests.integration.harvest.conftest import catalogue, record

from ckan import model

from ckanext.harvest.model import HarvestJob

from ckanext.mxopendata.harvest.model import Identity, Run, Spooled

Answer = Callable[[Any, bytes], None]
MEGABYTE = 1024 * 1024


def whole(handler: Any, content: bytes, **headers: str) -> None:
    """The answer as it should be."""
    handler.send_response(200)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)


def reset(handler: Any, content: bytes) -> None:
    """Half of it, then TCP's RST."""
    _begin(handler, content)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The handler's own files keep the socket open; its descriptor is closed under them.
    socket.socket(fileno=handler.connection.detach()).close()


def reset_at_once(handler: Any, content: bytes) -> None:
    """TCP's RST instead of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=handler.connection.detach()).close()


def truncated(handler: Any, content: bytes) -> None:
    """Half of what was announced, then the end."""
    _begin(handler, content)
    handler.close_connection = True


def truncated_chunks(handler: Any, content: bytes) -> None:
    """Chunks without the last one."""
    half = content[: len(content) // 2]
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(half), half))
    handler.close_connection = True


def announces_less(handler: Any, content: bytes) -> None:
    """A length that is a lie: what comes is longer."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) // 2))
    handler.end_headers()
    handler.wfile.write(content)
    handler.close_connection = True


def announces_more(handler: Any, content: bytes) -> None:
    """A length that is a lie: what comes is all, and shorter."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) + 1000))
    handler.end_headers()
    handler.wfile.write(content)
    handler.close_connection = True


def drips(handler: Any, content: bytes) -> None:
    """A byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    _drip(handler, content)


def drips_headers(handler: Any, content: bytes) -> None:
    """A byte now and then, of its headers."""
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Lento: " + b"x" * 200)


def says_nothing(handler: Any, content: bytes) -> None:
    """The connection stands, and nothing comes."""
    time.sleep(6)


def status(number: int, **headers: str) -> Answer:
    """An answer of that status."""

    def answer(handler: Any, content: bytes) -> None:
        handler.send_response(number)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def too_many_for_a_second(handler: Any, content: bytes) -> None:
    """429 until a moment, by the server's own clock, which is an hour ahead."""
    there = time.time() + 3600
    handler.send_response_only(429)
    for name, value in {
        "Date": formatdate(there, usegmt=True),
        "Retry-After": formatdate(there + 1, usegmt=True),
    }.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def bomb(coding: str) -> Answer:
    """Small on the wire, large after decompression."""
    zeros = b" " * 40 * MEGABYTE
    content = zlib.compress(zeros) if coding == "deflate" else gzip.compress(zeros)
    for _ in range(coding.count(",")):
        content = gzip.compress(content)
    assert len(content) < MEGABYTE
    return lambda handler, _: whole(handler, content, Content_Encoding=coding)


def redirect(target: str) -> Answer:
    """To somewhere else."""
    return status(302, Location=target)


@dataclass
class Portal:
    """A portal of one kind, whose catalogue can be exchanged and whose answers can be broken.

    Attributes:
        kind: source type.
        prefix: what its records are called.
        loopback: the server.
    """

    kind: str
    prefix: str
    loopback: Any = None
    records: list[dict[str, Any]] = field(default_factory=list)
    broken: Answer | None = None
    times: int = 0
    asked: int = 0

    @property
    def path(self) -> str:
        """Where the source's address leads, on the server."""
        return f"/{self.prefix}.json" if self.kind == "mx_datajson" else f"/{self.prefix}"

    def publish(self, version: int) -> None:
        """Version 1: six records. Version 2: one is gone, one new, two changed."""
        names = range(6) if version == 1 else range(1, 7)
        changed = {3, 4} if version == 2 else set()
        self.records = [self._record(number, "Otros" if number in changed else "Datos") for number in names]

    def breaks(self, answer: Answer | None, times: int = 1000) -> None:
        """Answer like this so many times, from now on."""
        self.broken, self.times, self.asked = answer, times, 0

    def serve(self, loopback: Any) -> str:
        """Begin to answer, on a server; gives the address of the source there."""
        self.loopback = loopback
        path = self.path if self.kind == "mx_datajson" else f"{self.path}/api/3/action/package_search"
        loopback.serve_with(path, self._answer)
        return loopback.url(self.path)

    def _answer(self, handler: Any, query: Mapping[str, list[str]]) -> None:
        content = self._content(query)
        # The second page of a list, so that something was read before.
        concerned = self.kind == "mx_datajson" or query["start"] != ["0"]
        if self.broken is not None and concerned and self.asked < self.times:
            self.asked += 1
            with suppress(ConnectionError):
                self.broken(handler, content)
            return
        whole(handler, content)

    def _content(self, query: Mapping[str, list[str]]) -> bytes:
        if self.kind == "mx_datajson":
            return catalogue(*self.records).encode()
        start = int(query["start"][0])
        result = {"count": len(self.records), "results": self.records[start : start + 3]}
        return json.dumps({"success": True, "result": result}).encode()

    def _record(self, number: int, word: str) -> dict[str, Any]:
        identifier = f"{self.prefix}-{number}"
        if self.kind == "mx_datajson":
            return record(identifier, f"Conjunto {identifier}", description=f"{word} de prueba")
        return {
            "id": identifier,
            "name": identifier,
            "title": f"Conjunto {identifier}",
            "notes": f"{word} de prueba",
            "resources": [
                {"id": f"r-{identifier}", "url": f"https://datos.ejemplo.gob.mx/{identifier}.csv", "format": "CSV"}
            ],
        }


def standing(source_id: str) -> dict[str, Any]:
    """How a source's datasets stand, in counts that two sources can be compared by."""
    model.Session.rollback()
    rows = model.Session.execute(
        sa.text(
            "SELECT p.state, p.title, p.notes, i.absent_since IS NULL AS listed, i.absent_runs"
            " FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id WHERE i.source_id = :source"
        ),
        {"source": source_id},
    ).mappings()
    known = [dict(row) for row in rows]
    return {
        "datasets": len(known),
        "titles": len({row["title"] for row in known}),
        "active": sum(row["state"] == "active" for row in known),
        "changed": sum((row["notes"] or "").startswith("Otros") for row in known),
        "listed": sum(row["listed"] for row in known),
        "missed": sorted(row["absent_runs"] for row in known),
    }


def at_rest(source_id: str) -> bool:
    """Whether nothing of a source is under way, half done or stored twice."""
    model.Session.rollback()
    session = model.Session
    jobs = session.query(HarvestJob).filter(HarvestJob.source_id == source_id)
    runs = session.query(Run).filter(Run.source_id == source_id)
    spooled = session.query(Spooled).filter(Spooled.run_id.in_([run.id for run in runs]))
    datasets = [row.dataset_id for row in session.query(Identity).filter(Identity.source_id == source_id)]
    return (
        {job.status for job in jobs} == {"Finished"}
        and all(run.status is not None and run.finished >= run.started for run in runs)
        and spooled.count() == 0
        and len(datasets) == len(set(datasets))
    )


def _begin(handler: Any, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()


def _drip(handler: Any, content: bytes) -> None:
    until = time.monotonic() + 20
    for octet in content:
        if time.monotonic() > until:
            return
        handler.wfile.write(bytes([octet]))
        handler.wfile.flush()
        time.sleep(0.1)
