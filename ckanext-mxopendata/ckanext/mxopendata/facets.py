"""What datasets are narrowed down by on the search page and on the page of an institution, and what it is called."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality import freshness
from ckanext.mxopendata.search import FRESHNESS

# Solr field → vocabulary of its values, or nothing where they speak for themselves.
FACETS = {
    "vocab_theme": "themes",
    "organization": "",
    "gov_type": "orders_of_government",
    "vocab_state": "states",
    "vocab_municipality": "municipalities",
    FRESHNESS: "",
    "res_format": "file_types",
    "frequency": "frequencies",
    "vocab_policy": "policies",
    "priority_list": "idmx",
    "license_id": "licences",
    "tags": "",
}


def titles() -> OrderedDict[str, str]:
    """Facets in their order, with their names in the reader's language."""
    names = {
        "vocab_theme": tk._("Theme"),
        "organization": tk._("Institution"),
        "gov_type": tk._("Order of government"),
        "vocab_state": tk._("State"),
        "vocab_municipality": tk._("Municipality"),
        FRESHNESS: tk._("Freshness"),
        "res_format": tk._("Format"),
        "frequency": tk._("Update frequency"),
        "vocab_policy": tk._("Public policy"),
        "priority_list": tk._("IDMX"),
        "license_id": tk._("Licence"),
        "tags": tk._("Keywords"),
    }
    return OrderedDict((name, names[name]) for name in FACETS)


def freshness_label(verdict: str) -> str:
    """A verdict of :mod:`.quality.freshness` in the reader's words."""
    return {
        freshness.UP_TO_DATE: tk._("Up to date"),
        freshness.OVERDUE: tk._("Overdue"),
        freshness.IRREGULAR: tk._("Irregular: no date is due"),
        freshness.REALTIME: tk._("Real time"),
        freshness.NO_FREQUENCY: tk._("No data: frequency"),
        freshness.NO_DATE: tk._("No data: date"),
        freshness.FUTURE_DATE: tk._("No data: future date"),
    }[verdict]


def label_facets(facets: dict[str, Any]) -> None:
    """Give the items of our facets the labels of their terms, in place; what is no term keeps its own name."""
    language = current_language()
    for name in FACETS.keys() & facets.keys():
        for item in facets[name]["items"]:
            item["display_name"] = _label(name, item["name"], language) or item.get("display_name", item["name"])


def _label(name: str, value: str, language: str) -> str | None:
    if name == FRESHNESS:
        return freshness_label(value) if value in freshness.VERDICTS else None
    if name == "vocab_municipality":
        return place_name(value, language)
    # CKAN writes some formats its own way (GeoJSON for GEOJSON)
    term = vocabulary(FACETS[name]).find(value) if FACETS[name] else None
    return term.label(language) if term else None
