"""Tables of the planning room. They are created by ``migration/mxopendata_planning``, never at start-up."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone

import sqlalchemy as sa

import ckan.plugins.toolkit as tk


class Role(tk.BaseModel):
    """A person appointed to a role in an institution; one that ended stays, as its history.

    ``kind`` is one of :data:`ckanext.mxopendata.planning.roles.KINDS`; ``document`` is the address of the designation.
    """

    __tablename__ = "mxopendata_role"

    id = sa.Column(sa.UnicodeText, primary_key=True, default=lambda: str(uuid.uuid4()))
    organization_id = sa.Column(sa.UnicodeText, nullable=False, index=True)
    kind = sa.Column(sa.UnicodeText, nullable=False)
    person = sa.Column(sa.UnicodeText, nullable=False)
    position = sa.Column(sa.UnicodeText)
    email = sa.Column(sa.UnicodeText)
    appointed_on = sa.Column(sa.Date, nullable=False)
    ended_on = sa.Column(sa.Date)
    document = sa.Column(sa.UnicodeText)
    modified_at = sa.Column(
        sa.DateTime(timezone=True),
        nullable=False,
        default=lambda: datetime.now(timezone.utc),
        onupdate=lambda: datetime.now(timezone.utc),
    )
