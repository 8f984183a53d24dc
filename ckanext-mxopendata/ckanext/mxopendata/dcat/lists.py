"""Stored lists, however they were stored: as a list, as JSON text, or as the one value somebody wrote."""

from __future__ import annotations

import json
from typing import Any


def as_list(value: Any) -> list[Any]:
    """Any stored value as a list.

    A text is never taken apart into its characters: ``"es"`` is one language, not two.

    Args:
        value: a list, a dictionary, JSON text of either, another text, or nothing.
    """
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)):
        return [item for item in value if item not in (None, "")]
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return as_list(json.loads(value))
        except ValueError:
            return [value]
    return [value]
