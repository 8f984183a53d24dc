"""What the two catalogues in JSON say alike of a dataset; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.metadata.records import stored_list


def title_of(dataset: Mapping[str, Any]) -> str:
    """The title; the name, else the id, where there is none."""
    return values.clean_text(dataset.get("title")) or values.clean_text(dataset.get("name")) or dataset["id"]


def keywords(dataset: Mapping[str, Any]) -> list[str]:
    """The names of the tags, each once."""
    names = (values.clean_text(tag.get("display_name") or tag.get("name")) for tag in dataset.get("tags") or ())
    return list(dict.fromkeys(filter(None, names)))


def place_names(builder: Builder, stored: Any) -> list[str]:
    """What the places of a dataset or a resource are called: their words, else the name of INEGI's key, else a URI.

    Args:
        builder: of the dataset.
        stored: ``spatial_coverage`` as it is stored.
    """
    places = (place if isinstance(place, dict) else {"text": place} for place in stored_list(stored))
    return list(filter(None, (_place_name(builder, place) for place in places)))


def _place_name(builder: Builder, place: Mapping[str, Any]) -> str:
    key = values.clean_text(place.get("cvegeo"))
    vocabulary_id = {2: "states", 5: "municipalities"}.get(len(key))
    term = builder.context.vocabulary(vocabulary_id).get(key) if vocabulary_id else None
    return (
        values.clean_text(place.get("text")) or (term.label_es if term else "") or values.clean_text(place.get("uri"))
    )
