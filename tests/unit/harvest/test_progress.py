"""What a terminal shows of a harvest, and that nothing else is shown anything."""

from __future__ import annotations

import io
import time

import pytest

from ckanext.mxopendata.harvest.cli.progress import Progress

NAMES = {"a": "fuente-a", "b": "fuente-b"}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _harvest(names: dict[str, str]) -> None:
    with Progress(names) as progress:
        progress.tell("a", "reading", 10, 50)
        time.sleep(0.2)
        progress.tell("a", "reading", 40, 50)
        progress.tell("a", "writing", 5, 20)
        time.sleep(0.2)
        progress.tell("a", "writing", 10, 20)
        progress.tell("b", "reading", 7, None)
        time.sleep(0.2)
        progress.tell("b", "reading", 9, None)
        progress.end("a")
        progress.end("b")


def test_a_terminal_shows_how_far_how_fast_and_how_long_still(monkeypatch: pytest.MonkeyPatch):
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    _harvest(NAMES)
    shown = terminal.getvalue()
    assert "40 de 50" in shown
    assert "registros/s, faltan 00:" in shown
    assert "fuente-a, escribiendo:  50 %" in shown
    # A portal that does not say how much it has.
    assert "fuente-b, leyendo: 9" in shown
    assert "1 de 2 fuentes" in shown


def test_one_source_alone_has_no_bar_of_sources(monkeypatch: pytest.MonkeyPatch):
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Progress({"a": "fuente-a"}) as progress:
        progress.tell("a", "reading", 10, 50)
        progress.end("a")
    assert "fuente-a, leyendo" in terminal.getvalue()
    assert "fuentes" not in terminal.getvalue()


def test_a_file_is_told_nothing(monkeypatch: pytest.MonkeyPatch):
    file = io.StringIO()
    monkeypatch.setattr("sys.stderr", file)
    _harvest(NAMES)
    assert not file.getvalue()
