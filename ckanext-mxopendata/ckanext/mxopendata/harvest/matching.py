"""Which of the records that nobody knows are datasets of before, under a new identifier.

Only a dataset whose own identifier the complete list no longer holds can be one of them: two records of one list never
become one dataset. An equal title decides where it leaves no choice; an equal address of a file alone, or a choice,
makes a new dataset that somebody is asked about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import RESOURCE
from ckanext.mxopendata.harvest import spool
from ckanext.mxopendata.harvest.model import Record, Run
from ckanext.mxopendata.metadata.records import as_list

# A record whose identifier the list holds is present, also where it is bad; one the operator filters out is not.
_PRESENT = """
    SELECT 1 FROM mxopendata_harvest_spool s
    WHERE s.run_id = :run AND s.identifier = i.identifier AND s.action IS DISTINCT FROM 'excluded'
"""
_CHUNK = 500

# ArcGIS Hub writes an item with one layer with and without it, from one day to the next; where the list has other
# records of the item, the layer tells them apart.
_ONE_LAYER = """
UPDATE mxopendata_harvest_spool s SET identifier = items.item
FROM (
    SELECT number, split_part(identifier, '&sublayer=', 1) AS item,
        count(*) OVER (PARTITION BY split_part(identifier, '&sublayer=', 1)) AS records
    FROM mxopendata_harvest_spool
    WHERE run_id = :run AND identifier ~ '/item\\.html\\?id=[0-9a-f]{32}(&sublayer=[0-9]+)?$'
) items
WHERE s.run_id = :run AND s.number = items.number AND items.records = 1 AND s.identifier = items.item || '&sublayer=0'
"""
_KNOWN_BY_LAYER = """
UPDATE mxopendata_harvest_identity i SET identifier = s.identifier
FROM mxopendata_harvest_spool s
WHERE s.run_id = :run AND i.source_id = :source AND i.identifier = s.identifier || '&sublayer=0'
    AND s.identifier ~ '/item\\.html\\?id=[0-9a-f]{32}$' AND NOT EXISTS (PRESENT)
    AND NOT EXISTS (SELECT 1 FROM mxopendata_harvest_identity other
        WHERE other.source_id = :source AND other.identifier = s.identifier)
"""

# A new identifier under the title of exactly one dataset whose own identifier is gone: the same dataset.
_BY_TITLE = """
WITH gone AS (
    SELECT i.title_key, min(i.identifier) AS identifier, min(i.dataset_id) AS dataset_id, count(*) AS candidates
    FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id AND p.state = 'active'
    WHERE i.source_id = :source AND i.title_key <> '' AND p.owner_org = :organization AND NOT EXISTS (PRESENT)
    GROUP BY i.title_key
), fresh AS (
    SELECT title_key, count(*) AS candidates FROM mxopendata_harvest_record
    WHERE run_id = :run AND action = 'created' GROUP BY title_key
)
UPDATE mxopendata_harvest_record r SET
    action = CASE WHEN gone.candidates = 1 AND fresh.candidates = 1 THEN 'matched' ELSE 'created' END,
    dataset_id = CASE WHEN gone.candidates = 1 AND fresh.candidates = 1 THEN gone.dataset_id END,
    previous_identifier = CASE WHEN gone.candidates = 1 AND fresh.candidates = 1 THEN gone.identifier END,
    matched_by = CASE WHEN gone.candidates = 1 AND fresh.candidates = 1 THEN 'title' END,
    possible_duplicate_of = CASE WHEN gone.candidates = 1 AND fresh.candidates = 1 THEN NULL ELSE gone.dataset_id END
FROM gone JOIN fresh ON fresh.title_key = gone.title_key
WHERE r.run_id = :run AND r.action = 'created' AND r.title_key = gone.title_key
"""

# Datasets whose identifier is gone and that no record was found to be.
_STILL_GONE = """
SELECT i.identifier, i.dataset_id, i.title_key
FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id AND p.state = 'active'
WHERE i.source_id = :source AND NOT EXISTS (PRESENT)
    AND NOT EXISTS (SELECT 1 FROM mxopendata_harvest_record r
        WHERE r.run_id = :run AND r.previous_identifier = i.identifier)
