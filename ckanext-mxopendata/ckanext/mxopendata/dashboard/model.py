"""Tables of the dashboard room. They are created by ``migration/mxopendata_dashboard``, never at start-up."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

import ckan.plugins.toolkit as tk


class Measurement(tk.BaseModel):
    """The facts of one dataset, as :mod:`ckanext.mxopendata.quality.facts` measures them.

    ``package_modified`` is what CKAN said when the dataset was measured: where it differs now, something bypassed the
    change log. ``missing`` is a list of ``{"field", "points"}``, ``formats`` a count by file type. The years are those
    of :class:`ckanext.mxopendata.quality.years.YearFacts`, ``None`` where nobody knows.

    What the families of others need is ``None`` until it is measured, and where the dataset cannot be exported: ``mqa``
    has a sign a metric (:func:`ckanext.mxopendata.quality.mqa.encode`), ``adela_medals`` resources without a medal, of
    bronze and with an owner, ``adela_stars`` resources with one to five stars; ``entry_…`` is what its entry of the
    data.json says, ``entry_fields`` recommended fields used and possible, then optional ones.
    """

    __tablename__ = "mxopendata_dashboard_measurement"

    dataset_id = sa.Column(sa.UnicodeText, primary_key=True)
    owner_org = sa.Column(sa.UnicodeText, index=True)
    private = sa.Column(sa.Boolean, nullable=False)
    state = sa.Column(sa.UnicodeText, nullable=False)
    archived = sa.Column(sa.Boolean, nullable=False)
    frequency = sa.Column(sa.UnicodeText)
    freshness_basis = sa.Column(sa.UnicodeText, nullable=False)
    modified = sa.Column(sa.DateTime(timezone=True))
    due = sa.Column(sa.DateTime(timezone=True))
    late_after = sa.Column(sa.DateTime(timezone=True))
    points = sa.Column(sa.Numeric(7, 1, asdecimal=False), nullable=False)
    points_max = sa.Column(sa.Integer, nullable=False)
    missing = sa.Column(JSONB, nullable=False)
    resources = sa.Column(sa.Integer, nullable=False)
    open_resources = sa.Column(sa.Integer, nullable=False)
    machine_readable_resources = sa.Column(sa.Integer, nullable=False)
    formats = sa.Column(JSONB, nullable=False)
    licensed = sa.Column(sa.Boolean, nullable=False)
    with_contact = sa.Column(sa.Boolean, nullable=False)
    created_years = sa.Column(sa.ARRAY(sa.Integer))
    updated_years = sa.Column(sa.ARRAY(sa.Integer))
    mqa = sa.Column(sa.UnicodeText)
    adela_medals = sa.Column(sa.ARRAY(sa.Integer))
    adela_stars = sa.Column(sa.ARRAY(sa.Integer))
    entry_distributions = sa.Column(sa.Integer)
    entry_valid = sa.Column(sa.Boolean)
    entry_with_data = sa.Column(sa.Boolean)
    entry_basis = sa.Column(sa.UnicodeText)
    entry_stale_on = sa.Column(sa.Date)
    entry_modified = sa.Column(sa.Date)
    entry_fields = sa.Column(sa.ARRAY(sa.Integer))
    package_modified = sa.Column(sa.DateTime)
    formula_version = sa.Column(sa.UnicodeText, nullable=False)
    measured_at = sa.Column(sa.DateTime(timezone=True), nullable=False)


class Snapshot(tk.BaseModel):
    """The figures of one day: of an institution (``scope`` ``institution``) or of the whole (``portal``).

    ``dimensions`` are those of the publication index: ``{id: {"weight", "points", "score"}}``. Order of government,
    state, sectors and whether it is ranked are those of that day, so that a past ranking stays what it was.
    """

    __tablename__ = "mxopendata_dashboard_snapshot"

    scope = sa.Column(sa.UnicodeText, primary_key=True)
    scope_id = sa.Column(sa.UnicodeText, primary_key=True)
    day = sa.Column(sa.Date, primary_key=True)
    name = sa.Column(sa.UnicodeText, nullable=False)
    title = sa.Column(sa.UnicodeText, nullable=False)
    formula_version = sa.Column(sa.UnicodeText, nullable=False)
    sums = sa.Column(JSONB, nullable=False)
    figures = sa.Column(JSONB, nullable=False)
    as_of = sa.Column(sa.DateTime(timezone=True), nullable=False)
    ranked = sa.Column(sa.Boolean, nullable=False, default=False)
    gov_type = sa.Column(sa.UnicodeText)
    state = sa.Column(sa.UnicodeText)
    sectors = sa.Column(JSONB, nullable=False, default=list)
    dimensions = sa.Column(JSONB, nullable=False, default=dict)


class Quarter(tk.BaseModel):
    """A quarter that was frozen: its snapshots are those of ``day``, its inputs are in ``archive`` (a ZIP file)."""

    __tablename__ = "mxopendata_dashboard_quarter"

    quarter = sa.Column(sa.UnicodeText, primary_key=True)
    day = sa.Column(sa.Date, nullable=False)
    as_of = sa.Column(sa.DateTime(timezone=True), nullable=False)
    formula_version = sa.Column(sa.UnicodeText, nullable=False)
    datasets = sa.Column(sa.Integer, nullable=False)
    institutions = sa.Column(sa.Integer, nullable=False)
    archive = sa.Column(sa.LargeBinary, nullable=False)
    sha256 = sa.Column(sa.UnicodeText, nullable=False)
