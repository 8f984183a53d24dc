"""Keeps membership of CKAN groups in step with the main theme of datasets, where the operator wants it.

The themes of the national portal of 2025 are groups of its CKAN, and who reads its API takes ``groups[0]`` for the
theme of a dataset. Here the field ``theme`` is the truth; with the option ``ckanext.mxopendata.theme_groups`` a dataset
is a member of the group named as its main theme, and of no group of another theme. Other groups are let be.

CKAN offers no action that takes a dataset out of a group without ending the transaction (``member_delete`` commits). So
a dataset leaves the group of its former theme by what it is saved with, which CKAN heeds where the user may see to that
group (harvests may); who may not has it taken out afterwards. It joins by ``member_create``, before it is indexed.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.core_tables import GROUP, MEMBER
from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.lifting import read_field
from ckanext.mxopendata.metadata.records import stored_list
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary

log = logging.getLogger(__name__)

# What CKAN takes for the name of a group.
_GROUP_NAME = re.compile(r"[a-z0-9_-]{2,100}")
_LOCK = "mxopendata:theme-groups"
_FUNCTIONS: Any = sa.func


def is_on() -> bool:
    """Whether the operator wants it and the schema of datasets has our themes."""
    return config.theme_groups() and lifting.has_field("dataset", "theme")


def main_theme(value: Any) -> str | None:
    """The id of the main theme.

    Args:
        value: what is stored, shown or sent for the field ``theme``: a list, its JSON text, or what a client wrote.
    """
    items = stored_list(value)
    if not items:
        return None
    if isinstance(items[0], str) and vocabulary("themes").get(items[0]) is not None:
        return items[0]
    found, _ = read_field("dataset", fields_of("dataset")["theme"], value)
    return found[0] if found else None


def before_create(data: dict[str, Any]) -> None:
    """Take groups of themes out of what a client sends for a new dataset: the field says which it is a member of.

    Args:
        data: what was sent, changed in place.
    """
    if is_on() and isinstance(data.get("groups"), list) and data.get("type", "dataset") == "dataset":
        data["groups"] = [group for group in data["groups"] if not _is_theme_group(group)]


def before_patch(data: dict[str, Any]) -> None:
    """Likewise where a client sends groups alone: it needs no rights on those that the field speaks of.

    Args:
        data: what was sent, changed in place.
    """
    if is_on() and isinstance(data.get("groups"), list) and _dataset(data.get("id")) is not None:
        data["groups"] = [group for group in data["groups"] if not _is_theme_group(group)]


def before_update(data: dict[str, Any]) -> None:
    """See that a dataset is saved with the group of its main theme, where it is in it, and of no other theme.

    One that it is to join is left out: the user may have no say in that group, and :func:`join` needs none.

    Args:
        data: what was sent, changed in place.
    """
    sent = data.get("groups")
    # Where none are sent CKAN 2.12 leaves all as they are, 2.11 ends all.
    if not is_on() or not (isinstance(sent, list) or (sent is None and tk.check_ckan_version("2.12"))):
        return
    package = _dataset(data.get("id") or data.get("name"))
    if package is None:
        return
    main, groups = main_theme(data.get("theme")), memberships([package.id])[package.id]
    kept = {name for name in groups if name == main or not is_theme(name)}
    if sent is None:
        if kept != groups.keys():
            data["groups"] = [{"name": name} for name in groups if name in kept]
        return
    data["groups"] = [group for group in sent if not _is_theme_group(group) or _name(group) in kept]
    if main in kept and not any(_name(group) == main for group in data["groups"]):
        data["groups"].append({"name": main})


def join(context: Mapping[str, Any], dataset_id: str) -> None:
    """Make a dataset a member of the group of its main theme, in the current transaction and without indexing.

    Args:
        context: that of the action which saves it.
        dataset_id: its id; the dataset as it is now in the session counts.

    Raises:
        ckan.plugins.toolkit.ValidationError: where CKAN refuses to make the group; the transaction is lost then.
    """
    if not is_on():
        return
    package = _dataset(dataset_id)
    if package is None or package.state == model.State.DELETED:
        return
    main = main_theme(package.extras.get("theme"))
    if main and main not in memberships([dataset_id])[dataset_id]:
        group_id = group_of(main)
        if group_id:
            add(dataset_id, group_id, context.get("user"))


def after_update(context: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Put right what CKAN has left, since nothing else changed or the user may not see to a group.

    Args:
        context: that of the action which saved the dataset.
        data: what was saved, with its ``id``.
    """
    if not is_on():
        return
    package = _dataset(data.get("id"))
    if package is None or package.state == model.State.DELETED:
        return
    main, groups = main_theme(package.extras.get("theme")), memberships([package.id])[package.id]
    wrong = [group_id for name, group_id in groups.items() if name != main and is_theme(name)]
    missing = group_of(main) if main and main not in groups else None
    if missing:
        add(package.id, missing, context.get("user"), defer_commit=bool(context.get("defer_commit")))
    if context.get("defer_commit"):
        if wrong:
            # Taking it out would end the transaction of the caller.
            log.warning("dataset %s stays in the group of its former theme until it is saved again", package.name)
        return
    for group_id in wrong:
        remove(package.id, group_id)


