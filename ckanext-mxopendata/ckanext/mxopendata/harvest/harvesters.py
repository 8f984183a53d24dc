"""The source types as ckanext-harvest knows them: one small plugin each, all of them the same engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.harvest.interfaces import IHarvester

from ckanext.mxopendata.harvest import carriers
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.settings import parse_config
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.findings import Finding

# Their entry points; ``mxopendata_harvest`` loads them, so that ``ckan.plugins`` does not grow with every platform.
PLUGINS = tuple(CONNECTORS)


def _say(notices: Iterable[Finding]) -> None:
    """Tell who saves a source in its form what no longer has the effect it had."""
    if not (tk.request and tk.request.method == "POST" and tk.request.blueprint != "api"):
        return
    for notice in notices:
        sentences = notice.to_dict(current_language())
        tk.h.flash_notice(f"{sentences['message']} {sentences['cure']}")


class _Harvester(p.SingletonPlugin):
    """What all source types share; a subclass says which connector it stands for."""

    source_type = ""

    def info(self) -> dict[str, Any]:
        """Name, title and description of the source type, for ckanext-harvest's form and queue."""
        connector = CONNECTORS[self.source_type]
        return {
            "name": self.source_type,
            "title": connector.title,
            "description": connector.description,
            "form_config_interface": "Text",
        }

    def validate_config(self, source_config: str | None) -> str | None:
        """Refuse a configuration that is wrong, with the reason in Spanish.

        Raises:
            ValueError: where it is wrong.
        """
        _say(parse_config(source_config).notices)
        return source_config

    def gather_stage(self, harvest_job: Any) -> list[str]:
        """Open the run; everything else is done by its carriers."""
        return carriers.begin(harvest_job)

    def fetch_stage(self, harvest_object: Any) -> bool:
        """A carrier has nothing to fetch."""
        return True

    def import_stage(self, harvest_object: Any) -> str | bool:
        """Work on the run of a carrier for a while."""
        if not (harvest_object.guid or "").startswith("mxopendata-carrier:"):
            return "unchanged"
        return carriers.carry(harvest_object)


class AdelaHarvester(_Harvester):
    """Source type ``mx_adela``."""

    p.implements(IHarvester)
    source_type = "mx_adela"


class CkanHarvester(_Harvester):
    """Source type ``mx_ckan``."""

    p.implements(IHarvester)
    source_type = "mx_ckan"


class DataJsonHarvester(_Harvester):
    """Source type ``mx_datajson``."""

    p.implements(IHarvester)
    source_type = "mx_datajson"


class ArcGisHubHarvester(_Harvester):
    """Source type ``mx_arcgis_hub``."""

    p.implements(IHarvester)
    source_type = "mx_arcgis_hub"


class ArcGisServerHarvester(_Harvester):
    """Source type ``mx_arcgis_server``."""

    p.implements(IHarvester)
    source_type = "mx_arcgis_server"


class DcatHarvester(_Harvester):
    """Source type ``mx_dcat``."""

    p.implements(IHarvester)
    source_type = "mx_dcat"


class DkanHarvester(_Harvester):
    """Source type ``mx_dkan``."""

    p.implements(IHarvester)
    source_type = "mx_dkan"


class OpendatasoftHarvester(_Harvester):
    """Source type ``mx_opendatasoft``."""

    p.implements(IHarvester)
    source_type = "mx_opendatasoft"


class SocrataHarvester(_Harvester):
    """Source type ``mx_socrata``."""

    p.implements(IHarvester)
    source_type = "mx_socrata"


class JunarHarvester(_Harvester):
    """Source type ``mx_junar``."""

    p.implements(IHarvester)
    source_type = "mx_junar"


class CswHarvester(_Harvester):
    """Source type ``mx_csw``."""

    p.implements(IHarvester)
    source_type = "mx_csw"


class GeoNodeHarvester(_Harvester):
    """Source type ``mx_geonode``."""

    p.implements(IHarvester)
    source_type = "mx_geonode"


class TableHarvester(_Harvester):
    """Source type ``mx_table``."""

    p.implements(IHarvester)
    source_type = "mx_table"
