"""Who is responsible for an institution's open data: by action and on the page."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

ANA = {"kind": "liaison", "person": "Ana Ríos", "email": "ana@x.gob.mx", "appointed_on": "2026-01-15"}


@pytest.fixture
def admin(clean_site: None) -> dict[str, Any]:
    return factories.User()


@pytest.fixture
def office(admin: dict[str, Any]) -> dict[str, Any]:
    return factories.Organization(users=[{"name": admin["name"], "capacity": "admin"}])


@pytest.fixture
def headers(admin: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": factories.APIToken(user=admin["name"])["token"]}


def call(admin: dict[str, Any], action: str, **data: Any) -> Any:
    return tk.get_action(action)({"user": admin["name"], "auth_user_obj": model.User.get(admin["id"])}, data)


def test_appointed_replaced_and_remembered(admin, office):
    empty = helpers.call_action("mxopendata_role_list", institution=office["name"])
    assert (empty["roles"], empty["missing"]) == ([], ["liaison", "administrator", "working_group"])
    first = call(admin, "mxopendata_role_create", institution=office["name"], **ANA)
    with pytest.raises(tk.ValidationError) as caught:
        call(admin, "mxopendata_role_create", institution=office["name"], **{**ANA, "person": "Luis"})
    assert "2026-01-15" in caught.value.error_dict["kind"][0]
    ended = call(admin, "mxopendata_role_update", id=first["id"], ended_on="2026-06-30")
    assert (ended["person"], ended["ended_on"]) == ("Ana Ríos", "2026-06-30")
    call(admin, "mxopendata_role_create", institution=office["name"], **{**ANA, "person": "Luis Paz"})
    for person in ("Uno", "Dos"):
        call(admin, "mxopendata_role_create", institution=office["name"], kind="working_group", person=person,
             appointed_on="2026-02-01")  # fmt: skip
    today = helpers.call_action("mxopendata_role_list", institution=office["name"])
    assert [role["person"] for role in today["roles"]] == ["Luis Paz", "Dos", "Uno"]
    assert today["missing"] == ["administrator"]
    everybody = helpers.call_action("mxopendata_role_list", institution=office["name"], ended=True)
    assert [role["person"] for role in everybody["roles"]][-1] == "Ana Ríos"
    call(admin, "mxopendata_role_delete", id=first["id"])
    assert len(helpers.call_action("mxopendata_role_list", institution=office["name"], ended=True)["roles"]) == 3


def test_what_is_wrong_changes_nothing(admin, office):
    role = call(admin, "mxopendata_role_create", institution=office["name"], **ANA)
    with pytest.raises(tk.ValidationError) as caught:
        call(admin, "mxopendata_role_update", id=role["id"], person="", email="ana@gmail.com")
    assert set(caught.value.error_dict) == {"person", "email"}
    assert helpers.call_action("mxopendata_role_list", institution=office["name"])["roles"] == [role]
    with pytest.raises(tk.ObjectNotFound):
        call(admin, "mxopendata_role_update", id="ninguno")


def test_the_page(app, admin, office, headers):
    url = f"/organization/{office['name']}/responsables"
    assert BeautifulSoup(app.get(url).body, "html.parser").select_one("form[action$='/responsables']") is None
    app.post(url, data=ANA, status=403)
    refused = app.post(url, data={**ANA, "email": "no es"}, headers=headers, status=400)
    page = BeautifulSoup(refused.body, "html.parser")
    assert page.select_one(".alert-danger a[href='#field-email']")
    assert page.select_one("#field-person")["value"] == "Ana Ríos"
    app.post(url, data={**ANA, "person": "<b>Ana</b> Ríos"}, headers=headers, follow_redirects=False, status=302)
    page = BeautifulSoup(app.get(url).body, "html.parser")
    assert "Ana Ríos" in page.get_text()
    assert page.select_one("main b, .primary b") is None
    role = helpers.call_action("mxopendata_role_list", institution=office["name"])["roles"][0]
    app.get(f"{url}/{role['id']}", status=403)
    app.get(f"{url}/{role['id']}", headers=headers, status=200)
    app.post(f"{url}/{role['id']}", data={**ANA, "ended_on": "2026-03-01"}, headers=headers, follow_redirects=False)
    assert helpers.call_action("mxopendata_role_list", institution=office["name"])["roles"] == []
    app.post(f"{url}/{role['id']}/borrar", status=403)
    app.post(f"{url}/{role['id']}/borrar", headers=headers, follow_redirects=False, status=302)
    app.get(f"{url}/ninguno", headers=headers, status=404)
    app.get("/organization/ninguna/responsables", status=404)


def test_a_role_of_another_institution_is_not_reached(app, admin, office, headers):
    other = factories.Organization()
    role = helpers.call_action("mxopendata_role_create", institution=other["name"], **ANA)
    app.post(f"/organization/{office['name']}/responsables/{role['id']}", data=ANA, headers=headers, status=404)
    app.post(f"/organization/{other['name']}/responsables/{role['id']}", data=ANA, headers=headers, status=403)
    assert office["name"] != other["name"]
