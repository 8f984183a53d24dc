"""Portals of every platform, as small as they can be: each lists plain datasets in its own protocol.

One file for each platform, with one class. They are what connectors are held against
(``tests/unit/harvest/test_connector_contract.py``) and what detection must tell apart.
"""

from __future__ import annotations

from portals.platforms.adela import AdelaPortal
from portals.platforms.arcgis_hub import HubPortal, HubWithoutFeed
from portals.platforms.arcgis_server import ArcGisServerPortal
from portals.platforms.base import Answer, Plain, PlatformPortal
from portals.platforms.ckan import CkanPortal
from portals.platforms.csw import CswPortal
from portals.platforms.datajson import DataJsonPortal
from portals.platforms.dcat import DcatPortal
from portals.platforms.dkan import DkanPortal
from portals.platforms.geonode import GeoNodePortal
from portals.platforms.junar import JunarPortal
from portals.platforms.opendatasoft import OpendatasoftPortal
from portals.platforms.socrata import SocrataPortal
from portals.platforms.table import TableFolder, TablePortal

# By source type; where a platform can be read in several ways, those too.
PLATFORMS: dict[str, type[PlatformPortal]] = {
    "mx_adela": AdelaPortal,
    "mx_ckan": CkanPortal,
    "mx_datajson": DataJsonPortal,
    "mx_arcgis_hub": HubPortal,
    "mx_arcgis_hub without feed": HubWithoutFeed,
    "mx_arcgis_server": ArcGisServerPortal,
    "mx_dcat": DcatPortal,
    "mx_dkan": DkanPortal,
    "mx_opendatasoft": OpendatasoftPortal,
    "mx_socrata": SocrataPortal,
    "mx_junar": JunarPortal,
    "mx_csw": CswPortal,
    "mx_geonode": GeoNodePortal,
    "mx_table": TablePortal,
    "mx_table folder": TableFolder,
}

__all__ = ["PLATFORMS", "Answer", "Plain", "PlatformPortal"]

# Software, as the registry of portals calls it → source type; for all other kinds there is none.
SOFTWARE = {
    "ckan": "mx_ckan",
    "dkan": "mx_dkan",
    "geonode": "mx_geonode",
    "geonetwork": "mx_csw",
    "arcgisserver": "mx_arcgis_server",
    "arcgishub": "mx_arcgis_hub",
    "opendatasoft": "mx_opendatasoft",
}
