"""The files of an export: made beside their place, moved there when they are whole, listed in a manifest.

``volcado.<format>`` is the whole catalogue, served at ``/catalogo/volcado.<format>``; part of it (one institution, what
changed since a day) lies beside, in ``parciales``, and is not served.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

MANIFEST = "volcado.json"
_WHOLE = "volcado"
# What the formats in JSON are called where they are served.
_NAMES = {"datajson": "data.json", "adela": "catalogo.json"}
_PARTS = "parciales"
_UNFINISHED = ".exportando-"


class ExportUnderwayError(Exception):
    """Another process is exporting into the same folder."""


@dataclass(frozen=True)
class WrittenFile:
    """A finished file: where it is, its size in bytes and its SHA-256 in hexadecimal."""

    path: Path
    bytes: int
    sha256: str


def dump_path(folder: Path, name: str) -> Path:
    """Where the whole catalogue in one format lies."""
    return folder / _NAMES.get(name, f"{_WHOLE}.{name}")


def part_path(folder: Path, name: str, institution: str | None, since: str | None) -> Path:
    """Where a part of the catalogue lies that nobody named a file for."""
    words = [institution or "catalogo", *([f"desde-{since.replace(':', '')}"] if since else [])]
    return folder / _PARTS / f"{'-'.join(words)}.{_NAMES.get(name, name)}"


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Only one export at a time in a folder; what an interrupted one left is cleared away.

    Raises:
        ExportUnderwayError: where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".candado").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExportUnderwayError(str(folder)) from error
        for left in folder.rglob(f"{_UNFINISHED}*"):
            left.unlink(missing_ok=True)
        yield


@contextmanager
def replacing(path: Path) -> Iterator[HashingFile]:
    """A file that takes the place of ``path`` when it is whole, and otherwise leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            yield HashingFile(raw)
            raw.flush()
            os.fsync(raw.fileno())
        # mkstemp's file is its owner's alone; the web server often is another user.
        os.chmod(unfinished, 0o644)  # noqa: S103  (published data)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


class HashingFile:
    """A binary file that counts and hashes what passes."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write, count, hash."""
        self._hash.update(data)
        self.size += len(data)
        return self._raw.write(data)

    def flush(self) -> None:
        """Pass on what is buffered."""
        self._raw.flush()

    def written(self, path: Path) -> WrittenFile:
        """What passed, as the finished file at ``path``."""
        return WrittenFile(path, self.size, self._hash.hexdigest())


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the last export of the whole catalogue, or ``None`` where there is none."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_manifest(folder: Path, generated: str, counts: dict[str, Any], files: list[WrittenFile]) -> None:
    """Note an export of the whole catalogue; files of other formats from earlier exports stay listed.

    Args:
        folder: where the files are.
        generated: moment of the export, ISO 8601, UTC.
        counts: ``profile`` and ``datasets`` to ``filled`` of the report.
        files: what this export wrote.
    """
    earlier = read_manifest(folder) or {}
    entries = {entry["name"]: entry for entry in earlier.get("files", ()) if (folder / entry["name"]).is_file()}
    for file in files:
        entries[file.path.name] = {
            "name": file.path.name,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "generated": generated,
        }
    manifest = {
        "generated": generated,
        **counts,
        "files": [entries[name] for name in sorted(entries)],
    }
    with replacing(folder / MANIFEST) as output:
        output.write(json.dumps(manifest, ensure_ascii=False, indent=2).encode())
