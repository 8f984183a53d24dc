"""The programs an installation wants to run: a file each, which the supervisor makes true."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local import files, processes
from local.problem import Problem
from local.settings import Settings

# Ended in the opposite order.
SERVICE, SITE, WORKER = 1, 2, 3
LOG_LINES = 15
FAILED_STARTS = 3


@dataclass(frozen=True)
class Program:
    """A program to be kept running.

    Attributes:
        name: names its files and its log.
        argv: the command.
        environment: variables on top of the supervisor's own.
        user: who runs it, when the supervisor is root; ``None`` for the same user.
        folder: where it runs.
        order: services end after what uses them.
        stop_signal: number of the signal that ends it in good order.
        stop_seconds: how long it may take to do so.
        pause: seconds between its end and its next start.
        version: anything; another value means: start it again.
    """

    name: str
    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    folder: str = "/"
    order: int = WORKER
    stop_signal: int = 15
    stop_seconds: float = 20.0
    pause: float = 1.0
    version: str = ""


def wanted_folder(home: Path) -> Path:
    """Where the wanted programs are written down."""
    return home / "run" / "wanted"


def running_file(home: Path, name: str) -> Path:
    """Where the supervisor writes down a program's process."""
    return home / "run" / "running" / f"{name}.json"


def exits_file(home: Path, name: str) -> Path:
    """Where the supervisor counts how often a program has ended by itself."""
    return home / "run" / "exits" / f"{name}.json"


def supervisor_file(home: Path) -> Path:
    """Where the supervisor's own process is written down."""
    return home / "run" / "supervisor.json"


def want(settings: Settings, program: Program) -> None:
    """Ask for a program; nothing happens to one that runs already just so."""
    path = wanted_folder(settings.home) / f"{program.name}.json"
    facts = asdict(program)
    if files.read_json(path) != facts:
        exits_file(settings.home, program.name).unlink(missing_ok=True)
        files.write_json(path, facts)


def mark(program: Program) -> str:
    """A short text that differs when anything about a program differs."""
    return hashlib.sha256(json.dumps(asdict(program), sort_keys=True).encode()).hexdigest()


def _runs_as_wanted(settings: Settings, name: str) -> bool:
    """Whether a program runs, and not still its predecessor, which the supervisor is about to end."""
    facts = files.read_json(wanted_folder(settings.home) / f"{name}.json")
    now = files.read_json(running_file(settings.home, name))
    return bool(facts and now and now.get("mark") == mark(Program(**facts)) and running(settings, name))


def unwant(settings: Settings, name: str) -> None:
    """Ask for a program's end; :func:`wait_gone` sees it."""
    (wanted_folder(settings.home) / f"{name}.json").unlink(missing_ok=True)


def wanted(home: Path) -> dict[str, Program]:
    """All wanted programs, by name."""
    found = (files.read_json(path) for path in sorted(wanted_folder(home).glob("*.json")))
    return {facts["name"]: Program(**facts) for facts in found if facts is not None}


def running(settings: Settings, name: str) -> processes.Process | None:
    """The process of a program, ``None`` where it does not run."""
    return processes.recorded(running_file(settings.home, name))


def wait_ready(settings: Settings, name: str, ready: Callable[[], bool], seconds: float) -> None:
    """Wait until a program does its work.

    Args:
        settings: the installation.
        name: the program.
        ready: asks the program; it may be called many times.
        seconds: how long to wait.

    Raises:
        Problem: the program keeps ending, or is not ready in time; its last words are in the message.
    """
    deadline = time.monotonic() + seconds
    while not (_runs_as_wanted(settings, name) and ready()):
        exits = (files.read_json(exits_file(settings.home, name)) or {}).get("count", 0)
        if exits >= FAILED_STARTS or time.monotonic() > deadline:
            raise _not_ready(settings, name, seconds, exits)
        time.sleep(0.1)


def wait_gone(settings: Settings, name: str, seconds: float = 30.0) -> None:
    """Wait until the supervisor has ended a program that nobody wants any more."""
    deadline = time.monotonic() + seconds
    while running(settings, name) and time.monotonic() < deadline:
        time.sleep(0.05)


def _not_ready(settings: Settings, name: str, seconds: float, exits: int) -> Problem:
    log = settings.logs / f"{name}.log"
    try:
        words = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        words = []
    # Java prints where in its own code it was, which helps nobody here.
    last = "\n    ".join([line for line in words if not line.lstrip().startswith("at ")][-LOG_LINES:])
    spanish = f"terminó {exits} veces al arrancar" if exits >= FAILED_STARTS else f"no respondió en {seconds:.0f} s"
    english = (
        f"ended {exits} times at its start" if exits >= FAILED_STARTS else f"did not answer within {seconds:.0f} s"
    )
    return Problem(
        f"El programa «{name}» {spanish}; su bitácora: {log}. Corrija lo que dice y repita la orden.",
        f'The program "{name}" {english}; its log: {log}. Mend what it says and run the command again.\n    {last}',
    )
