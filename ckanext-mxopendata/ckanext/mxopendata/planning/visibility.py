"""Which promises somebody may see: those open to all, and all of the institutions whose member they are."""

from __future__ import annotations

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import authz, model

from ckanext.mxopendata.planning.commitments import LINE


def sees_closed_of(user: str) -> sa.ColumnElement[bool]:
    """The condition on lines that a user may see; an empty name is everybody."""
    if not user or model.User.get(user) is None:  # CKAN may call a visitor by an address
        return LINE.c.open_to_all.is_(True)
    if authz.is_sysadmin(user):
        return sa.true()
    mine = tk.get_action("organization_list_for_user")({"user": user}, {"id": user, "permission": "read"})
    return sa.or_(LINE.c.open_to_all, LINE.c.organization_id.in_([one["id"] for one in mine]))
