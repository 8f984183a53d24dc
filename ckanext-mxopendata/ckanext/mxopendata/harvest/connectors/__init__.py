"""One connector for each source type."""

from __future__ import annotations

from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector
from ckanext.mxopendata.harvest.connectors.csw import CswConnector
from ckanext.mxopendata.harvest.connectors.datajson import DataJsonConnector
from ckanext.mxopendata.harvest.connectors.geonode import GeoNodeConnector

CONNECTORS: dict[str, Connector] = {
    "mx_ckan": CkanConnector(),
    "mx_datajson": DataJsonConnector(),
    "mx_csw": CswConnector(),
    "mx_geonode": GeoNodeConnector(),
}
