"""A full disk where the catalogue is kept while it is read: told as what it is, nothing touched or left behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.harvest.conftest import catalogue, record, row_versions

from ckanext.mxopendata import config

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]


@contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    """A real one where this process may mount it; else the kernel lets no file grow over the same size."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        try:
            yield
        finally:
            subprocess.run(["umount", folder], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_full_disk_is_not_the_portal_s_fault(encoding, portal, make_source, harvest, tmp_path, monkeypatch):
    """Also where the file itself fits, and only its copy in UTF-8 no longer does."""
    monkeypatch.setattr(config, "harvest_folder", lambda: tmp_path)
    good = [record(f"{encoding}-1"), record(f"{encoding}-2")]
    portal.serve("/data.json", catalogue(*good))
    source = make_source()
    assert harvest(source)["created"] == 2
    before = row_versions()
    # Two bytes each in UTF-16, three in UTF-8.
    huge = json.loads(catalogue(*good, record(f"{encoding}-3", description="€" * 28_000)))
    portal.serve("/data.json", json.dumps(huge, ensure_ascii=False).encode(encoding))
    with _full_disk(tmp_path):
        run = harvest(source)
        assert os.listdir(tmp_path) == []
    assert (run["status"], run["read"]) == ("failed", 0)
    (finding,) = run["findings"]
    assert finding["code"] == "disk_full"
    assert "no hay espacio" in finding["message"]
    assert "ckanext.mxopendata.harvest.folder" in finding["cure"]
    assert row_versions() == before
    portal.serve("/data.json", catalogue(*good))
    assert harvest(source)["unchanged"] == 2


def test_a_folder_that_nobody_may_write_to(portal, make_source, harvest, tmp_path, monkeypatch):
    monkeypatch.setattr(config, "harvest_folder", lambda: tmp_path / "gone")
    portal.serve("/data.json", catalogue(record("carpeta-1")))
    run = harvest(make_source())
    assert (run["status"], [finding["code"] for finding in run["findings"]]) == ("failed", ["folder_not_writable"])
