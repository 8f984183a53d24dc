"""HTTP for the portals: one process, a loopback port for each, remembered so that addresses outlive a restart."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from portals.governments import GOVERNMENTS, Government
from portals.portal import DOCUMENTS, Answer, Portal

LOOPBACK = "127.0.0.1"
CONFIGURATIONS = Path(__file__).with_name("configurations")
PLACE_OF_ADDRESS = "{portal}"
WORTH_ZIPPING = 1000
POLL_SECONDS = 0.1


class Handler(BaseHTTPRequestHandler):
    """Hands requests to the portal of its server."""

    protocol_version = "HTTP/1.1"
    server_version = "portal-de-demostracion"
    server: PortalServer

    def _answer(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.title(): value for name, value in self.headers.items()}
        try:
            answer = self.server.portal.respond(self.command, unquote(address.path), address.query, headers, body)
        except (KeyError, ValueError) as error:
            answer = Answer(400, "text/plain;charset=utf-8", f"Petición incorrecta: {error}".encode())
        data = answer.body
        zipped = "gzip" in headers.get("Accept-Encoding", "") and len(data) > WORTH_ZIPPING
        if zipped:
            data = gzip.compress(data, 5, mtime=0)
        self.send_response(answer.status)
        if answer.status != 304:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(data)))
        self.send_header("Vary", "Accept-Encoding")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked is the harvest's to report."""


class PortalServer(ThreadingHTTPServer):
    """Serves one portal on one loopback port; 0 takes a free one."""

    daemon_threads = True

    def __init__(self, government: Government, port: int, as_of: date) -> None:
        """Binds at once: ``OSError`` when the port is taken."""
        super().__init__((LOOPBACK, port), Handler)
        self.url = f"http://{LOOPBACK}:{self.server_address[1]}"
        self.portal = Portal(government, self.url, as_of)

    def facts(self) -> dict[str, Any]:
        """What a caller must know to harvest this portal; ``type`` is the harvester's."""
        government = self.portal.government
        return {
            "name": government.name,
            "title": government.title,
            "type": "mx_ckan" if government.platform == "ckan" else "mx_datajson",
            "url": f"{self.url}{DOCUMENTS.get(government.platform, '')}",
            "datasets": len(self.portal.entries),
        }


class Portals:
    """All portals of the demonstration, running in threads of this process until ``close``."""

    def __init__(self, as_of: date, ports: dict[str, int] | None = None) -> None:
        """``ports`` are those of an earlier start, by portal; one that is taken by now is replaced."""
        self.as_of = as_of
        self.servers: dict[str, PortalServer] = {}
        for government in GOVERNMENTS:
            self.servers[government.name] = _bind(government, (ports or {}).get(government.name, 0), as_of)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name=f"portal {name}", daemon=True)
            for name, server in self.servers.items()
        ]
        for thread in self._threads:
            thread.start()

    def ports(self) -> dict[str, int]:
        """The port of each portal."""
        return {name: server.server_address[1] for name, server in self.servers.items()}

    def facts(self) -> list[dict[str, Any]]:
        """``facts`` of each portal, in the order of ``GOVERNMENTS``."""
        return [server.facts() for server in self.servers.values()]

    def write_configurations(self, folder: Path) -> list[Path]:
        """Write the harvest configurations with the portals' real addresses below ``folder``; the files written."""
        written = []
        for server in self.servers.values():
            name = server.portal.government.configuration
            text = (CONFIGURATIONS / name).read_text(encoding="utf-8").replace(PLACE_OF_ADDRESS, server.url)
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.is_file() or target.read_text(encoding="utf-8") != text:
                target.write_text(text, encoding="utf-8")
            written.append(target)
        return written

    def close(self) -> None:
        """End the threads and free the ports."""
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)


def _bind(government: Government, port: int, as_of: date) -> PortalServer:
    try:
        return PortalServer(government, port, as_of)
    except OSError:
        if not port:
            raise
        return PortalServer(government, 0, as_of)


def remembered(home: Path) -> tuple[date | None, dict[str, int]]:
    """Day and ports of the last start kept in ``home``; nothing where there was none or its file is unreadable."""
    try:
        kept = json.loads((home / "portals.json").read_text(encoding="utf-8"))
        return date.fromisoformat(kept["as_of"]), {str(name): int(port) for name, port in kept["ports"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, {}


def remember(home: Path, portals: Portals, mark: str = "") -> Path:
    """Write day, ports and facts of the running portals, whole or not at all; the file.

    ``mark`` is the caller's own: it tells this start from an earlier one.
    """
    home.mkdir(parents=True, exist_ok=True)
    target = home / "portals.json"
    half = target.with_suffix(".half")
    kept = {"as_of": portals.as_of.isoformat(), "ports": portals.ports(), "mark": mark, "portals": portals.facts()}
    half.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    half.replace(target)
    return target
