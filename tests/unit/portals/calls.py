"""The loopback portals of these tests: their day, and requests to them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import date
from typing import Any

from portals.governments import government
from portals.server import Portals

DAY = date(2026, 11, 22)


def ask(
    address: str, headers: dict[str, str] | None = None, data: bytes | None = None, method: str | None = None
) -> Any:
    """Status, headers and body, also of an error."""
    request = urllib.request.Request(address, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def action(portals: Portals, name: str, call: str) -> Any:
    """The whole answer of an action of one CKAN portal."""
    return json.loads(ask(f"{portals.servers[name].url}/api/3/action/{call}")[2])


def catalogue(portals: Portals, name: str) -> dict[str, Any]:
    """A one-document catalogue, decoded as its portal writes it."""
    facts = portals.servers[name].facts()
    return json.loads(ask(facts["url"])[2].decode(government(name).encoding))
