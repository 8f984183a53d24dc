"""One export from beginning to end: read, render, write, check, publish."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ckanext.mxopendata.dcat import dumps, site, writer
from ckanext.mxopendata.dcat.check import Checker


@dataclass(frozen=True)
class ExportRequest:
    """What to export.

    Attributes:
        formats: one or more of ``writer.FORMATS``.
        folder: where the files of the site's exports lie; with ``output``, the folder of that file.
        institution: id and name of the organization to limit it to.
        since: limit it to what changed at or after this moment, UTC.
        output: the file to write instead of the site's own; with one format only.
        check: whether to validate while writing.
    """

    formats: tuple[str, ...]
    folder: Path
    institution: tuple[str, str] | None = None
    since: datetime | None = None
    output: Path | None = None
    check: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether this is the whole catalogue in its served place."""
        return self.institution is None and self.since is None and self.output is None

    def target(self, name: str) -> Path:
        """Where the file of one format goes."""
        if self.output is not None:
            return self.output
        if self.is_whole:
            return dumps.dump_path(self.folder, name)
        since = self.since.strftime("%Y-%m-%dT%H%M%SZ") if self.since else None
        return dumps.part_path(self.folder, name, self.institution[1] if self.institution else None, since)


@dataclass
class ExportResult:
    """What an export did: its counts, its files by format, and what the check found (``None`` without a check)."""

    counts: dict[str, Any]
    files: dict[str, dumps.WrittenFile] = field(default_factory=dict)
    violations: Checker | None = None


def count(request: ExportRequest) -> int:
    """How many datasets the export will read."""
    return site.count_datasets(request.institution[0] if request.institution else None, request.since)


def run(request: ExportRequest, now: datetime, advance: Callable[[int], Any] | None = None) -> ExportResult:
    """Export.

    Args:
        request: what to export, and where to.
        now: moment of the export, UTC, for the manifest.
        advance: is told how many datasets of a batch are done.

    Raises:
        dumps.ExportUnderwayError: another process exports into the same folder.
        OSError: the files cannot be written.
    """
    context = site.current_context()
    checker = Checker(context) if request.check else None
    # A file that the user names is nobody else's: nothing to keep apart, nothing of ours to clear away there.
    alone = nullcontext() if request.output else dumps.exclusive(request.folder)
    with alone, dumps.scratch_file(request.folder) as lines:
        batches = site.read_datasets(request.institution[0] if request.institution else None, request.since)
        report = writer.write_lines(batches, context, lines.write, checker, advance)
        lines.flush()
        result = ExportResult(report.to_dict(), violations=checker)
        for name in request.formats:
            path = request.target(name)
            with dumps.replacing(path) as output:
                writer.convert(Path(lines.name), name, output)
            result.files[name] = output.written(path)
        if request.is_whole:
            generated = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            dumps.write_manifest(request.folder, generated, writer.PROFILE, result.counts, [*result.files.values()])
    return result
