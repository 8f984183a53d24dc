"""Registers the dashboard room with CKAN."""

from __future__ import annotations

import ckan.plugins as p


class MxOpenDataDashboardPlugin(p.SingletonPlugin):
    """The dashboard room."""
