"""A portal is looked at and becomes a source: who may, what is suggested, what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from .conftest import catalogue, record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


@pytest.fixture
def institution(portal) -> dict[str, Any]:
    """An institution with the loopback portal as its own, and its administrator's name."""
    number = len(model.Session.query(model.Group).all())
    admin = factories.User()
    made = factories.Organization(
        name=f"gobierno-{number}",
        title="Gobierno de Jalisco",
        gov_type="state",
        cvegeo="14",
        portal_url=portal.url("/"),
        users=[{"name": admin["name"], "capacity": "admin"}],
    )
    return {**made, "admin": admin["name"]}


@pytest.fixture
def served(portal) -> str:
    return portal.serve("/data.json", catalogue(record("a1", "Agua"), record("a2", "Árboles", license="")))


def detect(user: str, **asked: Any) -> dict[str, Any]:
    return helpers.call_action("mxopendata_harvest_source_detect", {"user": user, "ignore_auth": False}, **asked)


def add(user: str, **asked: Any) -> dict[str, Any]:
    return helpers.call_action("mxopendata_harvest_source_add", {"user": user, "ignore_auth": False}, **asked)


def test_an_administrator_looks_at_the_institutions_own_portal(institution, served, portal):
    found = detect(institution["admin"], url=portal.url("/"), institution=institution["name"])
    assert (found["type"], found["url"]) == ("mx_datajson", served)
    assert found["suggested"]["institution"] == institution["name"]
    assert [line["title"] for line in found["preview"]["records"]] == ["Agua", "Árboles"]
    assert all(line["points"] > 0 for line in found["preview"]["records"])
    assert helpers.call_action("package_search", q="title:Árboles")["count"] == 0


def test_an_administrator_asks_no_other_host(institution, served):
    with pytest.raises(tk.ValidationError) as refused:
        detect(institution["admin"], url="https://datos.otro.gob.mx/", institution=institution["name"])
    assert "127.0.0.1" in refused.value.error_dict["url"][0]
    with pytest.raises(tk.ValidationError):
        add(
            institution["admin"],
            url="https://datos.otro.gob.mx/data.json",
            type="mx_datajson",
            name="de-otro",
            title="De otro",
            institution=institution["name"],
        )
    assert model.Package.get("de-otro") is None


def test_an_institution_without_a_portal_is_told_to_name_it(institution, served):
    nameless = factories.Organization(users=[{"name": institution["admin"], "capacity": "admin"}])
    with pytest.raises(tk.ValidationError, match="portal"):
        detect(institution["admin"], url=served, institution=nameless["name"])


def test_a_sysadmin_is_told_whose_it_is(institution, served):
    found = detect(factories.Sysadmin()["name"], url=served)
    assert found["suggested"]["institution"] in {institution["name"], None}
    assert urlsplit(found["url"]).path == "/data.json"


def test_the_source_is_made_as_a_file_would_make_it(institution, served):
    made = add(
        institution["admin"],
        url=served,
        type="mx_datajson",
        name=f"fuente-{institution['name']}",
        title="Nuestra fuente",
        institution=institution["name"],
        license="libreusomx",
        cvegeo="14",
        schedule="MONTHLY",
    )
    shown = helpers.call_action("harvest_source_show", id=made["name"])
    assert (shown["url"], shown["source_type"], shown["frequency"]) == (served, "mx_datajson", "MONTHLY")
    assert '"license": "libreusomx"' in shown["config"]
    assert model.Package.get(made["id"]).owner_org == institution["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "mx_otro"}, "type"),
        ({"name": "Con Espacios"}, "name"),
        ({"schedule": "A VECES"}, "schedule"),
        ({"cvegeo": "999"}, "cvegeo"),
        ({"url": "nada"}, "url"),
        ({"institution": "no-existe"}, "institution"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(served, changes, field):
    asked = {"url": served, "type": "mx_datajson", "name": "x-1", "title": "X", "institution": "no-existe"}
    if "institution" not in changes:
        asked["institution"] = factories.Organization()["name"]
    with pytest.raises(tk.ValidationError) as refused:
        add(factories.Sysadmin()["name"], **{**asked, **changes})
    assert field in refused.value.error_dict


def test_a_portal_that_nobody_knows_is_said_so(portal):
    portal.serve("/", "<html><title>Una página</title></html>")
    with pytest.raises(tk.ValidationError) as refused:
        detect(factories.Sysadmin()["name"], url=portal.url("/"))
    assert "plataforma" in refused.value.error_dict["url"][0]


def test_the_page_leads_from_an_address_to_a_source(app, institution, served, portal):
    headers = {"Authorization": factories.APIToken(user=institution["admin"])["token"]}
    assert "Agregar una fuente" in app.get("/cosechas", headers=headers).body
    first = BeautifulSoup(app.get("/cosechas/nueva", headers=headers, status=200).body, "html.parser")
    assert [option["value"] for option in first.select("#fuente-institution option")] == [institution["name"]]
    asked = {"url": portal.url("/"), "institution": institution["name"]}
    shown = BeautifulSoup(app.post("/cosechas/nueva", data=asked, headers=headers).body, "html.parser")
    form = shown.find("form", action="/cosechas/nueva/guardar")
    values = {field["name"]: field.get("value", "") for field in form.find_all("input") if field.get("name")}
    assert values["url"] == served
    values |= {"institution": institution["name"], "schedule": "WEEKLY", "name": f"pagina-{institution['name']}"}
    wrong = app.post("/cosechas/nueva/guardar", data={**values, "cvegeo": "xx"}, headers=headers)
    assert BeautifulSoup(wrong.body, "html.parser").select_one("#fuente-cvegeo[aria-invalid]") is not None
    app.post("/cosechas/nueva/guardar", data=values, headers=headers, follow_redirects=False, status=302)
    assert helpers.call_action("harvest_source_show", id=values["name"])["url"] == served


def test_the_page_is_for_administrators(app, institution):
    editor = factories.User()
    factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    headers = {"Authorization": factories.APIToken(user=editor["name"])["token"]}
    for given in ({}, headers):
        app.get("/cosechas/nueva", headers=given, status=403)
        app.post("/cosechas/nueva/guardar", data={"url": "https://a.mx"}, headers=given, status=403)
        assert "cosechas/nueva" not in app.get("/cosechas", headers=given).body
