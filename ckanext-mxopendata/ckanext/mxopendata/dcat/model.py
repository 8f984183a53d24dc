"""Tables of the dcat room. They are created by ``migration/mxopendata_dcat``, never at start-up."""

from __future__ import annotations

import sqlalchemy as sa

import ckan.plugins.toolkit as tk


class FragmentRow(tk.BaseModel):
    """One dataset in one format, as :class:`.fragments.Fragment` has it."""

    __tablename__ = "mxopendata_fragment"

    dataset_id = sa.Column(sa.UnicodeText, primary_key=True)
    format = sa.Column(sa.UnicodeText, primary_key=True)
    institution = sa.Column(sa.UnicodeText, nullable=False, index=True)
    modified = sa.Column(sa.UnicodeText, nullable=False)
    piece = sa.Column(sa.LargeBinary, nullable=False)
    counts = sa.Column(sa.UnicodeText, nullable=False)
    shared = sa.Column(sa.UnicodeText, nullable=False)
    names_institution = sa.Column(sa.Boolean, nullable=False)


class BlockRow(tk.BaseModel):
    """Some neighbouring datasets in one format, as :class:`.blocks.Block` has them.

    They are those from ``first`` to ``last`` that an anonymous visitor saw when it was made; ``digest`` tells them from
    all others.
    """

    __tablename__ = "mxopendata_fragment_block"

    first = sa.Column(sa.UnicodeText, primary_key=True)
    format = sa.Column(sa.UnicodeText, primary_key=True)
    last = sa.Column(sa.UnicodeText, nullable=False)
    digest = sa.Column(sa.UnicodeText, nullable=False)
    piece = sa.Column(sa.LargeBinary, nullable=False)
    datasets = sa.Column(sa.Integer, nullable=False)
    counts = sa.Column(sa.UnicodeText, nullable=False)
    shared = sa.Column(sa.UnicodeText, nullable=False)
    institutions = sa.Column(sa.UnicodeText, nullable=False)


class SharedPartRow(tk.BaseModel):
    """What several datasets name, in one format, as :class:`.fragments.SharedPart` has it."""

    __tablename__ = "mxopendata_fragment_shared"

    key = sa.Column(sa.UnicodeText, primary_key=True)
    format = sa.Column(sa.UnicodeText, primary_key=True)
    piece = sa.Column(sa.LargeBinary, nullable=False)
    needs = sa.Column(sa.UnicodeText, nullable=False)


class FragmentState(tk.BaseModel):
    """What the kept fragments were made with, in one row."""

    __tablename__ = "mxopendata_fragment_state"

    id = sa.Column(sa.Integer, primary_key=True)
    made_with = sa.Column(sa.UnicodeText, nullable=False)
