"""The front door: schema, templates, translations, vocabularies and the change log that every other room needs."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import DefaultTranslation

from ckanext.mxopendata import changes


@tk.blanket.config_declarations
@tk.blanket.cli
class MxOpenDataPlugin(DefaultTranslation, p.SingletonPlugin):
    """Registers the front door with CKAN; the work is done in the modules it names."""

    p.implements(p.IConfigurer)
    p.implements(p.ITranslation)
    p.implements(p.IDomainObjectModification)
    p.implements(p.IOrganizationController, inherit=True)

    # IConfigurer
    def update_config(self, config: Any) -> None:
        """Make the suite's own templates and assets known to CKAN."""
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "mxopendata")

    # IDomainObjectModification
    def notify(self, entity: Any, operation: str) -> None:
        """Write the change log in the transaction of the change itself (rule 6 of the architecture)."""
        changes.record_entity(entity, operation)

    # IOrganizationController
    def create(self, entity: Any) -> None:
        """A new institution may already have datasets, moved into it."""
        changes.record(entity.id, changes.ORGANIZATION_KIND)

    def edit(self, entity: Any) -> None:
        """One row stands for all datasets of a renamed institution; the readers fan it out."""
        changes.record(entity.id, changes.ORGANIZATION_KIND)

    def delete(self, entity: Any) -> None:
        """One row stands for all datasets of a removed institution."""
        changes.record(entity.id, changes.ORGANIZATION_KIND)
