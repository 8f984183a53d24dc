"""Keeps the freshness in the index true: what was up to date yesterday may be overdue today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import ckan.plugins.toolkit as tk
from ckan.lib import search as ckan_search

from ckanext.mxopendata import search

_PAGE = 200


def refresh(now: datetime, say: Callable[[int], None]) -> int:
    """Index again the datasets whose indexed freshness no longer holds.

    Archived and private datasets too; a dataset whose date lies in the future is indexed again each time.

    Args:
        now: the moment for which freshness is told; CKAN's own clock tells it while indexing.
        say: called after each page with how many are done.

    Returns:
        How many were indexed again.
    """
    asked = {
        "fq_list": [search.outdated(now)],
        "fl": "id",
        "rows": _PAGE,
        "sort": "id asc",
        "include_private": True,
        "include_drafts": True,
        "extras": {search.ARCHIVED_TOO: True},
    }
    ids: list[str] = []
    while True:
        found = tk.get_action("package_search")({"ignore_auth": True}, {**asked, "start": len(ids)})["results"]
        ids += [item["id"] for item in found]
        if len(found) < _PAGE:
            break
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        ckan_search.rebuild(package_ids=page)
        ckan_search.commit()
        say(start + len(page))
    return len(ids)
