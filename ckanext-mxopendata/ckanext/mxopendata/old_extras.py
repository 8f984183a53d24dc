"""Finds, in the database, what older records hold under the names of our fields and of the former national portal.

See :mod:`.metadata.lifting` for the first, :mod:`.metadata.former_extras` for the second.

Solr is not asked: before the schema is switched on it does not know our fields, afterwards it shows them lifted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE, RESOURCE, read_extras
from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.metadata.former_extras import FormerExtras, former_keys, read_former_extras
from ckanext.mxopendata.metadata.lifting import ORIGINAL, extra_fields

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
        former: what becomes of a dataset's extras of the former national portal.
        unknown: a dataset's other extras, which mean no field.
    """

    level: str
    id: str
    name: str
    keys: Mapping[str, Collection[str]]
    unread: Collection[str]
    former: FormerExtras = field(default_factory=FormerExtras)
    unknown: Collection[str] = ()


def find_old_records() -> Iterator[OldRecord]:
    """Datasets, then institutions, by id, that are not deleted; read page by page, so that they may be changed."""
    for page in _pages(PACKAGE, PACKAGE.c.type == "dataset"):
        ids = [row["id"] for row in page]
        extras, resources = read_extras("package", page), _resource_extras(ids)
        with_former = [id_ for id_ in ids if former_keys().keys() & extras.get(id_, {}).keys()]
        harvested = _harvested(with_former) if with_former else set()
        for row in page:
            own = extras.get(row["id"], {})
            found = [("dataset", own), *(("resource", values) for values in resources.get(row["id"], ()))]
            former = FormerExtras()
            if row["id"] in with_former and row["id"] not in harvested:
                former = read_former_extras({**row, **lifting.lifted_extras("dataset", own)}, own)
            yield from _record("dataset", row, found, former)
    for page in _pages(GROUP, GROUP.c.type == "organization"):
        extras = read_extras("group", page)
        for row in page:
            yield from _record("organization", row, [("organization", extras.get(row["id"], {}))])


def _record(
    level: str,
    row: Mapping[str, Any],
    found: Sequence[tuple[str, Mapping[str, Any]]],
    former: FormerExtras | None = None,
) -> Iterator[OldRecord]:
    keys: dict[str, set[str]] = defaultdict(set)
    unread: set[str] = set()
    for kind, values in found:
        old = lifting.old_values(kind, values)
        if old:
            keys[kind].update(old)
            unread.update(lifting.lift_values(kind, old).unread)
    former = former or FormerExtras()
    if keys or former.moved:
        unknown = [key for key in found[0][1] if level == "dataset" and not _is_known(key)]
        yield OldRecord(level, row["id"], row["name"], keys, unread, former, unknown)


def _is_known(key: str) -> bool:
    """Whether an extra means a field, or is kept or written by somebody who knows what for."""
    own = key in extra_fields("dataset") or key in former_keys()
    return own or key == "spatial" or key.startswith((ORIGINAL, "harvest_"))


def _harvested(dataset_ids: Sequence[str]) -> set[str]:
    """Those of some datasets that an active source harvests: its harvester finds them by their extras (``guid``)."""
    tables = sa.inspect(model.Session.connection())
    if not tables.has_table("harvest_object"):
        return set()
    query = sa.text(
        "SELECT DISTINCT object.package_id FROM harvest_object AS object"
        " JOIN harvest_source AS source ON source.id = object.harvest_source_id"
        " WHERE object.current AND source.active AND object.package_id = ANY(:ids)"
    )
    return {package_id for (package_id,) in model.Session.execute(query, {"ids": list(dataset_ids)})}


def _pages(table: sa.Table, condition: Any) -> Iterator[list[Mapping[str, Any]]]:
    wanted = ("id", "name", "url", "extras")
    columns = [table.c[name] for name in wanted if name in table.c]
    last = ""
    while True:
        query = sa.select(*columns).where(condition, table.c.state != _DELETED, table.c.id > last)
        page: list[Any] = list(model.Session.execute(query.order_by(table.c.id).limit(_PAGE)).mappings())
        if not page:
            return
        last = page[-1]["id"]
        yield page


def _resource_extras(dataset_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = sa.select(RESOURCE.c.package_id, RESOURCE.c.extras).where(
        RESOURCE.c.package_id.in_(dataset_ids), RESOURCE.c.state == "active"
    )
    for dataset_id, extras in model.Session.execute(query):
        if extras:
            found[dataset_id].append(extras)
    return found
