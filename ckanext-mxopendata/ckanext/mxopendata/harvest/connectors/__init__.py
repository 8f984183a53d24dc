"""One connector for each source type."""

from __future__ import annotations

from ckanext.mxopendata.harvest.connectors.adela import AdelaConnector
from ckanext.mxopendata.harvest.connectors.arcgis_hub import ArcGisHubConnector
from ckanext.mxopendata.harvest.connectors.arcgis_server import ArcGisServerConnector
from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector
from ckanext.mxopendata.harvest.connectors.csw import CswConnector
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.connectors.dcat import DcatConnector
from ckanext.mxopendata.harvest.connectors.dkan import DkanConnector
from ckanext.mxopendata.harvest.connectors.geonode import GeoNodeConnector
from ckanext.mxopendata.harvest.connectors.junar import JunarConnector
from ckanext.mxopendata.harvest.connectors.opendatasoft import OpendatasoftConnector
from ckanext.mxopendata.harvest.connectors.socrata import SocrataConnector
from ckanext.mxopendata.harvest.connectors.table import TableConnector

# In the order in which Mexico runs them.
CONNECTORS: dict[str, Connector] = {
    "mx_ckan": CkanConnector(),
    "mx_datajson": DataJsonConnector(),
    "mx_csw": CswConnector(),
    "mx_geonode": GeoNodeConnector(),
    "mx_dkan": DkanConnector(),
    "mx_table": TableConnector(),
    "mx_dcat": DcatConnector(),
    "mx_arcgis_server": ArcGisServerConnector(),
    "mx_arcgis_hub": ArcGisHubConnector(),
    "mx_opendatasoft": OpendatasoftConnector(),
    "mx_adela": AdelaConnector(),
    "mx_socrata": SocrataConnector(),
    "mx_junar": JunarConnector(),
}
