"""Processes of this machine: who is who (a number alone is used again), how they start and how they end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from local import files

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Process:
    """One process: its number and when it started, which together name no other one."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether this very process is still at work (a zombie is not)."""
        return start_time(self.pid) == self.started


def start_time(pid: int) -> str | None:
    """When a process started, in whatever words the system has; ``None`` where there is no such process."""
    if sys.platform.startswith("linux"):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else began.strip()


def record(path: Path, pid: int, mark: str = "") -> Process | None:
    """Write down a process that was just started, with what tells it from its like; ``None`` when it has ended."""
    started = start_time(pid)
    if started is None:
        return None
    process = Process(pid, started)
    files.write_json(path, {**asdict(process), "mark": mark})
    return process


def recorded(path: Path) -> Process | None:
    """The living process that a file speaks of, ``None`` where it is gone."""
    facts = files.read_json(path)
    if facts is None:
        return None
    process = Process(facts["pid"], facts["started"])
    return process if process.alive() else None


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """What a child does before its program starts, so that it does not outlive a killed parent (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def ask_the_kernel() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


def end(process: Process, number: int = signal.SIGTERM, seconds: float = 20.0) -> None:
    """End a process with all its group: ask, wait, and insist at last."""
    _signal_group(process.pid, number)
    deadline = time.monotonic() + seconds
    while process.alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    # Also when the leader is gone: a child of it may have stayed.
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        # macOS answers so for a group of zombies.
        return
