"""Actions of the front door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.navl.dictization_functions import DataError
from ckan.types import Context, DataDict

from ckanext.mxopendata import config, theme_groups
from ckanext.mxopendata.dcat.skos import term_uris
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.logic import lifting, update_frequency
from ckanext.mxopendata.logic.dataset_findings import as_saved, found_in
from ckanext.mxopendata.logic.tables import mxopendata_table_import, mxopendata_table_show
from ckanext.mxopendata.metadata import validation
from ckanext.mxopendata.metadata.vocabularies import headings, vocabulary, vocabulary_ids

__all__ = [
    "current_package_list_with_resources",
    "mxopendata_dataset_validate",
    "mxopendata_table_import",
    "mxopendata_table_show",
    "mxopendata_vocabulary_show",
    "organization_create",
    "organization_show",
    "organization_update",
    "package_create",
    "package_patch",
    "package_search",
    "package_show",
    "package_update",
]

Action = Callable[[Context, DataDict], Any]


@tk.side_effect_free
def mxopendata_dataset_validate(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What a dataset lacks and how many points its metadata are worth.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}`` of a saved dataset, or ``{"dataset": {…}}`` as ``package_create`` takes it.

    Returns:
        ``{"valid", "findings", "points", "max"}``; findings are in the caller's language. ``valid`` means that a new
        local dataset like this would be accepted.

    Raises:
        ValidationError: where neither or both are given.
        ObjectNotFound, NotAuthorized: as ``package_show``.
    """
    tk.check_access("mxopendata_dataset_validate", context, data_dict)
    dataset = data_dict.get("dataset")
    if dataset is None:
        dataset = tk.get_action("package_show")(context, {"id": tk.get_or_bust(data_dict, "id")})
    elif not isinstance(dataset, dict) or data_dict.get("id"):
        raise tk.ValidationError({"dataset": [tk._("Give either the id of a dataset or a dataset as an object.")]})
    else:
        dataset = as_saved(dataset)
    findings = found_in(dataset)
    points, most = validation.points(dataset)
    return {
        "valid": validation.is_valid(findings),
        "findings": [finding.to_dict(current_language()) for finding in findings],
        "points": points,
        "max": most,
    }


@tk.side_effect_free
def mxopendata_vocabulary_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A vocabulary with all its terms, deprecated ones too.

    Args:
        context: CKAN's.
        data_dict: ``{"id"}`` of the vocabulary, for example ``themes``.

    Returns:
        ``{"id", "title", "description", "terms": [{"id", "label_es", "label_en", "uri", "broader", "status",
        "replaced_by", "exact_match", "source", "aliases", "facts"}]}``; title and description are in the caller's
        language, ``exact_match`` and ``aliases`` are lists, ``facts`` holds what only this vocabulary has.

    Raises:
        ValidationError: without an id.
        ObjectNotFound: where there is no vocabulary of that id.
    """
    tk.check_access("mxopendata_vocabulary_show", context, data_dict)
    vocabulary_id = tk.get_or_bust(data_dict, "id")
    if vocabulary_id not in vocabulary_ids():
        raise tk.ObjectNotFound(tk._("There is no such vocabulary."))
    found, heading, language = vocabulary(vocabulary_id), headings()[vocabulary_id], current_language()
    uris = term_uris(found, config.vocabulary_base())
    return {
        "id": found.id,
        "title": heading.title(language),
        "description": heading.description(language),
        "terms": [{**asdict(term), "uri": uris[term.id]} for term in found.terms.values()],
    }


@tk.chained_action
@tk.side_effect_free
def package_show(up: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """CKAN's; old extras are read, and the API says ``update_frequency`` of each resource."""
    shown = _show(up, context, data_dict)
    update_frequency.show(context, data_dict, shown)
    return shown


