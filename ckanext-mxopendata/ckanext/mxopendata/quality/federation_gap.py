"""Which datasets of a node are in the central catalogue, which are not, and which are only there any more.

The figures are pydatajson's: by title and publisher, or by identifier. Pairs are title and landing page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Pair = tuple[Any, Any]


@dataclass(frozen=True)
class FederationGap:
    """The gap between a node and the central catalogue.

    Attributes:
        federated: datasets of the node that are in the central catalogue.
        missing: datasets of the node that are not.
        vanished: datasets of the central catalogue by a publisher of the node that the node has no more.
        distributions: how many distributions the federated ones have.
    """

    federated: list[Pair]
    missing: list[Pair]
    vanished: list[Pair]
    distributions: int


def federation_gap(
    node: Mapping[str, Any], central: Mapping[str, Any], *, by_identifier: bool = False
) -> FederationGap:
    """Compare a node with the central catalogue.

    Args:
        node: the node's catalogue, as a data.json.
        central: the central catalogue, as a data.json.
        by_identifier: whether a dataset is the same where the central identifier is ``<node>_<dataset>``; otherwise
            where title and name of the publisher are the same.
    """
    ours, theirs = datasets_of(node), datasets_of(central)
    publishers = {name for name in map(_publisher, ours) if name is not None}
    of_our_publishers = [each for each in theirs if _publisher(each) in publishers]
    if by_identifier:
        return _by_identifier(str(node.get("identifier")), ours, theirs, of_our_publishers)
    return _by_title(ours, theirs, of_our_publishers)


def datasets_of(catalogue: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The datasets of a data.json; one that is no object counts as an empty one."""
    found = catalogue.get("dataset")
    return [each if isinstance(each, dict) else {} for each in found] if isinstance(found, list) else []


def distributions_of(dataset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The distributions of a dataset of a data.json; those that are no object are left out."""
    found = dataset.get("distribution")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _by_title(
    ours: list[dict[str, Any]], theirs: list[dict[str, Any]], of_our_publishers: list[dict[str, Any]]
) -> FederationGap:
    known = {(_text(each.get("title")), _publisher(each)) for each in theirs}
    # One line a title and page: pydatajson counts what people see in the list.
    federated = {_pair(each): _shown(each) for each in ours if (_text(each.get("title")), _publisher(each)) in known}
    return FederationGap(
        federated=list(federated.values()),
        missing=[_shown(each) for each in ours if _pair(each) not in federated],
        vanished=[_shown(each) for each in of_our_publishers if _pair(each) not in federated],
        distributions=sum(len(distributions_of(each)) for each in ours if _pair(each) in federated),
    )


def _by_identifier(
    node: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]], of_our_publishers: list[dict[str, Any]]
) -> FederationGap:
    known = {_text(each.get("identifier")) for each in theirs}
    shared = {name for each in ours if (name := f"{node}_{_text(each.get('identifier'))}") in known}
    return FederationGap(
        federated=[_shown(each) for each in ours if f"{node}_{_text(each.get('identifier'))}" in shared],
        missing=[_shown(each) for each in ours if f"{node}_{_text(each.get('identifier'))}" not in shared],
        vanished=[_shown(each) for each in of_our_publishers if _text(each.get("identifier")) not in shared],
        distributions=sum(len(distributions_of(each)) for each in theirs if _text(each.get("identifier")) in shared),
    )


def _pair(dataset: Mapping[str, Any]) -> tuple[str, str]:
    return _text(dataset.get("title")), _text(dataset.get("landingPage"))


def _shown(dataset: Mapping[str, Any]) -> Pair:
    return dataset.get("title"), dataset.get("landingPage")


def _publisher(dataset: Mapping[str, Any]) -> str | None:
    publisher = dataset.get("publisher")
    name = publisher.get("name") if isinstance(publisher, dict) else None
    return None if name is None else str(name)


def _text(value: object) -> str:
    # Titles that are no text must not stop the comparison.
    return repr(value) if value is None or not isinstance(value, str) else value
