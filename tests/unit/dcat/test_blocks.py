"""Where the list of datasets is cut, how a block is known again, and what it says of its datasets."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from ckanext.mxopendata.dcat import blocks, fragments, frames
from ckanext.mxopendata.dcat.blocks import Listed
from ckanext.mxopendata.dcat.catalogue import link_datasets
from ckanext.mxopendata.dcat.counts import parse_counts

from .assembling import render_all

LIST = [Listed(f"{number:05}", "2026-11-28T00:00:00.000") for number in range(2000)]


def _cut(listed: list[Listed], page: int = 100) -> list[list[Listed]]:
    pages = [listed[start : start + page] for start in range(0, len(listed), page)]
    return [group for groups in blocks.cut(pages) for group in groups]


def _digests(groups: Iterable[list[Listed]]) -> set[str]:
    return {blocks.digest(group) for group in groups}


@pytest.mark.parametrize("page", [1, 7, 100, 2000])
def test_the_ids_say_where_a_block_begins_not_the_pages(page):
    groups = _cut(LIST, page)
    assert groups == _cut(LIST)
    assert [entry for group in groups for entry in group] == LIST
    assert len(LIST) / blocks.DATASETS / 2 < len(groups) < len(LIST) / blocks.DATASETS * 2
    assert _cut([]) == []


@pytest.mark.parametrize("position", [0, 3, 1000, 1999])
def test_a_dataset_that_goes_or_comes_changes_at_most_two_blocks(position):
    before = _digests(_cut(LIST))
    after = _digests(_cut(LIST[:position] + LIST[position + 1 :]))
    assert len(after - before) <= 1
    assert 1 <= len(before - after) <= 2


def test_another_moment_changes_one_block():
    changed = [Listed(entry.id, "2026-11-29T00:00:00.000") if entry.id == "01000" else entry for entry in LIST]
    assert len(_digests(_cut(changed)) - _digests(_cut(LIST))) == 1


def test_a_block_does_not_grow_without_end_where_no_id_begins_one(monkeypatch):
    monkeypatch.setattr(blocks, "crc32", lambda _: 1)
    sizes = {len(group) for group in _cut(LIST)}
    assert max(sizes) == 10 * blocks.DATASETS


@pytest.mark.parametrize("name", fragments.FORMATS)
def test_a_block_says_of_its_datasets_what_each_says(name, full, dirty, bare, context):
    made, _, _ = render_all([full, dirty, bare], context, name)
    block = blocks.join(context, name, made, {full["id"]})
    own = [parse_counts(fragment.counts) for fragment in made]
    assert (block.datasets, block.rendered) == (3, 1)
    assert block.counts.distributions == sum(counts.distributions for counts in own)
    for kind in ("dropped", "filled"):
        together = getattr(block.counts, kind)
        keys = {key for counts in own for key in getattr(counts, kind)}
        assert dict(together) == {key: sum(getattr(counts, kind).get(key, 0) for counts in own) for key in keys}
    assert parse_counts(block.counts.to_text()) == block.counts
    assert block.shared == {key for fragment in made for key in fragment.shared.split()}
    if name in frames.FORMATS:
        links = frames.to_part(name, link_datasets(context, made))
        parts = [links, *(fragment.part for fragment in made)]
        assert block.part == frames.frame(name).between.join(parts)
        assert set(block.institutions) == {fragment.institution for fragment in made if fragment.institution}
    else:
        assert [entry["title"] for entry in json.loads(b"[" + block.part + b"]")]
        assert block.institutions == {}


def test_a_block_of_no_datasets_is_nothing(context):
    for name in fragments.FORMATS:
        block = blocks.join(context, name, [])
        assert (block.part, block.datasets, block.shared) == (b"", 0, set())
