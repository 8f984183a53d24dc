"""``make demo`` in bad conditions: a taken port, killed half-way, a portal that fails; the next one makes it whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.faults

DATASETS, CAPTURED, WITHOUT_TITLE = 302, 6, 4


def count(home: Any) -> int:
    """Public datasets of the site; none while it does not answer."""
    address = f"http://127.0.0.1:{home.port}/api/3/action/package_search?rows=0"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["result"]["count"]
    except (OSError, urllib.error.URLError, ValueError):
        return 0


def change_portal(home: Any, name: str, method: str, hook: str, body: bytes = b"") -> None:
    """Call a hook of a portal."""
    kept = json.loads((home.path / "portals" / "portals.json").read_text(encoding="utf-8"))
    address = f"http://127.0.0.1:{kept['ports'][name]}/_portal/{hook}"
    with urllib.request.urlopen(urllib.request.Request(address, data=body, method=method), timeout=10) as answer:
        assert answer.status == 200


def sums(printed: str) -> list[int]:
    """The last line of the summary: read, new, changed, unchanged, rejected, warnings."""
    line = next(line for line in printed.splitlines() if line.startswith("total "))
    return [int(word) for word in line.split()[1:]]


def test_a_taken_port(new_home: Callable[..., Any]) -> None:
    home = new_home()
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.port))
        other.listen()
        done = home.make("demo")
    assert done.returncode != 0
    assert f"El puerto {home.port} está ocupado" in done.stdout
    assert "Traceback" not in done.stdout
    assert home.processes() == []


def test_killed_half_way_then_a_portal_fails_then_all_is_well(
    new_home: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    home = new_home()
    child = home.start("demo")
    eventually(lambda: count(home) > 20, 200)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)

    change_portal(home, "puebla", "PUT", "answer", b'{"status": 503, "body": "mantenimiento"}')
    failed = home.make("demo")
    assert failed.returncode != 0
    assert "No se pudo cosechar todo" in failed.stdout
    assert "demo-puebla" in failed.stdout
    assert "Traceback" not in failed.stdout
    held = count(home)

    change_portal(home, "puebla", "POST", "reset")
    done = home.make("demo")
    assert done.returncode == 0, done.stdout
    read, created, updated, unchanged, rejected, _ = sums(done.stdout)
    assert (read, rejected) == (DATASETS, WITHOUT_TITLE)
    assert created + updated + unchanged == DATASETS - WITHOUT_TITLE
    assert updated == 0
    assert held <= count(home) == DATASETS - WITHOUT_TITLE + CAPTURED
    stack = json.loads(home.settings.stack_file.read_text(encoding="utf-8"))
    assert len(stack["users"]) == 7
    assert sum(portal["datasets"] for portal in stack["portals"]) == DATASETS
    assert home.make("clean").returncode == 0
    assert home.processes() == []
