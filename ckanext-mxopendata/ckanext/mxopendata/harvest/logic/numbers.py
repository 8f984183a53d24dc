"""Numbers that an action is asked with."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import DataDict


def whole(data_dict: DataDict, name: str, default: int) -> int:
    """A whole number that is not negative.

    Args:
        data_dict: what the action is asked.
        name: key of the number.
        default: where nothing is said.

    Raises:
        ckan.plugins.toolkit.ValidationError: where it is none, or negative.
    """
    try:
        value = int(data_dict.get(name, default))
    except (TypeError, ValueError) as error:
        raise tk.ValidationError({name: [tk._("Must be a whole number")]}) from error
    if value < 0:
        raise tk.ValidationError({name: [tk._("Must not be negative")]})
    return value
