"""The front door: schema, templates, translations, vocabularies and the change log that every other room needs."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timezone
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.plugins import DefaultTranslation

from ckanext.mxopendata import (
    changes,
    config,
    datastore_dictionary,
    dictionary_views,
    facets,
    file_reading,
    form_views,
    helpers,
    licences,
    partners,
    search,
    table_views,
    theme_groups,
    views,
)
from ckanext.mxopendata.logic import action, auth, lifting, update_frequency, validators
from ckanext.mxopendata.metadata import vocabularies


@tk.blanket.config_declarations
@tk.blanket.cli
@tk.blanket.helpers(helpers)
@tk.blanket.blueprints(lambda: [views.bp, form_views.bp, table_views.bp, dictionary_views.bp])
@tk.blanket.validators(validators)
@tk.blanket.actions(action)
@tk.blanket.auth_functions(auth)
class MxOpenDataPlugin(DefaultTranslation, p.SingletonPlugin):
    """Registers the front door with CKAN; the work is done in the modules it names."""

    p.implements(p.IConfigurer)
    p.implements(p.ITranslation)
    p.implements(p.IDomainObjectModification)
    p.implements(p.IConfigurable)
    p.implements(p.IOrganizationController, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IResourceController, inherit=True)
    p.implements(p.IFacets, inherit=True)

    # IConfigurer
    def update_config(self, config_: Any) -> None:
        """Make the suite's own templates, assets and licences known to CKAN."""
        partners.require(tk.aslist(config_["ckan.plugins"]))
        tk.add_template_directory(config_, "templates")
        tk.add_resource("assets", "mxopendata")
        if not config_.get(licences.OPTION):
            config_[licences.OPTION] = f"file://{licences.register_path()}"

    # IConfigurable
    def configure(self, config_: Any) -> None:
        """Let the operator's folders speak (rule 12 of the architecture); see which of our fields are in use."""
        vocabularies.use_folders(config.config_dirs())
        datasets, organizations = _schemas_in_use()
        lifting.use_schemas(datasets, organizations)
        update_frequency.use_schema(datasets)

    # IDomainObjectModification
    def notify(self, entity: Any, operation: str) -> None:
        """Write the change log in the transaction of the change itself (rule 6 of the architecture)."""
        changes.record_entity(entity, operation)

    # IOrganizationController; CKAN calls the same three for datasets (IPackageController), whom notify() has seen
    def create(self, entity: Any) -> None:
        """A new institution may already have datasets, moved into it."""
        self._institution(entity)

    def edit(self, entity: Any) -> None:
        """One row stands for all datasets of a renamed institution; the readers fan it out."""
        self._institution(entity)

    def delete(self, entity: Any) -> None:
        """One row stands for all datasets of a removed institution."""
        self._institution(entity)

    def _institution(self, entity: Any) -> None:
        if isinstance(entity, model.Group):
            changes.record(entity.id, changes.ORGANIZATION_KIND)

    # IPackageController
    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Index what the crosswalk names, and nothing that Solr would refuse."""
        if pkg_dict.get("type") != "dataset":
            return pkg_dict
        return search.shorten_strings(search.index_document(pkg_dict, datetime.now(timezone.utc)), search.TEXTS)

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Before it is indexed, a new dataset joins the group of its main theme."""
        theme_groups.join(context, pkg_dict["id"])

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Likewise one whose theme changed."""
        theme_groups.join(context, pkg_dict["id"])

    def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Show older extras as the fields they mean, also where the index is older than our schema."""
        if context.get("validate", True) and "schema" not in context and pkg_dict.get("type") == "dataset":
            lifting.lift_shown(pkg_dict)
        theme_groups.put_main_first(pkg_dict)

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """Archived datasets are found only by who asks for them (rule 9 of the architecture)."""
        return search.leave_out_archived(search_params)

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        """Facets show labels, not ids; results of an index older than our schema show our fields."""
        if "validated_data_dict" in search_params.get("fl", ""):
            for dataset in search_results.get("results", ()):
                if dataset.get("type") == "dataset" and lifting.has_own_extras(dataset):
                    lifting.lift_shown(dataset)
        facets.label_facets(search_results.get("search_facets", {}))
        return search_results

    # IResourceController
    def before_resource_create(self, context: Any, resource: dict[str, Any]) -> None:
        """What an uploaded file tells of itself needs not be written by hand."""
        file_reading.fill_from_upload(resource)

    def before_resource_update(self, context: Any, current: dict[str, Any], resource: dict[str, Any]) -> None:
        """A new file tells of itself anew."""
        file_reading.fill_from_upload(resource, current)

    def after_resource_create(self, context: Any, resource: dict[str, Any]) -> None:
        """Whoever loads a table asks the DataStore what its columns hold."""
        datastore_dictionary.write_dictionary(resource)

    def after_resource_update(self, context: Any, resource: dict[str, Any]) -> None:
        """Likewise; loaders save the resource once its table is there."""
        datastore_dictionary.write_dictionary(resource)

    # IFacets
    def dataset_facets(self, facets_dict: OrderedDict[str, Any], package_type: str) -> OrderedDict[str, Any]:
        """What datasets are narrowed down by."""
        if package_type != "dataset":
            return facets_dict
        return facets.titles()

    def organization_facets(
        self, facets_dict: OrderedDict[str, Any], organization_type: str, package_type: str | None
    ) -> OrderedDict[str, Any]:
        """The same on the page of one institution, without the institution."""
        titles = facets.titles()
        del titles["organization"]
        return titles


def _schemas_in_use() -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The expanded schemas of datasets and institutions that ckanext-scheming has read from the configuration."""
    from ckanext.scheming.plugins import SchemingDatasetsPlugin, SchemingOrganizationsPlugin

    datasets, organizations = SchemingDatasetsPlugin.instance, SchemingOrganizationsPlugin.instance
    return (
        tk.h.scheming_get_dataset_schema("dataset") if datasets in p.PluginImplementations(p.IDatasetForm) else None,
        tk.h.scheming_get_organization_schema("organization")
        if organizations in p.PluginImplementations(p.IGroupForm)
        else None,
    )
