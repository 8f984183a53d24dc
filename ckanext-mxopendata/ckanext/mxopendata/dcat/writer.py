"""A catalogue file in the making: its parts go where they belong, and into its compressed copy; pure.

Memory holds one batch, and the keys of what datasets share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ckanext.mxopendata.dcat import adela, datajson
from ckanext.mxopendata.dcat.blocks import Block
from ckanext.mxopendata.dcat.catalogue import link_institutions, render_catalogue
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.counts import ExportReport
from ckanext.mxopendata.dcat.entries import frame_of
from ckanext.mxopendata.dcat.fragments import SharedPart, institution_key
from ckanext.mxopendata.dcat.frames import FORMATS as RDF_FORMATS
from ckanext.mxopendata.dcat.frames import Frame, frame, to_part
from ckanext.mxopendata.dcat.packing import GzipWriter, Packer

RDF_PROFILE = "mx_dcat_ap"
PROFILES = {**dict.fromkeys(RDF_FORMATS, RDF_PROFILE), "datajson": "pod_1.1", "adela": "adela"}
_HEADS = {"datajson": datajson.head, "adela": adela.head}

Write = Callable[[bytes], Any]


def frame_around(name: str, context: ExportContext, institution: Mapping[str, Any] | None = None) -> Frame:
    """The frame of a catalogue in one format; arguments as :class:`CatalogueWriter` takes them."""
    return frame(name) if name in RDF_FORMATS else frame_of(_HEADS[name](context, institution))


class PartWriter:
    """Writes a frame and the parts in it, and the same compressed where that is wanted."""

    def __init__(self, around: Frame, write: Write, write_gzip: Write | None = None) -> None:
        self._frame = around
        self._write = write
        self._gzip = GzipWriter(write_gzip) if write_gzip else None
        self._packer = Packer()
        self._is_empty = True
        self._put(around.head)

    def add(self, part: bytes, piece: bytes | None = None) -> None:
        """Append a part, and the piece that was made of it where there is one; an empty part is nothing."""
        if not part:
            return
        if not self._is_empty:
            self._put(self._frame.between)
        self._is_empty = False
        self._put(part, piece)

    def finish(self) -> None:
        """Write the end."""
        self._put(self._frame.tail)
        if self._gzip:
            self._gzip.finish()

    def _put(self, part: bytes, piece: bytes | None = None) -> None:
        if not part:
            return
        self._write(part)
        if self._gzip:
            self._gzip.add(part, piece or self._packer.pack(part))


class CatalogueWriter:
    """Writes a catalogue in one format.

    Attributes:
        report: what was written, left out, dropped and filled.
    """

    def __init__(
        self,
        name: str,
        context: ExportContext,
        write: Write,
        write_gzip: Write | None = None,
        institution: dict[str, Any] | None = None,
    ) -> None:
        """Begin.

        Args:
            name: one of :data:`.fragments.FORMATS`.
            context: the catalogue and the vocabularies.
            write: takes bytes, for example a file's ``write``.
            write_gzip: the same for a compressed copy.
            institution: the organization, where the file holds its datasets only.
        """
        self.report = ExportReport()
        self.name = name
        self._context = context
        self._is_rdf = name in RDF_FORMATS
        self._keys: set[str] = set()
        self._institutions: dict[str, str] = {}
        self._parts = PartWriter(frame_around(name, context, institution), write, write_gzip)
        if self._is_rdf:
            self._parts.add(to_part(name, render_catalogue(context)))

    def add(self, block: Block) -> None:
        """Write some datasets, in this format."""
        self._parts.add(block.part, block.piece)
        self.report.count(block.counts, block.datasets, block.rendered)
        self._keys.update(block.shared)
        for institution, dataset_id in block.institutions.items():
            self._institutions.setdefault(institution, dataset_id)

    @property
    def institutions(self) -> dict[str, str]:
        """The institutions named so far, by id, each with the id of one of its datasets."""
        return self._institutions

    def shared_keys(self) -> list[str]:
        """Keys of the shared parts that the datasets so far name, institutions first."""
        return [*map(institution_key, self._institutions), *sorted(self._keys)]

    def finish(self, shared: Iterable[SharedPart]) -> None:
        """Write what the datasets share, and the end.

        Args:
            shared: the parts of :meth:`shared_keys`, and those that these need.
        """
        for part in shared:
            self._parts.add(part.part, part.piece)
        if self._is_rdf:
            self._parts.add(to_part(self.name, link_institutions(self._context, self._institutions)))
        self._parts.finish()
