"""One export from beginning to end: read, render, write, check, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ckanext.mxopendata.dcat import dumps, freshness, site
from ckanext.mxopendata.dcat.assembly import Assembly
from ckanext.mxopendata.dcat.check import Checker
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.frames import FORMATS as RDF_FORMATS
from ckanext.mxopendata.dcat.writer import PROFILES, CatalogueWriter
from ckanext.mxopendata.garbage import few_collections


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
    def institution_id(self) -> str | None:
        """The id of the organization to limit it to."""
        return self.institution[0] if self.institution else None

    @property
    def rdf_formats(self) -> tuple[str, ...]:
        """The formats made from triples."""
        return tuple(name for name in self.formats if name in RDF_FORMATS)

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
        compressed: their compressed copies, by format.
        violations: what the check found; ``None`` without a check.
    """

    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dumps.WrittenFile] = field(default_factory=dict)
    compressed: dict[str, dumps.WrittenFile] = field(default_factory=dict)
    violations: Checker | None = None


def count(request: ExportRequest) -> int:
    """How many datasets the export will read."""
    return site.count_datasets(request.institution_id, request.since)


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
    # A file that the user names is nobody else's: nothing to keep apart, nothing of ours to clear away there.
    with few_collections(), nullcontext() if request.output else dumps.exclusive(request.folder):
        context = site.current_context()
        freshness.forget_stale(context)
        result = ExportResult()
        if request.check and request.rdf_formats:
            result.violations = Checker(context)
        _write(request, context, result, advance)
        if request.is_whole:
            counts = result.counts[(request.rdf_formats or request.formats)[0]]
            generated = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            files = [*result.files.values(), *result.compressed.values()]
            dumps.write_manifest(request.folder, generated, counts, files)
    return result


def _write(
    request: ExportRequest,
    context: ExportContext,
    result: ExportResult,
    advance: Callable[[int], Any] | None,
) -> None:
    # The check looks at each dataset, which a block does not show.
    assembly = Assembly(context, request.formats, from_blocks=result.violations is None)
    with ExitStack() as stack:
        writers = [_open(request, name, context, stack, result) for name in request.formats]
        for batch in assembly.batches(request.institution_id, request.since):
            for writer in writers:
                for dataset_id, error in batch.left_out.get(writer.name, ()):
                    writer.report.leave_out(dataset_id, error)
                for block in batch.blocks[writer.name]:
                    writer.add(block)
            if result.violations is not None:
                name = request.rdf_formats[0]
                result.violations.check(name, batch.in_order(name), assembly.shared)
            if advance is not None:
                advance(len(batch.listed))
        for writer in writers:
            writer.finish(assembly.shared(writer))
            result.counts[writer.name] = {"profile": PROFILES[writer.name], **writer.report.to_dict()}


def _open(
    request: ExportRequest, name: str, context: ExportContext, stack: ExitStack, result: ExportResult
) -> CatalogueWriter:
    """The writer of one format; its files take their places when the stack is left without an error."""
    path = request.target(name)
    output = stack.enter_context(_noted(path, name, result.files))
    write_gzip = None
    if request.is_whole and name in request.rdf_formats:
        compressed = path.with_name(path.name + ".gz")
        write_gzip = stack.enter_context(_noted(compressed, name, result.compressed)).write
    institution = site.show_organization(request.institution_id) if request.institution_id else None
    return CatalogueWriter(name, context, output.write, write_gzip, institution)


@contextmanager
def _noted(path: Path, name: str, files: dict[str, dumps.WrittenFile]) -> Iterator[dumps.HashingFile]:
    with dumps.replacing(path) as output:
        yield output
    files[name] = output.written(path)
