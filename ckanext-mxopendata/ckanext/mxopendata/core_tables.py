"""CKAN's own tables, to read from; nothing here is ever written to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ckan import model


def core_table(name: str) -> sa.Table:
    """One of CKAN's tables by its name in the database.

    Raises:
        KeyError: where this version of CKAN has no such table.
    """
    return model.meta.metadata.tables[name]


PACKAGE = core_table("package")
RESOURCE = core_table("resource")
GROUP = core_table("group")
TAG = core_table("tag")
PACKAGE_TAG = core_table("package_tag")
MEMBER = core_table("member")


def read_extras(owner: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Extras by the id of their owner; CKAN 2.12 keeps them in a column, 2.11 in a table of their own.

    Args:
        owner: ``package`` or ``group``.
        rows: ``id`` of each, and ``extras`` where its table has them.
    """
    if not rows:
        return {}
    if "extras" in rows[0]:
        return {row["id"]: row["extras"] or {} for row in rows}
    table = core_table(f"{owner}_extra")
    key = table.c[f"{owner}_id"]
    ids = [row["id"] for row in rows]
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    query = sa.select(key, table.c.key, table.c.value).where(key.in_(ids), table.c.state == "active")
    for owner_id, name, value in model.Session.execute(query):
        found[owner_id][name] = value
    return found


def extra_value(table: sa.Table, key: str) -> sa.ColumnElement[Any]:
    """One extra as a column, for a query on the table of its owner.

    Args:
        table: ``PACKAGE`` or ``GROUP``.
        key: of the extra.
    """
    if "extras" in table.c:
        return table.c.extras[key].astext
    extras = core_table(f"{table.name}_extra")
    return (
        sa.select(extras.c.value)
        .where(extras.c[f"{table.name}_id"] == table.c.id, extras.c.key == key, extras.c.state == "active")
        .limit(1)
        .scalar_subquery()
    )
