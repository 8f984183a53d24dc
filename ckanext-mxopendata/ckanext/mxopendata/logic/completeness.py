"""What a whole dataset must have before CKAN takes it: looked at once, after every field has been read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.navl.dictization_functions import unflatten
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata import readers, validation
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import is_empty, loads

Answer = TypeVar("Answer")


def is_blank(value: Any) -> bool:
    """Whether nothing was written in a field of a form or a call."""
    return value is tk.missing or is_empty(value)


def sentence(finding: Finding) -> str:
    """What is wrong and how to mend it, in the reader's language."""
    words = finding.to_dict(current_language())
    return f"{words['message']} {words['cure']}"


def mxopendata_complete(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """Fill in what follows from elsewhere; refuse what the Guía makes mandatory, in a new local dataset only.

    New local: created (or published from its draft) on a user's request, without ``ignore_auth`` in the context and
    without ``source_identifier``. Drafts, harvested datasets and old ones are reported elsewhere, never refused.
    """
    _take_gov_type(data)
    _refuse_too_many_keywords(data, errors, context)
    if not _is_new_local(data, context):
        return
    if is_blank(data.get(("identifier",))) and not is_blank(data.get(("name",))):
        data[("identifier",)] = data[("name",)]
        _keep_as_extra("identifier", data, errors, context)
    if is_blank(data.get(("language",))) and not _has_extra("language", data):
        data[("language",)] = json.dumps(["es"])
        _keep_as_extra("language", data, errors, context)
    _refuse_incomplete(data, errors, context)


def _refuse_incomplete(data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    dataset = _dataset(data)
    for finding in validation.validate_dataset(dataset):
        name = finding.field or ""
        if finding.code == f"missing_{name}" and name in validation.mandatory():
            # gov_type is the institution's: its editors may not be able to fill it in
            if name == "gov_type":
                continue
            place: FlattenKey = ("contact", 0, "email") if name == "contact" else (name,)
            if not errors.get(place):
                errors.setdefault(place, []).append(sentence(finding))
        elif finding.code == "reason_missing" and not errors.get((name,)):
            errors.setdefault((name,), []).append(sentence(finding))


def _refuse_too_many_keywords(data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """More keywords than anybody searches for; a dataset that has as many already keeps them."""
    count = sum(key[0] == "tags" and key[-1] == "name" for key in data if len(key) == 3)
    if count <= readers.MAXIMUM_KEYWORDS or not on_users_request(data, context):
        return
    package = context.get("package")
    if package is None or count > len(package.get_tags()):
        errors.setdefault(("tag_string",), []).append(sentence(Finding("keywords_too_many", "tag_string")))


def on_users_request(data: FlattenDataDict, context: Context) -> bool:
    """Whether a person or a program of theirs writes a dataset of this portal: no harvest, no import of a table."""
    if context.get("ignore_auth"):
        return False
    return once_per_validation("users_request", context, lambda: is_blank(_value("source_identifier", data)))


def once_per_validation(question: str, context: Context, ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` answers, which many fields of one dataset want to know; it must not change while they are read.

    CKAN copies the context for each validation, and the answer is kept in the copy: it never outlives the dataset.
    """
    kept: dict[str, Answer] = cast("Any", context).setdefault("mxopendata_answers", {})
    if question not in kept:
        kept[question] = ask()
    return kept[question]


def _is_new_local(data: FlattenDataDict, context: Context) -> bool:
    if not on_users_request(data, context):
        return False
    state = data.get(("state",))
    package = context.get("package")
    if package is None:
        return is_blank(state) or state == "active"
    return state == "active" and str(package.state).startswith("draft")


def _take_gov_type(data: FlattenDataDict) -> None:
    """The order of government is the institution's, where the dataset does not say its own."""
    owner = data.get(("owner_org",))
    if is_blank(owner) or not is_blank(_value("gov_type", data)):
        return
    group = model.Group.get(str(owner))
    gov_type = getattr(group, "extras", {}).get("gov_type") if group else None
    if gov_type:
        data[("gov_type",)] = gov_type
        _keep_as_extra("gov_type", data, {}, {})


def _keep_as_extra(name: str, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """Store a value that was set after its own validators had run."""
    convert: Any = tk.get_converter("convert_to_extras")
    convert((name,), data, errors, context)
    data.pop((name,), None)


def _extras(data: FlattenDataDict) -> dict[str, Any]:
    pairs = {key[1]: key for key in data if len(key) == 3 and key[0] == "extras" and key[2] == "key"}
    return {str(data[key]): data.get(("extras", number, "value")) for number, key in pairs.items()}


def _has_extra(name: str, data: FlattenDataDict) -> bool:
    return not is_blank(_extras(data).get(name))


def _value(name: str, data: FlattenDataDict) -> Any:
    value = data.get((name,))
    return _extras(data).get(name) if is_blank(value) else value


def _dataset(data: FlattenDataDict) -> dict[str, Any]:
    """The dataset as it will be stored, its extras as fields."""
    dataset = unflatten({key: value for key, value in data.items() if value is not tk.missing})
    return {**{name: loads(value) for name, value in _extras(data).items()}, **dataset}
