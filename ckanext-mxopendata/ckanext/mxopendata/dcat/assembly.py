"""The datasets of an export in order, each as a fragment: the kept one where it holds, else a new one, to be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ckanext.mxopendata.dcat import site, store
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.fragments import UNUSABLE, Fragment, Renderer, SharedPart, institution_key
from ckanext.mxopendata.dcat.writer import CatalogueWriter

log = logging.getLogger(__name__)

_SHARED_AT_ONCE = 500


Missing = Mapping[str, Sequence[str]]
LeftOut = list[tuple[str, Exception]]


@dataclass
class Batch:
    """Some datasets of an export.

    Attributes:
        listed: the datasets, in the order of their ids.
        fragments: format → dataset id → the kept fragment that holds, later all that there are.
        missing: dataset id → formats in which it has to be made.
        datasets: the missing ones, as ``package_show`` gives them.
        made: by format, those made now.
        shared: by format, the shared parts made with them.
        left_out: id and error of those that cannot be expressed.
    """

    listed: Sequence[site.Listed]
    fragments: dict[str, dict[str, Fragment]]
    missing: Missing
    datasets: list[dict[str, Any]]
    made: dict[str, list[Fragment]] = field(default_factory=dict)
    shared: dict[str, list[SharedPart]] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=list)

    def in_order(self, name: str) -> list[Fragment]:
        """The fragments of a format in the order of the datasets."""
        found = self.fragments[name]
        return [found[entry.id] for entry in self.listed if entry.id in found]

    def left_out_of(self, name: str) -> LeftOut:
        """Those that a format lacks; another one may have kept them."""
        return [(dataset_id, error) for dataset_id, error in self.left_out if name in self.missing[dataset_id]]

    def made_ids(self, name: str) -> set[str]:
        """The ids of the datasets made now in a format."""
        return {fragment.dataset_id for fragment in self.made.get(name, ())}


class Assembly:
    """Gives the datasets that an anonymous visitor may see, whatever was kept of them."""

    def __init__(self, context: ExportContext, formats: Sequence[str]) -> None:
        self._formats = formats
        self._renderer = Renderer(context)

    def batches(self, institution: str | None = None, since: datetime | None = None) -> Iterator[Batch]:
        """The datasets of the catalogue, or of a part of it.

        Args:
            institution: id of the organization to limit it to.
            since: limit it to datasets whose metadata changed at or after this moment, UTC.
        """
        for listed in site.list_datasets(institution, since):
            yield self._keep(self._make(self._read(listed)))

    def shared(self, writer: CatalogueWriter) -> Iterator[SharedPart]:
        """The shared parts that a file names, and those that these need, each once."""
        name = writer.name
        self._make_institutions(name, writer.institutions)
        given: set[str] = set()
        wanted: Iterable[str] = writer.shared_keys()
        while pending := sorted(set(wanted) - given):
            given.update(pending)
            needed: set[str] = set()
            for start in range(0, len(pending), _SHARED_AT_ONCE):
                for part in store.read_shared(name, pending[start : start + _SHARED_AT_ONCE]):
                    needed.update(part.needs.split())
                    yield part
            wanted = needed

    def _read(self, listed: Sequence[site.Listed]) -> Batch:
        kept = store.read(self._formats, [entry.id for entry in listed])
        missing: dict[str, list[str]] = {}
        for entry in listed:
            for name in self._formats:
                fragment = kept[name].get(entry.id)
                if fragment is None or fragment.modified != entry.modified:
                    kept[name].pop(entry.id, None)
                    missing.setdefault(entry.id, []).append(name)
        together = len(missing) * 2 > len(listed)
        return Batch(listed, kept, missing, list(site.read_datasets(list(missing), neighbours=together)))

    def _make(self, batch: Batch) -> Batch:
        for dataset in batch.datasets:
            try:
                fragments = self._renderer.render(dataset, batch.missing[dataset["id"]])
            except UNUSABLE as error:  # noqa: PERF203  (each dataset by itself is the point)
                log.exception("dataset %s cannot be exported", dataset["id"])
                batch.left_out.append((dataset["id"], error))
                continue
            for name, fragment in fragments.items():
                batch.made.setdefault(name, []).append(fragment)
        batch.datasets = []
        batch.shared = self._renderer.take_shared()
        return batch

    def _keep(self, batch: Batch) -> Batch:
        # Of a dataset that failed, what it shares with others may be there: the renderer makes it only once.
        if batch.made or batch.shared:
            store.keep(batch.made, batch.shared)
        for name, made in batch.made.items():
            batch.fragments[name].update((fragment.dataset_id, fragment) for fragment in made)
        return batch

    def _make_institutions(self, name: str, institutions: Mapping[str, str]) -> None:
        """Describe anew the institutions that have changed, from a dataset of each."""
        ids = list(institutions)
        for start in range(0, len(ids), _SHARED_AT_ONCE):
            page = ids[start : start + _SHARED_AT_ONCE]
            found = store.shared_keys(name, [institution_key(key) for key in page])
            changed = sorted(institutions[key] for key in page if institution_key(key) not in found)
            if changed:
                missing = {dataset_id: [name] for dataset_id in changed}
                self._keep(self._make(Batch((), {name: {}}, missing, list(site.read_datasets(changed)))))
