"""One command at a time for one installation; the operating system gives the lock back when a command dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from local.problem import Problem
from local.settings import Settings

FILE = "lock"


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the installation's lock.

    Raises:
        Problem: another command holds it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise Problem(
                f"Otro comando trabaja ya en {settings.home} (proceso {holder}): "
                "espere a que termine, o deténgalo con Ctrl-C.",
                f"Another command is at work in {settings.home} (process {holder}): "
                "wait for it, or end it with Ctrl-C.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
