"""One connector for each source type."""

from __future__ import annotations

from ckanext.mxopendata.harvest.connectors.arcgis_hub import ArcGisHubConnector
from ckanext.mxopendata.harvest.connectors.arcgis_server import ArcGisServerConnector
from ckanext.mxopendata.harvest.connectors.adela import AdelaConnector
from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.connectors.dcat import DcatConnector
from ckanext.mxopendata.harvest.connectors.dkan import DkanConnector
from ckanext.mxopendata.harvest.connectors.opendatasoft import OpendatasoftConnector

CONNECTORS: dict[str, Connector] = {
    "mx_adela": AdelaConnector(),
    "mx_ckan": CkanConnector(),
    "mx_datajson": DataJsonConnector(),
    "mx_arcgis_hub": ArcGisHubConnector(),
    "mx_arcgis_server": ArcGisServerConnector(),
    "mx_dcat": DcatConnector(),
    "mx_dkan": DkanConnector(),
    "mx_opendatasoft": OpendatasoftConnector(),
}
