"""Registers the planning room with CKAN."""

from __future__ import annotations

import ckan.plugins as p


class MxOpenDataPlanningPlugin(p.SingletonPlugin):
    """The planning room."""
