"""One export from beginning to end: read, render, write, check, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ckanext.mxopendata.dcat import dumps, site, writer
from ckanext.mxopendata.dcat.check import Checker
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.datajson import DataJsonWriter

DATA_JSON = "datajson"
FORMATS = (*writer.FORMATS, DATA_JSON)


@dataclass(frozen=True)
class ExportRequest:
    """What to export.

    Attributes:
        formats: one or more of :data:`FORMATS`.
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

    @property
    def rdf_formats(self) -> tuple[str, ...]:
        """The formats made from triples."""
        return tuple(name for name in self.formats if name != DATA_JSON)

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
    """What an export did.

    Attributes:
        counts: ``profile`` and ``datasets`` to ``filled``, by format.
        files: the finished files, by format.
        violations: what the check found; ``None`` without a check.
    """

    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
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
    institution = request.institution[0] if request.institution else None
    # A file that the user names is nobody else's: nothing to keep apart, nothing of ours to clear away there.
    with nullcontext() if request.output else dumps.exclusive(request.folder):
        context = site.current_context()
        batches = site.read_datasets(institution, request.since)
        result = ExportResult()
        with ExitStack() as stack:
            if DATA_JSON in request.formats:
                batches = stack.enter_context(_with_data_json(request, context, batches, result))
            if request.rdf_formats:
                _write_rdf(request, context, batches, result, advance)
            else:
                for batch in batches:
                    if advance is not None:
                        advance(len(batch))
        if request.is_whole:
            counts = result.counts[request.rdf_formats[0] if request.rdf_formats else DATA_JSON]
            generated = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            dumps.write_manifest(request.folder, generated, counts, [*result.files.values()])
    return result


Batches = Iterator[list[dict[str, Any]]]


@contextmanager
def _with_data_json(
    request: ExportRequest, context: ExportContext, batches: Batches, result: ExportResult
) -> Iterator[Batches]:
    """Write each batch that passes to ``data.json`` too; finish the file when all have passed."""
    path = request.target(DATA_JSON)
    with dumps.replacing(path) as output:
        writing = DataJsonWriter(context, output.write)
        yield _tee(batches, writing)
        writing.finish()
    result.files[DATA_JSON] = output.written(path)
    result.counts[DATA_JSON] = {"profile": "pod_1.1", **writing.report.to_dict()}


def _tee(batches: Batches, writing: DataJsonWriter) -> Batches:
    for batch in batches:
        writing.add(batch)
        yield batch


def _write_rdf(
    request: ExportRequest,
    context: ExportContext,
    batches: Batches,
    result: ExportResult,
    advance: Callable[[int], Any] | None,
) -> None:
    result.violations = Checker(context) if request.check else None
    with dumps.scratch_file(request.folder) as lines:
        report = writer.write_lines(batches, context, lines.write, result.violations, advance)
        lines.flush()
        for name in request.rdf_formats:
            path = request.target(name)
            with dumps.replacing(path) as output:
                writer.convert(Path(lines.name), name, output)
            result.files[name] = output.written(path)
            result.counts[name] = {"profile": writer.PROFILE, **report.to_dict()}
