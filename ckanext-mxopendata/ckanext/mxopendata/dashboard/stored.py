"""Reads datasets and institutions from the database, many at a time, in the form that ``package_show`` gives.

Solr may be stale and ``package_show`` costs some 20 ms a dataset; figures need the truth, for 100,000 datasets. Only
CKAN's tables are read, nothing is written. CKAN 2.11 keeps extras in tables of their own, 2.12 in a column.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE, PACKAGE_TAG, RESOURCE, TAG, core_table
from ckanext.mxopendata.logic.lifting import lifted_extras
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.readers import read_boolean

_ACTIVE = "active"


@dataclass(frozen=True)
class StoredDataset:
    """One dataset of the database.

    Attributes:
        id: its id.
        owner_org: id of its institution, or ``None``.
        private: whether only members see it.
        state: ``active``, ``draft`` or ``deleted``.
        metadata_modified: CKAN's own date, UTC without zone.
        content: title, notes, fields of the schema, ``tags`` and ``resources``, as ``package_show`` names them.
    """

    id: str
    owner_org: str | None
    private: bool
    state: str
    metadata_modified: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Institution:
    """One active organization.

    Attributes:
        id: its id.
        name: its address.
        title: its name for people.
        gov_type: id of its order of government, or ``None``.
        state: key of its state (two digits), or ``None``.
        ranked: whether it stands in the public ranking.
        sectors: ids of its sectors.
        fields: the other fields of its schema, as stored.
    """

    id: str
    name: str
    title: str
    gov_type: str | None
    state: str | None
    ranked: bool
    sectors: tuple[str, ...]
    fields: Mapping[str, Any]


def read_datasets(dataset_ids: Sequence[str]) -> Iterator[StoredDataset]:
    """The datasets of these ids that exist, whatever their state, in no particular order."""
    query = sa.select(PACKAGE).where(PACKAGE.c.id.in_(dataset_ids), PACKAGE.c.type == "dataset")
    rows = model.Session.execute(query).mappings().all()
    extras = {} if "extras" in PACKAGE.c else _extras("package", dataset_ids)
    tags = _tags(dataset_ids)
    resources = _resources(dataset_ids)
    owners = read_institutions(GROUP.c.id.in_({row["owner_org"] for row in rows}))
    organizations = {institution.id: _as_shown(institution) for institution in owners}
    for row in rows:
        content = {
            **{name: value for name, value in row.items() if name not in ("extras", "plugin_data")},
            **_unfold("dataset", row["extras"] if "extras" in row else extras.get(row["id"], {})),
            "tags": tags.get(row["id"], []),
            "resources": resources.get(row["id"], []),
            "organization": organizations.get(row["owner_org"]),
        }
        yield StoredDataset(
            id=row["id"],
            owner_org=row["owner_org"],
            private=bool(row["private"]),
            state=row["state"],
            metadata_modified=row["metadata_modified"],
            content=content,
        )


def read_institutions(condition: sa.ColumnElement[bool] | None = None) -> list[Institution]:
    """Active organizations, by title; only those that fit a condition on CKAN's table of groups, if one is given."""
    columns = [GROUP.c.id, GROUP.c.name, GROUP.c.title, *([GROUP.c.extras] if "extras" in GROUP.c else [])]
    rows = model.Session.execute(
        sa.select(*columns)
        .where(GROUP.c.is_organization, GROUP.c.state == _ACTIVE, GROUP.c.type == "organization")
        .where(sa.true() if condition is None else condition)
        .order_by(sa.func.lower(GROUP.c.title), GROUP.c.name)
    ).mappings()
    found = list(rows)
    extras = {} if "extras" in GROUP.c else _extras("group", [row["id"] for row in found])
    return [_institution(row, row["extras"] if "extras" in row else extras.get(row["id"], {})) for row in found]


def find_institution(id_or_name: str) -> Institution | None:
    """The active organization with this id or name, or ``None``."""
    found = read_institutions(sa.or_(GROUP.c.id == id_or_name, GROUP.c.name == id_or_name))
    return found[0] if found else None


def _as_shown(institution: Institution) -> dict[str, Any]:
    named = {"id": institution.id, "name": institution.name, "title": institution.title}
    return {**institution.fields, **named}


def _institution(row: Mapping[Any, Any], extras: Mapping[str, str] | None) -> Institution:
    fields = _unfold("organization", extras)
    place = str(fields.get("cvegeo") or "")
    return Institution(
        id=row["id"],
        name=row["name"],
        title=row["title"] or row["name"],
        gov_type=fields.get("gov_type") or None,
        state=place[:2] if len(place) >= 2 else None,
        ranked=read_boolean(fields.get("ranked")).value is True,
        sectors=tuple(fields.get("sectors") or ()),
        fields=fields,
    )


def _extras(owner: Literal["package", "group"], owner_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Extras by owner, which CKAN 2.11 keeps in a table of their own."""
    table = core_table(f"{owner}_extra")
    key = table.c[f"{owner}_id"]
    found: dict[str, dict[str, str]] = defaultdict(dict)
    query = sa.select(key, table.c.key, table.c.value).where(key.in_(owner_ids), table.c.state == _ACTIVE)
    for owner_id, name, value in model.Session.execute(query):
        found[owner_id][name] = value
    return found


def _tags(dataset_ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    query = (
        sa.select(PACKAGE_TAG.c.package_id, TAG.c.name)
        .join(TAG, TAG.c.id == PACKAGE_TAG.c.tag_id)
        .where(PACKAGE_TAG.c.package_id.in_(dataset_ids), PACKAGE_TAG.c.state == _ACTIVE, TAG.c.vocabulary_id.is_(None))
        .order_by(TAG.c.name)
    )
    for dataset_id, name in model.Session.execute(query):
        found[dataset_id].append({"name": name})
    return found


def _resources(dataset_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = (
        sa.select(RESOURCE)
        .where(RESOURCE.c.package_id.in_(dataset_ids), RESOURCE.c.state == _ACTIVE)
        .order_by(RESOURCE.c.package_id, RESOURCE.c.position)
    )
    for row in model.Session.execute(query).mappings():
        columns = {name: value for name, value in row.items() if name != "extras"}
        found[row["package_id"]].append({**columns, **_unfold("resource", row["extras"])})
    return found


def _unfold(level: str, extras: Mapping[str, Any] | None) -> dict[str, Any]:
    """Extras as the schema shows them: lists and repeating fields are stored as JSON text."""
    many = _fields_of_many(level)
    fields = lifted_extras(level, extras or {})
    return {name: _read_list(value) if name in many else value for name, value in fields.items()}


def _read_list(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value) if value else []
    except ValueError:
        read = value
    # One value alone was written before the schema made it a list, or past it.
    return read if isinstance(read, list) else [read]


@cache
def _fields_of_many(level: str) -> frozenset[str]:
    return frozenset(
        row.field for row in crosswalk() if row.level == level and row.cardinality in ("list", "repeating")
    )


def dataset_ids_of(organization_ids: Iterable[str]) -> set[str]:
    """Ids of the datasets of some organizations."""
    query = sa.select(PACKAGE.c.id).where(PACKAGE.c.owner_org.in_(list(organization_ids)), PACKAGE.c.type == "dataset")
    return set(model.Session.execute(query).scalars())
