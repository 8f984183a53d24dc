"""Validators of what stands beside a value: what can be read by itself must not contradict another field or dataset."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey

from ckanext.mxopendata.logic.completeness import is_blank, on_users_request, sentence
from ckanext.mxopendata.logic.dataset_findings import today
from ckanext.mxopendata.logic.refusal import refuse, stored_value
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.coherence import institution_contradiction, is_future, text_contradicts_key
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers.place import place_name


def mxopendata_place_agrees(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """On a user's request: the description of a place is not the name of another one than its INEGI key."""
    cvegeo = data.get((*key[:-1], "cvegeo"))
    if on_users_request(data, context) and text_contradicts_key(data[key], cvegeo):
        refuse("place_text_contradicts_key", key, data, errors, context, read=place_name(str(cvegeo)))


def mxopendata_institution_place(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """The INEGI key of an institution agrees with its name, its order of government and the institution above it."""
    above = data.get(("parent",))
    parent = model.Group.get(str(above)) if not is_blank(above) else None
    known = {"title": parent.title, "cvegeo": getattr(parent, "extras", {}).get("cvegeo")} if parent else None
    title, gov_type = (data.get((name,)) for name in ("title", "gov_type"))
    found = institution_contradiction(str(data[key]), "" if is_blank(title) else title, gov_type, known)
    if found:
        refuse(found.code, key, data, errors, context, **found.details)


def mxopendata_not_in_future(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """On a user's request: what has happened does not lie ahead."""
    if on_users_request(data, context) and is_future(data[key], today()):
        refuse("date_in_future", key, data, errors, context)


def mxopendata_after_start(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """The end of a period does not precede its start."""
    start = data.get((*key[:-1], "start"))
    if isinstance(start, str) and start and readers.read_interval({"start": start, "end": data[key]}).value is None:
        errors[key].append(sentence(Finding("interval_reversed", str(key[0]), None, f"{start}/{data[key]}")))
        raise tk.StopOnError


def mxopendata_unique_identifier(
    key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context
) -> None:
    """On a user's request: no other dataset of the institution has this identifier."""
    owner = data.get(("owner_org",))
    if context.get("ignore_auth") or is_blank(owner) or stored_value(key, data, context) == data[key]:
        return
    quoted = str(data[key]).replace("\\", "\\\\").replace('"', '\\"')
    found = tk.get_action("package_search")(
        {"ignore_auth": True},
        {"fq": f'identifier:"{quoted}"', "include_private": True, "include_drafts": True, "rows": 50},
    )
    package = context.get("package")
    group = model.Group.get(str(owner))
    for other in found["results"]:
        if group and other["owner_org"] == group.id and (package is None or other["id"] != package.id):
            errors[key].append(sentence(Finding("identifier_taken", "identifier", None, str(data[key]))))
            raise tk.StopOnError
