"""Which dataset keeps which promise: proposals with a score, for a person to confirm. Pure.

Two names that are equal once written as addresses score 1. Else words count by how rare they are among the names of
the institution, and numbers must be the same: a promise for 2014 is not kept by data of 2015.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from ckanext.mxopendata.metadata.names import slug

# Below it nothing is proposed.
LEAST_SCORE = 0.75
EQUAL = 1.0
_CUT = 0.99
# CKAN and its predecessors cut addresses; shorter ones are whole.
_SHORTEST_CUT = 85
_LIMIT = 1000
# Two words are one where they differ by so little: plurals, slips of the pen.
_ALIKE = 0.85
_SHORTEST_ALIKE = 5
_LINKING = frozenset(
    ("de", "del", "la", "las", "el", "los", "y", "e", "o", "a", "en", "por", "para", "con", "al", "un", "una")
)
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Named:
    """Something with a name: a commitment (its title) or a dataset (its title, or its address)."""

    id: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class Proposal:
    """A dataset that may keep a commitment, with a score from ``LEAST_SCORE`` to 1."""

    commitment_id: str
    dataset_id: str
    score: float


def propose(
    commitments: Iterable[Named], datasets: Iterable[Named], refused: Iterable[tuple[str, str]] = ()
) -> list[Proposal]:
    """The best dataset for each commitment of one institution (issue 8, part 1).

    Args:
        commitments: those without a dataset.
        datasets: of the same institution; several commitments may be kept by one.
        refused: pairs of ids that a person refused; they are not proposed again.

    Returns:
        At most one proposal a commitment, the surest first; none where two datasets fit equally well, unless their
        names are the commitment's own, nor where a cut address fits several commitments.
    """
    known = list(datasets)
    wanted = list(commitments)
    forms = {one.id: _forms(one.text, one.address) for one in known}
    words = {one.id: _words(one.text or one.address) for one in known}
    weights = _weights([*words.values(), *(_words(one.text) for one in wanted)])
    by_word: dict[str, set[str]] = defaultdict(set)
    for dataset_id, own in words.items():
        for word in own:
            by_word[word].add(dataset_id)
    excluded = set(refused)
    found = []
    for one in wanted:
        address, own = slug(one.text, _LIMIT), _words(one.text)
        near = {dataset_id for word in own for dataset_id in by_word.get(word, ())}
        scores = sorted(
            (
                (_score(address, own, forms[dataset_id], words[dataset_id], weights), dataset_id)
                for dataset_id in near
                if (one.id, dataset_id) not in excluded
            ),
            key=lambda scored: (-scored[0], scored[1]),
        )
        tied = len(scores) > 1 and scores[0][0] == scores[1][0] < EQUAL
        if scores and scores[0][0] >= LEAST_SCORE and not tied:
            found.append(Proposal(one.id, scores[0][1], round(scores[0][0], 3)))
    # Promises that differ only behind the place where an address was cut cannot be told apart by it.
    cut = Counter(proposal.dataset_id for proposal in found if proposal.score == _CUT)
    found = [proposal for proposal in found if proposal.score != _CUT or cut[proposal.dataset_id] == 1]
    return sorted(found, key=lambda proposal: (-proposal.score, proposal.commitment_id))


def score(commitment: str, dataset: str, address: str = "") -> float:
    """How alike two names are, 0 to 1, where nothing is known of the others of the institution."""
    own, other = _words(commitment), _words(dataset or address)
    forms = _forms(dataset, address)
    return round(_score(slug(commitment, _LIMIT), own, forms, other, _weights([own, other])), 3)


def _forms(text: str, address: str) -> set[str]:
    return {form for form in (slug(text, _LIMIT), slug(address, _LIMIT)) if form}


def _words(text: str) -> Counter[str]:
    return Counter(word for word in slug(text, _LIMIT).split("-") if word and word not in _LINKING)


def _weights(names: list[Counter[str]]) -> Mapping[str, float]:
    """How much each word tells: the rarer, the more."""
    seen: Counter[str] = Counter(word for name in names for word in name)
    return {word: 1.0 + math.log((1 + len(names)) / (1 + number)) for word, number in seen.items()}


def _score(
    address: str, own: Counter[str], forms: set[str], other: Counter[str], weights: Mapping[str, float]
) -> float:
    if address and address in forms:
        return EQUAL
    if any(len(form) >= _SHORTEST_CUT and address.startswith(form) for form in forms):
        return _CUT
    if _numbers(own) != _numbers(other):
        return 0.0
    mine, theirs = set(own), set(other)
    shared = sum(weights[word] for word in mine & theirs)
    left, right = mine - theirs, theirs - mine
    for word in sorted(left):
        twin = next((each for each in sorted(right) if _alike(word, each)), None)
        if twin is not None:
            right.discard(twin)
            left.discard(word)
            shared += min(weights[word], weights[twin])
    apart = sum(weights[word] for word in left | right)
    return min(shared / (shared + apart), _CUT - 0.01) if shared else 0.0


def _numbers(words: Iterable[str]) -> set[str]:
    return {number.lstrip("0") for word in words for number in _NUMBER.findall(word)}


def _alike(word: str, other: str) -> bool:
    if min(len(word), len(other)) < _SHORTEST_ALIKE or word[:3] != other[:3]:
        return False
    return SequenceMatcher(None, word, other).ratio() >= _ALIKE
