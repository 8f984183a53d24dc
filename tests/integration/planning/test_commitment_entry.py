"""Commitments entered by hand, the page of the institution's people, and the upload with its preview."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone
from typing import Any

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.planning import import_views
from ckanext.mxopendata.planning.commitment_import import ImportSettings, import_commitments
from ckanext.mxopendata.planning.commitment_model import Commitment, CommitmentDate
from ckanext.mxopendata.uploads import MAXIMUM_UPLOAD

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

PLAN = (
    "conjunto_datos,fecha_publicacion\nRutas,2030-01\nRutas,2031-01\nRutas,2030-01\n=CMD(),2030-02\n,2030-03\nPeñas,\n"
)


@pytest.fixture
def site() -> dict[str, Any]:
    users = {role: factories.UserWithToken() for role in ("admin", "editor", "member", "stranger")}
    roles = [{"name": users[role]["name"], "capacity": role} for role in ("admin", "editor", "member")]
    office = factories.Organization(users=roles)
    return {"office": office, "headers": {role: {"Authorization": user["token"]} for role, user in users.items()}}


def _lines(site: dict[str, Any]) -> list[Any]:
    return model.Session.query(Commitment).filter_by(organization_id=site["office"]["id"]).all()


def _soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.body, "html.parser")


def test_every_date_that_was_promised_stays(site: dict[str, Any]):
    name = site["office"]["name"]
    made = helpers.call_action(
        "mxopendata_commitment_create", institution=name, title="Rutas", promised="2030-01", in_plan=True
    )
    assert (made["promised"], made["due_on"], made["in_plan"], made["open_to_all"]) == (
        "2030-01", "2030-01-31", True, True,
    )  # fmt: skip
    for promised in ("2030-02", "2030-02", "", "2031"):
        changed = helpers.call_action("mxopendata_commitment_update", id=made["id"], promised=promised)
    assert [each["promised"] for each in changed["dates"]] == ["2030-01", "2030-02", None, "2031"]
    assert changed["title"] == "Rutas"


def test_nothing_is_half_written(site: dict[str, Any]):
    name = site["office"]["name"]
    made = helpers.call_action("mxopendata_commitment_create", institution=name, title="Rutas", in_plan=True)
    before = model.Session.query(CommitmentDate).count()
    for action, given in (
        ("create", {"institution": name, "title": "RUTAS", "in_plan": True}),
        ("create", {"institution": name, "title": "Otro", "in_plan": True, "promised": "pronto"}),
        ("update", {"id": made["id"], "title": "", "promised": "2030"}),
        ("update", {"id": made["id"], "title": "Nuevo", "promised": "ayer o mañana"}),
    ):
        with pytest.raises(tk.ValidationError) as refused:
            helpers.call_action(f"mxopendata_commitment_{action}", **given)
        assert refused.value.error_dict
    model.Session.expire_all()
    assert [(line.title, line.promised) for line in _lines(site)] == [("Rutas", None)]
    assert model.Session.query(CommitmentDate).count() == before


def test_a_name_corrected_by_hand_is_not_doubled_by_its_file(site: dict[str, Any]):
    settings = ImportSettings("plan.csv", datetime.now(timezone.utc), site["office"]["id"])
    for name in ("Rtas", "Rutas"):
        import_commitments(f"conjunto_datos,fecha_publicacion\n{name},2030\n".encode(), settings)
        (line,) = _lines(site)
        helpers.call_action("mxopendata_commitment_update", id=line.id, title="Rutas")
    assert [line.title for line in _lines(site)] == ["Rutas"]


def test_the_form_keeps_what_was_written_and_says_what_is_wrong(app: Any, site: dict[str, Any]):
    url = f"/organization/{site['office']['name']}/compromisos/nuevo"
    admin = site["headers"]["admin"]
    assert _soup(app.get(url, headers=admin, status=200)).select_one("#field-title")
    refused = _soup(app.post(url, headers=admin, data={"title": "<i>Rutas</i>", "promised": "pronto"}, status=400))
    assert refused.select_one(".alert-danger a[href='#field-promised']")
    assert refused.select_one("#field-promised")["value"] == "pronto"
    assert _lines(site) == []
    given = {"title": "Rutas", "promised": "2030-01-05", "in_plan": "1", "access_level": "restricted",
             "access_reason": "Ley de seguridad"}  # fmt: skip
    app.post(url, headers=admin, data=given, status=302, follow_redirects=False)
    (line,) = _lines(site)
    assert (line.open_to_all, line.access_level) == (False, "restricted")
    edit = f"/compromisos/{line.id}/editar"
    assert _soup(app.get(edit, headers=admin)).select_one("#field-promised")["value"] == "2030-01-05"
    app.post(edit, headers=admin, data={**given, "promised": "2030-06"}, status=302, follow_redirects=False)
    shown = app.get(f"/compromisos/{line.id}", headers=admin).get_data(as_text=True)
    assert "5 de enero de 2030" in shown
    for role in ("editor", "member", "stranger"):
        app.get(url, headers=site["headers"][role], status=403)
        app.post(url, headers=site["headers"][role], data=given, status=403)
        app.get(edit, headers=site["headers"][role], status=403)
        app.post(edit, headers=site["headers"][role], data=given, status=403)


def test_members_see_what_is_not_public_and_nobody_else(app: Any, site: dict[str, Any]):
    office = site["office"]
    helpers.call_action(
        "mxopendata_commitment_create", institution=office["name"], title="Reservado", in_inventory=True,
        access_level="non_public", access_reason="Datos personales",
    )  # fmt: skip
    factories.Dataset(owner_org=office["id"], private=True, title="Conjunto privado")
    board, page = f"/tablero/institucion/{office['name']}", f"/organization/{office['name']}/compromisos"
    for role in ("admin", "editor", "member"):
        seen = app.get(page, headers=site["headers"][role], status=200)
        assert "Reservado" in seen.get_data(as_text=True)
        assert "Conjunto privado" in seen.get_data(as_text=True)
        assert "private" in seen.headers["Cache-Control"]
        inside = app.get(board, headers=site["headers"][role], status=200)
        assert "mxod-members" in inside.get_data(as_text=True)
        assert "private" in inside.headers["Cache-Control"]
        assert "Reservado" not in inside.get_data(as_text=True)
    # Right after the members: nothing that was made for them is handed on.
    for headers in ({}, site["headers"]["stranger"]):
        app.get(page, headers=headers, status=403)
        assert "mxod-members" not in app.get(board, headers=headers, status=200).get_data(as_text=True)
    public = helpers.call_action("mxopendata_institution_report", context={"user": ""}, id=office["name"])
    assert public["commitments"]["count"] == 0


def _send(app: Any, url: str, headers: dict[str, str], content: bytes, name: str = "plan.csv", **kept: Any) -> Any:
    data = {"upload": (io.BytesIO(content), name)}
    return app.post(url, data=data, headers=headers, content_type="multipart/form-data", **kept)


def test_look_first_then_store_and_once_more_doubles_nothing(app: Any, site: dict[str, Any]):
    url, admin = f"/organization/{site['office']['name']}/compromisos/importar", site["headers"]["admin"]
    page = _soup(_send(app, url, admin, PLAN.encode("latin-1"), status=200))
    assert _lines(site) == []
    token = page.select_one("form[action$='/guardar'] input[name=token]")["value"]
    text = page.select_one("[role=main], .primary").get_text(" ", strip=True)
    # Three stored, one repeated, one contradicted and one without a title.
    assert "Por crear: 3" in text or "crear: 3" in text
    assert "Peñas" in text
    taken = app.get(f"{url}/hallazgos.csv?token={token}", headers=admin).get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(taken.removeprefix("\ufeff"))))
    assert [row["renglon"] for row in rows] == ["2", "3", "4", "5", "6", "7"]
    assert rows[3]["conjunto_datos"] == "'=CMD()"
    assert rows[1]["gravedad"] == "error"
    app.get(f"{url}/hallazgos.xlsx?token={token}", headers=admin, status=200)
    for _ in range(2):
        app.post(f"{url}/guardar", data={"token": token}, headers=admin, status=200)
        assert sorted(line.title for line in _lines(site)) == ["=CMD()", "Peñas", "Rutas"]
    assert {line.source_file for line in _lines(site)} == {"plan.csv"}
    app.post(f"{url}/guardar", data={"token": "inventado"}, headers=admin, status=410)


def test_an_upload_is_its_administrators_alone(app: Any, site: dict[str, Any]):
    url = f"/organization/{site['office']['name']}/compromisos/importar"
    page = _soup(_send(app, url, site["headers"]["admin"], PLAN.encode()))
    token = page.select_one("input[name=token]")["value"]
    for headers in ({}, *(site["headers"][role] for role in ("editor", "member", "stranger"))):
        app.get(url, headers=headers, status=403)
        _send(app, url, headers, PLAN.encode(), status=403)
        app.post(f"{url}/guardar", data={"token": token}, headers=headers, status=403)
        app.get(f"{url}/hallazgos.csv?token={token}", headers=headers, status=403)
    app.get("/organization/ninguna/compromisos/importar", status=404)


def test_what_is_no_plan_says_why_and_stores_nothing(app: Any, site: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    url, admin = f"/organization/{site['office']['name']}/compromisos/importar", site["headers"]["admin"]
    for content in (b"%PDF-1.4", b"a,b\n1,2\n", b"ds:identifier,ds:title\nu1,Uno\n"):
        page = _soup(_send(app, url, admin, content))
        assert page.select_one(".alert-danger")
        assert page.select_one("form[action$='/guardar']") is None
    app.post(url, data={}, headers=admin, status=400)
    assert _send(app, url, admin, b" " * (MAXIMUM_UPLOAD + 1)).status_code == 413
    monkeypatch.setattr(import_views, "MAXIMUM_ROWS", 2)
    assert _soup(_send(app, url, admin, PLAN.encode(), status=400)).select_one(".alert-danger")
    assert _lines(site) == []


def test_ten_thousand_rows_are_looked_at_and_stored(app: Any, site: dict[str, Any]):
    url, admin = f"/organization/{site['office']['name']}/compromisos/importar", site["headers"]["admin"]
    rows = "".join(f"Conjunto {number},2030-01-{number % 28 + 1:02}\n" for number in range(10_000))
    page = _soup(_send(app, url, admin, f"conjunto_datos,fecha_publicacion\n{rows}".encode(), status=200))
    token = page.select_one("input[name=token]")["value"]
    app.post(f"{url}/guardar", data={"token": token}, headers=admin, status=200)
    assert len(_lines(site)) == 10_000
