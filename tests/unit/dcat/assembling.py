"""A catalogue file made of datasets in memory, as the export makes it of kept fragments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from ckanext.mxopendata.dcat import blocks
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.counts import ExportReport
from ckanext.mxopendata.dcat.fragments import Fragment, Renderer, SharedPart
from ckanext.mxopendata.dcat.writer import CatalogueWriter


class Shared:
    """The shared parts that were made, by key."""

    def __init__(self) -> None:
        self.parts: dict[str, SharedPart] = {}

    def take(self, renderer: Renderer) -> None:
        """Remember what a renderer has made."""
        for parts in renderer.take_shared().values():
            self.parts.update((part.key, part) for part in parts)

    def of(self, writer: CatalogueWriter) -> Iterator[SharedPart]:
        """The parts that a file names, and those that these need."""
        keys = dict.fromkeys(writer.shared_keys())
        for key in list(keys):
            keys.update(dict.fromkeys(self.parts[key].needs.split()))
        yield from (self.parts[key] for key in keys)


def render_all(
    datasets: Iterable[Mapping[str, Any]], context: ExportContext, name: str
) -> tuple[list[Fragment], Shared, list[tuple[str, Exception]]]:
    """Fragments of some datasets, what they share, and those that cannot be expressed."""
    renderer, shared = Renderer(context), Shared()
    fragments, left_out = [], []
    for dataset in datasets:
        made, failed = renderer.render(dataset, [name])
        fragments += made.values()
        left_out += [(dataset["id"], error) for error in failed.values()]
    shared.take(renderer)
    return fragments, shared, left_out


def write_catalogue(
    batches: Sequence[Sequence[Mapping[str, Any]]],
    context: ExportContext,
    name: str = "nt",
    write_gzip: Callable[[bytes], Any] | None = None,
    institution: dict[str, Any] | None = None,
) -> tuple[bytes, ExportReport]:
    """A whole file, and what it reports."""
    document = BytesIO()
    writer = CatalogueWriter(name, context, document.write, write_gzip, institution)
    fragments, shared, left_out = render_all((dataset for batch in batches for dataset in batch), context, name)
    by_id = {fragment.dataset_id: fragment for fragment in fragments}
    for dataset_id, error in left_out:
        writer.report.leave_out(dataset_id, error)
    for batch in batches:
        ids = [dataset["id"] for dataset in batch if dataset["id"] in by_id]
        writer.add(blocks.join(context, name, [by_id[key] for key in ids], set(ids), of_institution=bool(institution)))
    writer.finish(shared.of(writer))
    return document.getvalue(), writer.report
