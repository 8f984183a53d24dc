"""A source's catalogue as it stands here, with what was changed in it: what an institution takes home.

Public datasets that are not archived, whoever asks: a file that is sent on must hold nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.mxopendata.metadata.mended import Change

BATCH = 200
_PUBLIC = (
    "FROM mxopendata_harvest_identity i"
    " JOIN package p ON p.id = i.dataset_id AND p.state = 'active' AND NOT p.private"
    " WHERE i.source_id = :source AND i.archived_at IS NULL"
)
# A dataset that two records stand for is one dataset.
_OF_EACH = f"SELECT DISTINCT ON (i.dataset_id) i.dataset_id, i.identifier, p.name, p.title, i.changes {_PUBLIC}"  # noqa: S608
_ORDER = "ORDER BY i.dataset_id, i.identifier"
_FIGURES = sa.text(
    f"WITH given AS ({_OF_EACH} {_ORDER}) SELECT count(*) AS datasets,"  # noqa: S608
    " count(*) FILTER (WHERE changes IS NULL) AS unknown,"
    " count(*) FILTER (WHERE jsonb_array_length(changes) > 0) AS changed FROM given"
)
_FIELDS = sa.text(
    f"WITH given AS ({_OF_EACH} {_ORDER})"  # noqa: S608
    " SELECT c.value->>'field' AS field, jsonb_exists(c.value, 'resource') AS of_resource, count(*) AS changes,"
    " count(DISTINCT g.dataset_id) AS datasets, min(c.value::text)::jsonb AS example"
    " FROM given g CROSS JOIN LATERAL jsonb_array_elements(g.changes) c"
    " GROUP BY 1, 2 ORDER BY changes DESC, field"
)
_CHANGED = sa.text(
    f"WITH given AS ({_OF_EACH} {_ORDER}) SELECT * FROM given WHERE jsonb_array_length(changes) > 0"  # noqa: S608
    " ORDER BY title, dataset_id LIMIT :limit OFFSET :offset"
)
_NEXT = sa.text(f"{_OF_EACH} AND i.dataset_id > :after {_ORDER} LIMIT :size")


def figures(source_id: str) -> dict[str, int]:
    """How many datasets a source has here, of how many something was changed, and of how many that is not known."""
    row = model.Session.execute(_FIGURES, {"source": source_id}).mappings().one()
    return {name: row[name] for name in ("datasets", "changed", "unknown")}


def fields(source_id: str) -> list[dict[str, Any]]:
    """What was changed, by field, the most frequent first.

    Returns:
        ``[{"field", "level", "changes", "datasets", "example"}]``: ``level`` is ``dataset`` or ``resource``,
        ``example`` the facts of one change.
    """
    rows = model.Session.execute(_FIELDS, {"source": source_id}).mappings()
    return [
        {
            "field": row["field"],
            "level": "resource" if row["of_resource"] else "dataset",
            **{name: row[name] for name in ("changes", "datasets", "example")},
        }
        for row in rows
    ]


def changed_datasets(source_id: str, offset: int, limit: int) -> list[dict[str, Any]]:
    """The datasets in which something was changed, by title.

    Returns:
        ``[{"dataset_id", "dataset_name", "identifier", "title", "changes"}]``
    """
    asked = {"source": source_id, "offset": offset, "limit": limit}
    return [
        {
            "dataset_id": row["dataset_id"],
            "dataset_name": row["name"],
            "identifier": row["identifier"],
            "title": row["title"],
            "changes": row["changes"],
        }
        for row in model.Session.execute(_CHANGED, asked).mappings()
    ]


def batches(source_id: str) -> Iterator[dict[str, list[Change]]]:
    """All datasets of a source, some at a time, in the order of their ids: id → what was changed in it."""
    after = ""
    while True:
        asked = {"source": source_id, "after": after, "size": BATCH}
        rows = model.Session.execute(_NEXT, asked).all()
        if not rows:
            return
        yield {row.dataset_id: [Change.from_facts(facts) for facts in row.changes or ()] for row in rows}
        after = rows[-1].dataset_id


def datasets(source_id: str) -> Iterator[tuple[dict[str, Any], list[Change]]]:
    """All datasets of a source as an anonymous visitor sees them, each with what was changed in it."""
    anonymous: Context = {"user": "", "auth_user_obj": None, "ignore_auth": False}
    for batch in batches(source_id):
        wanted = " OR ".join(f'"{dataset_id}"' for dataset_id in batch)
        asked = {"q": "*:*", "facet": "false", "fq": f"id:({wanted})", "sort": "id asc", "rows": BATCH}
        for dataset in tk.get_action("package_search")(anonymous.copy(), asked)["results"]:
            yield dataset, batch[dataset["id"]]
