"""Ports, secrets and whole files."""

from __future__ import annotations

import json
import socket
import stat
import threading

import pytest

from local import files, lock, state
from local.problem import Problem
from local.settings import ADDRESS, Settings


def test_a_service_keeps_its_port(settings: Settings) -> None:
    first = state.port(settings, "solr", running=False)
    assert state.port(settings, "solr", running=False) == first
    assert state.remembered_port(settings, "solr") == first


def test_a_port_taken_by_somebody_else_is_given_up(settings: Settings) -> None:
    first = state.port(settings, "solr", running=False)
    with socket.socket() as other:
        other.bind((ADDRESS, first))
        other.listen()
        assert not state.is_free(first)
        assert state.port(settings, "solr", running=True) == first, "our own service is what listens there"
        assert state.port(settings, "solr", running=False) != first


def test_two_services_never_share_a_port(settings: Settings) -> None:
    ports = {name: state.port(settings, name, running=False) for name in ("postgres", "valkey", "solr")}
    assert len(set(ports.values())) == 3


def test_secrets_are_made_once_and_differ_between_installations(settings: Settings, tmp_path) -> None:
    other = files_settings(settings, tmp_path / "other")
    first = state.secret(settings, "session")
    assert len(first) >= 32
    assert state.secret(settings, "session") == first
    assert state.secret(settings, "forms") != first
    assert state.secret(other, "session") != first


def files_settings(settings: Settings, home) -> Settings:
    from dataclasses import replace

    return replace(settings, home=home)


def test_only_the_owner_reads_the_secrets(settings: Settings) -> None:
    state.secret(settings, "session")
    assert stat.S_IMODE((settings.home / state.FILE).stat().st_mode) == 0o600


def test_a_file_is_old_or_new_but_never_half(tmp_path) -> None:
    path = tmp_path / "facts.json"
    documents = [{"number": number, "fill": "x" * 50_000} for number in range(40)]
    files.write_json(path, documents[0])
    read: list[int] = []
    done = threading.Event()

    def reader() -> None:
        while not done.is_set():
            read.append(json.loads(path.read_text())["number"])

    thread = threading.Thread(target=reader)
    thread.start()
    for document in documents:
        files.write_json(path, document)
    done.set()
    thread.join()
    assert read == sorted(read)
    assert [child.name for child in tmp_path.iterdir()] == ["facts.json"]


def test_a_folder_takes_its_name_only_when_complete(tmp_path) -> None:
    target = tmp_path / "solr"

    def fail_half_way() -> None:
        with files.new_folder(target) as partial:
            (partial / "half.jar").touch()
            assert not target.exists()
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
    with files.new_folder(target) as partial:
        (partial / "whole.jar").touch()
    assert [path.name for path in target.iterdir()] == ["whole.jar"]


def test_what_a_killed_download_left_is_taken_away(tmp_path) -> None:
    (tmp_path / "solr.partial-abc").mkdir()
    (tmp_path / "solr-other").mkdir()
    files.remove_partial_folders(tmp_path / "solr")
    assert [path.name for path in tmp_path.iterdir()] == ["solr-other"]


def test_two_commands_at_once_are_one_too_many(settings: Settings) -> None:
    with lock.only_one(settings), pytest.raises(Problem, match="Otro comando trabaja ya"), lock.only_one(settings):
        pass
    with lock.only_one(settings):
        pass
