"""The action that says what is written differently here from a source's catalogue."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.mxopendata.harvest import give_back
from ckanext.mxopendata.harvest.logic.numbers import whole

__all__ = ["mxopendata_harvest_change_list"]

_MOST = 1000


@tk.side_effect_free
def mxopendata_harvest_change_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What is written differently here from a source's catalogue, of its public datasets that are not archived.

    Args:
        context: CKAN's.
        data_dict: ``source``: name or id of a harvest source; ``offset``; ``limit``: how many datasets, 100 where
            nothing is said, at most 1,000.

    Returns:
        ``{"source", "datasets", "changed", "unknown", "fields": [{"field", "level", "changes", "datasets",
        "example"}], "results": [{"dataset_id", "dataset_name", "identifier", "title", "changes": [{"field", "why",
        "said", "here", "resource"}]}]}``: ``unknown`` counts datasets that were last written before changes were
        noted; what is not there is left out of a change.
    """
    tk.check_access("mxopendata_harvest_change_list", context, data_dict)
    package: Any = model.Package.get(tk.get_or_bust(data_dict, "source"))
    if package is None or package.type != "harvest" or package.state != "active":
        raise tk.ObjectNotFound("Harvest source not found")
    limit = min(whole(data_dict, "limit", 100), _MOST)
    results = give_back.changed_datasets(package.id, whole(data_dict, "offset", 0), limit) if limit else []
    found = {"source": package.name, **give_back.figures(package.id), "fields": give_back.fields(package.id)}
    return {**found, "results": results}
