"""Finds, in the database, what older records hold under the names of our fields; see :mod:`.metadata.lifting`.

Solr is not asked: before the schema is switched on it does not know our fields, afterwards it shows them lifted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE, RESOURCE, core_table
from ckanext.mxopendata.logic import lifting

_PAGE = 500
_DELETED = "deleted"


@dataclass(frozen=True)
class OldRecord:
    """A dataset or an institution with such extras.

    Attributes:
        level: ``dataset`` or ``organization``.
        id: its id.
        name: its name.
        keys: level (``dataset``, ``resource``, ``organization``) → fields whose stored text is not in today's form.
        unread: those of them of which nothing can be read, so that ``original_<field>`` is all that is kept.
    """

    level: str
    id: str
    name: str
    keys: Mapping[str, Collection[str]]
    unread: Collection[str]


def find_old_records() -> Iterator[OldRecord]:
    """Datasets, then institutions, by id, that are not deleted; read page by page, so that they may be changed."""
    for page in _pages(PACKAGE, PACKAGE.c.type == "dataset"):
        ids = [row["id"] for row in page]
        extras, resources = _extras("package", page), _resource_extras(ids)
        for row in page:
            found = [
                ("dataset", extras.get(row["id"], {})),
                *(("resource", own) for own in resources.get(row["id"], ())),
            ]
            yield from _record("dataset", row, found)
    for page in _pages(GROUP, GROUP.c.type == "organization"):
        extras = _extras("group", page)
        for row in page:
            yield from _record("organization", row, [("organization", extras.get(row["id"], {}))])


def _record(level: str, row: Mapping[str, Any], found: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[OldRecord]:
    keys: dict[str, set[str]] = defaultdict(set)
    unread: set[str] = set()
    for kind, values in found:
        old = lifting.old_values(kind, values)
        if old:
            keys[kind].update(old)
            unread.update(lifting.lift_values(kind, old).unread)
    if keys:
        yield OldRecord(level, row["id"], row["name"], keys, unread)


def _pages(table: sa.Table, condition: Any) -> Iterator[list[Mapping[str, Any]]]:
    columns = [table.c.id, table.c.name, *([table.c.extras] if "extras" in table.c else [])]
    last = ""
    while True:
        query = sa.select(*columns).where(condition, table.c.state != _DELETED, table.c.id > last)
        page: list[Any] = list(model.Session.execute(query.order_by(table.c.id).limit(_PAGE)).mappings())
        if not page:
            return
        last = page[-1]["id"]
        yield page


def _extras(owner: str, page: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Extras by owner; CKAN 2.12 keeps them in a column, 2.11 in a table of their own."""
    if page and "extras" in page[0]:
        return {row["id"]: row["extras"] or {} for row in page}
    table = core_table(f"{owner}_extra")
    key = table.c[f"{owner}_id"]
    ids = [row["id"] for row in page]
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    query = sa.select(key, table.c.key, table.c.value).where(key.in_(ids), table.c.state == "active")
    for owner_id, name, value in model.Session.execute(query):
        found[owner_id][name] = value
    return found


def _resource_extras(dataset_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = sa.select(RESOURCE.c.package_id, RESOURCE.c.extras).where(
        RESOURCE.c.package_id.in_(dataset_ids), RESOURCE.c.state == "active"
    )
    for dataset_id, extras in model.Session.execute(query):
        if extras:
            found[dataset_id].append(extras)
    return found
