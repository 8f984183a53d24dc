"""One portal: what it answers to a request, and the hooks with which a test changes it."""

from __future__ import annotations

import hashlib
import html
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

from portals import ckan, datajson, files
from portals.governments import NOTICE, Government
from portals.records import records

JSON = "application/json;charset=utf-8"
HOOKS = "/_portal/"
# Documents with all of a portal's datasets, by platform.
DOCUMENTS = {"datajson": "/data.json", "adela": "/catalogo.json"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``headers`` come on top of Content-Type and Content-Length."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Portal:
    """The portal of one government at one address.

    Hooks for tests, below ``/_portal/``: ``PUT records/<identifier>`` lays a JSON object over a record or adds it,
    ``DELETE records/<identifier>`` takes one away, ``PUT answer`` with ``{"status": 503, "body": "…"}`` makes the whole
    portal answer only that, ``POST reset`` undoes everything.
    """

    def __init__(self, government: Government, base: str, as_of: date) -> None:
        """``base`` is the portal's address without final slash, ``as_of`` the day its records are made for."""
        self.government = government
        self.base = base
        self.as_of = as_of
        self._lock = threading.Lock()
        self.entries: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | None = None
        # What was asked for, as tests count it; hooks are no part of it.
        self.asked: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Back to the records of the first day."""
        module = ckan.packages if self.government.platform == "ckan" else datajson.datasets
        self.entries[:] = module(self.government, self.base, self.as_of)
        self.files = files.files(self.government, self.as_of)
        self.records = {record.slug: record for record in records(self.government, self.as_of)}
        self.answer = None
        self.changed = datetime.combine(self.as_of, time(), timezone.utc)

    def respond(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request; ``path`` is decoded, ``query`` is what follows the question mark."""
        with self._lock:
            if path.startswith(HOOKS):
                return self._hook(method, path[len(HOOKS) :], body)
            self.asked.append(f"{path}?{query}")
            if self.answer is not None:
                return Answer(self.answer["status"], self.answer.get("type", "text/html"), self.answer["body"].encode())
            if method not in ("GET", "HEAD", "POST"):
                return Answer(405, "text/plain", b"Method not allowed")
            return self._content(path, query, headers, body)

    def _content(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        platform = self.government.platform
        if path == DOCUMENTS.get(platform):
            data = datajson.document(self.government, self.base, self.entries)
            # Latin-1 is sent without saying so, as met in the wild.
            return self._cached(data, "application/json", headers)
        if platform == "ckan" and path.startswith("/api/"):
            return self._action(path, query, body)
        if path.lstrip("/") in self.files:
            record, file = self.files[path.lstrip("/")]
            if not file.broken:
                data = files.content(self.government, record, file)
                return self._cached(data, datajson.MEDIA_TYPES[file.format], headers)
        if path.startswith(datajson.DICTIONARIES) and (slug := path[len(datajson.DICTIONARIES) : -4]) in self.records:
            return self._cached(files.dictionary(self.records[slug]), "text/csv", headers)
        if path in ("/", "/dataset", "/conjunto") or self._page_title(path):
            return self._page(self._page_title(path))
        return Answer(404, "text/html;charset=utf-8", b"<h1>404</h1><p>No encontrado</p>")

    def _action(self, path: str, query: str, body: bytes) -> Answer:
        action = path.removeprefix("/api/3/action/").removeprefix("/api/action/").strip("/")
        parameters = dict(parse_qsl(query))
        envelope: dict[str, Any] = {"help": f"{self.base}/api/3/action/help_show?name={action}"}
        status = 200
        try:
            if body:
                parameters |= {key: str(value) for key, value in _object(body).items()}
            envelope |= {
                "success": True,
                "result": ckan.ActionApi(self.government, self.entries).call(action, parameters),
            }
        except ckan.ActionError as error:
            status = error.status
            envelope |= {"success": False, "error": error.error}
        except ValueError as error:
            status = 400
            envelope |= {"success": False, "error": {"__type": "Bad request", "message": f"Bad JSON: {error}"}}
        return Answer(status, JSON, json.dumps(envelope, ensure_ascii=False).encode("utf-8"))

    def _cached(self, data: bytes, content_type: str, headers: Mapping[str, str]) -> Answer:
        tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
        extra = {"ETag": tag, "Last-Modified": format_datetime(self.changed, usegmt=True)}
        if "If-None-Match" in headers:
            fresh = tag in headers["If-None-Match"]
        else:
            fresh = _not_after(self.changed, headers.get("If-Modified-Since"))
        return Answer(304, content_type, b"", extra) if fresh else Answer(200, content_type, data, extra)

    def _page_title(self, path: str) -> str | None:
        slug = path.rpartition("/")[2]
        for entry in self.entries:
            if slug and slug in (entry.get("name"), str(entry.get("landingPage", "")).rpartition("/")[2]):
                return str(entry.get("title") or slug)
        return None

    def _page(self, heading: str | None) -> Answer:
        title = html.escape(heading or f"Datos abiertos {self.government.of_place}")
        page = (
            f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{title}</title></head>'
            f"<body><main><h1>{title}</h1><p><strong>Portal de demostración.</strong> {NOTICE}</p>"
            f"<p>{len(self.entries)} conjuntos de datos.</p></main></body></html>"
        )
        return Answer(200, "text/html;charset=utf-8", page.encode("utf-8"))

    def _hook(self, method: str, path: str, body: bytes) -> Answer:
        kind, _, name = path.partition("/")
        done: Any = None
        if (method, kind) == ("POST", "reset"):
            self.reset()
            done = len(self.entries)
        elif (method, kind) == ("PUT", "answer"):
            wanted = _object(body)
            self.answer = {"status": int(wanted["status"]), "body": str(wanted.get("body", ""))}
            done = self.answer
        elif (method, kind) == ("PUT", "records"):
            done = self._put(name, _object(body))
        elif (method, kind) == ("DELETE", "records") and (entry := self._find(name)):
            self.entries.remove(entry)
            done = entry
        if done is None:
            return Answer(404, JSON, json.dumps({"error": f"no such hook or record: {method} {path}"}).encode())
        if kind == "records":
            self.changed = datetime.now(timezone.utc)
        return Answer(200, JSON, json.dumps(done, ensure_ascii=False).encode("utf-8"))

    def _put(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        entry = self._find(name)
        if entry is None:
            # A new record looks like the first one, but for its identity and what the test says.
            key = "id" if self.government.platform == "ckan" else "identifier"
            entry = {**self.entries[0], "name": name, key: name}
            self.entries.append(entry)
        entry.update(changes)
        if self.government.platform == "ckan" and "metadata_modified" not in changes:
            entry["metadata_modified"] = datetime.now(timezone.utc).replace(tzinfo=None).isoformat()
        return entry

    def _find(self, name: str) -> dict[str, Any] | None:
        for entry in self.entries:
            landing = str(entry.get("landingPage", "")).rpartition("/")[2]
            if name in (entry.get("id"), entry.get("name"), entry.get("identifier"), landing):
                return entry
        return None


def _object(body: bytes) -> dict[str, Any]:
    found = json.loads(body or b"{}")
    if not isinstance(found, dict):
        raise ValueError("a JSON object is wanted")
    return found


def _not_after(changed: datetime, header: str | None) -> bool:
    if not header:
        return False
    try:
        return changed <= parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return False
