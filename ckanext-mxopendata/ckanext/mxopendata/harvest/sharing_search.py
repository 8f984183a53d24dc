"""Which dataset of another source a new record is: found by what means one thing everywhere, never by a title alone.

Equal titles are common (every municipality has its budget), equal addresses too (the front page of a portal), so both
are needed together, or an identifier that nobody else can have.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.harvest import origins, spool
from ckanext.mxopendata.harvest.matching import file_addresses
from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.harvest.standing import Standing, standings

_CHUNK = 500

# New records worth a closer look: another source has the title, or an identifier that one of the two claims.
_WORTH_A_LOOK = """
SELECT r.number, r.identifier, r.title_key, r.dataset_id, s.origin
FROM mxopendata_harvest_record r
JOIN mxopendata_harvest_spool s ON s.run_id = r.run_id AND s.number = r.number
WHERE r.run_id = :run AND r.action = 'created' AND (EXISTS (OTHER AND i.title_key = r.title_key AND i.title_key <> '')
    OR EXISTS (OTHER AND i.identifier = r.identifier) OR EXISTS (OTHER AND i.origin = r.identifier)
    OR EXISTS (OTHER AND i.identifier = s.origin) OR EXISTS (OTHER AND i.origin = s.origin))
ORDER BY r.number
""".replace(
    "(OTHER",
    "(SELECT 1 FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id AND NOT p.private"
    " AND (CAST(:since AS timestamp) IS NULL OR p.metadata_created >= CAST(:since AS timestamp))"
    " WHERE i.source_id <> :source",
)

# ``own``, ``claimed`` and ``hints`` are identifiers; only those of ``hints`` need an equal title as well.
_FOUND = """
WITH incoming AS (
    SELECT * FROM jsonb_to_recordset(CAST(:incoming AS jsonb))
    AS x(number int, title_key text, own text[], claimed text[], hints text[], addresses text[])
), found AS (
    SELECT x.number, i.source_id, i.identifier, 'claim' AS by, NULL AS address
        FROM incoming x JOIN mxopendata_harvest_identity i ON i.identifier = ANY(x.claimed)
    UNION SELECT x.number, i.source_id, i.identifier, 'claim', NULL
        FROM incoming x JOIN mxopendata_harvest_identity i ON i.origin = ANY(x.own || x.claimed)
    UNION SELECT x.number, i.source_id, i.identifier, 'own', NULL
        FROM incoming x JOIN mxopendata_harvest_identity i ON i.identifier = ANY(x.own)
    UNION SELECT x.number, i.source_id, i.identifier, 'hint', NULL
        FROM incoming x JOIN mxopendata_harvest_identity i ON i.title_key = x.title_key
            AND (i.identifier = ANY(x.hints) OR i.hints && x.hints)
    UNION SELECT x.number, i.source_id, i.identifier, 'address', f.url
        FROM incoming x CROSS JOIN LATERAL unnest(x.addresses) AS a(address)
        JOIN resource f ON f.url = a.address AND f.state = 'active'
        JOIN mxopendata_harvest_identity i ON i.dataset_id = f.package_id AND i.title_key = x.title_key
)
SELECT f.number, f.by, f.address, i.source_id, i.identifier, i.dataset_id, i.origin, i.absent_since, i.archived_at,
    i.title_key, p.name, p.title, p.state
FROM found f
JOIN mxopendata_harvest_identity i ON i.source_id = f.source_id AND i.identifier = f.identifier
JOIN package p ON p.id = i.dataset_id
WHERE i.source_id <> :source AND NOT p.private AND (p.state = 'active' OR i.archived_at IS NOT NULL)
    AND (CAST(:since AS timestamp) IS NULL OR p.metadata_created >= CAST(:since AS timestamp))
