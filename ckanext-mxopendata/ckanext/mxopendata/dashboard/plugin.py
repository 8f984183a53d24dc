"""Registers the dashboard room with CKAN."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata import config as own_config
from ckanext.mxopendata.dashboard import dqv_views, helpers, jobs
from ckanext.mxopendata.dashboard.logic import action, auth
from ckanext.mxopendata.dashboard.views import bp
from ckanext.mxopendata.quality import publication_index


@tk.blanket.actions(action)
@tk.blanket.auth_functions(auth)
@tk.blanket.helpers(helpers)
@tk.blanket.blueprints([bp, dqv_views.bp])
class MxOpenDataDashboardPlugin(p.SingletonPlugin):
    """The dashboard room: indicators, their pages and the table of measurements behind them."""

    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.IDomainObjectModification)
    p.implements(p.IOrganizationController, inherit=True)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        """Make the room's templates and assets known, and hear of ended transactions."""
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "mxopendata_dashboard")
        jobs.listen()

    # IConfigurable
    def configure(self, config: Any) -> None:
        """Let the operator's weights of the index speak (rule 12 of the architecture)."""
        publication_index.use_folders(own_config.config_dirs())

    # IDomainObjectModification
    def notify(self, entity: Any, operation: str) -> None:
        """A changed dataset or resource wants new figures."""
        if isinstance(entity, (model.Package, model.Resource)):
            jobs.want()

    # IOrganizationController
    def create(self, entity: Any) -> None:
        """A new institution wants a line in the tables."""
        jobs.want()

    def edit(self, entity: Any) -> None:
        """A changed institution wants new figures."""
        jobs.want()

    def delete(self, entity: Any) -> None:
        """A removed institution leaves the tables."""
        jobs.want()
