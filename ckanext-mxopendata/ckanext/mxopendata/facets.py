"""What datasets are narrowed down by on the search page and on the page of an institution, and what it is called."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality import freshness
from ckanext.mxopendata.search import FRESHNESS

STATE, MUNICIPALITY = "vocab_state", "vocab_municipality"
# Solr field → vocabulary of its values, or nothing where they speak for themselves.
FACETS = {
    "vocab_theme": "themes",
    "organization": "",
    "gov_type": "orders_of_government",
    STATE: "states",
    MUNICIPALITY: "municipalities",
    FRESHNESS: "",
    "res_format": "file_types",
    "frequency": "frequencies",
    "vocab_policy": "policies",
    "priority_list": "idmx",
    "license_id": "licences",
    "tags": "",
}
# Marks a text for the translators.
N_ = str
_VERDICTS = {
    freshness.UP_TO_DATE: N_("Up to date"),
    freshness.OVERDUE: N_("Overdue"),
    freshness.IRREGULAR: N_("Irregular: no date is due"),
    freshness.REALTIME: N_("Real time"),
    freshness.NO_FREQUENCY: N_("No data: frequency"),
    freshness.NO_DATE: N_("No data: date"),
    freshness.FUTURE_DATE: N_("No data: future date"),
}


def titles() -> OrderedDict[str, str]:
    """Facets in their order, with their names in the reader's language."""
    names = {
        "vocab_theme": tk._("Theme"),
        "organization": tk._("Institution"),
        "gov_type": tk._("Order of government"),
        STATE: tk._("State"),
        MUNICIPALITY: tk._("Municipality"),
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
    return tk._(_VERDICTS[verdict])


def label_facets(facets: dict[str, Any]) -> None:
    """Give the items of our facets the labels of their terms, in place; what is no term keeps its own name."""
    for name in FACETS.keys() & facets.keys():
        for item in facets[name]["items"]:
            item["display_name"] = label(name, item["name"]) or item.get("display_name", item["name"])


def label(name: str, value: str) -> str | None:
    """What a value of a facet is called in the reader's language; ``None`` where it speaks for itself."""
    language = current_language()
    if name == FRESHNESS:
        return freshness_label(value) if value in freshness.VERDICTS else None
    if name == MUNICIPALITY:
        return place_name(value, language)
    # CKAN writes some formats its own way (GeoJSON for GEOJSON)
    term = vocabulary(FACETS[name]).find(value) if FACETS.get(name) else None
    return term.label(language) if term else None


def municipalities_within(
    items: Iterable[dict[str, Any]], states: Sequence[str], chosen: Sequence[str]
) -> list[dict[str, Any]]:
    """The municipalities to offer: those of the states that are chosen, and those chosen themselves.

    Args:
        items: of the facet: ``name`` is the INEGI key, ``display_name`` its name with that of the state.
        states: keys of the states that the search is narrowed down to; without one nothing is offered.
        chosen: keys of the municipalities that it is narrowed down to.

    Returns:
        The items; below a single state the names go without the state's.
    """
    kept = [item for item in items if item["name"] in chosen or item["name"][:2] in states]
    if len(states) != 1:
        return kept
    return [
        {**item, "display_name": item["display_name"].rsplit(", ", 1)[0]} if item["name"][:2] in states else item
        for item in kept
    ]
