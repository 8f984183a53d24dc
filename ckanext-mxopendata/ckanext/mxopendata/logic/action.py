"""Actions of the front door."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata import validation

__all__ = ["mxopendata_dataset_validate"]


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
    findings = validation.validate_dataset(dataset)
    points, most = validation.points(dataset)
    return {
        "valid": validation.is_valid(findings),
        "findings": [finding.to_dict(current_language()) for finding in findings],
        "points": points,
        "max": most,
    }