ORDER BY i.identifier
"""


def present_in(text: str) -> Any:
    """A statement in which ``(PRESENT)`` tells whether the list holds identity ``i``."""
    return sa.text(text.replace("(PRESENT)", f"({_PRESENT})"))


def unify_spellings(run: Run) -> None:
    """Give what a platform spells in several ways one identifier, in the complete list and among what is known."""
    values = {"run": run.id, "source": run.source_id}
    model.Session.execute(sa.text(_ONE_LAYER), {"run": run.id})
    model.Session.execute(present_in(_KNOWN_BY_LAYER), values)


def match(run: Run, organization_id: str) -> None:
    """Tell which records decided to be ``created`` are ``matched`` instead, and which are doubtful.

    Args:
        run: a run whose records were decided on by their identifiers.
        organization_id: the source's institution.
    """
    values = {"run": run.id, "source": run.source_id, "organization": organization_id}
    model.Session.execute(present_in(_BY_TITLE), values)
    gone = [dict(row) for row in model.Session.execute(present_in(_STILL_GONE), values).mappings()]
    if gone:
        _match_by_address(run, gone)


def _match_by_address(run: Run, gone: list[dict[str, Any]]) -> None:
    """Look for new records that share the address of a file with a dataset that is gone."""
    known = {row["dataset_id"]: row for row in gone}
    datasets = _by_address(_stored_addresses(list(known)))
    titles: dict[int, str] = {}
    addresses: dict[int, set[str]] = {}
    for number, title_key, found in _created(run):
        titles[number], addresses[number] = title_key, found & datasets.keys()
    records = _by_address(addresses)
    # What several datasets or several records share (the page of a portal) tells none of them.
    telling = {address for address, found in datasets.items() if len(found) == 1 and len(records.get(address, ())) == 1}
    claims = {number: {min(datasets[address]) for address in found & telling} for number, found in addresses.items()}
    claimed = Counter(dataset_id for found in claims.values() for dataset_id in found)
    for number, found in claims.items():
        if found:
            row = known[min(found)]
            alone = len(found) == 1 and claimed[row["dataset_id"]] == 1
            _note(run, number, row, same=alone and titles[number] == row["title_key"] != "")


def _note(run: Run, number: int, row: Mapping[str, Any], same: bool) -> None:
    change = {"possible_duplicate_of": row["dataset_id"]}
    if same:
        change = {
            "action": "matched",
            "dataset_id": row["dataset_id"],
            "previous_identifier": row["identifier"],
            "matched_by": "title",
            "possible_duplicate_of": None,
        }
    table = Record.__table__
    where = (table.c.run_id == run.id, table.c.number == number)
    model.Session.execute(sa.update(table).where(*where).values(change))


def _by_address(addresses: Mapping[Any, set[str]]) -> dict[str, set[Any]]:
    """Whose each address is."""
    owners: dict[str, set[Any]] = {}
    for owner, found in addresses.items():
        for address in found:
            owners.setdefault(address, set()).add(owner)
    return owners


def _stored_addresses(dataset_ids: list[str]) -> dict[str, set[str]]:
    """The addresses of the files of datasets, by dataset."""
    query = sa.select(RESOURCE.c.package_id, RESOURCE.c.url).where(
        RESOURCE.c.package_id.in_(dataset_ids), RESOURCE.c.state == "active", RESOURCE.c.url != ""
    )
    found: dict[str, set[str]] = {}
    for row in model.Session.execute(query):
        found.setdefault(row.package_id, set()).add(row.url)
    return found


def _created(run: Run) -> Iterator[tuple[int, str, set[str]]]:
    """Number, folded title and file addresses of each record that would become a new dataset."""
    table = Record.__table__
    query = sa.select(table.c.number, table.c.title_key).where(table.c.run_id == run.id, table.c.action == "created")
    rows = model.Session.execute(query.order_by(table.c.number)).all()
    for start in range(0, len(rows), _CHUNK):
        titles = {row.number: row.title_key for row in rows[start : start + _CHUNK]}
        for number, record in spool.records(run.id, titles).items():
            yield number, titles[number], file_addresses(record)


def file_addresses(record: Mapping[str, Any]) -> set[str]:
    """The addresses of the files of a record, as CKAN and data.json write them."""
    files = [*as_list(record.get("distribution")), *as_list(record.get("resources"))]
    values = [
        file.get(key) for file in files if isinstance(file, Mapping) for key in ("downloadURL", "accessURL", "url")
    ]
    return {value.strip() for value in values if isinstance(value, str) and "://" in value}
