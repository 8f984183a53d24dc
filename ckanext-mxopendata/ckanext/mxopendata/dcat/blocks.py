"""Neighbouring datasets in one format, joined once and copied into files together until one of them changes; pure.

A dataset by itself is a few kilobytes: to look each one up, unpack, count and write it is more work than to copy it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from ckanext.mxopendata.dcat.catalogue import link_datasets
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.counts import Counts, add_counts, read_counts
from ckanext.mxopendata.dcat.entries import BETWEEN_ENTRIES
from ckanext.mxopendata.dcat.fragments import Fragment
from ckanext.mxopendata.dcat.frames import FORMATS as RDF_FORMATS
from ckanext.mxopendata.dcat.frames import frame, to_part

# How many datasets a block has on average: with more of them a change costs more, with fewer the copying does.
DATASETS = 32
# Where no id happens to begin a block for long.
_MOST = 10 * DATASETS


@dataclass(frozen=True)
class Listed:
    """A dataset as the list of them names it: its id, and the :func:`.moment_key` of its last modification."""

    id: str
    modified: str


@dataclass(frozen=True)
class Block:
    """Some datasets in one format, with what ties them to their catalogues.

    Attributes:
        part: the part of a file.
        piece: the same compressed (:mod:`.packing`); empty where it is not kept.
        datasets: how many datasets it has.
        counts: what they add to the report.
        shared: keys of the shared parts they name.
        institutions: the ids of their institutions, each with the id of one of the datasets.
        rendered: how many of the datasets were made now; none in a block that was kept.
    """

    part: bytes
    piece: bytes
    datasets: int
    counts: Counts
    shared: Set[str]
    institutions: Mapping[str, str]
    rendered: int = 0


def cut(pages: Iterable[Sequence[Listed]]) -> Iterator[list[list[Listed]]]:
    """The list of datasets, cut into those of a block each.

    The ids themselves say where: a dataset that comes or goes changes its own block and no other.

    Args:
        pages: the list, in order.

    Yields:
        By page, the blocks that end on it; the last ones by themselves.
    """
    current: list[Listed] = []
    for page in pages:
        whole = []
        for entry in page:
            if current and (crc32(entry.id.encode()) % DATASETS == 0 or len(current) >= _MOST):
                whole.append(current)
                current = []
            current.append(entry)
        if whole:
            yield whole
    if current:
        yield [current]


def digest(listed: Sequence[Listed]) -> str:
    """A number in hexadecimal that tells these datasets, as they are now, from all others."""
    text = json.dumps([(entry.id, entry.modified) for entry in listed])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def join(
    context: ExportContext,
    name: str,
    fragments: Sequence[Fragment],
    made: Set[str] = frozenset(),
    *,
    of_institution: bool = False,
) -> Block:
    """A block, not compressed.

    Args:
        context: the catalogue.
        name: the format the fragments are in, one of :data:`.fragments.FORMATS`.
        fragments: the datasets, in order.
        made: the ids of those that were made now.
        of_institution: whether the file is an institution's (:func:`.link_datasets`).
    """
    parts = [fragment.part for fragment in fragments]
    institutions: dict[str, str] = {}
    between = BETWEEN_ENTRIES
    if name in RDF_FORMATS:
        between = frame(name).between
        parts.insert(0, to_part(name, link_datasets(context, fragments, of_institution=of_institution)))
        for fragment in fragments:
            if fragment.institution:
                institutions.setdefault(fragment.institution, fragment.dataset_id)
    return Block(
        part=between.join(part for part in parts if part),
        piece=b"",
        datasets=len(fragments),
        counts=add_counts(read_counts(fragment.counts) for fragment in fragments),
        shared={key for fragment in fragments for key in fragment.shared.split()},
        institutions=institutions,
        rendered=sum(fragment.dataset_id in made for fragment in fragments),
    )
