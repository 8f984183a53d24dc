"""Registers the harvest room with CKAN."""

from __future__ import annotations

import ckan.plugins as p


class MxOpenDataHarvestPlugin(p.SingletonPlugin):
    """The harvest room."""
