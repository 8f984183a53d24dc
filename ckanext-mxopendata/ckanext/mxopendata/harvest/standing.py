"""Which of two sources stores a dataset that both list.

Municipal before state before federal before a re-publisher; on a tie the one whose host serves the files; still on a
tie the one that stored it first. A record that says itself that it was taken from the other comes after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE, extra_value
from ckanext.mxopendata.harvest import origins
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.stock import HARVEST_SOURCES

# Order of government of a source's institution → its place. Autonomous bodies are national ones beside the federal
# government; an institution of which nobody said its order is taken for one that publishes what others made.
_PLACES: Mapping[str, int] = {"municipal": 0, "state": 1, "federal": 2, "autonomous": 2}
REPUBLISHER = 3

# Why a record is stored through another source.
ORIGIN, ORDER, HOST, FIRST = "origin", "order", "host", "first"


@dataclass(frozen=True)
class Standing:
    """What decides between a source and another.

    Attributes:
        id: of the source; empty for one that is not saved.
        place: of its institution; the lowest comes first.
        host: of its address.
        platform: of its connector; empty for a source of another harvester.
        title: for people.
        public: whether everybody may know of it.
        alive: whether it is harvested at all.
    """

    id: str
    place: int
    host: str
    platform: str
    title: str = ""
    public: bool = True
    alive: bool = True

    @property
    def yields_nothing(self) -> bool:
        """Whether another harvester writes its datasets, and would go on although we gave them to another source."""
        return self.alive and not self.platform


def place(gov_type: str | None) -> int:
    """The place of an order of government; the lowest comes first."""
    return _PLACES.get(gov_type or "", REPUBLISHER)


def standings(source_ids: Iterable[str]) -> dict[str, Standing]:
    """The standing of harvest sources, by id; one that is no more is missing."""
    ids = set(source_ids)
    if not ids:
        return {}
    stock = HARVEST_SOURCES
    query = (
        sa.select(
            stock.c.id, stock.c.url, stock.c.type, stock.c.config, stock.c.active,
            PACKAGE.c.title, PACKAGE.c.name, PACKAGE.c.private, PACKAGE.c.state, PACKAGE.c.owner_org,
        )
        .join(PACKAGE, PACKAGE.c.id == stock.c.id)
        .where(stock.c.id.in_(ids))
    )  # fmt: skip
    rows = list(model.Session.execute(query))
    wanted = {row.id: _institution(row.config) or row.owner_org for row in rows}
    places = _places_of(wanted.values())
    return {
        row.id: Standing(
            id=row.id,
            place=places.get(wanted[row.id] or "", REPUBLISHER),
            host=origins.host(row.url),
            platform=CONNECTORS[row.type].platform if row.type in CONNECTORS else "",
            title=row.title or row.name,
            public=not row.private,
            alive=bool(row.active) and row.state == "active",
        )
        for row in rows
    }


def comes_after(mine: Standing, other: Standing, says: str | None, addresses: Iterable[str]) -> str | None:
    """Whether a record is stored through another source that has its dataset already.

    Args:
        mine: standing of the record's source.
        other: standing of the source that has the dataset.
        says: ``mine`` or ``other`` where that one's record says that it was taken from the other; else ``None``.
        addresses: of the files.

    Returns:
        Why it is (:data:`ORIGIN`, :data:`ORDER`, :data:`HOST`, :data:`FIRST`), or ``None`` where the record takes the
        dataset over.
    """
    if says == "mine":
        return ORIGIN
    if says == "other":
        return None
    if mine.place != other.place:
        return ORDER if mine.place > other.place else None
    hosts = {origins.host(address) for address in addresses}
    if (mine.host in hosts) == (other.host in hosts):
        return FIRST
    return HOST if other.host in hosts else None


def _institution(config: str | None) -> str | None:
    """The name of the institution that a source's configuration gives its datasets to."""
    try:
        content: Any = json.loads(config or "{}")
    except ValueError:
        return None
    named = content.get("institution") if isinstance(content, Mapping) else None
    named = named.get("name") if isinstance(named, Mapping) else named
    return named if isinstance(named, str) else None


def _places_of(names_or_ids: Iterable[str | None]) -> dict[str, int]:
    wanted = {name for name in names_or_ids if name}
    query = sa.select(GROUP.c.id, GROUP.c.name, extra_value(GROUP, "gov_type").label("gov_type")).where(
        sa.or_(GROUP.c.id.in_(wanted), GROUP.c.name.in_(wanted)), GROUP.c.state == "active"
    )
    found: dict[str, int] = {}
    for row in model.Session.execute(query):
        found[row.id] = found[row.name] = place(row.gov_type)
    return found
