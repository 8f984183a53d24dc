"""Template helpers of the search: what the facets offer, and what the filters that are set are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import facets, institutions

__all__ = ["mxopendata_facet_items", "mxopendata_filter_labels"]


def mxopendata_facet_items(name: str, search_facets: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The items of a facet that depends on another one: municipalities are offered once a state is chosen.

    Returns:
        Items as CKAN's ``get_facet_items_dict`` gives them; ``None`` for any other facet, which has all of its own.
    """
    if name != facets.MUNICIPALITY:
        return None
    arguments = tk.request.args
    states, chosen = arguments.getlist(facets.STATE), arguments.getlist(name)
    items = facets.municipalities_within(search_facets.get(name, {}).get("items") or [], states, chosen)
    return tk.h.get_facet_items_dict(name, {name: {"items": items}})


def mxopendata_filter_labels(fields_grouped: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], str]:
    """What the filters that are set are called, also where no result has them: ``{(field, value): label}``."""
    labels: dict[tuple[str, str], str] = {}
    for name, values in (fields_grouped or {}).items():
        for value in values:
            label = facets.label(name, value)
            if label is None and name == "organization":
                label = institutions.institution_of(value).get("title")
            if label:
                labels[name, value] = label
    return labels