"""

# How many datasets of each source have an address.
_SHARED_BY = """
SELECT i.source_id, f.url, count(DISTINCT i.dataset_id) AS datasets
FROM resource f JOIN mxopendata_harvest_identity i ON i.dataset_id = f.package_id
WHERE f.state = 'active' AND f.url = ANY(:addresses) AND i.source_id = ANY(:sources)
GROUP BY i.source_id, f.url
"""


@dataclass(frozen=True)
class Incoming:
    """A new record.

    Attributes:
        number: its place in the list.
        identifier: its identifier.
        title_key: its folded title.
        origin: the identifier it says it had elsewhere (:func:`.origins.origin`).
        record: as the portal gave it.
        dataset_id: the dataset that was made of it, where it is stored already.
    """

    number: int
    identifier: str
    title_key: str
    origin: str | None
    record: Mapping[str, Any]
    dataset_id: str | None = None

    @property
    def addresses(self) -> list[str]:
        """Of its files."""
        return sorted(file_addresses(self.record))


@dataclass(frozen=True)
class Same:
    """A new record and the dataset of another source that it is.

    Attributes:
        incoming: the record.
        source: standing of the other source; ``None`` where that is no more.
        row: what is stored: ``source_id identifier dataset_id origin absent_since archived_at name title state``.
        alone: whether nothing else could be meant: one record, one dataset.
    """

    incoming: Incoming
    source: Standing | None
    row: Mapping[str, Any]
    alone: bool

    @property
    def says(self) -> str | None:
        """``mine`` or ``other`` where that record says that it was taken from the other one."""
        mine, other = self.incoming.origin, self.row["origin"]
        if mine == other:
            return None
        if mine and mine == origins.normalised(self.row["identifier"]):
            return "mine"
        return "other" if other and other == origins.normalised(self.incoming.identifier) else None


def new_records(run: Run, since: datetime | None = None) -> list[Incoming]:
    """The records of a run that would become new datasets, or did, and that another source may have.

    Args:
        run: the run.
        since: only datasets that were made after this time (UTC, without zone) count as the other source's.
    """
    values = {"run": run.id, "source": run.source_id, "since": since}
    rows = model.Session.execute(sa.text(_WORTH_A_LOOK), values).all()
    found: list[Incoming] = []
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        records = spool.records(run.id, [row.number for row in part])
        found += [
            Incoming(row.number, row.identifier, row.title_key, row.origin, records.get(row.number, {}), row.dataset_id)
            for row in part
        ]
    return found


def find(mine: Standing, incoming: Sequence[Incoming], since: datetime | None = None) -> list[Same]:
    """The datasets of other sources that new records are; the likeliest for each record.

    Args:
        mine: standing of the source of the records.
        incoming: the records.
        since: see :func:`new_records`.
    """
    hits: dict[int, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for row in _hits(mine, incoming, since):
        known = hits[row["number"]].setdefault((row["source_id"], row["identifier"]), {**row, "ways": {}})
        known["ways"].setdefault(row["by"], set()).add(row["address"])
    others = standings({source for found in hits.values() for source, _ in found})
    telling = _telling(hits)
    by_number = {one.number: one for one in incoming}
    claims: dict[int, list[dict[str, Any]]] = {}
    for number, found in hits.items():
        proved = [row for row in found.values() if _is_proved(mine, others, by_number[number], row, telling)]
        if proved:
            claims[number] = proved
    return list(_pairs(claims, by_number, others))


def _pairs(
    claims: Mapping[int, list[dict[str, Any]]], by_number: Mapping[int, Incoming], others: Mapping[str, Standing]
) -> Iterator[Same]:
    claimed: dict[str, int] = defaultdict(int)
    for found in claims.values():
        for dataset_id in {row["dataset_id"] for row in found}:
            claimed[dataset_id] += 1
    for number, found in claims.items():
        per_source: dict[str, set[str]] = defaultdict(set)
        for row in found:
            per_source[row["source_id"]].add(row["dataset_id"])

        def rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
            other = others.get(row["source_id"])
            gone = other is None or not other.alive or row["absent_since"] is not None or row["archived_at"] is not None
            return (gone, other.place if other else 0, row["source_id"], row["identifier"])

        best = min(found, key=rank)
        alone = claimed[best["dataset_id"]] == 1 and len(per_source[best["source_id"]]) == 1
        yield Same(by_number[number], others.get(best["source_id"]), best, alone)


def _hits(mine: Standing, incoming: Sequence[Incoming], since: datetime | None) -> Iterator[dict[str, Any]]:
    for start in range(0, len(incoming), _CHUNK):
        part = [_as_json(one) for one in incoming[start : start + _CHUNK]]
        values = {"incoming": json.dumps(part), "source": mine.id, "since": since}
        for row in model.Session.execute(sa.text(_FOUND), values).mappings():
            yield dict(row)


def _as_json(one: Incoming) -> dict[str, Any]:
    addresses = one.addresses
    own = [origins.normalised(one.identifier)] if origins.is_universal(one.identifier) else []
    return {
        "number": one.number,
        # An empty title is nobody's.
        "title_key": one.title_key or None,
        "own": own,
        "claimed": [one.origin] if one.origin else [],
        "hints": origins.hints(one.record, one.identifier, addresses),
        "addresses": [spelling for address in addresses for spelling in origins.spellings(address)],
    }


def _is_proved(
    mine: Standing, others: Mapping[str, Standing], one: Incoming, row: Mapping[str, Any], telling: set[tuple[str, str]]
) -> bool:
    ways = row["ways"]
    if "claim" in ways or "hint" in ways:
        return True
    if "own" in ways:
        other = others.get(row["source_id"])
        # Two CKANs give no two datasets one id; elsewhere people write identifiers, and copy them.
        both_ckan = mine.platform == "ckan" and other is not None and other.platform == "ckan"
        if both_ckan or row["title_key"] == one.title_key:
            return True
    return any((row["source_id"], _bare(address)) in telling for address in ways.get("address", ()))


def _telling(hits: Mapping[int, Mapping[tuple[str, str], Mapping[str, Any]]]) -> set[tuple[str, str]]:
    """The addresses, by source, that exactly one dataset of it has."""
    sources: set[str] = set()
    addresses: set[str] = set()
    for found in hits.values():
        for row in found.values():
            given = {address for address in row["ways"].get("address", ()) if address}
            if given:
                sources.add(row["source_id"])
                addresses |= {spelling for address in given for spelling in origins.spellings(address)}
    if not addresses:
        return set()
    counted: dict[tuple[str, str], int] = defaultdict(int)
    values = {"addresses": list(addresses), "sources": list(sources)}
    for row in model.Session.execute(sa.text(_SHARED_BY), values):
        counted[row.source_id, _bare(row.url)] += row.datasets
    return {key for key, datasets in counted.items() if datasets == 1}


def _bare(address: str | None) -> str:
    return (address or "").split("://", 1)[-1]
