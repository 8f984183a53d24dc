"""Institutions as their pages show them: each asked for once a request, its relatives, what they publish."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.core_tables import GROUP, MEMBER, extra_value, read_extras
from ckanext.mxopendata.logic.lifting import lifted_extras
from ckanext.mxopendata.metadata.kinship import Family, Institution, family

_FIELDS = ("acronym", "gov_type", "cvegeo", "parent")
# Asking for less is what makes it quick: members, followers and a search for the number of datasets are left out.
ONLY_THE_RECORD = dict.fromkeys(
    ("include_dataset_count", "include_users", "include_groups", "include_tags", "include_followers"), False
)


def institution_of(institution_id: str | None) -> dict[str, Any]:
    """An institution as ``organization_show`` gives it, without counts and people; nothing where there is none."""
    if not institution_id:
        return {}
    known = tk.g.setdefault("mxopendata_institutions", {})
    if institution_id not in known:
        try:
            known[institution_id] = tk.get_action("organization_show")({}, {"id": institution_id, **ONLY_THE_RECORD})
        except (tk.ObjectNotFound, tk.NotAuthorized, tk.ValidationError):
            known[institution_id] = {}
    return known[institution_id]


def family_of(shown: dict[str, Any]) -> Family:
    """The institutions above and below one, in one query that the database narrows down.

    Args:
        shown: the institution as ``organization_show`` gives it.
    """
    one = Institution(shown["name"], shown["title"] or shown["name"], *(_text(shown.get(name)) for name in _FIELDS))
    columns = {name: extra_value(GROUP, name) for name in _FIELDS}
    near = [columns["parent"] == one.name]
    if one.parent:
        near.append(GROUP.c.name == one.parent)
    if one.cvegeo:
        near.append(columns["cvegeo"].startswith(one.cvegeo[:2], autoescape=True))
    query = sa.select(GROUP.c.name, GROUP.c.title, *(columns[name] for name in _FIELDS)).where(
        GROUP.c.is_organization, GROUP.c.state == "active", GROUP.c.type == shown["type"], sa.or_(*near)
    )
    found = [
        Institution(name, title or name, *(_text(value) for value in values))
        for name, title, *values in model.Session.execute(query)
    ]
    return family(one, found)


def stored_facts(ids: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """Institutions as they are stored, by id, in three queries: ``organization_show`` takes hundredths for each.

    Args:
        ids: of those wanted; ``None`` for all.

    Returns:
        The columns of its table, its extras in their stored form, and the id of the institution above it
        (``parent_id``, ``None`` without one). An uploaded image has no address here.
    """
    of_institutions = sa.select(GROUP).where(GROUP.c.is_organization, GROUP.c.state == "active")
    wanted = of_institutions if ids is None else of_institutions.where(GROUP.c.id.in_(ids))
    stored = [dict(row) for row in model.Session.execute(wanted).mappings()]
    extras = read_extras("group", stored)
    by_id = {row["id"]: {**row, **lifted_extras("organization", extras.get(row["id"], {}))} for row in stored}
    parents = _parents(by_id)
    return {key: {**facts, "parent_id": parents.get(key)} for key, facts in by_id.items()}


def _parents(by_id: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Institution → the one above it: by the field ``parent``, or before it by CKAN's hierarchy of groups."""
    named = {key: name for key, facts in by_id.items() if (name := _text(facts.get("parent")))}
    by_name = sa.select(GROUP.c.name, GROUP.c.id).where(GROUP.c.name.in_(set(named.values())))
    ids: dict[str, str] = {row.name: row.id for row in model.Session.execute(by_name)} if named else {}
    of_groups = (
        sa.select(MEMBER.c.group_id, MEMBER.c.table_id)
        .join(GROUP, GROUP.c.id == MEMBER.c.table_id)
        .where(MEMBER.c.table_name == "group", MEMBER.c.state == "active", GROUP.c.state == "active")
        .where(MEMBER.c.group_id.in_(by_id))
    )
    above = {row.group_id: row.table_id for row in model.Session.execute(of_groups)} if by_id else {}
    return {**{key: ids[name] for key, name in named.items() if name in ids}, **above}


def dataset_counts() -> dict[str, int]:
    """How many datasets each institution has that anybody can find, by its name; those with none are left out."""
    asked = {"rows": 0, "facet.field": ["organization"], "facet.limit": -1}
    found = tk.get_action("package_search")({}, asked)["search_facets"].get("organization", {"items": []})
    return {item["name"]: item["count"] for item in found["items"]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
