"""CKAN's own tables, to read from; nothing here is ever written to."""

from __future__ import annotations

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
