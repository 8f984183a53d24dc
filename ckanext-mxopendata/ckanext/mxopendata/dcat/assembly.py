"""The datasets of an export in order, each as a fragment: the kept one where it holds, else a new one, to be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ckanext.mxopendata.dcat import blocks, site, store
from ckanext.mxopendata.dcat.blocks import Block, Listed
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.fragments import Fragment, Renderer, SharedPart, institution_key
from ckanext.mxopendata.dcat.packing import Packer
from ckanext.mxopendata.dcat.writer import CatalogueWriter

log = logging.getLogger(__name__)

_SHARED_AT_ONCE = 500


Missing = Mapping[str, Sequence[str]]
LeftOut = list[tuple[str, Exception]]


@dataclass
class Batch:
    """Some datasets of an export.

    Attributes:
        groups: the datasets of each block, in the order of their ids.
        kept: format → id of its first dataset → the kept block that holds.
        fragments: format → dataset id → the kept fragment that holds, later all that there are; none of a kept block.
        missing: dataset id → formats in which it has to be made.
        datasets: the missing ones, as ``package_show`` gives them.
        made: by format, those made now.
        shared: by format, the shared parts made with them.
        left_out: by format, id and error of those that cannot be expressed in it.
        blocks: by format, all blocks in order.
    """

    groups: Sequence[Sequence[Listed]]
    kept: dict[str, dict[str, Block]] = field(default_factory=dict)
    fragments: dict[str, dict[str, Fragment]] = field(default_factory=dict)
    missing: Missing = field(default_factory=dict)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, list[Fragment]] = field(default_factory=dict)
    shared: dict[str, list[SharedPart]] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    blocks: dict[str, list[Block]] = field(default_factory=dict)

    @property
    def listed(self) -> list[Listed]:
        """The datasets."""
        return [entry for group in self.groups for entry in group]

    def in_order(self, name: str) -> list[Fragment]:
        """The fragments of a format in the order of the datasets."""
        found = self.fragments[name]
        return [found[entry.id] for entry in self.listed if entry.id in found]

    def made_ids(self, name: str) -> set[str]:
        """The ids of the datasets made now in a format."""
        return {fragment.dataset_id for fragment in self.made.get(name, ())}


class Assembly:
    """Gives the datasets that an anonymous visitor may see, whatever was kept of them."""

    def __init__(self, context: ExportContext, formats: Sequence[str], *, from_blocks: bool = True) -> None:
        """Begin.

        Args:
            context: the catalogue and the vocabularies.
            formats: some of :data:`.fragments.FORMATS`.
            from_blocks: whether kept blocks will do; else each dataset is among the fragments.
        """
        self._context = context
        self._formats = formats
        self._from_blocks = from_blocks
        self._renderer = Renderer(context)
        self._packer = Packer()

    def batches(self, institution: str | None = None, since: datetime | None = None) -> Iterator[Batch]:
        """The datasets of the catalogue, or of a part of it.

        Args:
            institution: id of the organization to limit it to.
            since: limit it to datasets whose metadata changed at or after this moment, UTC.
        """
        # A part of the catalogue is cut elsewhere: its blocks would be of use to no other export.
        is_whole = institution is None and since is None
        for groups in blocks.cut(site.list_ahead(institution, since)):
            batch = self._make(self._read(groups, from_blocks=is_whole and self._from_blocks))
            joined = self._join(batch, of_institution=institution is not None)
            self._keep(batch, joined if is_whole else {})
            yield batch

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

    def _read(self, groups: Sequence[Sequence[Listed]], *, from_blocks: bool) -> Batch:
        batch = Batch(groups)
        store.hold_still()
        missing: dict[str, list[str]] = {}
        for name in self._formats:
            kept = batch.kept[name] = store.read_blocks(name, groups) if from_blocks else {}
            others = [entry for group in groups if group[0].id not in kept for entry in group]
            found = batch.fragments[name] = store.read(name, [entry.id for entry in others]) if others else {}
            for entry in others:
                if entry.id not in found or found[entry.id].modified != entry.modified:
                    found.pop(entry.id, None)
                    missing.setdefault(entry.id, []).append(name)
        batch.missing = missing
        together = len(missing) * 2 > len(batch.listed)
        batch.datasets = list(site.read_datasets(sorted(missing), neighbours=together))
        return batch

    def _make(self, batch: Batch) -> Batch:
        for dataset in batch.datasets:
            fragments, failed = self._renderer.render(dataset, batch.missing[dataset["id"]])
            for name, error in failed.items():
                log.error("dataset %s cannot be exported as %s", dataset["id"], name, exc_info=error)
                batch.left_out.setdefault(name, []).append((dataset["id"], error))
            for name, fragment in fragments.items():
                batch.made.setdefault(name, []).append(fragment)
                batch.fragments[name][fragment.dataset_id] = fragment
        batch.datasets = []
        batch.shared = self._renderer.take_shared()
        return batch

    def _join(self, batch: Batch, *, of_institution: bool) -> Mapping[str, store.Joined]:
        """Give a batch its blocks; and those that are new and whole, compressed, with their datasets."""
        joined: dict[str, list[tuple[Sequence[Listed], Block]]] = {}
        for name in self._formats:
            found, kept, made = batch.fragments[name], batch.kept[name], batch.made_ids(name)
            batch.blocks[name] = []
            for group in batch.groups:
                block = kept.get(group[0].id)
                if block is None:
                    fragments = [found[entry.id] for entry in group if entry.id in found]
                    block = blocks.join(self._context, name, fragments, made, of_institution=of_institution)
                    if [Listed(made_of.dataset_id, made_of.modified) for made_of in fragments] == list(group):
                        block = replace(block, piece=self._packer.pack(block.part))
                        joined.setdefault(name, []).append((group, block))
                batch.blocks[name].append(block)
        return joined

    def _keep(self, batch: Batch, joined: Mapping[str, store.Joined]) -> None:
        # Of a dataset that failed, what it shares with others may be there: the renderer makes it only once.
        store.keep(batch.made, batch.shared, joined)

    def _make_institutions(self, name: str, institutions: Mapping[str, str]) -> None:
        """Describe anew the institutions that have changed, from a dataset of each."""
        ids = list(institutions)
        for start in range(0, len(ids), _SHARED_AT_ONCE):
            page = ids[start : start + _SHARED_AT_ONCE]
            found = store.shared_keys(name, [institution_key(key) for key in page])
            changed = sorted(institutions[key] for key in page if institution_key(key) not in found)
            if changed:
                missing = {dataset_id: [name] for dataset_id in changed}
                datasets = list(site.read_datasets(changed))
                self._keep(self._make(Batch((), {}, {name: {}}, missing, datasets)), {})
