"""The roles that the Guía asks every institution to fill, and what makes an entry of one right. Pure.

Guía de Implementación 2017, 1.1: an Enlace Institucional and an Administrador de Datos, who chair a working group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.findings import Finding

LIAISON, ADMINISTRATOR, WORKING_GROUP = "liaison", "administrator", "working_group"
KINDS = (LIAISON, ADMINISTRATOR, WORKING_GROUP)
# Of these an institution has one at a time, and is without where nobody holds it.
SINGLE = (LIAISON, ADMINISTRATOR)
FIELDS = ("kind", "person", "position", "email", "appointed_on", "ended_on", "document")
MAXIMUM_LENGTH = 300
# Mailboxes of people, not of institutions.
_PERSONAL_MAIL = frozenset((
    "gmail.com", "hotmail.com", "hotmail.es", "outlook.com", "outlook.es", "live.com", "live.com.mx", "msn.com",
    "yahoo.com", "yahoo.com.mx", "yahoo.es", "icloud.com", "me.com", "aol.com", "protonmail.com", "proton.me",
    "prodigy.net.mx",
))  # fmt: skip


@dataclass
class RoleEntry:
    """What somebody wrote of a role.

    Attributes:
        values: field → what is stored: text, a date, or ``None``.
        errors: field → what is wrong with it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Finding] = field(default_factory=dict)


def read_role(given: Mapping[str, Any], today: date) -> RoleEntry:
    """Read the fields of a role.

    Args:
        given: text by field, as a form or a call sends them; dates in any form of ``readers.read_date``.
        today: an appointment or an end may not lie after it.
    """
    entry = RoleEntry()
    kind = str(given.get("kind") or "")
    if kind in KINDS:
        entry.values["kind"] = kind
    else:
        entry.errors["kind"] = Finding("role_kind_unknown", "kind", None, kind)
    for name in ("person", "position"):
        entry.values[name] = readers.clean_line(given.get(name), MAXIMUM_LENGTH) or None
    if not entry.values["person"]:
        entry.errors["person"] = Finding("role_without_person", "person")
    _read_email(given.get("email"), entry)
    _read_address(given.get("document"), entry)
    for name in ("appointed_on", "ended_on"):
        _read_day(name, given.get(name), today, entry)
    if not entry.values.get("appointed_on") and "appointed_on" not in entry.errors:
        entry.errors["appointed_on"] = Finding("role_without_appointment", "appointed_on")
    begun, ended = entry.values.get("appointed_on"), entry.values.get("ended_on")
    if begun and ended and ended < begun:
        entry.errors["ended_on"] = Finding("role_ends_before_it_begins", "ended_on", None, ended.isoformat())
    return entry


def _read_email(text: Any, entry: RoleEntry) -> None:
    reading = readers.read_email(text)
    entry.values["email"] = reading.value
    if text and (reading.value is None or reading.note):
        entry.errors["email"] = Finding("role_email_invalid", "email")
    elif reading.value and reading.value.rpartition("@")[2] in _PERSONAL_MAIL:
        entry.errors["email"] = Finding("role_email_personal", "email")


def _read_address(text: Any, entry: RoleEntry) -> None:
    reading = readers.read_url(text)
    entry.values["document"] = reading.value
    if text and reading.value is None:
        entry.errors["document"] = Finding(reading.note or "url_invalid", "document", None, str(text))


def _read_day(name: str, text: Any, today: date, entry: RoleEntry) -> None:
    reading = readers.read_date(text, "DMY")
    entry.values[name] = None
    if reading.value is None:
        if text:
            entry.errors[name] = Finding(reading.note or "date_unreadable", name, None, str(text))
        return
    if len(str(reading.value)) < len("2026-01-01"):
        entry.errors[name] = Finding("role_day_needed", name, None, str(text))
        return
    day = date.fromisoformat(str(reading.value)[:10])
    if day > today:
        entry.errors[name] = Finding("role_day_in_future", name, None, day.isoformat())
        return
    entry.values[name] = day
