"""The repeating fields: contacts, area that made the data, periods and places."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, subfields_of
from ckanext.mxopendata.metadata.mended import LEFT_OUT, SPELLING, is_iso_period, names_key
from ckanext.mxopendata.metadata.records import EXTENSION, Found, as_list, every, first, is_empty, shown
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.values import Notebook, read_single, scalar

_CONTACT_TEXTS = ("name", "position", "phone")
_EMAIL = re.compile(r"[^\s<>,;:()\[\]\"]+@[^\s<>,;:()\[\]\"]+\.[^\s<>,;:()\[\]\".]{2,}")


def read_groups(row: CrosswalkField, record: Mapping[str, Any], columns: tuple[str, ...], notebook: Notebook) -> list:
    """The value of a repeating field as a list of dictionaries.

    Args:
        row: the field's row of the crosswalk.
        record: the unwrapped record.
        columns: the crosswalk's columns that speak of the record.
        notebook: where findings are written down.
    """
    if row.field == "contact":
        return _contacts(row, record, columns, notebook)
    found = first(record, (row.field, *row.ways(*columns)))
    if row.field == "creator":
        return _creators(record, found, columns, notebook)
    if row.field == "temporal_coverage":
        return _periods(record, found, columns, notebook)
    return _places(record, found, columns, notebook)


def _own_groups(found: Found | None, names: Mapping[str, CrosswalkField], notebook: Notebook) -> list[dict[str, Any]]:
    """Groups already written with our own subfields, read once more."""
    groups = []
    if found is None:
        return groups
    for index, item in enumerate(as_list(found.value)):
        if not isinstance(item, Mapping):
            continue
        group = {}
        for name, row in names.items():
            if is_empty(item.get(name)):
                continue
            place = Found(item[name], f"{found.location}[{index}].{name}")
            value = str(item[name]) if row.datatype in ("geometry", "cvegeo") else read_single(row, place, notebook)
            if value is not None:
                group[name] = value
        if group:
            groups.append(group)
    return groups


def _contacts(
    row: CrosswalkField, record: Mapping[str, Any], columns: tuple[str, ...], notebook: Notebook
) -> list[dict[str, str]]:
    names = subfields_of("dataset", "contact")
    if "ckan_extra" in columns:
        own = first(record, ("contact", "contact_point"))
        return _own_groups(own, names, notebook) or _flat_contact(record, names, notebook)
    own = _own_groups(first(record, (f"{EXTENSION}.contact",)), names, notebook)
    if own:
        return own
    contacts = []
    point = first(record, ("contactPoint",))
    for item in as_list(point.value if point else None):
        contacts.extend(_contact(Found(item, "contactPoint"), names, notebook))
    publisher = record.get("publisher")
    if isinstance(publisher, Mapping) and not any(contact.get("email") for contact in contacts):
        person = {key: publisher.get(key) for key in ("position", "mbox", "email") if not is_empty(publisher.get(key))}
        if not is_empty(person) and "govType" not in record and not contacts:
            person["name"] = publisher.get("name")
        extra = _contact(Found(person, "publisher"), names, notebook) if person else []
        contacts = [{**extra[0], **contacts[0]}, *contacts[1:], *extra[1:]] if contacts and extra else contacts or extra
    return contacts


def _contact(found: Found, names: Mapping[str, CrosswalkField], notebook: Notebook) -> list[dict[str, str]]:
    """The contacts of one ``contactPoint``: an object, an e-mail, the address of a vCard, or a name."""
    value = found.value
    if isinstance(value, str):
        if re.match(r"https?://", value.strip(), re.I):
            value = {"url": value}
        elif "@" in value:
            name = re.sub(r"[<(\[,;:]?\s*(?:mailto:)?" + _EMAIL.pattern + r"\s*[>)\]]?", "", value).strip()
            value = {"email": value, "fn": name}
        else:
            value = {"fn": value}
    if not isinstance(value, Mapping):
        return []
    contact: dict[str, str] = {}
    for name, row in names.items():
        here = first(value, row.ways("datajson"), f"{found.location}.")
        if here is None:
            continue
        raw = Found(scalar(here.value), here.location)
        text = read_single(row, raw, notebook)
        if text is not None:
            contact[name] = text
    others = _further_emails(value, contact.get("email"), names["email"])
    return [contact, *others] if contact else []


def _further_emails(value: Mapping[str, Any], taken: str | None, row: CrosswalkField) -> list[dict[str, str]]:
    here = first(value, row.ways("datajson"))
    texts = _EMAIL.findall(str(here.value)) if here and taken else []
    found = [readers.read_email(text).value for text in texts]
    return [{"email": email} for email in dict.fromkeys(found) if email and email != taken]


def _flat_contact(
    record: Mapping[str, Any], names: Mapping[str, CrosswalkField], notebook: Notebook
) -> list[dict[str, str]]:
    """CKAN's contacts: publisher, maintainer and author, each with the e-mail of the same person.

    The first is the contact; the others are added where they have an e-mail of their own. Position, telephone and page
    belong to the first.
    """
    contacts: list[dict[str, str]] = []
    for name_way, email_way in zip(names["name"].ways("ckan_extra"), names["email"].ways("ckan_extra"), strict=True):
        ways: dict[str, tuple[str, ...]] = {"name": (name_way,), "email": (email_way,)}
        if not contacts:
            ways.update({name: names[name].ways("ckan_extra") for name in ("position", "phone", "url")})
        contact: dict[str, str] = {}
        for name in names:
            here = first(record, ways.get(name, ()))
            value = read_single(names[name], here, notebook) if here else None
            if value is not None:
                contact[name] = value
        person = contact.keys() & {"name", "email"}
        known = {other.get("email") for other in contacts}
        if person and (not contacts or ("email" in contact and contact["email"] not in known)):
            contacts.append(contact)
    return contacts


def _creators(
    record: Mapping[str, Any], found: Found | None, columns: tuple[str, ...], notebook: Notebook
) -> list[dict[str, str]]:
    names = subfields_of("dataset", "creator")
    own = _own_groups(found, names, notebook)
    if own:
        return own[:1]
    flat = first(record, names["name"].ways(*columns)) or found
    name = readers.clean_line(scalar(flat.value)) if flat else ""
    return [{"name": name}] if name else []


def _periods(
    record: Mapping[str, Any], found: Found | None, columns: tuple[str, ...], notebook: Notebook
) -> list[dict[str, str]]:
    if found is None:
        names = subfields_of("dataset", "temporal_coverage")
        ends = {name: first(record, names[name].ways(*columns)) for name in ("start", "end")}
        written = {name: here.value for name, here in ends.items() if here}
        if not written:
            return []
        here = next(here for here in ends.values() if here)
        found = Found(written, here.location)
    periods = []
    for item in as_list(found.value):
        if isinstance(item, Mapping):
            item = {  # noqa: PLW2901 - the same period under our names
                name: next((item[key] for key in keys if not is_empty(item.get(key))), None)
                for name, keys in (("start", ("start", "startDate")), ("end", ("end", "endDate")))
            }
        period = notebook.keep(
            readers.read_interval(item, notebook.date_order), "temporal_coverage", Found(item, found.location)
        )
        if not is_empty(item) and not is_iso_period(item):
            read = readers.interval_text(period) if period else None
            notebook.change("temporal_coverage", SPELLING if read else LEFT_OUT, _written(item), read)
        if period and period not in periods:
            periods.append(period)
    return periods


def _places(
    record: Mapping[str, Any], found: Found | None, columns: tuple[str, ...], notebook: Notebook
) -> list[dict[str, str]]:
    names = subfields_of("dataset", "spatial_coverage")
    if "ckan_extra" in columns and found is not None and found.location == "spatial_coverage":
        own = _own_groups(found, names, notebook)
        if own:
            return own
    places = _read_places(found, notebook)
    said = [found.value] if found else []
    # A polygon in "spatial", its key, its name and its address in extras of their own are one place.
    for subfield in ("cvegeo", "text", "uri"):
        for flat in every(record, names[subfield].ways(*columns)):
            said.append(flat.value)
            for place in _read_places(flat, notebook)[:1]:
                places[:1] = [{**place, **places[0]}] if places else [place]
    for key in [place["cvegeo"] for place in places if place.get("cvegeo")]:
        if not any(names_key(shown(value), key) for value in said):
            notebook.change("spatial_coverage", SPELLING, said[0], key)
    return places


def _written(period: Any) -> Any:
    """A period as one reads it, where it came in two parts."""
    return "/".join(str(part or "..") for part in period.values()) if isinstance(period, Mapping) else period


def _read_places(found: Found | None, notebook: Notebook) -> list[dict[str, str]]:
    if found is None:
        return []
    items = as_list(found.value)
    if len(items) == 4 and all(fold(item).replace(" ", "").isdecimal() for item in items):
        items = [",".join(str(item) for item in items)]
    places = []
    for item in items:
        if is_empty(item):
            continue
        raw = item if isinstance(item, (str, Mapping)) else json.dumps(item)
        place = notebook.keep(readers.read_place(raw, notebook.within), "spatial_coverage", Found(raw, found.location))
        if not place:
            notebook.change("spatial_coverage", LEFT_OUT, raw)
        if place and place not in places:
            places.append(place)
    return places
