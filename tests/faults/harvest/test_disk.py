"""A full disk where the catalogue is kept while it is read: told as what it is, nothing touched or left behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.harvest.conftest import catalogue, record, row_versions

from ckanext.mxopendata import config

from .site import write_ini

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]

ROOM = 64 * 1024
# A disk of its own for one process and those it starts; it is gone with them.
SMALL_DISK = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'
NAMESPACES = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])


def _huge(encoding: str, *good: dict[str, Any]) -> bytes:
    """A catalogue that has no room; in UTF-16 it has, and its copy in UTF-8 has none: two bytes, and three."""
    content = json.loads(catalogue(*good, record("enorme", description="€" * 28_000)))
    return json.dumps(content, ensure_ascii=False).encode(encoding)


def _check(run: dict[str, Any]) -> None:
    assert (run["status"], run["read"]) == ("failed", 0)
    (finding,) = run["findings"]
    assert finding["code"] == "disk_full"
    assert "no hay espacio" in finding["message"]
    assert "ckanext.mxopendata.harvest.folder" in finding["cure"]


@contextmanager
def _small_files() -> Iterator[None]:
    """The kernel lets no file grow over a size, as a quota would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_room_is_not_the_portal_s_fault(encoding, portal, make_source, harvest, tmp_path, monkeypatch):
    monkeypatch.setattr(config, "harvest_folder", lambda: tmp_path)
    good = [record(f"{encoding}-1"), record(f"{encoding}-2")]
    portal.serve("/data.json", catalogue(*good))
    source = make_source()
    assert harvest(source)["created"] == 2
    before = row_versions()
    portal.serve("/data.json", _huge(encoding, *good))
    with _small_files():
        run = harvest(source)
    _check(run)
    assert os.listdir(tmp_path) == []
    assert row_versions() == before
    portal.serve("/data.json", catalogue(*good))
    assert harvest(source)["unchanged"] == 2


def test_a_disk_that_is_full(loopback, make_source, tmp_path):
    """The whole command on a small disk of its own, where this machine lets a process have one; else see above."""
    namespace = next((words for words in NAMESPACES if _may_mount(words, tmp_path)), None)
    if namespace is None:
        return
    loopback.serve("/data.json", _huge("utf-8", record("disco-1")))
    source = make_source(loopback.url("/data.json"))
    ini = write_ini(tmp_path / "ckan.ini", loopback, **{"ckanext.mxopendata.harvest.folder": str(tmp_path / "disk")})
    ckan = [str(Path(sys.executable).with_name("ckan")), "-c", str(ini)]
    command = [*_on_a_small_disk(namespace, tmp_path), *ckan, "mxopendata", "harvest", source["name"], "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    (run,) = json.loads(ended.stdout)
    _check(run)
    assert run["findings"][0]["value"] == "ENOSPC"


def _on_a_small_disk(namespace: list[str], folder: Path) -> list[str]:
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    return [*namespace, "sh", "-c", SMALL_DISK, str(disk)]


def _may_mount(namespace: list[str], folder: Path) -> bool:
    tried = subprocess.run([*_on_a_small_disk(namespace, folder), "true"], capture_output=True, check=False)
    return tried.returncode == 0


def test_a_folder_that_nobody_may_write_to(portal, make_source, harvest, tmp_path, monkeypatch):
    monkeypatch.setattr(config, "harvest_folder", lambda: tmp_path / "gone")
    portal.serve("/data.json", catalogue(record("carpeta-1")))
    run = harvest(make_source())
    assert (run["status"], [finding["code"] for finding in run["findings"]]) == ("failed", ["folder_not_writable"])
