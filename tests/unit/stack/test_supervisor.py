"""The supervisor makes true what is wanted, and takes everything with it when it ends, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from local import processes, programs, stack
from local.problem import Problem
from local.programs import Program
from local.settings import Settings

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A program with a child of its own, whose number it writes down.
PARENT = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(600)"
)


def eventually(true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def supervised(settings: Settings) -> Iterator[Settings]:
    settings.home.mkdir()
    stack.ensure_supervisor(settings)
    yield settings
    stack.end_everything(settings)


def test_a_wanted_program_runs_until_it_is_unwanted(supervised: Settings) -> None:
    programs.want(supervised, Program("sleeper", SLEEP))
    programs.wait_ready(supervised, "sleeper", lambda: True, 10)
    process = programs.running(supervised, "sleeper")
    assert process is not None
    programs.unwant(supervised, "sleeper")
    programs.wait_gone(supervised, "sleeper")
    assert not process.alive()


def test_asking_again_for_the_same_leaves_it_alone(supervised: Settings) -> None:
    programs.want(supervised, Program("sleeper", SLEEP))
    programs.wait_ready(supervised, "sleeper", lambda: True, 10)
    first = programs.running(supervised, "sleeper")
    programs.want(supervised, Program("sleeper", SLEEP))
    stack.ensure_supervisor(supervised)
    time.sleep(0.5)
    assert programs.running(supervised, "sleeper") == first


def test_asking_for_something_else_waits_for_the_new_one(supervised: Settings) -> None:
    programs.want(supervised, Program("sleeper", SLEEP))
    programs.wait_ready(supervised, "sleeper", lambda: True, 10)
    first = programs.running(supervised, "sleeper")
    programs.want(supervised, Program("sleeper", SLEEP, version="2"))
    programs.wait_ready(supervised, "sleeper", lambda: True, 10)
    second = programs.running(supervised, "sleeper")
    assert first is not None
    assert second is not None
    assert first != second
    assert not first.alive()


def test_a_killed_program_is_started_again(supervised: Settings) -> None:
    programs.want(supervised, Program("sleeper", SLEEP, pause=0.1))
    programs.wait_ready(supervised, "sleeper", lambda: True, 10)
    first = programs.running(supervised, "sleeper")
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: programs.running(supervised, "sleeper") not in (None, first))


def test_a_program_that_cannot_start_is_told_with_its_last_words(supervised: Settings) -> None:
    words = [sys.executable, "-c", "raise SystemExit('no encuentro mis datos')"]
    programs.want(supervised, Program("broken", words, pause=0.05))
    with pytest.raises(Problem) as raised:
        programs.wait_ready(supervised, "broken", lambda: False, 30)
    assert "«broken» terminó 3 veces" in raised.value.spanish
    assert "no encuentro mis datos" in raised.value.english


def test_a_program_that_is_not_there_is_told_too(supervised: Settings) -> None:
    programs.want(supervised, Program("absent", ["/no/hay/tal"], pause=0.05))
    with pytest.raises(Problem, match="terminó 3 veces") as raised:
        programs.wait_ready(supervised, "absent", lambda: True, 30)
    assert "/no/hay/tal" in raised.value.english


def test_a_program_that_never_answers_is_told(supervised: Settings) -> None:
    programs.want(supervised, Program("mute", SLEEP))
    with pytest.raises(Problem, match="no respondió en 1 s"):
        programs.wait_ready(supervised, "mute", lambda: False, 1)


def test_the_end_takes_grandchildren_along_and_services_last(supervised: Settings, tmp_path) -> None:
    note = tmp_path / "pid"
    order = tmp_path / "order"
    speaking = (
        "import signal, sys, time\n"
        "def end(*_):\n    open(sys.argv[1], 'a').write(sys.argv[2] + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\nopen(sys.argv[3], 'w').close()\ntime.sleep(600)\n"
    )
    programs.want(supervised, Program("parent", [sys.executable, "-c", PARENT, str(note)]))
    for name, rank in (("service", programs.SERVICE), ("worker", programs.WORKER), ("site", programs.SITE)):
        argv = [sys.executable, "-c", speaking, str(order), name, str(tmp_path / name)]
        programs.want(supervised, Program(name, argv, order=rank))
    eventually(lambda: all((tmp_path / name).exists() for name in ("service", "worker", "site")))
    eventually(lambda: note.exists() and note.read_text())
    grandchild = int(note.read_text())
    stack.end_everything(supervised)
    assert order.read_text().split() == ["worker", "site", "service"]
    eventually(lambda: processes.start_time(grandchild) is None)
    assert not list((supervised.home / "run" / "running").iterdir())


def test_a_killed_supervisor_leaves_nothing_behind(supervised: Settings) -> None:
    programs.want(supervised, Program("sleeper", SLEEP))
    programs.wait_ready(supervised, "sleeper", lambda: True, 10)
    child = programs.running(supervised, "sleeper")
    chief = processes.recorded(programs.supervisor_file(supervised.home))
    assert child is not None
    assert chief is not None
    os.kill(chief.pid, signal.SIGKILL)
    if sys.platform.startswith("linux"):
        eventually(lambda: not child.alive())
    stack.end_everything(supervised)
    assert not child.alive()


def test_a_stubborn_program_is_ended_all_the_same(supervised: Settings, tmp_path) -> None:
    ready = tmp_path / "ready"
    deaf = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(600)"
    programs.want(supervised, Program("deaf", [sys.executable, "-c", deaf, str(ready)], stop_seconds=0.3))
    eventually(ready.exists)
    process = programs.running(supervised, "deaf")
    assert process is not None
    stack.end_everything(supervised)
    assert not process.alive()


def test_a_number_used_again_is_not_taken_for_the_old_process(tmp_path) -> None:
    child = subprocess.Popen(SLEEP)
    path = tmp_path / "process.json"
    try:
        recorded = processes.record(path, child.pid)
        assert recorded is not None
        assert processes.recorded(path) == recorded
        path.write_text(f'{{"pid": {child.pid}, "started": "1"}}')
        assert processes.recorded(path) is None
    finally:
        child.kill()
        child.wait()
