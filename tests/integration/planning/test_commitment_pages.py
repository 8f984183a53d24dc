"""The pages of what institutions promised: who sees what, the files, the decision on a match."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timezone
from typing import Any

import openpyxl
import pytest

from ckan import model
from ckan.tests import factories

from ckanext.mxopendata.planning.commitment_import import ImportSettings, import_commitments
from ckanext.mxopendata.planning.commitment_model import Commitment

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

PLAN = "conjunto_datos,fecha_publicacion\nPadrón de mercados,2020-01\n=HYPERLINK(1),2999-05-02\nGacetas,\n"
LATER = "conjunto_datos,fecha_publicacion\nPadrón de mercados,2021-03-15\n"


@pytest.fixture(scope="module")
def site(clean_site: None) -> dict[str, Any]:
    """An institution that promised three datasets and moved one date; one line is closed, one dataset may fit."""
    users = {role: factories.UserWithToken() for role in ("admin", "member", "stranger")}
    roles = [{"name": users[role]["name"], "capacity": role} for role in ("admin", "member")]
    office = factories.Organization(name="mercados", title="Mercados", cvegeo="14", gov_type="state", users=roles)
    for text, file in ((PLAN, "plan.csv"), (LATER, "plan-2.csv")):
        import_commitments(text.encode(), ImportSettings(file, datetime.now(timezone.utc), office["id"]))
    lines = {line.title: line for line in model.Session.query(Commitment)}
    lines["Gacetas"].open_to_all = False
    # The reader takes markup away; what was written past it must do no harm either.
    lines["Gacetas"].title = "<b>Gacetas</b>"
    ids = {title: line.id for title, line in lines.items()}
    model.Session.commit()
    dataset = factories.Dataset(owner_org=office["id"], title="Padrón de mercados", issued="2021-04-01")
    return {"users": users, "lines": ids, "dataset": dataset}


def _get(app: Any, site: dict[str, Any], role: str | None, address: str, status: int = 200) -> str:
    headers = {"Authorization": site["users"][role]["token"]} if role else {}
    return app.get(address, headers=headers, status=status).get_data(as_text=True)


def test_everybody_sees_what_is_public_and_members_the_rest(app: Any, site: dict[str, Any]):
    closed = site["lines"]["Gacetas"]
    for role in (None, "stranger"):
        page = _get(app, site, role, "/compromisos")
        assert "Padrón de mercados" in page
        assert "Gacetas" not in page
        _get(app, site, role, f"/compromisos/{closed}", 403)
        _get(app, site, role, "/organization/mercados/coincidencias", 403)
    assert "&lt;b&gt;Gacetas&lt;/b&gt;" in _get(app, site, "member", "/compromisos")
    assert "no es público" in _get(app, site, "member", f"/compromisos/{closed}")
    _get(app, site, "member", "/organization/mercados/coincidencias", 403)


def test_a_promise_tells_every_date_and_its_source(app: Any, site: dict[str, Any]):
    page = _get(app, site, None, f"/compromisos/{site['lines']['Padrón de mercados']}")
    assert page.index("enero de 2020") < page.rindex("15 de marzo de 2021")
    assert "plan-2.csv" in page
    _get(app, site, None, "/compromisos/no-hay", 404)


def test_filters_and_files(app: Any, site: dict[str, Any]):
    body = _get(app, site, None, "/compromisos.csv?estado=pending")
    rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))
    assert [(row["conjunto"], row["vence"]) for row in rows] == [("'=HYPERLINK(1)", "2999-05-02")]
    assert json.loads(_get(app, site, None, "/compromisos.json?entidad=14"))["count"] == 2
    assert json.loads(_get(app, site, None, "/compromisos.json?entidad=09"))["results"] == []
    book = openpyxl.load_workbook(io.BytesIO(app.get("/compromisos.xlsx", status=200).data))
    assert len(list(book.worksheets[0].iter_rows())) == 3
    _get(app, site, None, "/compromisos?estado=inventado", 400)
    _get(app, site, None, "/compromisos?institucion=inventada", 404)
    _get(app, site, None, "/compromisos?pagina=-1")


def test_an_administrator_decides_what_keeps_a_promise(app: Any, site: dict[str, Any]):
    address = "/organization/mercados/coincidencias"
    assert "100 %" in _get(app, site, "admin", address)
    headers = {"Authorization": site["users"]["admin"]["token"]}
    line = site["lines"]["Padrón de mercados"]
    data = {"commitment": line, "dataset": site["dataset"]["id"], "decision": "confirm"}
    app.post(address, headers=headers, data=data, status=302, follow_redirects=False)
    page = _get(app, site, None, f"/compromisos/{line}")
    assert "Publicado tarde" in page
    assert f"/dataset/{site['dataset']['name']}" in page
    assert "Padrón de mercados" not in _get(app, site, "admin", address).split("coincid", 1)[-1].split("<form", 1)[0]


def test_a_promise_is_withdrawn_in_the_open_and_promised_again(app: Any, site: dict[str, Any]):
    line = site["lines"]["=HYPERLINK(1)"]
    address = f"/compromisos/{line}"
    headers = {"Authorization": site["users"]["admin"]["token"]}
    assert "Por qué se retira" in _get(app, site, "admin", address)
    assert "Por qué se retira" not in _get(app, site, "member", address)
    refused = {"Authorization": site["users"]["member"]["token"]}
    app.post(address, headers=refused, data={"reason": "No"}, status=403)
    app.post(address, headers=headers, data={"reason": "  "}, status=302, follow_redirects=False)
    assert "Retirado" not in _get(app, site, None, address)
    app.post(address, headers=headers, data={"reason": "Lo prohíbe <i>la ley</i>"}, status=302, follow_redirects=False)
    page = _get(app, site, None, address)
    assert "Retirado" in page
    assert "Lo prohíbe &lt;i&gt;la ley&lt;/i&gt;" in page
    assert json.loads(_get(app, site, None, "/compromisos.json?estado=withdrawn"))["count"] == 1
    app.post(address, headers=headers, data={"decision": "restore"}, status=302, follow_redirects=False)
    assert "Retirado" not in _get(app, site, None, address)
