"""Registers the dcat room with CKAN."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.dcat.interfaces import IDCATURIGenerator
from ckanext.dcat.utils import catalog_uri

from ckanext.mxopendata.dcat import helpers


@tk.blanket.actions
@tk.blanket.auth_functions
@tk.blanket.blueprints
@tk.blanket.helpers(helpers)
class MxOpenDataDcatPlugin(p.SingletonPlugin):
    """The dcat room: one generator of triples, whole-catalogue files, their pages."""

    p.implements(p.IConfigurer)
    p.implements(IDCATURIGenerator, inherit=True)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        """Make the room's templates known."""
        tk.add_template_directory(config, "templates")

    # IDCATURIGenerator
    def dataset_uri(self, dataset_dict: dict[str, Any], default_uri: str) -> str:
        """Datasets have our address on every page and in every file, also one that states a ``uri`` of its source."""
        if not dataset_dict.get("id"):
            return default_uri
        return f"{catalog_uri().rstrip('/')}/dataset/{quote(dataset_dict['id'], safe='')}"
