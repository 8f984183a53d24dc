"""Template helpers of the front door: labels, dates and places as people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_datetime

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.helpers_dictionary import (
    mxopendata_column_labels,
    mxopendata_column_types,
    mxopendata_columns,
    mxopendata_form_file_bytes,
    mxopendata_units,
)
from ckanext.mxopendata.helpers_form import (
    mxopendata_field_labels,
    mxopendata_form_errors,
    mxopendata_form_groups,
    mxopendata_form_guide,
    mxopendata_form_start,
    mxopendata_points_text,
    mxopendata_progress_text,
    mxopendata_standard_name,
    mxopendata_vocabulary_choices,
    mxopendata_vocabulary_options,
)
from ckanext.mxopendata.helpers_page import (
    mxopendata_citation,
    mxopendata_dataset_title,
    mxopendata_dictionary,
    mxopendata_family,
    mxopendata_host,
    mxopendata_institution,
    mxopendata_licence,
    mxopendata_place_link,
    mxopendata_place_links,
    mxopendata_rows,
    mxopendata_standing,
    mxopendata_term_links,
)
from ckanext.mxopendata.helpers_search import mxopendata_facet_items, mxopendata_filter_labels
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.logic.completeness import sentence
from ckanext.mxopendata.logic.dataset_findings import found_in, today
from ckanext.mxopendata.metadata import validation
from ckanext.mxopendata.metadata.crosswalk import owned_by
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.lifting import lifted_from
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.records import as_list, loads, stored_list
from ckanext.mxopendata.metadata.vocabularies import VOCABULARIES, vocabulary

__all__ = [
    "mxopendata_box",
    "mxopendata_citation",
    "mxopendata_column_labels",
    "mxopendata_column_types",
    "mxopendata_columns",
    "mxopendata_dataset_errors",
    "mxopendata_dataset_title",
    "mxopendata_date",
    "mxopendata_dictionary",
    "mxopendata_extra_label",
    "mxopendata_facet_items",
    "mxopendata_family",
    "mxopendata_field_labels",
    "mxopendata_filter_labels",
    "mxopendata_findings",
    "mxopendata_form_errors",
    "mxopendata_form_file_bytes",
    "mxopendata_form_groups",
    "mxopendata_form_guide",
    "mxopendata_form_start",
    "mxopendata_host",
    "mxopendata_institution",
    "mxopendata_is_harvested",
    "mxopendata_json",
    "mxopendata_licence",
    "mxopendata_lines",
    "mxopendata_list",
    "mxopendata_missing",
    "mxopendata_origin",
    "mxopendata_place",
    "mxopendata_place_link",
    "mxopendata_place_links",
    "mxopendata_place_name",
    "mxopendata_places",
    "mxopendata_points",
    "mxopendata_points_text",
    "mxopendata_progress_text",
    "mxopendata_rows",
    "mxopendata_source_fields",
    "mxopendata_standard_name",
    "mxopendata_standing",
    "mxopendata_term_label",
    "mxopendata_term_links",
    "mxopendata_today",
    "mxopendata_typed_groups",
    "mxopendata_units",
    "mxopendata_vocabulary_choices",
    "mxopendata_vocabulary_options",
]

_PATTERNS = {
    "es": {"month": "MMMM 'de' y", "day": "d 'de' MMMM 'de' y"},
    "en": {"month": "MMMM y", "day": "d MMMM y"},
}


def mxopendata_term_label(vocabulary_id: str | None, term_id: Any) -> str:
    """The label of a term in the reader's language; what is no term, as it is."""
    term = vocabulary(vocabulary_id).get(str(term_id)) if vocabulary_id in VOCABULARIES else None
    return term.label(current_language()) if term else str(term_id)


def mxopendata_list(value: Any) -> list[Any]:
    """A stored or submitted value as a list: a JSON list, one value, or nothing."""
    return stored_list(value)


def mxopendata_lines(value: Any) -> str:
    """A list as the lines of a text field."""
    return "\n".join(str(item) for item in mxopendata_list(value))


def mxopendata_today() -> str:
    """Today in the portal's time zone, as ISO 8601."""
    return today().isoformat()


