"""What stops the local stack, said with its cure."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Problem(Exception):  # noqa: N818 - it is shown to people as what it is, not as a program's error
    """Something a person can mend: one sentence each in Spanish and in English, with the cure in it."""

    def __init__(self, spanish: str, english: str) -> None:
        super().__init__(spanish)
        self.spanish = spanish
        self.english = english


def show(problem: Problem) -> None:
    """Print a problem, Spanish first, where errors belong."""
    print(f"✘ {problem.spanish}\n  {problem.english}", file=sys.stderr, flush=True)


def say(sentence: str) -> None:
    """Print one line of progress at once."""
    print(sentence, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what begins and, when it has ended, how many seconds it took."""
    began = time.monotonic()
    print(f"→ {title} … ", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        print("✘", file=sys.stderr, flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
