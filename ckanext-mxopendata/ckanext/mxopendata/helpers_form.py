"""Template helpers of the forms; :mod:`ckanext.mxopendata.helpers` hands them to CKAN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import config, form_guide, form_start
from ckanext.mxopendata.dcat.skos import term_uris
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.records import as_list
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary

__all__ = [
    "mxopendata_field_labels",
    "mxopendata_form_errors",
    "mxopendata_form_groups",
    "mxopendata_form_guide",
    "mxopendata_form_start",
    "mxopendata_points_text",
    "mxopendata_progress_text",
    "mxopendata_standard_name",
    "mxopendata_vocabulary_choices",
    "mxopendata_vocabulary_options",
]

# Errors that CKAN reports under another name than the field's, and fields whose control has another one.
_FIELD_OF_ERROR = {"tags": "tag_string"}
_CONTROL_OF_FIELD = {"owner_org": "organizations"}


def mxopendata_form_groups(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups of the form with their fields, in the schema's order; the last one holds what is kept unseen."""
    groups = [{**group, "fields": []} for group in schema.get("form_groups", [])]
    groups.append({"name": "record", "label": "", "fields": []})
    by_name = {group["name"]: group for group in groups}
    for field in schema["dataset_fields"]:
        by_name.get(field.get("form_group"), groups[0])["fields"].append(field)
    return groups


def mxopendata_form_start(data: Mapping[str, Any], errors: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a new form starts with (:func:`form_start.start`); one that comes back with errors keeps what was typed."""
    if errors or tk.request.method != "GET" or data.get("id"):
        return {"values": {}, "inherited": [], "copied_from": None, "last": None}
    return form_start.start(form_start.person_context(), tk.current_user.id, data)


def mxopendata_form_guide(data: Mapping[str, Any]) -> dict[str, Any]:
    """Points and what to fill in next, of the form as it stands (:func:`form_guide.guide`)."""
    return form_guide.guide(data, form_start.person_context())


def mxopendata_points_text(guide: Mapping[str, Any]) -> str:
    """The points of a guide in words."""
    return tk._("%(points)s of %(max)s points") % {"points": f"{guide['points']:g}", "max": guide["max"]}


def mxopendata_progress_text(progress: Mapping[str, int]) -> str:
    """How far a step of the form is, in words; ``progress`` is ``{"filled", "of"}``."""
    return tk._("%(filled)s of %(of)s filled in") % progress


def mxopendata_field_labels(names: Iterable[str]) -> dict[str, str]:
    """Labels of fields of datasets in the reader's language, by field."""
    fields = {field["field_name"]: field for field in tk.h.scheming_get_dataset_schema("dataset")["dataset_fields"]}
    return {name: tk.h.scheming_language_text(fields[name]["label"]) for name in names if name in fields}


def mxopendata_form_errors(errors: Mapping[str, Any], fields: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Every error of the form with the control it leads to.

    Args:
        errors: as the form has them.
        fields: the schema's fields.

    Returns:
        ``[{"field", "label", "message"}]`` in the order of the form; ``field`` is the end of the control's id, empty
        where no control of this form can mend it.
    """
    by_name = {field["field_name"]: field for field in fields}
    named = {_FIELD_OF_ERROR.get(name, name) if name not in by_name else name: said for name, said in errors.items()}
    ordered = [name for name in by_name if name in named] + [name for name in named if name not in by_name]
    return [said for name in ordered for said in _errors_of(name, named[name], by_name.get(name, {}))]


def _errors_of(name: str, said: Any, field: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    label = tk.h.scheming_language_text(field["label"]) if field else name
    target = _CONTROL_OF_FIELD.get(name, name) if field else ""
    below = {inner["field_name"]: inner for inner in field.get("repeating_subfields", ())}
    for number, item in enumerate(as_list(said)):
        if not isinstance(item, Mapping):
            yield {"field": f"{name}-0-{next(iter(below))}" if below else target, "label": label, "message": str(item)}
            continue
        for inner, messages in item.items():
            at, called = target, label
            if inner in below:
                at = f"{name}-{number}-{inner}"
                called = f"{label} {number + 1}, {tk.h.scheming_language_text(below[inner]['label'])}"
            yield from ({"field": at, "label": called, "message": str(message)} for message in as_list(messages))


def mxopendata_vocabulary_choices(field: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The active terms of the vocabulary (and family) a schema field names, as scheming's choices."""
    return [{"value": term.id, "label": {"es": term.label_es, "en": term.label_en}} for term in _offered(field)]


def mxopendata_vocabulary_options(field: Mapping[str, Any]) -> list[dict[str, str]]:
    """The same terms for a field with search: ``[{"value", "label"}]`` in the reader's language.

    A field that stores addresses takes the terms by their URIs.
    """
    row = fields_of("dataset").get(field["field_name"])
    uris = _standard_uris(field["vocabulary"]) if row and row.datatype == "url" else {}
    return [{"value": uris.get(term.id, term.id), "label": term.label(current_language())} for term in _offered(field)]


def _offered(field: Mapping[str, Any]) -> list[Term]:
    family = field.get("vocabulary_family")
    terms = vocabulary(field["vocabulary"]).active()
    return [term for term in terms if family is None or term.facts.get("family") == family]


def _standard_uris(vocabulary_id: str) -> dict[str, str]:
    return term_uris(vocabulary(vocabulary_id), config.vocabulary_base())


def mxopendata_standard_name(address: str) -> str:
    """What a standard is called by whose address it is known; of one that is not listed, the address."""
    terms = vocabulary("standards")
    term = terms.find(address)
    if term is None:
        by_uri = {uri: term_id for term_id, uri in _standard_uris("standards").items()}
        term = terms.get(by_uri.get(address, ""))
    return term.label(current_language()) if term else address
