"""Institutions as their pages show them: each asked for once a request, its relatives, what they publish."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.core_tables import GROUP, extra_value
from ckanext.mxopendata.metadata.kinship import Family, Institution, family

_FIELDS = ("acronym", "gov_type", "cvegeo", "parent")
# Asking for less is what makes it quick: members, followers and a search for the number of datasets are left out.
_ONLY_THE_RECORD = dict.fromkeys(
    ("include_dataset_count", "include_users", "include_groups", "include_tags", "include_followers"), False
)


def institution_of(institution_id: str | None) -> dict[str, Any]:
    """An institution as ``organization_show`` gives it, without counts and people; nothing where there is none."""
    if not institution_id:
        return {}
    known = tk.g.setdefault("mxopendata_institutions", {})
    if institution_id not in known:
        try:
            known[institution_id] = tk.get_action("organization_show")({}, {"id": institution_id, **_ONLY_THE_RECORD})
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


def dataset_counts() -> dict[str, int]:
    """How many datasets each institution has that anybody can find, by its name; those with none are left out."""
    asked = {"rows": 0, "facet.field": ["organization"], "facet.limit": -1}
    found = tk.get_action("package_search")({}, asked)["search_facets"].get("organization", {"items": []})
    return {item["name"]: item["count"] for item in found["items"]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