def put_main_first(dataset: dict[str, Any]) -> None:
    """Show the group of the main theme before others: readers of the national portal take the first for the theme.

    Args:
        dataset: as it is shown, changed in place.
    """
    groups = dataset.get("groups") or ()
    if len(groups) > 1 and dataset.get("theme") and is_on():
        main = main_theme(dataset["theme"])
        dataset["groups"] = sorted(groups, key=lambda group: group.get("name") != main)


def _dataset(name_or_id: Any) -> model.Package | None:
    package = model.Package.get(str(name_or_id)) if name_or_id else None
    return package if package is not None and package.type == "dataset" else None


def is_theme(name: str | None) -> bool:
    """Whether a group of this name stands for a theme."""
    return name in vocabulary("themes").terms


def _is_theme_group(group: Any) -> bool:
    return is_theme(_name(group))


def _name(group: Any) -> str | None:
    """The name of a group as a client names it: by name or id, in a dictionary or as a text."""
    if isinstance(group, Mapping):
        if group.get("name") and not group.get("id"):
            return str(group["name"])
        group = group.get("id")
    if not isinstance(group, str):
        return None
    if is_theme(group):
        return group
    found = model.Group.get(group)
    return found.name if found else None


def memberships(dataset_ids: Sequence[str]) -> defaultdict[str, dict[str, str]]:
    """The groups that datasets are members of, institutions left aside: dataset id → {name of the group: its id}."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    query = sa.select(MEMBER.c.table_id, GROUP.c.name, GROUP.c.id).where(
        MEMBER.c.table_name == "package",
        MEMBER.c.table_id.in_(dataset_ids),
        MEMBER.c.state == "active",
        MEMBER.c.group_id == GROUP.c.id,
        GROUP.c.is_organization.is_(False),
    )
    for dataset_id, name, group_id in model.Session.execute(query):
        found[dataset_id][name] = group_id
    return found


def group_of(theme: str) -> str | None:
    """The id of the group of a theme, made in the current transaction where there is none.

    Returns:
        ``None`` where there can be none (:func:`obstacle`).

    Raises:
        ckan.plugins.toolkit.ValidationError: where CKAN refuses it, since groups have a schema of their own that asks
            for more.
    """
    found = find_group(theme)
    if found is None and _GROUP_NAME.fullmatch(theme):
        # Two processes may need it at the same time; the second one waits until the first has made it.
        model.Session.execute(sa.select(_FUNCTIONS.pg_advisory_xact_lock(_FUNCTIONS.hashtextextended(_LOCK, 0))))
        found = find_group(theme)
        if found is None:
            return _make(vocabulary("themes").terms[theme])
    reason = obstacle(theme, found)
    if reason:
        log.warning("theme %s has no group: %s", theme, reason)
        return None
    return found["id"] if found else None


def obstacle(theme: str, group: Mapping[str, Any] | None) -> str | None:
    """Why a theme can have no group.

    Args:
        theme: its id.
        group: the row of that name in CKAN's table of groups, or ``None``.

    Returns:
        ``institution`` (an institution has its name), ``deleted`` (somebody has deleted the group), ``name`` (CKAN
        does not take the id of the theme for a name) or ``None``.
    """
    if group is None:
        return None if _GROUP_NAME.fullmatch(theme) else "name"
    if group["is_organization"]:
        return "institution"
    return "deleted" if group["state"] != "active" else None


def find_group(theme: str) -> Mapping[str, Any] | None:
    """The row of the group of this name: ``{"id", "state", "is_organization"}``, or ``None``."""
    columns = (GROUP.c.id, GROUP.c.state, GROUP.c.is_organization)
    found: Any = model.Session.execute(sa.select(*columns).where(GROUP.c.name == theme)).mappings().first()
    return found


def _make(theme: Term) -> str:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    context: Any = {"ignore_auth": True, "user": user, "defer_commit": True, "return_id_only": True}
    group = {
        "name": theme.id,
        "title": theme.label_es,
        # Stored, so in the language of the portal, as titles of datasets are.
        "description": f"Conjuntos de datos cuyo tema principal es «{theme.label_es}».",
    }
    return tk.get_action("group_create")(context, group)


def add(dataset_id: str, group_id: str, user: str | None, defer_commit: bool = True) -> None:
    """Make a dataset a member of a group, whatever the rights of the user.

    Args:
        dataset_id: its id.
        group_id: the group's id.
        user: name of the user who saves it.
        defer_commit: whether the caller ends the transaction and indexes the dataset.
    """
    context: Any = {"ignore_auth": True, "user": user or "", "defer_commit": defer_commit}
    member = {"id": group_id, "object": dataset_id, "object_type": "package", "capacity": "public"}
    tk.get_action("member_create")(context, member)
    # What CKAN shows and indexes next is asked of the tables, past the session.
    model.Session.flush()


def remove(dataset_id: str, group_id: str) -> None:
    """Take a dataset out of a group; CKAN commits and indexes it."""
    member = {"id": group_id, "object": dataset_id, "object_type": "package"}
    tk.get_action("member_delete")({"ignore_auth": True, "user": ""}, member)
