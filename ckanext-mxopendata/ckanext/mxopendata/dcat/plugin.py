"""Registers the dcat room with CKAN."""

from __future__ import annotations

import ckan.plugins as p


class MxOpenDataDcatPlugin(p.SingletonPlugin):
    """The dcat room."""
