"""The kept fragments, and blocks of them: read, written and forgotten in CKAN's session."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model

from ckanext.mxopendata.bulk import arrays, by_column
from ckanext.mxopendata.dcat.blocks import Block, Listed, digest
from ckanext.mxopendata.dcat.counts import parse_counts
from ckanext.mxopendata.dcat.fragments import Fragment, SharedPart, institution_key
from ckanext.mxopendata.dcat.model import BlockRow, FragmentRow, FragmentState, SharedPartRow
from ckanext.mxopendata.dcat.packing import unpack

_FRAGMENTS = FragmentRow.__table__
_BLOCKS = BlockRow.__table__
_SHARED = SharedPartRow.__table__
_STATE = FragmentState.__table__
_TYPES = {"piece": "bytea[]", "names_institution": "boolean[]", "datasets": "integer[]"}
_FIELDS = ("dataset_id", "institution", "modified", "piece", "counts", "shared", "names_institution")
_BLOCK_FIELDS = ("first", "last", "digest", "piece", "datasets", "counts", "shared", "institutions")

# The first eight bytes of "mxopendata-fragments"; any number will do, as long as nobody else locks the same one.
_LOCK = int.from_bytes(b"mxopendf", "big") - 2**62

# Blocks of a format, each with the datasets it was made of.
Joined = Sequence[tuple[Sequence[Listed], Block]]


def _replacing(table: str, key: str, *others: str) -> sa.TextClause:
    """The statement that writes rows of one format, given as one list a column."""
    new = ", ".join(f"{name} = excluded.{name}" for name in others)
    return sa.text(
        f"INSERT INTO {table} (format, {', '.join((key, *others))})"  # noqa: S608  (names of ours)
        f" SELECT :format, * FROM unnest({arrays((key, *others), _TYPES)})"
        f" ON CONFLICT ({key}, format) DO UPDATE SET {new}"
    )


_KEEP = _replacing("mxopendata_fragment", *_FIELDS)
_KEEP_BLOCKS = _replacing("mxopendata_fragment_block", *_BLOCK_FIELDS)


def hold_still() -> None:
    """Let nobody forget anything until this transaction ends.

    What is read now, such as the name of an institution, may be joined into a block and kept: had another export heard
    meanwhile that it is outdated, the block would outlive the change.
    """
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCK)))


def _wait_for_readers() -> None:
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def read(name: str, ids: Sequence[str]) -> dict[str, Fragment]:
    """The kept fragments of some datasets in a format, by their ids."""
    found = {}
    query = sa.select(*(_FRAGMENTS.c[field] for field in _FIELDS)).where(
        _among(_FRAGMENTS.c.dataset_id, ids), _FRAGMENTS.c.format == name
    )
    for dataset_id, institution, modified, stored, *rest in model.Session.execute(query):
        piece = bytes(stored)
        found[dataset_id] = Fragment(dataset_id, institution, modified, unpack(piece), piece, *rest)
    return found


def read_blocks(name: str, groups: Sequence[Sequence[Listed]]) -> dict[str, Block]:
    """The kept blocks of a format that are made of just these datasets, by the id of the first one.

    Args:
        name: the format.
        groups: the datasets of each block.
    """
    wanted = {group[0].id: digest(group) for group in groups}
    query = sa.select(*(_BLOCKS.c[field] for field in _BLOCK_FIELDS if field != "last")).where(
        _among(_BLOCKS.c.first, list(wanted)), _BLOCKS.c.format == name
    )
    found = {}
    for first, made_of, stored, datasets, counts, shared, institutions in model.Session.execute(query):
        if made_of == wanted[first]:
            piece = bytes(stored)
            keys = set(shared.split())
            block = Block(unpack(piece), piece, datasets, parse_counts(counts), keys, json.loads(institutions))
            found[first] = block
    return found


def keep(
    made: Mapping[str, Sequence[Fragment]],
    shared: Mapping[str, Sequence[SharedPart]],
    joined: Mapping[str, Joined],
) -> None:
    """Write fragments, the shared parts they name and the blocks they stand in, and commit all together.

    Args:
        made: fragments by format; those that are there are replaced.
        shared: shared parts by format; those that are there are the same and stay.
        joined: blocks by format; those that are there are replaced.
    """
    for name, fragments in made.items():
        if fragments:
            rows = [vars(fragment) for fragment in fragments]
            model.Session.execute(_KEEP, {"format": name, **by_column(_FIELDS, rows)})
    for name, blocks in joined.items():
        if blocks:
            rows = [_block_row(*entry) for entry in blocks]
            model.Session.execute(_KEEP_BLOCKS, {"format": name, **by_column(_BLOCK_FIELDS, rows)})
    rows = [
        {"key": part.key, "format": name, "piece": part.piece, "needs": part.needs}
        for name, parts in shared.items()
        for part in parts
    ]
    if rows:
        model.Session.execute(insert(_SHARED).on_conflict_do_nothing(), rows)
    model.Session.commit()


def _block_row(listed: Sequence[Listed], block: Block) -> dict[str, Any]:
    return {
        "first": listed[0].id,
        "last": listed[-1].id,
        "digest": digest(listed),
        "piece": block.piece,
        "datasets": block.datasets,
        "counts": block.counts.to_text(),
        "shared": " ".join(sorted(block.shared)),
        "institutions": json.dumps(block.institutions),
    }


def shared_keys(name: str, keys: Sequence[str]) -> set[str]:
    """Which of some shared parts of a format are kept."""
    query = sa.select(_SHARED.c.key).where(_among(_SHARED.c.key, keys), _SHARED.c.format == name)
    return set(model.Session.scalars(query))


def read_shared(name: str, keys: Sequence[str]) -> list[SharedPart]:
    """Some of the shared parts of a format; those that are not there are left out."""
    columns = (_SHARED.c.key, _SHARED.c.piece, _SHARED.c.needs)
    query = sa.select(*columns).where(_among(_SHARED.c.key, keys), _SHARED.c.format == name)
    return [
        SharedPart(key, unpack(bytes(piece)), bytes(piece), needs) for key, piece, needs in model.Session.execute(query)
    ]


def _among(column: sa.Column[str], keys: Sequence[str]) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text)))


def forget_datasets(ids: Sequence[str]) -> None:
    """Forget every fragment of some datasets, and the blocks in which they may stand."""
    _wait_for_readers()
    model.Session.execute(sa.delete(_FRAGMENTS).where(_FRAGMENTS.c.dataset_id.in_(ids)))
    _forget_blocks(ids)


def forget_institutions(ids: Sequence[str]) -> None:
    """Forget what describes some institutions, and the fragments in which their names stand."""
    _wait_for_readers()
    keys = [institution_key(institution) for institution in ids]
    model.Session.execute(sa.delete(_SHARED).where(_SHARED.c.key.in_(keys)))
    named = sa.delete(_FRAGMENTS).where(_FRAGMENTS.c.institution.in_(ids), _FRAGMENTS.c.names_institution)
    _forget_blocks(model.Session.scalars(named.returning(_FRAGMENTS.c.dataset_id)).all())


def _forget_blocks(ids: Sequence[str]) -> None:
    """Forget the blocks, in every format, between whose first and last dataset one of these has its place."""
    # In Python, where strings have the order of the search index; PostgreSQL's depends on the database.
    ordered = sorted(ids)
    if not ordered:
        return
    stale = []
    for first, last in model.Session.execute(sa.select(_BLOCKS.c.first, _BLOCKS.c.last).distinct()):
        at = bisect_left(ordered, first)
        if at < len(ordered) and ordered[at] <= last:
            stale.append(first)
    model.Session.execute(sa.delete(_BLOCKS).where(_among(_BLOCKS.c.first, stale)))


def forget_all(made_with: str) -> None:
    """Forget everything, and note what the fragments to come are made with."""
    _wait_for_readers()
    for table in (_FRAGMENTS, _BLOCKS, _SHARED, _STATE):
        model.Session.execute(sa.delete(table))
    model.Session.execute(sa.insert(_STATE).values(id=1, made_with=made_with))


def made_with() -> str | None:
    """What the kept fragments were made with; ``None`` before the first export."""
    return model.Session.execute(sa.select(_STATE.c.made_with)).scalar()
