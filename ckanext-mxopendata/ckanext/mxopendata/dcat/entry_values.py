"""What the two catalogues in JSON say alike of a dataset; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.dcat import values
from ckanext.mxopendata.dcat.context import Builder
from ckanext.mxopendata.dcat.entries import Entry
from ckanext.mxopendata.metadata.records import stored_list


def make_entry(builder: Builder, properties: Mapping[str, Any], distributions: int) -> Entry:
    """An entry of what there is to say, with what the builder counted.

    Args:
        builder: of the dataset.
        properties: empty ones are left out.
        distributions: how many it has.
    """
    kept = {name: value for name, value in properties.items() if value not in (None, "", [])}
    return Entry(kept, distributions, builder.dropped, builder.filled)


def texts(builder: Builder, dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Title, description, identifier, dates and keywords; what is missing is stood in for and counted.

    Args:
        builder: of the dataset.
        dataset: as it is stored.
    """
    title = values.clean_text(dataset.get("title")) or values.clean_text(dataset.get("name")) or dataset["id"]
    description = values.clean_text(dataset.get("notes"))
    identifier = values.clean_text(dataset.get("identifier"))
    modified = date_of(builder, "modified", dataset.get("modified"))
    if modified is None:
        written = builder.date("metadata_modified", dataset.get("metadata_modified"), utc=True)
        modified = written.value if written else None
    for name, is_missing in (
        ("notes", not description),
        ("identifier", not identifier),
        ("modified", not dataset.get("modified")),
    ):
        if is_missing:
            builder.fill(name)
    keywords = (values.clean_text(tag.get("display_name") or tag.get("name")) for tag in dataset.get("tags") or ())
    return {
        "title": title,
        "description": description or title,
        "identifier": identifier or dataset["id"],
        "modified": modified,
        "issued": date_of(builder, "issued", dataset.get("issued")),
        "keyword": list(dict.fromkeys(filter(None, keywords))),
    }


def date_of(builder: Builder, field_name: str, stored: Any) -> str | None:
    """A date as text; one that is none is counted as dropped."""
    made = builder.date(field_name, stored)
    return made.value if made else None


def address_of(builder: Builder, field_name: str, stored: Any) -> str | None:
    """An address as text; one that is none is counted as dropped."""
    made = builder.iri(field_name, stored)
    return made.value if made else None


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