def mxopendata_extra_label(key: str, level: str = "dataset") -> str:
    """What an extra is called: the field's label for what an older record said there, else its own key."""
    name = lifted_from(key, level)
    if name is None:
        return key
    schema = (
        tk.h.scheming_get_dataset_schema("dataset")
        if level == "dataset"
        else tk.h.scheming_get_organization_schema("organization")
    )
    fields = (schema or {}).get("dataset_fields") or (schema or {}).get("fields") or []
    label = next((field["label"] for field in fields if field["field_name"] == name), name)
    return tk._("%(field)s (as it was written)") % {"field": tk.h.scheming_language_text(label)}


def mxopendata_typed_groups(field: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A form's data with what was typed into a repeating field in the place of what is stored.

    When a form comes back with errors, CKAN lays what was typed (``contact-0-email``) beside what is stored
    (``contact``), and ckanext-scheming 3.1.0 shows the latter: the person would have to type everything again.

    Args:
        field: the repeating field's definition.
        data: the form's data; unchanged where nothing was typed.
    """
    rows: dict[int, dict[str, Any]] = {}
    for key, value in data.items():
        typed = re.fullmatch(rf"{re.escape(field['field_name'])}-(\d+)-(\w+)", str(key))
        if typed:
            rows.setdefault(int(typed[1]), {})[typed[2]] = value
    return {**data, field["field_name"]: [rows[index] for index in sorted(rows)]} if rows else data


def mxopendata_date(value: Any) -> str:
    """A stored date as people read it: ``15 de agosto de 2015``, ``agosto de 2015``, ``2015``; a period ``… – …``."""
    text = str(value or "")
    if "/" in text:
        return " – ".join("…" if end == ".." else mxopendata_date(end) for end in text.split("/", 1))
    patterns = _PATTERNS[current_language()]
    try:
        if re.fullmatch(r"\d{4}-\d{2}", text):
            return format_date(date.fromisoformat(f"{text}-01"), patterns["month"], locale=current_language())
        if re.match(r"\d{4}-\d{2}-\d{2}", text):
            day = format_date(date.fromisoformat(text[:10]), patterns["day"], locale=current_language())
            moment = datetime.fromisoformat(text) if "T" in text else None
            if moment is None or moment.time().isoformat()[:5] == "00:00":
                return day
            return f"{day}, {format_datetime(moment, 'H:mm', tzinfo=moment.tzinfo, locale=current_language())}"
    except ValueError:
        return text
    return text


def mxopendata_place_name(cvegeo: Any) -> str:
    """What an INEGI key is called; the key itself where it is unknown."""
    return place_name(str(cvegeo), current_language()) or str(cvegeo)


def mxopendata_place(place: Mapping[str, Any]) -> str:
    """A place of ``spatial_coverage`` in words: name of its key, then its own description where that says more."""
    named = mxopendata_place_name(place["cvegeo"]) if place.get("cvegeo") else ""
    text = str(place.get("text") or "")
    if named and text and text.casefold() not in named.casefold():
        return f"{named} ({text})"
    return named or text or str(place.get("uri") or "")


def mxopendata_box(value: Any) -> list[float]:
    """West, south, east and north of a GeoJSON shape, or nothing where it is none."""
    shape = loads(value)
    numbers: list[tuple[float, float]] = []

    def collect(part: Any) -> None:
        if isinstance(part, list) and len(part) >= 2 and all(isinstance(number, (int, float)) for number in part[:2]):
            numbers.append((float(part[0]), float(part[1])))
        elif isinstance(part, list):
            for inner in part:
                collect(inner)

    if isinstance(shape, dict):
        collect(shape.get("coordinates"))
    if not numbers:
        return []
    longitudes, latitudes = zip(*numbers, strict=True)
    return [round(number, 4) for number in (min(longitudes), min(latitudes), max(longitudes), max(latitudes))]


@lru_cache(maxsize=2)
def _places(language: str) -> tuple[tuple[str, str], ...]:
    states = [(term.id, term.label(language)) for term in vocabulary("states").active()]
    municipalities = [(key, place_name(key, language) or key) for key in vocabulary("municipalities").terms]
    return tuple(states + municipalities)


def mxopendata_places() -> tuple[tuple[str, str], ...]:
    """Every INEGI key with its name: the country, 32 states, all municipalities."""
    return _places(current_language())


def mxopendata_is_harvested(data: Mapping[str, Any]) -> bool:
    """Whether a dataset comes from another catalogue, so that its fields are mended there."""
    return bool(data.get("source_identifier"))


def mxopendata_origin(dataset_id: str | None) -> dict[str, Any]:
    """Where a harvested dataset comes from (``source_url``, ``source_catalog``); nothing of any other dataset."""
    if not dataset_id:
        return {}
    dataset = tk.get_action("package_show")({}, {"id": dataset_id})
    return dataset if mxopendata_is_harvested(dataset) else {}


def mxopendata_source_fields(level: str = "dataset") -> frozenset[str]:
    """Names of the fields that a harvest writes."""
    return owned_by(level, "source")


def mxopendata_findings(dataset: Mapping[str, Any], severity: str | None = None) -> list[dict[str, Any]]:
    """What is found in a dataset, in the reader's language; only of one severity where it is named."""
    found = [finding.to_dict(current_language()) for finding in found_in(dataset)]
    return [finding for finding in found if severity in (None, finding["severity"])]


def mxopendata_missing(dataset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the Guía makes mandatory and a draft still lacks; the institution's own field is not asked for here."""
    asked = {f"missing_{name}" for name in validation.mandatory()} - {"missing_gov_type", "missing_identifier"}
    return [finding for finding in mxopendata_findings(dataset) if finding["code"] in asked]


def mxopendata_dataset_errors(
    errors: Mapping[str, Any], data: Mapping[str, Any], dataset_type: str
) -> list[dict[str, str]]:
    """What CKAN refused of the whole dataset where the form of a resource is shown; nothing where it is the resource's.

    CKAN hands either to the same form without a word on whose they are, and some fields (``frequency``) both have.

    Args:
        errors: as the form has them.
        data: what the form holds; CKAN leaves it empty where it was the dataset that could not be published.
        dataset_type: type of the dataset.

    Returns:
        ``[{"label", "message"}]``, labels in the reader's language.
    """
    schema = tk.h.scheming_get_dataset_schema(dataset_type)
    if not errors or not schema:
        return []
    fields = {field["field_name"]: field for field in schema["dataset_fields"]}
    resource_fields = {field["field_name"]: field for field in schema["resource_fields"]}
    only_here = {*fields, "resources", "tags", "extras"} - set(resource_fields)
    asked = {sentence(Finding(f"missing_{name}", name)) for name in validation.mandatory()}
    told = list(_flat_errors(errors, fields, resource_fields))
    if data and only_here.isdisjoint(errors) and asked.isdisjoint(error["message"] for error in told):
        return []
    return told


def _flat_errors(
    errors: Mapping[str, Any], fields: Mapping[str, Any], resource_fields: Mapping[str, Any], within: str = ""
) -> Iterator[dict[str, str]]:
    for name, said in errors.items():
        field = fields.get(name, {})
        written = (
            tk._("Resource") if name == "resources" else field.get("repeating_label") or field.get("label") or name
        )
        label = within + tk.h.scheming_language_text(written)
        below = {inner["field_name"]: inner for inner in field.get("repeating_subfields", ())}
        for number, item in enumerate(as_list(said), 1):
            if isinstance(item, Mapping):
                inner_fields = resource_fields if name == "resources" else below
                yield from _flat_errors(item, inner_fields, {}, f"{label} {number}, ")
            else:
                yield {"label": label, "message": str(item)}


def mxopendata_points(dataset: Mapping[str, Any]) -> dict[str, float]:
    """``{"points", "max", "percent"}`` of a dataset's metadata."""
    reached, most = validation.points(dataset)
    return {"points": reached, "max": most, "percent": round(100 * reached / most)}


def mxopendata_json(value: Any) -> str:
    """A value as JSON text for a hidden form field; texts as they are."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
