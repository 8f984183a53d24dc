"""What the form asks the server while it is filled in, and what a new form starts with: for whom, and how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

from ckan.tests import helpers

from integration.metadata.conftest import ROLES

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]
FILLED = {"title": "Camas", "notes": "Camas por hospital.", "contact-0000-email": "datos@x.gob.mx"}


@pytest.fixture
def hidden(other: dict[str, Any], complete: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A private dataset of another institution."""
    fields = complete("secreto", owner_org=other["id"], private=True, notes="Un texto que nadie de aquí ve.")
    yield helpers.call_action("package_create", **fields)
    helpers.call_action("dataset_purge", id="secreto")


@pytest.mark.parametrize("role", ROLES)
def test_who_may_have_a_form_reviewed(app, headers_of, role):
    answer = app.post("/formulario/revision", data=FILLED, headers=headers_of[role])
    assert answer.status_code == (403 if role == "anonymous" else 200)
    if role != "anonymous":
        assert set(answer.json) == {"html", "said", "steps"}


@pytest.mark.parametrize("role", ROLES)
def test_who_is_told_what_an_institution_s_datasets_start_with(app, headers_of, institution, role):
    answer = app.get(f"/formulario/institucion/{institution['name']}", headers=headers_of[role])
    allowed = role in ("editor", "admin", "sysadmin")
    assert answer.status_code == (200 if allowed else 403)
    if allowed:
        assert answer.json["values"]["spatial_coverage"] == [{"cvegeo": "14"}]


def test_what_is_filled_in_counts(app, headers_of):
    def reached(form: dict[str, str]) -> float:
        answer = app.post("/formulario/revision", data=form, headers=headers_of["editor"]).json
        page = BeautifulSoup(answer["html"], "html.parser")
        return float(page.select_one("meter")["value"])

    assert reached({}) < reached({"title": "Camas"}) < reached(FILLED)
    assert reached({**FILLED, "contact-0000-email": " "}) < reached(FILLED)


@pytest.mark.parametrize(
    "form",
    [
        {"pkg_name": "no-such-dataset"},
        {"resources__0__name": "x", "extras__a": "b", "contact-x-y": "z", "-": "-"},
        {"theme": "[" * 5_000},
        {"spatial_coverage-0-geom": '{"type": "Point", "coordinates": "x"}', "contact": '{"a": 1}'},
        {"title": "\x00", "notes": "<script>alert(1)</script>", "owner_org": "no-such-institution"},
        {"contact-99999999999999999999-email": "a@b.mx"},
    ],
)
def test_what_no_form_sends_is_answered_all_the_same(app, headers_of, form):
    answer = app.post("/formulario/revision", data=form, headers=headers_of["editor"])
    assert answer.status_code in (200, 400, 404)
    assert "<script>alert" not in answer.body


def test_there_is_no_such_institution(app, headers_of):
    assert app.get("/formulario/institucion/nadie", headers=headers_of["sysadmin"]).status_code == 404


def test_nobody_copies_or_reviews_what_they_may_not_see(app, headers_of, hidden):
    page = app.get(f"/dataset/new?copy={hidden['id']}", headers=headers_of["editor"], status=200)
    assert "nadie de aquí ve" not in page.body
    answer = app.post("/formulario/revision", data={"pkg_name": hidden["id"]}, headers=headers_of["editor"])
    assert answer.status_code == 403


def test_a_copy_leaves_out_what_is_its_original_s_own(app, headers_of, complete, as_editor):
    as_editor("package_create", **complete("original", tags=[{"name": "escuelas"}], identifier="O-1"))
    page = BeautifulSoup(app.get("/dataset/new?copy=original", headers=headers_of["editor"]).body, "html.parser")
    assert page.select_one("#field-notes").get_text(strip=True) == "Alumnos inscritos por escuela y grado."
    assert page.select_one("[name=tag_string]")["value"] == "escuelas"
    assert page.select_one("#field-title").get("value", "") == ""
    assert page.select_one("#field-identifier").get("value", "") == ""


def test_an_institution_s_new_dataset_starts_as_its_last_one(app, headers_of, complete, as_editor, institution):
    as_editor("package_create", **complete("ultimo", license_id="cc-by-4.0"))
    answer = app.get(f"/formulario/institucion/{institution['name']}", headers=headers_of["editor"]).json
    assert answer["values"]["license_id"] == "cc-by-4.0"
    assert answer["values"]["contact"][0]["email"] == "datos@jalisco.gob.mx"
    assert set(answer["labels"]) == set(answer["values"])
