"""Registers the harvest room with CKAN."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.harvest import duplicate_views, give_back_views, new_source_views, views
from ckanext.mxopendata.harvest.harvesters import PLUGINS


@tk.blanket.actions
@tk.blanket.auth_functions
@tk.blanket.blueprints(lambda: [views.bp, duplicate_views.bp, new_source_views.bp, give_back_views.bp])
@tk.blanket.helpers
class MxOpenDataHarvestPlugin(p.SingletonPlugin):
    """The harvest room: source types, runs, reports."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        """Make the room's templates and assets known to CKAN."""
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "mxopendata_harvest")

    # IConfigurable
    def configure(self, config: Any) -> None:
        """Bring in the source types, each of which ckanext-harvest wants as a plugin of its own."""
        missing = [name for name in PLUGINS if not p.plugin_loaded(name)]
        if missing:
            p.load(*missing)
