"""Tables of the front door. They are created by ``migration/mxopendata``, never at start-up."""

from __future__ import annotations

import sqlalchemy as sa

import ckan.plugins.toolkit as tk


class Change(tk.BaseModel):
    """One row for each change of a dataset or of something that fans out to datasets."""

    __tablename__ = "mxopendata_change"

    seq = sa.Column(sa.BigInteger, primary_key=True, autoincrement=True)
    xid = sa.Column(sa.BigInteger, nullable=False, server_default=sa.text("txid_current()"))
    dataset_id = sa.Column(sa.UnicodeText, nullable=False)
    kind = sa.Column(sa.UnicodeText, nullable=False)
    at = sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


class ChangeReader(tk.BaseModel):
    """How far each consumer of the change log has read."""

    __tablename__ = "mxopendata_change_reader"

    name = sa.Column(sa.UnicodeText, primary_key=True)
    xid = sa.Column(sa.BigInteger, nullable=False)
    seq = sa.Column(sa.BigInteger, nullable=False)
