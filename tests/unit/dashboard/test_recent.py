"""What is kept for a while: made once, again when its state is another, and never too much of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ckanext.mxopendata.dashboard import recent as room
from ckanext.mxopendata.dashboard.recent import MOST, recent


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    room._kept.clear()
    yield
    room._kept.clear()


def test_it_is_made_again_when_its_state_is_another():
    made = iter(range(10))
    assert [recent("one", state, lambda: next(made)) for state in ("a", "a", "b", "b", "a")] == [0, 0, 1, 1, 2]


def test_who_comes_while_it_is_made_waits_for_it():
    made: list[int] = []
    begun = threading.Barrier(4)

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return len(made)

    def ask(_: int) -> int:
        begun.wait()
        return recent("one", "a", make)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [1, 1, 1, 1]


def test_what_fails_is_not_kept():
    with pytest.raises(ZeroDivisionError):
        recent("one", "a", lambda: 1 // 0)
    assert recent("one", "a", lambda: 7) == 7


def test_the_oldest_goes_when_there_is_too_much():
    for number in range(MOST + 5):
        recent(number, "a", object)
    assert len(room._kept) == MOST
    assert 0 not in room._kept
    assert MOST + 4 in room._kept
