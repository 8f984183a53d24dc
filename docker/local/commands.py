"""Running one command to its end: its words go to a log, its failure is told, and it never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local import processes


class CommandFailed(Exception):  # noqa: N818 - named for what happened
    """A command ended with an error.

    Attributes:
        code: its exit code.
        last_words: the end of what it printed.
    """

    def __init__(self, argv: Sequence[str], code: int, last_words: str) -> None:
        super().__init__(f"{argv[0]}: {code}")
        self.code = code
        self.last_words = last_words


LAST_CHARACTERS = 2000
PATIENCE_SECONDS = 20.0


def run(  # noqa: PLR0913 - as many as a command has sides
    argv: Sequence[str | Path],
    log: Path,
    *,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    user: str | None = None,
    text_in: str | None = None,
) -> str:
    """Run a command and wait for its end.

    Args:
        argv: the command.
        log: file that its words are added to.
        environment: all its variables; ``None`` for our own.
        folder: where it runs.
        user: who runs it, when we are root.
        text_in: what it reads; nothing otherwise.

    Returns:
        What it printed on both outputs.

    Raises:
        CommandFailed: its exit code is not 0.
        FileNotFoundError: there is no such program.
    """
    words = [str(word) for word in argv]
    log.parent.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE if text_in is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # A group of its own, so that its children end with it.
        start_new_session=True,
        preexec_fn=processes.die_with_parent(),  # noqa: PLW1509 - there are no threads
        **as_user(user),
    )
    try:
        printed, _ = child.communicate(text_in)
    except BaseException:
        _end(child)
        raise
    with log.open("a", encoding="utf-8") as file:
        file.write(printed)
    if child.returncode != 0:
        raise CommandFailed(words, child.returncode, printed[-LAST_CHARACTERS:].strip())
    return printed


def watch(argv: Sequence[str | Path], environment: dict[str, str] | None = None, folder: Path | None = None) -> int:
    """Run a command whose words go where ours go, and wait for its end.

    Returns:
        Its exit code.
    """
    child = subprocess.Popen(
        [str(word) for word in argv],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=processes.die_with_parent(),  # noqa: PLW1509 - there are no threads
    )
    try:
        return child.wait()
    except BaseException:
        _end(child)
        raise


def _end(child: subprocess.Popen[Any]) -> None:
    started = processes.start_time(child.pid)
    if started is not None:
        processes.end(processes.Process(child.pid, started), signal.SIGTERM, PATIENCE_SECONDS)
    child.kill()
    child.wait()


def as_user(user: str | None) -> dict[str, Any]:
    """What ``subprocess.Popen`` needs to start a program as somebody else; nothing for ``None``."""
    if user is None:
        return {}
    import pwd

    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def is_root() -> bool:
    """Whether we are root, for whom PostgreSQL does not work."""
    return os.geteuid() == 0
