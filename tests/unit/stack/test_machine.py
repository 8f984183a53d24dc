"""What a machine lacks is named before anything is done, with its cure."""

from __future__ import annotations

import importlib.util
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from local import installation, java, postgres, programs, site, solr, state, valkey
from local.problem import Problem
from local.settings import ADDRESS, Settings

CURE = "apt-get install"


def test_this_machine_is_fit() -> None:
    installation.check_machine()


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(Problem, match="make up PYTHON=python3.11"):
        installation.check_machine()


def test_a_python_without_venv_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    with pytest.raises(Problem, match=f"{CURE} python3.{sys.version_info.minor}-venv"):
        installation.check_machine()


def test_a_missing_libmagic_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    with pytest.raises(Problem, match=f"{CURE} libmagic1"):
        installation.check_machine()


def test_a_missing_maven_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Problem, match=f"{CURE} maven"):
        solr.install(settings)


def test_an_old_java_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert java._on_the_machine() is None
    program.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n")
    assert java._on_the_machine() == program


def test_a_system_without_the_wheels_is_told_what_to_give(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Problem, match="CKAN_SQLALCHEMY_URL"):
        postgres.binaries(settings)
    with pytest.raises(Problem, match="CKAN_REDIS_URL"):
        valkey.start(settings)


def test_the_machines_own_redis_is_good_enough(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "redis-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    valkey.start(settings)
    argv = programs.wanted(settings.home)[valkey.NAME].argv
    assert argv[0] == str(own)
    assert argv[argv.index("--bind") + 1] == ADDRESS


def test_a_taken_port_is_named_with_another_one(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind((ADDRESS, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(Problem, match=f"make up PORT={taken + 1}"):
            site.choose_port(settings, taken)
    assert site.choose_port(settings, taken) == taken
    assert state.remembered_port(settings, site.NAME) == taken


def test_data_hidden_from_others_are_put_where_postgresql_reaches_them(settings: Settings, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    hidden.chmod(0o700)
    assert postgres._reachable(Path("/usr/bin"))
    assert not postgres._reachable(hidden)
    elsewhere = replace(settings, home=hidden / "home")
    assert postgres._data_folder(elsewhere, "nobody") == postgres._outside(elsewhere) / "data"
    hidden.chmod(0o755)
    assert postgres._data_folder(elsewhere, "nobody") == postgres._outside(elsewhere) / "data", "data do not move"
    assert postgres._data_folder(settings, None) == settings.home / "postgres"
