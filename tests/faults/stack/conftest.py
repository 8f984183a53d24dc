"""``make`` as a person types it, in a home of the test's own that shares only what is downloaded."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from local import postgres
from local.settings import ROOT, Settings, from_environment
from local.state import free_port

# Another `make` or another portal of the caller must not reach into ours.
NOT_OURS = (
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "PORT",
    "CKAN_SQLALCHEMY_URL",
    "CKAN_SOLR_URL",
    "CKAN_REDIS_URL",
    "CKAN_INI",
)
LONGEST_SECONDS = 240
T = TypeVar("T")


@dataclass
class Home:
    """An installation below a folder of the test."""

    path: Path
    port: int
    environment: dict[str, str]

    @property
    def settings(self) -> Settings:
        return from_environment(self.environment)

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """A ``make`` that goes on by itself, in a process group of its own, as a terminal gives it one."""
        return subprocess.Popen(
            ["make", "-C", str(ROOT), *words],
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # What a shell starts in its background does not hear Ctrl-C, nor what that starts: these shall.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def make(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A ``make`` and what it printed."""
        child = self.start(*words, **variables)
        try:
            printed, _ = child.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise
        return subprocess.CompletedProcess(child.args, child.returncode, printed)

    def processes(self) -> list[psutil.Process]:
        """Every living process that belongs to this installation: its variables or its words name the folder."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def runs(self, program: str) -> bool:
        """Whether a process of this installation has that word in its command."""
        return any(program in _words(process) for process in self.processes())

    def told(self, ask: Callable[[psutil.Process], T]) -> list[T]:
        """What each process answers. PostgreSQL ends processes all the time: one that is gone says nothing."""
        answers = []
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                answers.append(ask(process))
        return answers

    def _owns(self, process: psutil.Process) -> bool:
        try:
            said = [*_words(process), *process.environ().values(), process.cwd()]
            alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
        return alive and any(str(self.path.parent) in word for word in said)


def _words(process: psutil.Process) -> list[str]:
    """The command of a process; it may have ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="session")
def installations() -> Path:
    """Where the downloads are that the lane was given; for a single test by hand, those of the checkout."""
    return from_environment(os.environ).installations


@pytest.fixture(scope="module")
def new_home(installations: Path) -> Iterator[Callable[..., Home]]:
    """Makes homes; all that runs in them is ended with the module.

    Not below pytest's own folder, which other runs of pytest shut against everybody else: PostgreSQL runs as another
    user when root tests.
    """
    made: list[Home] = []

    def make_home(hidden: bool = False) -> Home:
        folder = Path(tempfile.mkdtemp(prefix="mxopendata-faults-"))
        folder.chmod(0o700 if hidden else 0o755)
        port = free_port()
        environment = {key: value for key, value in os.environ.items() if key not in NOT_OURS}
        environment |= {
            "MXOPENDATA_HOME": str(folder / "home"),
            "MXOPENDATA_BUILD": str(folder / "build"),
            "MXOPENDATA_INSTALLATIONS": str(installations),
            "PORT": str(port),
        }
        made.append(Home(folder / "home", port, environment))
        return made[-1]

    yield make_home
    for home in made:
        if home.path.exists():
            home.make("stop")
        postgres.remove(home.settings)
        shutil.rmtree(home.path.parent)


@pytest.fixture(scope="module")
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Waits until something is true, and fails when it does not come true in time."""

    def wait(true: Callable[[], object], seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "did not come true in time"
            time.sleep(0.1)

    return wait
