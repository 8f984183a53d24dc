"""Brings the groups of all datasets in step with their themes: those that were there before the option was switched on.

Nothing is remembered between runs: what is in step is left alone, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from ckan import model
from ckan.lib import search as ckan_search

from ckanext.mxopendata import theme_groups
from ckanext.mxopendata.core_tables import PACKAGE, read_extras
from ckanext.mxopendata.logic import lifting

_PAGE = 100


def refresh(dry_run: bool, say: Callable[[int, int], None]) -> dict[str, Any]:
    """Make every dataset that is not deleted a member of the group of its main theme, and of no other theme's group.

    Neither the dataset nor its ``metadata_modified`` changes; it is indexed again.

    Args:
        dry_run: whether only to say what would be done.
        say: called after each page with how many datasets were looked at and how many there are.

    Returns:
        ``{"datasets", "changed", "groups", "without": [{"theme", "reason", "datasets"}]}``: how many were looked at,
        how many were (would be) changed, which groups were made, and how many datasets have a theme that can have no
        group (:func:`.theme_groups.obstacle`).
    """
    total = model.Session.execute(sa.select(sa.func.count()).select_from(PACKAGE).where(_COUNTED)).scalar_one()
    report: dict[str, Any] = {"datasets": 0, "changed": 0, "groups": [], "without": []}
    without: defaultdict[tuple[str, str], int] = defaultdict(int)
    for page in _pages():
        themes, members = _themes(page), theme_groups.memberships([row["id"] for row in page])
        groups = _groups({theme for theme in themes.values() if theme}, dry_run, report)
        changed: list[str] = []
        for dataset_id, theme in themes.items():
            mine = members[dataset_id]
            wrong = [group_id for name, group_id in mine.items() if theme_groups.is_theme(name) and name != theme]
            group_id, reason = groups[theme] if theme else (None, None)
            if reason:
                without[(str(theme), reason)] += 1
            joins = bool(theme) and theme not in mine and not reason
            if joins or wrong:
                changed.append(dataset_id)
            if dry_run:
                continue
            if joins and group_id:
                theme_groups.add(dataset_id, group_id, None)
            for former in wrong:
                theme_groups.remove(dataset_id, former)
        if changed and not dry_run:
            model.repo.commit()
            ckan_search.rebuild(package_ids=changed)
            ckan_search.commit()
        report["datasets"] += len(page)
        report["changed"] += len(changed)
        say(report["datasets"], total)
    report["groups"].sort()
    report["without"] = [
        {"theme": theme, "reason": reason, "datasets": count} for (theme, reason), count in sorted(without.items())
    ]
    return report


_COUNTED = (PACKAGE.c.type == "dataset") & (PACKAGE.c.state != model.State.DELETED)


def _groups(themes: set[str], dry_run: bool, report: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Theme → id of its group, or why it can have none; made where there is none yet."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for theme in sorted(themes):
        group = theme_groups.find_group(theme)
        reason = theme_groups.obstacle(theme, group)
        group_id = group["id"] if group else None
        if group is None and not reason:
            if theme not in report["groups"]:
                report["groups"].append(theme)
            group_id = None if dry_run else theme_groups.group_of(theme)
        found[theme] = (group_id, reason)
    return found


def _themes(page: list[Mapping[str, Any]]) -> dict[str, str | None]:
    """The main themes of datasets as they are stored, in words of another time too: dataset id → theme."""
    extras = read_extras("package", page)
    return {
        row["id"]: theme_groups.main_theme(lifting.lifted_extras("dataset", extras.get(row["id"], {})).get("theme"))
        for row in page
    }


def _pages() -> Iterator[list[Mapping[str, Any]]]:
    """Datasets that are not deleted, by id; read page by page, so that their groups may be changed."""
    columns = [PACKAGE.c[name] for name in ("id", "extras") if name in PACKAGE.c]
    last = ""
    while True:
        query = sa.select(*columns).where(_COUNTED, PACKAGE.c.id > last).order_by(PACKAGE.c.id).limit(_PAGE)
        page: list[Any] = list(model.Session.execute(query).mappings())
        if not page:
            return
        last = page[-1]["id"]
        yield page
