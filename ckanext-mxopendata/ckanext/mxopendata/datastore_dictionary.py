"""The dictionary of a resource's columns, also where CKAN's DataStore keeps its own: for the tables loaded there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.metadata.dictionary import columns_of

log = logging.getLogger(__name__)

# What the DataStore calls what we say of a column.
_INFO = {"label": "title", "notes": "description", "unit": "unit"}


def write_dictionary(resource: Mapping[str, Any]) -> None:
    """Write what the dictionary says of each column into the DataStore's, which keeps what else it knows.

    Nothing happens without a DataStore, a table in it, or a dictionary. Loaders that put the table there later save
    the resource afterwards, which leads here again.

    Args:
        resource: as ``resource_show`` gives it, after it was saved.
    """
    columns = {str(column["name"]): column for column in columns_of(resource.get("schema"))}
    if not columns or not resource.get("datastore_active") or not p.plugin_loaded("datastore"):
        return
    try:
        known = tk.get_action("datastore_info")({"ignore_auth": True}, {"id": resource["id"]})["fields"]
        fields = [_field(field, columns.get(field["id"], {})) for field in known]
        if any(field.get("info") != before.get("info") for field, before in zip(fields, known, strict=True)):
            order = {"resource_id": resource["id"], "fields": fields, "force": True}
            tk.get_action("datastore_create")({"ignore_auth": True}, order)
    except (tk.ObjectNotFound, tk.ValidationError) as error:
        # The resource is saved all the same; its page shows our dictionary.
        log.warning("the DataStore's dictionary of %s was not written: %s", resource["id"], type(error).__name__)


def _field(field: Mapping[str, Any], column: Mapping[str, Any]) -> dict[str, Any]:
    """A column of the DataStore with what our dictionary says of it."""
    told = {theirs: str(column[ours]) for theirs, ours in _INFO.items() if column.get(ours)}
    info = {**(field.get("info") or {}), **told}
    return {"id": field["id"], "type": field["type"], **({"info": info} if info else {})}
