"""Many rows in one statement: each column goes to PostgreSQL as an array, where psycopg2 would send row after row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def arrays(fields: Sequence[str], types: Mapping[str, str]) -> str:
    """The arguments of ``unnest`` for some columns, each a parameter of its own name.

    Args:
        fields: names of the columns, ours.
        types: type of the array by column; ``text[]`` where there is none.
    """
    return ", ".join(f"CAST(:{name} AS {types.get(name, 'text[]')})" for name in fields)


def by_column(fields: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of those parameters."""
    return {name: [row[name] for row in rows] for name in fields}