@tk.chained_action
@tk.side_effect_free
def package_search(up: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """CKAN's; the API says ``update_frequency`` of each resource."""
    found = up(context, data_dict)
    for dataset in found["results"]:
        update_frequency.show(context, data_dict, dataset)
    return found


@tk.chained_action
@tk.side_effect_free
def current_package_list_with_resources(up: Action, context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """CKAN's; the API says ``update_frequency`` of each resource."""
    found = up(context, data_dict)
    for dataset in found:
        update_frequency.show(context, {}, dataset)
    return found


def _show(up: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """A dataset, also where its extras hold plain text under the names of our fields.

    What is about to be indexed (``validate`` is ``False``) is lifted before anybody converts it; what is shown, at the
    end (``after_dataset_show``). In between ckanext-scheming 3.1 cannot convert a repeating field that holds no JSON:
    such a dataset, met outside the index, is read once more.
    """
    if not context.get("validate", True):
        stored = up(context, data_dict)
        # A harvest source, to name one, has a frequency of its own.
        if stored.get("type") == "dataset":
            lifting.lift_stored(stored)
        return stored
    try:
        return up(context, data_dict)
    except (ValueError, TypeError, DataError):  # ckanext-scheming, simplejson and navl, each their own
        stored = up({**context, "validate": False, "use_cache": False}, data_dict)
        if stored.get("type") != "dataset" or not lifting.lift_stored(stored):
            raise
        return _validated(context, stored)


def _validated(context: Context, stored: dict[str, Any]) -> dict[str, Any]:
    """A dataset in the form of its schema, and what other plugins add to it."""
    forms = p.PluginImplementations(p.IDatasetForm)
    form: Any = next(form for form in forms if stored["type"] in form.package_types())
    shown, _ = form.validate(context, stored, form.show_package_schema(), "package_show")
    for plugin in p.PluginImplementations(p.IPackageController):
        plugin.after_dataset_show(context, shown)
    return shown


@tk.chained_action
def package_create(up: Action, context: Context, data_dict: DataDict) -> Any:
    """CKAN's; extras under the names of our fields are taken for the fields, groups of themes follow the field."""
    lifting.take_extras(data_dict, dict)
    update_frequency.take(data_dict, dict)
    theme_groups.before_create(data_dict)
    return up(context, data_dict)


@tk.chained_action
def package_update(up: Action, context: Context, data_dict: DataDict) -> Any:
    """CKAN's; extras under the names of our fields are taken for the fields, groups of themes follow the field."""
    stored = cache(lambda: _stored("package_show", context, data_dict))
    lifting.take_extras(data_dict, stored)
    update_frequency.take(data_dict, stored)
    theme_groups.before_update(data_dict)
    answer = up(context, data_dict)
    theme_groups.after_update(context, data_dict)
    return answer


@tk.chained_action
def package_patch(up: Action, context: Context, data_dict: DataDict) -> Any:
    """CKAN's; groups of themes follow the field, whatever is sent."""
    theme_groups.before_patch(data_dict)
    return up(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def organization_show(up: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """CKAN's; plain text under the names of our fields is read."""
    shown = up(context, data_dict)
    if shown.get("type") == "organization":
        lifting.lift_shown(shown, "organization")
    return shown


@tk.chained_action
def organization_create(up: Action, context: Context, data_dict: DataDict) -> Any:
    """CKAN's; extras under the names of our fields are taken for the fields."""
    lifting.take_extras(data_dict, dict, "organization")
    return up(context, data_dict)


@tk.chained_action
def organization_update(up: Action, context: Context, data_dict: DataDict) -> Any:
    """CKAN's; extras under the names of our fields are taken for the fields."""
    lifting.take_extras(data_dict, lambda: _stored("organization_show", context, data_dict), "organization")
    return up(context, data_dict)


def _stored(action: str, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What is stored, as the caller may see it."""
    known: dict[str, Any] = dict(context)
    asking: Any = {key: known[key] for key in ("user", "auth_user_obj", "ignore_auth") if key in known}
    return tk.get_action(action)(asking, {"id": data_dict.get("id") or data_dict.get("name")})
