"""Portals of every platform, as small as they can be: each lists plain datasets in its own protocol.

One file for each platform, with one class. They are what connectors are held against
(``tests/unit/harvest/test_connector_contract.py``) and what detection must tell apart.
"""

from __future__ import annotations

from portals.platforms.base import Answer, Plain, PlatformPortal
from portals.platforms.ckan import CkanPortal
from portals.platforms.csw import CswPortal
from portals.platforms.datajson import DataJsonPortal
from portals.platforms.geonode import GeoNodePortal

PLATFORMS: dict[str, type[PlatformPortal]] = {
    "mx_ckan": CkanPortal,
    "mx_datajson": DataJsonPortal,
    "mx_csw": CswPortal,
    "mx_geonode": GeoNodePortal,
}

__all__ = ["PLATFORMS", "Answer", "Plain", "PlatformPortal"]
