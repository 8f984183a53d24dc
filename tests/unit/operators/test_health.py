"""``ckan-health``: what a container's health check says without asking CKAN."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import rq

PROGRAM = Path(__file__).resolve().parents[3] / "docker" / "image" / "ckan-health"
OWN = {"id": 7, "addr": "172.18.0.4:51000"}


@pytest.mark.parametrize(
    ("clients", "healthy"),
    [
        ([{"id": "7", "addr": "172.18.0.4:51000"}], False),
        ([{"id": "7", "addr": "172.18.0.4:51000"}, {"id": "3", "addr": "172.18.0.9:51001"}], False),
        ([{"id": "7", "addr": "172.18.0.4:51000"}, {"id": "3", "addr": "172.18.0.4:50999"}], True),
    ],
    ids=["nobody", "another container", "the consumer"],
)
def test_a_consumer_is_known_by_its_connection(health: ModuleType, clients: list[dict[str, str]], healthy: bool):
    connection = SimpleNamespace(client_info=lambda: OWN, client_list=lambda: clients)
    assert (health.consumer(connection) is None) == healthy


@pytest.mark.parametrize(
    ("host", "silence", "healthy"),
    [(socket.gethostname(), 1, True), (socket.gethostname(), 30, False), ("another", 1, False)],
)
def test_a_worker_has_told_lately_that_it_lives(
    health: ModuleType, monkeypatch: pytest.MonkeyPatch, host: str, silence: int, healthy: bool
):
    heartbeat = datetime.now(timezone.utc) - timedelta(minutes=silence)
    worker = SimpleNamespace(hostname=host, last_heartbeat=heartbeat)
    monkeypatch.setattr(rq.Worker, "all", lambda connection: [worker])
    assert (health.worker(None) is None) == healthy


def test_a_silent_scheduler_is_ill(health: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    pulse = tmp_path / "pulse"
    monkeypatch.setattr(health, "PULSE", pulse)
    assert health.scheduler(None) == "the scheduler has not begun"
    pulse.touch()
    assert health.scheduler(None) is None
    old = time.time() - 600
    os.utime(pulse, (old, old))
    assert "silent for 600 s" in health.scheduler(None)


def test_a_redis_that_does_not_answer_is_said():
    environment = {**os.environ, "CKAN_REDIS_URL": "redis://127.0.0.1:9/0"}
    asked = subprocess.run([sys.executable, PROGRAM, "consumer"], env=environment, capture_output=True, text=True)
    assert asked.returncode == 1
    assert "Redis does not answer" in asked.stderr


def test_an_unknown_part_is_refused():
    asked = subprocess.run([sys.executable, PROGRAM, "kitchen"], capture_output=True, text=True)
    assert asked.returncode == 1
    assert "usage: ckan-health consumer|worker|scheduler" in asked.stderr
