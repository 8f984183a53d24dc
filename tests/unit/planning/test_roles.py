"""What makes an entry of a role right."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.mxopendata.planning.roles import FIELDS, read_role

TODAY = date(2026, 11, 23)
RIGHT = {
    "kind": "liaison",
    "person": " Ana  Ríos ",
    "position": "Directora General",
    "email": "Ana.Rios@X.gob.mx",
    "appointed_on": "15/03/2026",
    "document": "https://x.gob.mx/oficio.pdf",
}


def test_what_is_right_is_stored_clean():
    entry = read_role(RIGHT, TODAY)
    assert entry.errors == {}
    assert entry.values == {
        "kind": "liaison",
        "person": "Ana Ríos",
        "position": "Directora General",
        "email": "Ana.Rios@x.gob.mx",
        "appointed_on": date(2026, 3, 15),
        "ended_on": None,
        "document": "https://x.gob.mx/oficio.pdf",
    }


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("kind", "jefa", "role_kind_unknown"),
        ("kind", "", "role_kind_unknown"),
        ("person", " <script></script> ", "role_without_person"),
        ("email", "ana@gmail.com", "role_email_personal"),
        ("email", "ana", "role_email_invalid"),
        ("email", "a@x.mx, b@x.mx", "role_email_invalid"),
        ("appointed_on", "", "role_without_appointment"),
        ("appointed_on", "marzo 2026", "role_day_needed"),
        ("appointed_on", "2027-01-01", "role_day_in_future"),
        ("appointed_on", "30/02/2026", "date_impossible"),
        ("ended_on", "2026-01-01", "role_ends_before_it_begins"),
        ("document", "javascript:alert(1)", "url_scheme"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field, text, code):
    entry = read_role({**RIGHT, field: text}, TODAY)
    assert {name: finding.code for name, finding in entry.errors.items()} == {field: code}


@given(st.dictionaries(st.sampled_from(FIELDS), st.text() | st.none() | st.integers()))
def test_nothing_breaks_it(given_values):
    entry = read_role(given_values, TODAY)
    assert entry.errors or entry.values["person"]
