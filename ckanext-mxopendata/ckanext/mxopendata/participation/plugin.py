"""Registers the participation room with CKAN."""

from __future__ import annotations

import ckan.plugins as p


class MxOpenDataParticipationPlugin(p.SingletonPlugin):
    """The participation room."""
