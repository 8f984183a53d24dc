"""Keeps the wanted programs running, and takes all of them with it when it ends.

Started by ``make up`` as ``python3 -m local.supervisor HOME`` in a session of its own; ended by SIGTERM.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from local import commands, files, processes, programs
from local.programs import Program

LOOK_SECONDS = 0.1
# A program that ends sooner than this after its start is given more and more time before the next one.
QUICK_SECONDS = 5.0
LONGEST_PAUSE = 30.0
LOG_BYTES = 10_000_000


@dataclass
class Running:
    """A program and its process."""

    program: Program
    child: subprocess.Popen[Any]
    since: float


class Supervisor:
    """Compares what is wanted with what runs, again and again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ended = False
        self.running: dict[str, Running] = {}
        self.not_before: dict[str, float] = {}
        self.quick_exits: dict[str, int] = {}

    def run(self) -> None:
        """Work until somebody asks for the end; then end all programs in order."""
        end_leftovers(self.home)
        while not self.ended:
            self.reconcile()
            time.sleep(LOOK_SECONDS)
        self.stop(list(self.running))
        programs.supervisor_file(self.home).unlink(missing_ok=True)

    def ask_for_end(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGTERM."""
        self.ended = True

    def reconcile(self) -> None:
        """Note who has ended, end what is no longer wanted, start what is missing."""
        for name, running in list(self.running.items()):
            if running.child.poll() is not None:
                self._note_exit(name, running)
        wanted = programs.wanted(self.home)
        self.stop([name for name, running in self.running.items() if wanted.get(name) != running.program])
        for name, program in wanted.items():
            if name not in self.running and time.monotonic() >= self.not_before.get(name, 0.0):
                self._start(program)

    def stop(self, names: list[str]) -> None:
        """End programs, workers first and services last; those of one rank together."""
        chosen = [self.running.pop(name) for name in names]
        for order in sorted({running.program.order for running in chosen}, reverse=True):
            rank = [running for running in chosen if running.program.order == order]
            for running in rank:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.child.pid, running.program.stop_signal)
            for running in rank:
                self._await_end(running)

    def _await_end(self, running: Running) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.child.wait(running.program.stop_seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.child.pid, signal.SIGKILL)
        running.child.wait()
        programs.running_file(self.home, running.program.name).unlink(missing_ok=True)
        self.not_before.pop(running.program.name, None)

    def _start(self, program: Program) -> None:
        path = self.home / "log" / f"{program.name}.log"
        with _log(path) as log:
            try:
                child = subprocess.Popen(
                    program.argv,
                    cwd=program.folder,
                    env={**os.environ, **program.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=processes.die_with_parent(program.stop_signal),  # noqa: PLW1509 - there are no threads
                    **commands.as_user(program.user),
                )
            except OSError as error:
                log.write(f"{program.argv[0]}: {error}\n".encode())
                self._count_exit(program.name, None)
                self._postpone(program, 0.0)
                return
        processes.record(programs.running_file(self.home, program.name), child.pid, programs.mark(program))
        self.running[program.name] = Running(program, child, time.monotonic())

    def _note_exit(self, name: str, running: Running) -> None:
        # A child of it may have stayed, for example a worker of a killed web server.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.child.pid, signal.SIGKILL)
        del self.running[name]
        programs.running_file(self.home, name).unlink(missing_ok=True)
        self._count_exit(name, running.child.returncode)
        self._postpone(running.program, time.monotonic() - running.since)

    def _postpone(self, program: Program, lived: float) -> None:
        quick = self.quick_exits.get(program.name, 0) + 1 if lived < QUICK_SECONDS else 0
        self.quick_exits[program.name] = quick
        pause = max(program.pause, min(LONGEST_PAUSE, 2.0**quick / 2) if quick else 0.0)
        self.not_before[program.name] = time.monotonic() + pause

    def _count_exit(self, name: str, code: int | None) -> None:
        path = programs.exits_file(self.home, name)
        count = (files.read_json(path) or {}).get("count", 0)
        files.write_json(path, {"count": count + 1, "last_code": code})


@contextlib.contextmanager
def _log(path: Path):  # noqa: ANN202 - an open binary file
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        yield log


def end_leftovers(home: Path) -> None:
    """End what a killed supervisor has left running."""
    for path in sorted((home / "run" / "running").glob("*.json")):
        process = processes.recorded(path)
        if process is not None:
            program = programs.wanted(home).get(path.stem)
            processes.end(process, program.stop_signal if program else signal.SIGTERM)
        path.unlink(missing_ok=True)


def main() -> None:
    """Run the supervisor of the home named on the command line."""
    supervisor = Supervisor(Path(sys.argv[1]))
    signal.signal(signal.SIGTERM, supervisor.ask_for_end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    processes.record(programs.supervisor_file(supervisor.home), os.getpid())
    supervisor.run()


if __name__ == "__main__":
    main()
