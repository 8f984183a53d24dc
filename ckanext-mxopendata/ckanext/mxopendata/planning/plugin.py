"""Registers the planning room with CKAN."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.planning import helpers
from ckanext.mxopendata.planning.commitment_views import bp as commitments_bp
from ckanext.mxopendata.planning.import_views import bp as import_bp
from ckanext.mxopendata.planning.logic import action, auth
from ckanext.mxopendata.planning.manage_views import bp as manage_bp
from ckanext.mxopendata.planning.views import bp


@tk.blanket.actions(action)
@tk.blanket.auth_functions(auth)
@tk.blanket.helpers(helpers)
@tk.blanket.blueprints([bp, commitments_bp, manage_bp, import_bp])
class MxOpenDataPlanningPlugin(p.SingletonPlugin):
    """The planning room: who is responsible for an institution's open data, and what it promised."""

    p.implements(p.IConfigurer)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        """Make the room's templates known."""
        tk.add_template_directory(config, "templates")
